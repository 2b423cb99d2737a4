"""Audit `intensity`: mean amplitude from stage to stage, and which step first changes it.

The investigation multiplied adjacent ratios: that product telescopes to mean(truth) / mean(raw),
the prediction cancels, and no finding rests on it (signature 65).
"""

from math import inf

import numpy as np

from ptyspec.checks import stage_chain as chain
from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Grid, Layout, control, of_faults, with_object, with_scan
from ptyspec.checks.stage_chain import GROUPED, INPUT, OUTPUT, SPLITS, TARGET, near_one, tolerance
from ptyspec.checks.stage_outputs import StageOutputs, sample_of
from ptyspec.pipeline.protocol import GroupedTrainTest
from ptyspec.scores.frame import NO_PIXEL
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check

NO_OBJECT = "no object is known"
MEASURED = "measured: its dose is what it holds"
ALLOWED = "ratio over the one that the step may have"


def missing_truth(outputs: StageOutputs) -> str:
    """Return why amplitudes are not held against a truth."""
    if outputs.scan.objectGuess is None:
        return NO_OBJECT
    if outputs.facts(chain.frame) is None:
        return NO_PIXEL
    return "the stored object is not the one that was scored: its ratios are not the network's"


STEPS = {
    "GROUP-006": (GROUPED, SPLITS),
    "NORMALIZATION-001": (TARGET, SPLITS),
    "NORM-001": (INPUT, ("train",)),
    "NORM-002": (INPUT, ("test",)),
}
"""By clause the step that it speaks of, in these splits."""


@checks("GROUP-006 NORMALIZATION-001 NORM-001")
def a_step_changes_the_mean_as_it_may(check: Check, outputs: StageOutputs) -> None:
    name, splits = STEPS[check.clause.id]
    for split in splits:
        row = outputs.facts(chain.input_steps)[name][split]
        near_one(check, row["quotient"], row["limit"], f"{split}, {name}, {ALLOWED}")


@checks("NORM-002")
def the_gain_is_the_training_split_s(check: Check, outputs: StageOutputs) -> None:
    for name in ("gain", "scale", "a0"):
        train, test = (getattr(getattr(outputs.containers, split), name) for split in SPLITS)
        check.equal(test, train, f"{name} of the test split")
    a_step_changes_the_mean_as_it_may.function(check, outputs)


@checks("NORM-005")
def the_scale_is_the_scan_s(check: Check, outputs: StageOutputs) -> None:
    for split in SPLITS:
        scale = getattr(outputs.containers, split).scale
        check.equal(scale, outputs.scan.scale, f"scale of the {split} container is the scan's")


@checks("SCALE-005")
def a0_follows_from_the_training_frames(check: Check, outputs: StageOutputs) -> None:
    own = outputs.facts(chain.scales)["a0_over_own"]
    check.within_ratio(own, 1.0, "a0 over sqrt(mean sum X^2 / sum |P|^2) of the training frames")


@checks("SCALE-005", "score", trains=True, of="train infer")
def the_level_explains_the_data(check: Check, outputs: StageOutputs) -> None:
    what = "level on the measured frames, sqrt(sum |F(P O)|^2 / sum X^2); 0 is blank"
    near_one(check, outputs.facts(chain.on_the_data), tolerance("INFER-005"), what)


@checks("SYNTH-POISSON-DOSE-001")
def the_photons_are_the_declared_ones(check: Check, outputs: StageOutputs) -> None:
    scales = outputs.facts(chain.scales)
    what = "measured photons a frame, s^2 mean sum X^2, over the declared ones"
    near_one(check, scales["photons_over_declared"], scales["counting"], what, MEASURED)


@checks("SCALE-001")
def the_closed_form_is_for_normalised_data_alone(check: Check, outputs: StageOutputs) -> None:
    what, scales = "stored scale over the closed form", outputs.facts(chain.scales)
    if outputs.scenario.measured:
        check.missing(what, MEASURED)
    else:
        limit, stored = scales["counting"], scales["stored_over_closed"]
        right = abs(stored - 1) > limit or abs(scales["derived_over_closed"] - 1) <= limit
        check.holds(right, what, f"{stored:.6g}", "not 1, unless mean sum X^2 is (N/2)^2")


@checks("SCALE-002", "simulate", of="simulate normalize")
def the_truth_predicts_its_measurement(check: Check, outputs: StageOutputs) -> None:
    for split in SPLITS:
        container = getattr(outputs.containers, split)
        sample = sample_of(container, chain.FRAMES)
        measured, expected = sample.energies
        noise = chain.CONFIDENCE / (container.scale * measured**0.5)
        energy = expected / measured if sample.known else None
        what = f"{split}: energy of the true object over the measured"
        near_one(check, energy, tolerance("SCALE-002") + noise, what, NO_OBJECT)


