"""Checks of an evaluator: the true object, and the true object spoiled in a known way, on a piece of the scan."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ptyspec.checks.answers import light_of
from ptyspec.checks.canvas import NO_OBJECT
from ptyspec.checks.clause_check import checks
from ptyspec.checks.handovers import as_declared
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.pipeline.box import scan_of
from ptyspec.scores.headline import lookup
from ptyspec.spec.checks import Check

FRAMES = 24
"""Neighbouring frames whose scan is scored."""
BLUR = 3.0
"""Pixels: what is left of the fine detail cannot be taken for it."""
PAD = 9
"""Pixels of canvas that are added on each side."""
FREE = ("amplitude", "phase", "complex")
"""Blocks of scores that look at covered pixels alone."""

Scores = Mapping[str, Any]


def piece(outputs: StageOutputs) -> tuple[RawScan, Reconstruction] | None:
    """Return neighbouring frames of the test split, and the true object under them; None where it is not known."""
    scan = outputs.halves.test
    if scan.objectGuess is None:
        return None
    middle = np.median(scan.positions, axis=0)
    near = np.argsort(((scan.positions - middle) ** 2).sum(axis=1))[:FRAMES]
    part = scan.take(np.sort(near))
    x, y, width, height = object_extent(part.positions, scan.N)
    rows, columns = (slice(max(at, 0), at + size) for at, size in ((y, height), (x, width)))
    image = scan.objectGuess[rows, columns]
    origin = (columns.start, rows.start)
    light = light_of(scan_of(part), image.shape, origin)[0]
    return part, Reconstruction(
        object=np.where(light > 0, image, np.nan).astype(np.complex64),
        coverage=light,
        origin=origin,
    )


def blurred(image: Array) -> Array:
    """An image without its fine detail; where it is not known it stays so."""
    from scipy.ndimage import gaussian_filter

    seen = np.isfinite(image)
    filled = np.where(seen, image, image[seen].mean())
    soft = gaussian_filter(filled.real, BLUR) + 1j * gaussian_filter(filled.imag, BLUR)
    return np.asarray(np.where(seen, soft, np.nan))


def enlarged(made: Reconstruction) -> Reconstruction:
    """The same object on a larger canvas, with numbers where no light fell."""
    image = np.pad(made.object, PAD, constant_values=1e3)
    x, y = made.origin
    return Reconstruction(
        object=image, coverage=np.pad(made.coverage, PAD), origin=(x - PAD, y - PAD)
    )


def scores(outputs: StageOutputs) -> dict[str, Scores]:
    """Return what the evaluator says of the true object and of each change of it; empty where none is known."""
    if (known := outputs.facts(piece)) is None:
        return {}
    scan, truth = known
    image = truth.object

    def other(values: Array) -> Reconstruction:
        return truth.model_copy(update={"object": values.astype(np.complex64)})

    flat = np.where(np.isfinite(image), np.nanmean(np.abs(image)), np.nan)
    cases = {
        "truth": (scan, truth),
        "turned": (scan, other(image * np.exp(1j))),
        "enlarged": (scan, enlarged(truth)),
        "doubled": (scan, other(2 * image)),
        "blurred": (scan, other(blurred(image))),
        "flat": (scan, other(flat)),
        "blank": (scan, other(np.full_like(image, np.nan))),
        "unlabelled": (scan.model_copy(update={"objectGuess": None, "Y": None}), truth),
    }
    return {name: outputs.work("score", *case) for name, case in cases.items()}


def numbers(block: Scores, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Yield every number of a record of scores, None where there is none."""
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{path}{name}.")
        elif value is None or isinstance(value, int | float | np.integer | np.floating):
            yield f"{path}{name}", None if value is None else float(value)


def _of(found: Mapping[str, Scores], name: str) -> dict[str, float | None]:
    """Scores of one case that look at covered pixels alone."""
    return {path: value for path, value in numbers(found[name]) if path.split(".")[0] in FREE}


def _known(check: Check, outputs: StageOutputs, what: str) -> dict[str, Scores]:
    found = outputs.facts(scores)
    if not found:
        check.missing(what, NO_OBJECT)
    return found


