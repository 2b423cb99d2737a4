"""Audit `intensity`: mean amplitude from stage to stage, which step first changes it, and whether
the gain leaves again.

The chain runs raw frames, grouped frames, what the loss gets, what the network gets, prediction,
truth, in both splits. Each step has a ratio that it may have (stage_chain.py). The first step off
its ratio is named, and the factor where it is a known one. Beside it stand the scales and the gains
that the splits would have had of their own (signature 24).

The investigation multiplied adjacent ratios: that product telescopes to mean(truth) / mean(raw),
the prediction cancels, and no finding rests on it (signature 65). Independence of the batch needs a
network and is evaluated by the audit `architecture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from ptyspec.checks import intensity_facts as facts
from ptyspec.checks import stage_chain as chain
from ptyspec.checks.intensity_controls import OF_INTENSITY
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.stage_chain import GROUPED, INPUT, OUTPUT, SPLITS, TARGET, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.scores.frame import NO_PIXEL
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_OBJECT = "no object is known"
MEASURED = "measured: its dose is what it holds"
ALLOWED = "ratio over the one that the step may have"
LOST = 0.1
"""How much of Pearson's r a shuffle of the positions must cost at least (SCORE-007)."""


def missing_truth(outputs: StageOutputs) -> str:
    """Return why amplitudes are not held against a truth."""
    if outputs.scan.objectGuess is None:
        return NO_OBJECT
    if outputs.facts(facts.frame) is None:
        return NO_PIXEL
    return "the stored object is not the one that was scored: its ratios are not the network's"


def _step(check: Check, outputs: StageOutputs, name: str, splits: Sequence[str] = SPLITS) -> None:
    for split in splits:
        step = outputs.facts(chain.input_steps)[name][split]
        what = f"{split}, {name}, {ALLOWED}"
        check.between(1 - step.limit, step.quotient, 1 + step.limit, what)


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
    for name in chain.NUMBERS:
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
    own = outputs.facts(chain.containers)["a0_over_own"]
    check.within_ratio(own, 1.0, "a0 over sqrt(mean sum X^2 / sum |P|^2) of the training frames")


@checks("SCALE-005", "score", trains=True)
def the_level_explains_the_data(check: Check, outputs: StageOutputs) -> None:
    what = "level on the measured frames, sqrt(sum |F(P O)|^2 / sum X^2); 0 is blank"
    level, limit = outputs.facts(facts.on_the_data)["level"], tolerance("INFER-005")
    check.between(1 - limit, level, 1 + limit, what)


@checks("SYNTH-POISSON-DOSE-001", "simulate")
def the_photons_are_the_declared_ones(check: Check, outputs: StageOutputs) -> None:
    what = "measured photons a frame, s^2 mean sum X^2, over the declared ones"
    scales, limit = outputs.facts(chain.scales), _counting(outputs)
    if outputs.scenario.measured:
        check.missing(what, MEASURED)
    else:
        check.between(1 - limit, scales["photons_over_declared"], 1 + limit, what)


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
    for split, found in outputs.facts(facts.oracle).items():
        what = f"{split}: energy of the true object over the measured"
        if found is None:
            check.missing(what, NO_OBJECT)
        else:
            limit = tolerance("SCALE-002") + found["noise"]
            check.between(1 - limit, found["energy"], 1 + limit, what)


