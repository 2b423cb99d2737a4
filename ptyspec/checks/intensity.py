"""Audit `intensity`: mean amplitude from stage to stage, and which step first changes it.

The chain runs raw frames, grouped frames, what the loss gets, what the network gets, prediction,
truth, in both splits. Each step has a ratio that it may have (stage_chain.py).

The investigation multiplied adjacent ratios: that product telescopes to mean(truth) / mean(raw),
the prediction cancels, and no finding rests on it (signature 65). Independence of the batch needs a
network and is evaluated by the audit `architecture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from ptyspec.checks import intensity_facts as facts
from ptyspec.checks import stage_chain as chain
from ptyspec.checks.intensity_controls import OF_INTENSITY
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.sampled_groups import sample_of
from ptyspec.checks.stage_chain import GROUPED, INPUT, OUTPUT, SPLITS, TARGET, near_one, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.networks.reach import CEILINGS, required_reach
from ptyspec.physics.scale import illumination_weight
from ptyspec.scores.frame import NO_PIXEL
from ptyspec.spec.checks import Check

NO_OBJECT = "no object is known"
MEASURED = "measured: its dose is what it holds"
ALLOWED = "ratio over the one that the step may have"


def missing_truth(outputs: StageOutputs) -> str:
    """Return why amplitudes are not held against a truth."""
    if outputs.scan.objectGuess is None:
        return NO_OBJECT
    if outputs.facts(facts.frame) is None:
        return NO_PIXEL
    return "the stored object is not the one that was scored: its ratios are not the network's"


def _step(check: Check, outputs: StageOutputs, name: str, splits: Sequence[str] = SPLITS) -> None:
    for split in splits:
        row = outputs.facts(chain.input_steps)[name][split]
        near_one(check, row["quotient"], row["limit"], f"{split}, {name}, {ALLOWED}")


@checks("GROUP-006", "group")
def groups_hold_what_the_scan_holds(check: Check, outputs: StageOutputs) -> None:
    _step(check, outputs, GROUPED)


@checks("NORMALIZATION-001", "normalize")
def the_gain_does_not_reach_the_loss(check: Check, outputs: StageOutputs) -> None:
    _step(check, outputs, TARGET)


@checks("NORM-001", "normalize")
def the_gain_brings_the_training_split_to_its_energy(check: Check, outputs: StageOutputs) -> None:
    _step(check, outputs, INPUT, ["train"])


@checks("NORM-002", "normalize")
def the_gain_is_the_training_split_s(check: Check, outputs: StageOutputs) -> None:
    for name in ("gain", "scale", "a0"):
        train, test = (getattr(getattr(outputs.containers, split), name) for split in SPLITS)
        check.equal(test, train, f"{name} of the test split")
    _step(check, outputs, INPUT, ["test"])


@checks("NORM-005", "normalize")
def the_scale_is_the_scan_s(check: Check, outputs: StageOutputs) -> None:
    for split in SPLITS:
        scale = getattr(outputs.containers, split).scale
        check.equal(scale, outputs.scan.scale, f"scale of the {split} container is the scan's")


@checks("SCALE-005", "normalize")
def a0_follows_from_the_training_frames(check: Check, outputs: StageOutputs) -> None:
    own = outputs.facts(chain.scales)["a0_over_own"]
    check.within_ratio(own, 1.0, "a0 over sqrt(mean sum X^2 / sum |P|^2) of the training frames")


@checks("SCALE-005", "score", trains=True)
def the_level_explains_the_data(check: Check, outputs: StageOutputs) -> None:
    what = "level on the measured frames, sqrt(sum |F(P O)|^2 / sum X^2); 0 is blank"
    near_one(check, outputs.facts(facts.on_the_data), tolerance("INFER-005"), what)


@checks("SYNTH-POISSON-DOSE-001", "simulate")
def the_photons_are_the_declared_ones(check: Check, outputs: StageOutputs) -> None:
    ratio = outputs.facts(chain.scales)["photons_over_declared"]
    what = "measured photons a frame, s^2 mean sum X^2, over the declared ones"
    near_one(check, ratio, _counting(outputs), what, MEASURED)


@checks("SCALE-001", "simulate")
def the_closed_form_is_for_normalised_data_alone(check: Check, outputs: StageOutputs) -> None:
    what = "stored scale over the closed form"
    scales, limit = outputs.facts(chain.scales), _counting(outputs)
    stored, derived = scales["stored_over_closed"], scales["derived_over_closed"]
    if outputs.scenario.measured:
        check.missing(what, MEASURED)
    else:
        right = abs(stored - 1) > limit or abs(derived - 1) <= limit
        check.holds(right, what, f"{stored:.6g}", "not 1, unless mean sum X^2 is (N/2)^2")


def _counting(outputs: StageOutputs) -> float:
    """Return how far a dose may lie from the declared one: the clause's tolerance and the noise."""
    return tolerance("SYNTH-POISSON-DOSE-001") + float(outputs.facts(chain.scales)["counting"])