@checks("FLOW-006", "score")
def what_score_hands_over_is_as_declared(check: Check, outputs: StageOutputs) -> None:
    if outputs.scan.objectGuess is None:
        return check.missing("what score hands over", NO_OBJECT)
    return as_declared(check, "score", lambda: outputs.facts(scores))


@checks("SCORE-001")
def the_frame_around_the_object_does_not_count(check: Check, outputs: StageOutputs) -> None:
    what = "scores that change with the size of the canvas"
    if found := _known(check, outputs, what):
        once, then = _of(found, "truth"), _of(found, "enlarged")
        check.holds(len(once) > 0, "scores of the covered pixels", "none", f"blocks {FREE}")
        check.equal([name for name in once if once[name] != then.get(name)], [], what)


@checks("GAUGE-001")
def a_global_phase_changes_no_score(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores under a global phase"):
        once, then = _of(found, "truth"), _of(found, "turned")
        for name, value in once.items():
            if value is not None and name != "amplitude.least_squares_scalar":
                other = then.get(name)
                apart = None if other is None else abs(other - value)
                limit = 10 * check.clause.tolerance.value  # the tolerance is that of modulus 4
                check.between(0, apart, limit, f"change of {name} under a global phase")


@checks("GAUGE-003")
def a_factor_lowers_the_raw_scores(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores of twice the object"):
        for name in ("complex.nrmse", "amplitude.rmse"):
            once, twice = (lookup(found[case], name) for case in ("truth", "doubled"))
            worse = once is not None and twice is not None and twice > once + 0.1
            check.holds(worse, f"{name} of twice the object", twice, f"far above {once}")
        ratio = lookup(found["doubled"], "amplitude.mean_ratio")
        check.between(1.9, ratio, 2.1, "amplitude.mean_ratio of twice the object")


@checks("SCORE-010")
def detail_is_scored_apart_from_brightness(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores of a blurred object"):
        name = "amplitude.highpass_pearson_r"
        sharp, soft = (lookup(found[case], name) for case in ("truth", "blurred"))
        falls = sharp is not None and soft is not None and soft < sharp - 0.05
        check.holds(falls, f"{name} of the blurred object", soft, f"below {sharp}")


@checks("SCORE-008")
def an_undefined_score_is_null_beside_a_reason(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores of an object without a pixel"):
        block = found["blank"]
        made = [name for name, value in _of(found, "blank").items() if value is not None]
        check.equal([name for name in made if not _is_count(name)], [], "numbers for no pixel")
        reason = (block.get("amplitude") or {}).get("reason")
        check.holds(bool(reason), "reason of the missing scores", reason, "a sentence")


def _is_count(name: str) -> bool:
    return name.endswith(("pixels", "fraction"))


@checks("SCORE-006")
def a_constant_phase_has_no_correlation(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "phase correlation"):
        known = outputs.facts(piece)
        truth = np.angle(known[1].object[np.isfinite(known[1].object)]) if known else np.zeros(1)
        if truth.std() < 1e-6:
            value = lookup(found["truth"], "phase.pearson_r")
            check.equal(value, None, "phase.pearson_r against a constant phase")


@checks("LABEL-001")
def no_score_against_a_truth_is_made_up(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores of a scan without its truth"):
        made = [name for name, value in _of(found, "unlabelled").items() if value is not None]
        check.equal(made, [], "scores against a truth that nobody gave")


@checks("SCORE-011")
def without_a_truth_the_data_judge(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores of a scan without its truth"):
        value = lookup(found["unlabelled"], "data.r_factor")
        what = "data.r_factor of a scan without its truth"
        check.holds(value is not None, what, value, "a number")


@checks("SCORE-013")
def the_true_object_fits_the_data_best(check: Check, outputs: StageOutputs) -> None:
    if found := _known(check, outputs, "scores in the measurement"):
        truth = lookup(found["truth"], "data.r_factor")
        for name in ("doubled", "flat"):
            other = lookup(found[name], "data.r_factor")
            better = truth is not None and other is not None and truth < other
            check.holds(better, f"data.r_factor of the truth, beside {name}", truth, f"< {other}")