@checks("HEAD-001", "train", network=True)
def the_head_reaches_the_object(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(facts.reach)
    ceiling = inf if found["ceiling"] is None else found["ceiling"]
    check.between(0.0, found["need"], ceiling, "largest amplitude that the head must reach")


@checks("INFER-005", "score", trains=True)
def the_level_is_the_truth_s(check: Check, outputs: StageOutputs) -> None:
    step, limit = outputs.facts(facts.all_steps)[OUTPUT]["test"], tolerance("INFER-005")
    gauge = outputs.facts(facts.gauge) or {}
    whole = "mean amplitude over the truth's, covered pixels, nothing rescaled"
    values = {
        whole: gauge.get("mean_ratio"),
        "least-squares scalar of prediction and truth": gauge.get("least_squares"),
        f"test, {OUTPUT}, {ALLOWED}": step.quotient,
    }
    for what, value in values.items():
        if facts.as_scored(outputs):
            check.between(1 - limit, value, 1 + limit, what)
        else:
            check.missing(what, missing_truth(outputs))


@checks("EVID-001", "evidence", trains=True)
def the_figures_can_fail(check: Check, outputs: StageOutputs) -> None:
    data = outputs.facts(facts.on_the_data)
    own, chance = data["own"], data["chance"] or 0.0
    check.between(chance, own, inf, "share of other positions that explain a frame worse")
    what = "largest change that twice the prediction makes in a figure that must move"
    known = outputs.scan.objectGuess is not None
    if data["level"] is None or (known and outputs.facts(facts.frame) is None):
        check.missing(what, NO_PIXEL)
        return
    factors = outputs.facts(facts.doubled).values()
    check.between(0.1, min(abs((factor or 1.0) - 1) for factor in factors), inf, what)


@checks("STITCH-002", "stitch", trains=True)
def no_light_is_lost(check: Check, outputs: StageOutputs) -> None:
    light = outputs.facts(facts.coverage)["light"] or 0.0
    check.within_ratio(light, 1.0, "light on the canvas over that of all patches")


@checks("STITCH-003", "stitch", trains=True)
def uncovered_pixels_have_no_number(check: Check, outputs: StageOutputs) -> None:
    what = "pixels with a number but not the declared light, or the reverse"
    check.equal(outputs.facts(facts.coverage)["strangers"], 0.0, what)


@checks("SCORE-002", "score", trains=True)
def scores_are_of_covered_pixels(check: Check, outputs: StageOutputs) -> None:
    what = "mean ratio of covered pixels, by two lines of arithmetic, over the recorded one"
    if outputs.scan.objectGuess is None:
        check.missing(what, NO_OBJECT)
        return
    # Sums of thousands of double precision numbers in another order.
    check.between(1 - 1e-9, outputs.facts(facts.coverage)["agreement"], 1 + 1e-9, what)


@checks("REASSEMBLY-METRIC-FRAME-001", "stitch")
def true_patches_come_out_in_place(check: Check, outputs: StageOutputs) -> None:
    least = 1 - tolerance("REASSEMBLY-METRIC-FRAME-001")
    _oracle_patches(check, outputs, "placed", least, "Pearson's r of oracle patches")


@checks("SCORE-007", "score")
def misplaced_patches_score_badly(check: Check, outputs: StageOutputs) -> None:
    _oracle_patches(check, outputs, "lost", LOST, "Pearson's r that shuffled positions cost")


def _oracle_patches(check: Check, outputs: StageOutputs, key: str, least: float, what: str) -> None:
    scores = outputs.facts(facts.oracle_patches)
    if scores is None:
        check.missing(what, NO_OBJECT)
    else:
        check.between(least, scores[key], inf, what)


TABLES = (
    Grid(
        "First step that breaks the symmetry",
        "broken/*",
        "step, known factor that it is off by=factor, gauge of the object=gauge",
    ),
    Grid("Mean amplitude by stage", "stages/*/*", ", ".join(chain.STAGES), form=".5g"),
    Grid(
        "Steps: observed ratio, the one it may have, their quotient and how far from 1 it may lie",
        "steps/*/*/*",
        "ratio, allowed, quotient, limit, kept",
        form=".5g",
    ),
    Grid(
        "Gain: what is used, what each split would have had of its own",
        "gains/*",
        "used (train)=used/train, used (test)=used/test, own (train)=own/train, "
        "own (test)=own/test, 1 - train / test=own_difference:.2%",
        form=".5g",
    ),
    Grid(
        "Intensity scale s: of the data by split, and in closed form",
        "scales/*",
        "stored s=stored, all data=derived/all, train=derived/train, test=derived/test, "
        "closed form=closed_form",
        form=".5g",
    ),
    Grid(
        "Prediction and truth",
        "gauge/*",
        "mean |prediction| / mean |truth|=mean_ratio, least-squares scalar=least_squares, "
        "scalar x g=times_gain",
        form=".5g",
    ),
)
NOTES = """
Least-squares scalar times g near one, with the scalar itself far from it, is the signature of a
gain that stayed in the object; the scalar itself near one is that of a gain that left.

Own gains of the splits differ by what their halves of the object absorb. The difference does no
harm as long as both splits use one gain. Recorded: 3.17 % (gs1_ideal) and 5.96 % (gs2_ideal).
"""


def waterfall(subjects: Sequence[StageOutputs], data: Any) -> Figure:
    """Draw the means of all stages, and how far each step is from the ratio that it may have."""
    from ptyspec.checks.intensity_figure import waterfall

    return waterfall(data["stages"], data["steps"])


CONTROLS = OF_INTENSITY
LAYOUT = Layout(
    facts={
        "stages": facts.means,
        "steps": facts.steps,
        "broken": facts.broken,
        "gains": chain.gains,
        "scales": chain.scales,
        "containers": chain.containers,
        "gauge": facts.gauge,
        "oracle": facts.oracle,
        "on_the_data": facts.on_the_data,
        "oracle_patches": facts.oracle_patches,
        "coverage": facts.coverage,
        "reach": facts.reach,
        "doubled": facts.doubled,
    },
    tables=TABLES,
    notes=NOTES,
    figure=(
        "stages",
        """Mean amplitude by stage (log scale); ring: where the step from the stage before may
        lead, red where it leads elsewhere. The training split is not reconstructed. Right:
        quotient of each step's ratio by the allowed one.""",
        waterfall,
    ),
)
