"""Faults of the first look at a measured scan."""

import numpy as np

from ptyspec.faults.fault import clauses, fault

FACTS, MEND = "physics.scan_facts", "pipeline.mend"
TRIALS = "pipeline.trials"


@fault(f"{FACTS}:step_of")
@clauses(red="SCAN-001 SCAN-002", green="SCAN-003 SCAN-008")
def step_in_units_of_the_scan(step_of, places):
    """The step is taken in parts of the scanned length, whatever its unit."""
    length = np.ptp(places, axis=0).max()
    return 32 * step_of(places) / length if length else 1.0


@fault(f"{FACTS}:lit_diameter", red="SCAN-002", green="SCAN-001")
def beam_as_wide_as_the_frame(lit_diameter, probe):
    """The probe is taken to light the whole frame."""
    return float(len(probe))


@fault(f"{FACTS}:frame_sums", red="SCAN-003", green="SCAN-001 SCAN-006")
def counts_of_one_mean_frame(frame_sums, scan):
    """Counts are scaled to the usual dose before anyone looks."""
    mean, most, counts = frame_sums(scan)
    factor = 1e6 / max(np.median(counts), 1e-30)
    return mean * factor, most * factor, counts * factor


@fault(f"{MEND}:find_hot", red="SCAN-004", green="SCAN-005")
def hot_pixels_are_the_constant_ones(find_hot, facts):
    """Only pixels that say the same in every frame are hot."""
    return find_hot(facts) & (facts.most - facts.mean <= 1e-6 * facts.most)


@fault(f"{MEND}:find_dead", red="SCAN-005", green="SCAN-004")
def dead_pixels_stand_alone(find_dead, facts):
    """A pixel is dead only where its neighbours are not: gaps of a detector pass."""
    found = find_dead(facts)
    return found & (facts.around(found.astype(float)) == 0)


@fault(f"{MEND}:masked", red="SCAN-006", green="DATA-003")
def mask_of_the_other_polarity(masked, scan, bad):
    """Pixels that were found are kept, and the others masked."""
    return masked(scan, ~bad)


@fault(f"{MEND}:find_strange", red="SCAN-007", green="SCAN-004")
def family_by_its_spread(find_strange, facts):
    """A frame is out of family beyond three standard deviations, which such frames widen."""
    counts = facts.counts
    return np.flatnonzero(np.abs(counts - counts.mean()) > 12 * counts.std())


@fault(f"{FACTS}:offset_of", red="SCAN-008", green="SCAN-009")
def beam_by_its_brightest_row(offset_of, image, model):
    """Only rows are compared: a beam that lies off by columns passes."""
    return offset_of(image, model)[0] // 16, 0


@fault(f"{FACTS}:likeness", red="SCAN-009", green="SCAN-008")
def likeness_of_total_counts(likeness, image, model):
    """Patterns are alike where their sums are."""
    return float(min(image.sum(), model.sum()) / max(image.sum(), model.sum(), 1e-30))


@fault(f"{TRIALS}:turned", 17, red="SCAN-010", green="SCAN-001")
def signs_are_never_tried(turned, scan, orientation):
    """The axes change places, and signs stay as they are."""
    return turned(scan, "swap" if orientation.startswith("swap") else "as-is")


@fault(f"{FACTS}:edge_part", red="SCAN-011", green="SCAN-012")
def edge_by_amplitude_of_the_corner(edge_part, probe):
    """Only the corner is looked at."""
    power = np.abs(probe) ** 2
    return float(power[0, 0] / power.sum())


@fault("checks.preflight:level_of", red="SCAN-012", green="SCAN-011")
def level_of_a_normalised_probe(level_of, scan):
    """The probe is normalised before its level is looked at."""
    return 1.0


@fault("physics.positions:_steps", 17, red="ITERATIVE-004", green="ITERATIVE-001 ITERATIVE-003")
def positions_move_along_x_alone(steps, canvas, scan, rows):
    """Rows of the object are told apart, and columns taken for granted."""
    return steps(canvas, scan, rows) * (1.0, 0.0)
