"""Audit `loss`: what is minimised, of which terms with which weights, and whether the truth is its minimum.

Everything is found by execution (loss_facts.py): which term trains is told by comparing values with the declared losses
written once more in numpy (double precision); the weight of each stage is what the whole loss and its gradient change
by when this stage alone is wrong; slopes are taken along the object's scale, d / d ln c of the object c O, by automatic
differentiation and, beside it, by central differences of the numpy twin.

Poisson: mean over frames of sum(rate - count - count ln(rate / count)) / mean energy, the same background on both
sides; times s^2 and mean energy it is in counts. MAE: mean of |sqrt(rate) - X| over the rms pixel amplitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from ptyspec.checks import loss_facts as facts
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.loss_values import STEP, TERMS
from ptyspec.checks.network_controls import OF_LOSS
from ptyspec.checks.stage_chain import CONFIDENCE, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_OBJECT = "the true object is not known"


@checks("EVID-003", "evidence", network=True)
def the_declared_loss_trains(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(facts.composition)
    check.equal(found["trains"], found["declared"], "the loss that trains")


@checks("LOSS-005", "train", network=True)
def every_declared_weight_is_in_use(check: Check, outputs: StageOutputs) -> None:
    for way in ("by_value", "by_gradient"):
        rows = outputs.facts(facts.weights).values()
        error = max(abs((row[way] or 0.0) - row["declared"]) for row in rows)
        # A weight is a quotient of differences of float32 losses of order one: 1e-7 each, and a tenth of them.
        what = f"largest error of a stage's weight, {way.replace('_', ' ')}"
        check.between(0.0, error, tolerance("LOSS-005"), what)
    for key, row in outputs.facts(facts.composition)["dictionary"].items():
        what = f"{key} declared {row['declared']:g}, effective weight"
        check.equal(row["effective"], row["declared"], what)


@checks("POISSON-LADDER-001", "train", network=True)
def the_likelihood_is_least_at_the_truth(check: Check, outputs: StageOutputs) -> None:
    limit = tolerance("POISSON-LADDER-001")
    known = {what: row["poisson"] for what, row in outputs.facts(facts.expected_values).items()}
    check.between(-limit, known["truth"], limit, "noise-free Poisson loss of the truth")
    others = [known[what] for what in known if what not in ("truth", "trivial estimate")]
    check.between(limit, min(others), inf, "least noise-free Poisson loss of a wrong object")


@checks("LOSS-001", "train", network=True)
def the_best_scale_is_the_true_one(check: Check, outputs: StageOutputs) -> None:
    found, limit = outputs.facts(facts.about_the_truth)["poisson"], tolerance("LOSS-001")
    what = "misplacement of the best ln c, noise-free"
    check.between(-limit, found["offset_expected"], limit, what)
    what = f"misplacement of the best ln c, photons of {outputs.sample.frames} frames"
    if not outputs.sample.known:
        check.missing(what, NO_OBJECT)
        return
    # The slope of a Poisson likelihood has the standard deviation 2 / sqrt(counts), its curvature is 4.
    limit += CONFIDENCE * outputs.facts(facts.in_counts)["noise"]
    check.between(-limit, found["offset"], limit, what)


@checks("SCALE-002", "train", network=True)
def the_truth_in_the_network_predicts_the_energy(check: Check, outputs: StageOutputs) -> None:
    what = "energy of the truth's prediction over the measured one"
    if not outputs.sample.known:
        check.missing(what, NO_OBJECT)
        return
    limit = tolerance("SCALE-002")
    check.between(1 - limit, outputs.facts(facts.in_counts)["closure"], 1 + limit, what)


@checks("LOSS-004", "train", network=True)
def both_terms_have_one_gauge(check: Check, outputs: StageOutputs) -> None:
    limit = tolerance("LOSS-004")
    if outputs.sample.known:  # the measured level is known to this
        limit += 2 * CONFIDENCE * outputs.facts(facts.in_counts)["noise"] / STEP
    for term, row in outputs.facts(facts.about_the_truth).items():
        check.between(-limit, row["asymmetry"], limit, f"asymmetry of {term} about the truth")


@checks("LOSS-002", "train", network=True)
def darkness_is_finite(check: Check, outputs: StageOutputs) -> None:
    for term, row in outputs.facts(facts.dark).items():
        what = f"{term} and its gradient in darkness"
        check.equal([name for name, finite in row.items() if not finite], [], what)


@checks("LOSS-006", "train", network=True)
def what_trains_descends_the_loss(check: Check, outputs: StageOutputs) -> None:
    for term, rows in outputs.facts(facts.slopes).items():
        what = f"{term}, slope by autodiff | central differences, over the largest"
        check.between(0.0, facts.slope_error(rows, term), tolerance("LOSS-006"), what)


@checks("LOSS-007", "train", network=True)
def the_likelihood_is_in_counts(check: Check, outputs: StageOutputs) -> None:
    found, what = outputs.facts(facts.in_counts)["excess"], "deviance a bright pixel over 1/2"
    if found is not None:
        check.within_ratio(found["found"], found["expected"], what)
    elif not outputs.sample.known:
        check.missing(what, NO_OBJECT)
    elif outputs.scenario.dose.noise != "poisson":
        check.missing(what, "the data have no photon noise")
    else:
        check.missing(what, f"fewer than {facts.PIXELS} pixels have {facts.BRIGHT} counts")


TABLES = (
    Grid(
        "Composition",
        "composition/*",
        "declared, trains, object, frames, mean energy=mean_energy, background, "
        "counts per unit=counts_per_unit",
    ),
    Grid(
        "Weights of the stages",
        "weights/*/*",
        "declared, by value=by_value, by gradient=by_gradient",
        corner="subject, stage",
    ),
    Grid(
        "Weights in the legacy dictionary",
        "composition/*/dictionary/*",
        "declared, effective",
        corner="subject, key",
    ),
    Grid("Loss of an object", "values/*/*", ", ".join(TERMS), corner="subject, object", form=".3g"),
    Grid(
        "d loss / d ln c at the object c O",
        "slopes/*/*/*",
        "autodiff, central",
        corner="subject, term, c",
        form=".3e",
    ),
    Grid(
        "About the truth",
        "about_the_truth/*/*",
        "slope, slope noise-free=slope_expected, curvature, best ln c=offset, asymmetry",
        corner="subject, term",
        form=".3g",
    ),
    Grid(
        "In counts",
        "in_counts/*",
        "predicted over measured energy=closure:.6f, noise of ln c=noise:.2g, "
        "bright pixels=excess/pixels, deviance a pixel=excess/found, expected=excess/expected",
    ),
)
NOTES = """
Where the true object is not known, the trivial estimate stands for it in all noise-free figures.
"""


def _curves(subjects: Sequence[StageOutputs], data: Any) -> Figure:
    from ptyspec.checks.network_figures import loss_curves

    return loss_curves(facts.CURVE, data["curves"], data["values"])


CONTROLS = OF_LOSS
LAYOUT = Layout(
    facts={
        "composition": facts.composition,
        "weights": facts.weights,
        "values": facts.values,
        "expected_values": facts.expected_values,
        "slopes": facts.slopes,
        "about_the_truth": facts.about_the_truth,
        "in_counts": facts.in_counts,
        "dark": facts.dark,
        "curves": facts.curves,
    },
    tables=TABLES,
    notes=NOTES,
    figure=(
        "scale",
        """Loss of c times the true object, both terms; dotted: the trivial estimate""",
        _curves,
    ),
)