@checks("INFER-005", trains=True, of="train infer")
def the_level_is_the_truth_s(check: Check, outputs: StageOutputs) -> None:
    level, limit = outputs.facts(chain.gauge) or {}, tolerance("INFER-005")
    whole = "mean amplitude over the truth's, covered pixels, nothing rescaled"
    values = {
        whole: level.get("mean_ratio"),
        "least-squares scalar of prediction and truth": level.get("least_squares"),
        f"test, {OUTPUT}, {ALLOWED}": outputs.facts(chain.steps)[OUTPUT]["test"]["quotient"],
    }
    known = chain.as_scored(outputs)
    for what, value in values.items():
        near_one(check, value if known else None, limit, what, missing_truth(outputs))


@checks("EVID-001", trains=True)
def the_figures_can_fail(check: Check, outputs: StageOutputs) -> None:
    known, frame = outputs.scan.objectGuess is not None, outputs.facts(chain.frame)
    change = None
    if outputs.facts(chain.on_the_data) is not None and (frame is not None or not known):
        change = min(abs((factor or 1.0) - 1) for factor in outputs.facts(chain.doubled))
    what = "largest change that twice the prediction makes in a figure that must move"
    check.between(0.1, change, inf, what, NO_PIXEL)


@checks("EVID-001", trains=True, of="train infer")
def a_frame_is_explained_by_its_own_position(check: Check, outputs: StageOutputs) -> None:
    own, chance = outputs.facts(chain.in_step) or (None, 0.5)
    what = "share of other positions that explain a frame worse"
    check.between(chance, own, inf, what, NO_PIXEL)


@checks("SCORE-002", trains=True)
def scores_are_of_covered_pixels(check: Check, outputs: StageOutputs) -> None:
    seen, own = outputs.facts(chain.frame), None
    if seen is not None:
        rec, truth = (np.abs(image[seen.mask]).mean() for image in (seen.rec, seen.truth))
        own = chain.over(chain.over(rec, truth), outputs.metrics["amplitude"]["mean_ratio"])
    what = "mean ratio of covered pixels, by two lines of arithmetic, over the recorded one"
    # Sums of thousands of double precision numbers in another order.
    near_one(check, own, 1e-9, what, missing_truth(outputs))


FAULTS = (
    *("NORMALIZATION-001 gain-in-the-loss", "NORM-001 gain-by-energy", "NORM-002 test-gain-own"),
    *("SYNTH-POISSON-DOSE-001 dose-inert", "SCALE-001 closed-form-scale", "NORM-005 scale-lost"),
    "SCALE-002 probe-rescaled",
)
"""Of the stages before the network, which the audit `dose` shares."""


@control("GROUP-006")
def bright_groups(material: StageOutputs) -> StageOutputs:
    """All test groups hold the brightest frame alone."""
    groups = material.groups.test
    brightest = int(np.argmax(groups.scan.diff3d.mean(axis=(1, 2))))
    rows = np.full_like(groups.nn_indices, brightest)
    changed = groups.model_copy(update={"nn_indices": rows})
    return material.replaced(groups=GroupedTrainTest(material.groups.train, changed))


@control("INFER-005")
def gain_left(material: StageOutputs) -> StageOutputs:
    """The loader's gain stays in the object: the investigation's amplitude bias."""
    return with_object(material, material.reconstruction.object * material.containers.train.gain)


@control("EVID-001")
def positions_shuffled(material: StageOutputs) -> StageOutputs:
    """Frames and positions of each half of the scan are out of step."""
    scan = material.scan
    order, upper = np.arange(scan.size), scan.ycoords < np.median(scan.ycoords)
    for half in (upper, ~upper):
        rows = np.flatnonzero(half)
        order[rows] = generator(7, "shuffled positions").permutation(rows)
    return with_scan(material, diff3d=scan.diff3d[order])


@control("EVID-001")
def blank(material: StageOutputs) -> StageOutputs:
    """The prediction is zero."""
    image = material.reconstruction.object
    return with_object(material, np.where(np.isfinite(image), 0, image))


CONTROLS = (
    *(bright_groups, gain_left, positions_shuffled, blank),
    *of_faults(*FAULTS, "SCALE-005 a0-without-root", "SCORE-002 uncovered-pixels-scored"),
    *of_faults("SCALE-005 probe-rescaled stronger-source"),
)
LAYOUT = Layout(
    facts={
        "stages": chain.means,
        "steps": chain.steps,
        "scales": chain.scales,
        "gauge": chain.gauge,
    },
    tables=(
        Grid("Mean amplitude by stage", "stages/*/*", ", ".join(chain.STAGES), form=".5g"),
        Grid(
            "Steps: observed ratio, the one it may have, their quotient and how far from 1 it may lie",
            "steps/*/*/*",
            "ratio, allowed, quotient, limit, kept",
            form=".5g",
        ),
        Grid(
            "Gain and scale of the containers, and the gain that each split would have of its own",
            "scales/*/splits/*",
            "gain, own_gain, scale, a0",
            form=".5g",
        ),
        Grid(
            "Prediction and truth",
            "gauge/*",
            "mean_ratio, least_squares, scalar x g=times_gain",
            form=".5g",
        ),
    ),
    notes="""
    Scalar x g near one, with the scalar itself far from it, is the signature of a gain that stayed
    in the object. Own gains of the splits differ by what their halves of the object absorb, which
    does no harm as long as both use one gain (recorded: 3.17 %, gs1_ideal, and 5.96 %, gs2_ideal).
    """,
)
