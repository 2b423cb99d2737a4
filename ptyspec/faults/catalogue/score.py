"""Faults of the stage `score`: metrics, their frame and gauge, and the controls beside them."""

import math
from dataclasses import replace

import numpy as np

from ptyspec.faults.fault import clauses, fault, parity
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.render import canvas
from ptyspec.scores.frame import cut
from ptyspec.scores.frc import _hann


@fault("runs.run:evaluate", red="SCORE-009", green="EVID-003 EVID-004")
def controls_missing(evaluate, walk):
    """The untrained network is left out of the controls."""
    made = evaluate(walk)
    scores, others = dict(made.metrics["controls"]), dict(made.controls)
    scores.pop("untrained", None)
    others.pop("untrained", None)
    return replace(made, metrics=made.metrics | {"controls": scores}, controls=others)


@fault("runs.run:evaluate", red="SCORE-009", green="EVID-003 EVID-004")
def controls_of_the_network(evaluate, walk):
    """The trivial control is computed from the network's own result."""
    borrowed = walk.containers.test.model_copy(update={"coarse": walk.reconstruction})
    containers = replace(walk.containers, test=borrowed)
    given = {"trained": walk.trained, "reconstruction": walk.reconstruction}
    return evaluate(walk.replaced(containers=containers, halves=walk.halves, **given))


@fault("scores.dataspace:poisson_deviance_per_pixel")
@clauses(red="SCORE-012", green="SCORE-011 SCORE-013 ITERATIVE-002")
def deviance_halved(deviance, *args, **kwargs):
    """The Poisson deviance lacks its factor of two."""
    return 0.5 * deviance(*args, **kwargs)


@fault("scores.metrics:score", 33, red="SCORE-003 EVID-001", green="SCORE-001 SCORE-007 GAUGE-001")
def evaluator_rescales(score, reconstruction, truth):
    """The evaluator brings the reconstruction to the truth's mean before scoring."""
    frame = cut(reconstruction, truth)
    level, known = np.abs(frame.rec).sum(), np.abs(frame.truth).sum()
    if not (level > 0 and known > 0):
        return score(reconstruction, truth)
    scaled = (reconstruction.object * (known / level)).astype(np.complex64)
    return score(reconstruction.model_copy(update={"object": scaled}), truth)


@fault("scores.numbers:pearson", 55, 68, red="SCORE-008", green="SCORE-001 SCORE-003 SCORE-007")
def flat_scored_as_perfect(pearson, first, second, scale=None):
    """A correlation that is undefined counts as a perfect one."""
    found = pearson(first, second, scale)
    return 1.0 if found is None else found


@fault("scores.frc:_spectrum", red="SCORE-010", green="SCORE-007 SCORE-003 GAUGE-001")
def frc_mean_kept(spectrum, image):
    """The ring correlation is taken with the mean left in."""
    return np.asarray(np.fft.fft2(np.outer(_hann(image.shape[0]), _hann(image.shape[1])) * image))


@fault("scores.frc:_hann", red="SCORE-010", green="SCORE-007 SCORE-003 GAUGE-001")
def frc_without_window(hann, size):
    """The ring correlation is taken without a window."""
    return np.ones_like(hann(size))


@fault("scores.frame:has_nan", 68, red="SCORE-008 EVID-001", green="SCORE-001 SCORE-002 SCORE-003")
def nan_not_told(has_nan, reconstruction):
    """Pixels that are not finite are left out and not mentioned."""
    return False


@fault("pipeline.score:score", 26, red="SCORE-011", green="SCORE-012 LABEL-002 SCORE-003")
def ones_for_truth(score, scenario, scan, reconstruction):
    """An object of ones stands for a truth that is not known."""
    if scan.objectGuess is None:
        ones = np.ones(reconstruction.object.shape, np.complex64)
        scan = scan.model_copy(update={"objectGuess": ones})
    return score(scenario, scan, reconstruction)


@fault("report.maps:amplitude", red="RUN-007", green="REPORTING-ARTIFACT-BOUNDARY-001")
@parity("test_a_wrong_amplitude_scale_is_seen")
def picture_own_colours(amplitude, views):
    """Every picture has the colour scale of what it shows."""
    made = amplitude(views)
    return replace(made, limits=canvas.value_limits(made.images["network"], part=1.0))