@checks("SCALE-002", "simulate")
def the_truth_predicts_its_measurement(check: Check, outputs: StageOutputs) -> None:
    for split in SPLITS:
        container = getattr(outputs.containers, split)
        sample = sample_of(container, facts.FRAMES)
        measured, expected = (
            float((part.astype(np.float64) ** 2).sum())
            for part in (sample.measured, sample.expected)
        )
        noise = chain.CONFIDENCE / (container.scale * measured**0.5)
        energy = expected / measured if sample.known else None
        what = f"{split}: energy of the true object over the measured"
        near_one(check, energy, tolerance("SCALE-002") + noise, what, NO_OBJECT)


@checks("HEAD-001", "train", network=True)
def the_head_reaches_the_object(check: Check, outputs: StageOutputs) -> None:
    container = outputs.containers.train
    ceiling = CEILINGS.get(outputs.scenario.model.amp_activation, inf) * container.a0
    need = required_reach(container) * container.a0
    check.between(0.0, need, ceiling, "largest amplitude that the head must reach")


@checks("INFER-005", "score", trains=True)
def the_level_is_the_truth_s(check: Check, outputs: StageOutputs) -> None:
    level, limit = outputs.facts(facts.gauge) or {}, tolerance("INFER-005")
    whole = "mean amplitude over the truth's, covered pixels, nothing rescaled"
    values = {
        whole: level.get("mean_ratio"),
        "least-squares scalar of prediction and truth": level.get("least_squares"),
        f"test, {OUTPUT}, {ALLOWED}": outputs.facts(facts.steps)[OUTPUT]["test"]["quotient"],
    }
    known = facts.as_scored(outputs)
    for what, value in values.items():
        near_one(check, value if known else None, limit, what, missing_truth(outputs))


@checks("EVID-001", "evidence", trains=True)
def the_figures_can_fail(check: Check, outputs: StageOutputs) -> None:
    known, frame = outputs.scan.objectGuess is not None, outputs.facts(facts.frame)
    change = None
    if outputs.facts(facts.on_the_data) is not None and (frame is not None or not known):
        change = min(abs((factor or 1.0) - 1) for factor in outputs.facts(facts.doubled))
    what = "largest change that twice the prediction makes in a figure that must move"
    check.between(0.1, change, inf, what, NO_PIXEL)


@checks("STITCH-002", "stitch", trains=True)
def no_light_is_lost(check: Check, outputs: StageOutputs) -> None:
    container, light = outputs.containers.test, outputs.reconstruction.coverage
    expected = illumination_weight(container.probe).sum(dtype=np.float64)
    ratio = float(light.sum(dtype=np.float64) / expected / container.groups.nn_indices.size)
    check.within_ratio(ratio, 1.0, "light on the canvas over that of all patches")


@checks("STITCH-003", "stitch", trains=True)
def uncovered_pixels_have_no_number(check: Check, outputs: StageOutputs) -> None:
    made, part = outputs.reconstruction, outputs.scenario.inference.min_coverage
    lit = made.coverage[made.coverage > 1e-3]
    least = part * np.percentile(lit, 90) if lit.size else inf
    wrong = np.isfinite(made.object) != (made.coverage >= least)
    what = "pixels with a number but not the declared light, or the reverse"
    check.equal(int(wrong.sum()), 0, what)


@checks("SCORE-002", "score", trains=True)
def scores_are_of_covered_pixels(check: Check, outputs: StageOutputs) -> None:
    seen, own = outputs.facts(facts.frame), None
    if seen is not None:
        rec, truth = (np.abs(image[seen.mask]).mean() for image in (seen.rec, seen.truth))
        own = chain.over(chain.over(rec, truth), outputs.metrics["amplitude"]["mean_ratio"])
    what = "mean ratio of covered pixels, by two lines of arithmetic, over the recorded one"
    # Sums of thousands of double precision numbers in another order.
    near_one(check, own, 1e-9, what, missing_truth(outputs))


CONTROLS = OF_INTENSITY
LAYOUT = Layout(
    facts={
        "stages": facts.means,
        "steps": facts.steps,
        "scales": chain.scales,
        "gauge": facts.gauge,
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
            "Gain and scale of the containers, and those that each split would have of its own",
            "scales/*/splits/*",
            "gain, own_gain, scale, own_scale, a0",
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