@fault("scores.amplitude:amplitude_scores", 67)
@clauses(red="SCORE-005", green="SCORE-003 SCORE-004 GAUGE-001")
def psnr_peak_255(scores, frame):
    """A noise ratio with a peak of 255 stands among the scores."""
    made = scores(frame)
    error = made["rmse"]
    return made if not error else {**made, "psnr": 20 * math.log10(255 / error)}


@fault("scores.amplitude:amplitude_scores", 33, 66)
@clauses(red="SCORE-003 SCORE-007", green="SCORE-001 SCORE-002 GAUGE-001")
def ratio_after_rescale(scores, frame):
    """The amplitude ratio is that of the least-squares scaled prediction."""
    block = scores(frame)
    ratio, factor = block["mean_ratio"], block["least_squares_scalar"]
    return block if ratio is None or factor is None else block | {"mean_ratio": ratio * factor}


@fault("runs.run:sweep", red="INFER-008", green="ITERATIVE-001 MATH-POLAR-001")
@parity("test_the_iterative_reference_is_the_ceiling", "test_amplitude_two")
def reference_is_the_trivial_one(sweep, scenario, scan, *rest, **more):
    """The trivial estimate stands where the iterative reference should."""
    return trivial_estimate(scan, scenario.inference.min_coverage)


@fault("scores.amplitude:amplitude_scores")
@clauses(red="METRICS-NAMING-001", green="SCORE-003 SCORE-004 SCORE-012")
def score_renamed(scores, frame):
    """One score has two names: that which is written is not that which reports ask for."""
    other = {"highpass_pearson_r": "highpass_r"}
    return {other.get(name, name): value for name, value in scores(frame).items()}


@fault("scores.amplitude:ssim", 67, red="SCORE-004", green="SCORE-001 SCORE-005 GAUGE-001")
def ssim_range_255(ssim, rec, truth, mask):
    """Structural similarity is taken in the range of an 8-bit image."""
    from skimage import metrics

    if ssim(rec, truth, mask)[0] is None:
        return ssim(rec, truth, mask)
    similarity = vars(metrics)["structural_similarity"]  # ships without types
    return float(similarity(rec, truth, data_range=255.0, gaussian_weights=True)), None


@fault("scores.amplitude:amplitude_scores", 33, 65)
@clauses(red="EVID-001 SCORE-003", green="EVID-003 GAUGE-001 SCORE-004")
def tautological_ratio(scores, frame):
    """The mean ratio telescopes and no longer contains the prediction."""
    made = scores(frame)
    return made if made["mean_ratio"] is None else {**made, "mean_ratio": 1.0}


@fault("scores.frame:cut", 58, red="REASSEMBLY-METRIC-FRAME-001 SCORE-007 GAUGE-008")
@clauses(green="SCORE-003 SCORE-004 GAUGE-006")
def truth_off_by_1(cut, reconstruction, truth):
    """The truth is cut one pixel beside the reconstruction: the evaluator's frame lies 1 px off."""
    x, y = reconstruction.origin
    return cut(reconstruction.model_copy(update={"origin": (x + 1, y)}), truth)


@fault("scores.frame:cut", 58, red="REASSEMBLY-METRIC-FRAME-001 SCORE-007 GAUGE-008")
@clauses(green="SCORE-004 SCORE-005 GAUGE-006")
def truth_off_by_32(cut, reconstruction, truth):
    """The truth is cut half a patch beside the reconstruction."""
    x, y = reconstruction.origin
    return cut(reconstruction.model_copy(update={"origin": (x + 32, y + 32)}), truth)


@fault("scores.phase:phase_scores", 77, red="SCORE-002", green="SCORE-001 SCORE-003 SCORE-006")
def uncovered_phase_scored(scores, frame):
    """The phase of uncovered pixels, angle 0 = 0, is scored."""
    return scores(replace(frame, mask=np.ones_like(frame.mask)))


@fault("scores.frame:cut", 59)
@clauses(red="SCORE-001 SCORE-002 SCORE-008", green="SCORE-003 SCORE-004 GAUGE-005")
def uncovered_pixels_scored(cut, reconstruction, truth):
    """Pixels without light count as zeros of the object."""
    filled = {
        "object": np.nan_to_num(reconstruction.object),
        "coverage": np.maximum(reconstruction.coverage, 1e-6),
    }
    return cut(reconstruction.model_copy(update=filled), truth)


@fault("physics.scale:probe_modulus", red="ITERATIVE-003", green="ITERATIVE-001 FORWARD-007")
def each_mode_explains_the_frame(probe_modulus, probe):
    """The exit wave of each mode is given the whole measured modulus."""
    return np.abs(probe)
