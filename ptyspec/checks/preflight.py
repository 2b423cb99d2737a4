"""A measured scan before an hour is spent on it: each check is a clause of specs/data_contracts.md."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.clause_check import REGISTRY, checks, findings_of
from ptyspec.contracts.bundles import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ScanDataError
from ptyspec.physics.level import scan_energy
from ptyspec.physics.scale import rms_amplitude
from ptyspec.physics.scan_facts import ScanFacts, edge_part, likeness, lit_diameter
from ptyspec.pipeline.mend import (
    FAMILY,
    ONE_COUNT,
    better_orientation,
    find_dead,
    find_hot,
    find_strange,
    full_part,
)
from ptyspec.pipeline.simulate import measured
from ptyspec.pipeline.trials import misfits
from ptyspec.spec.checks import Check
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State

LEAST_STEP = 0.5
"""Pixels; the finest scans of the field move a pixel and more."""
TAKEN = {
    1: "whole numbers, as counts are",
    4: "roots of roots of whole numbers",
    2: "roots of whole numbers",
}
"""What values of frames look like whose power is whole."""
UNITS = {"metres": 1e-9, "millimetres": 1e-6, "micrometres": 1e-3}
"""Length units, and the step (in the unit) from which on a scan is likely to be told in it: a nanometre and more."""
NEXT = {
    "SCAN-001": "--units m --object-pixel 20nm (or um, nm; with the size of your object pixel)",
    "SCAN-002": "check the unit of the positions and the pixel size of the probe",
    "SCAN-003": "--measurement counts if the frames are intensities, amplitude if they are their roots; or store the scale",
    "SCAN-004": "--hot-pixels find masks them",
    "SCAN-005": "--hot-pixels find masks them, or give the detector's mask",
    "SCAN-006": "give a mask that leaves the beam; True is where the detector measured",
    "SCAN-007": "--drop-frames auto leaves them out",
    "SCAN-008": "--centre auto moves the patterns",
    "SCAN-009": "check that probe and frames have the same pixel size; give another one by --probe",
    "SCAN-010": "--orientation auto uses the positions so",
    "SCAN-011": "crop the field of view wider: a probe that reaches the edge of its window wraps around",
    "SCAN-012": "store frames in photons, and the probe in their units: sum |P|^2 = counts of a frame without sample over scale^2",
}


@checks("SCAN-006", door="scan")
def the_mask_leaves_the_beam(check: Check, facts: ScanFacts) -> None:
    """What lies under the mask; before all others, for without the beam nothing else says anything."""
    part = (facts.pattern * facts.hidden).sum() / facts.pattern.sum()
    gone, every = round(float(facts.hidden.sum())), facts.seen.size
    check.close(part, 0.0, f"part of the probe's pattern under {gone} of {every} masked pixels")


@checks("SCAN-001", door="scan")
def positions_are_object_pixels(check: Check, facts: ScanFacts) -> None:
    """The step from place to place."""
    size, places = facts.scan.N, len(facts.places)
    if places < max(2, 0.1 * facts.scan.size):
        return check.fail(
            "places of the frames", f"{places} of {facts.scan.size}", "different ones"
        )
    step = max(facts.step, facts.spread)
    said = f"median step, pixels (frame: {size}){_suspected(step)}"
    return check.between(LEAST_STEP, step, float(size), said)


def _suspected(step: float) -> str:
    """Which unit a step in no pixels may have."""
    if step >= LEAST_STEP or step <= 0:
        return ""
    for unit, least in reversed(UNITS.items()):
        if least <= step < 1e3 * least:
            return f"; as {unit} it would be {step * 1e-9 / least * 1e9:.3g} nm"
    return ""


@checks("SCAN-002", door="scan")
def neighbours_overlap(check: Check, facts: ScanFacts) -> None:
    """The step against the lit diameter."""
    limit = check.clause.tolerance.value
    check.between(
        0.0,
        facts.step / lit_diameter(facts.scan.probeGuess),
        limit,
        "median step over the probe's diameter",
    )


@checks("SCAN-003", door="scan")
def there_are_photons(check: Check, facts: ScanFacts) -> None:
    """Counts of the median frame."""
    counts = float(np.median(facts.counts))
    limit = check.clause.tolerance.value
    check.between(limit, counts, np.inf, "photons of the median frame, (scale X)^2")
    power, _ = facts.quantum
    if power:
        check.holds(power == 2, "amplitudes", TAKEN[power], TAKEN[2])


@checks("SCAN-004", door="scan")
def no_pixel_outshines_its_neighbours(check: Check, facts: ScanFacts) -> None:
    """Hot and constant pixels, by their part of the counts."""
    found = find_hot(facts)
    part = facts.mean[found].sum() / max(facts.mean[facts.seen].sum(), 1e-30)
    named = ", ".join(
        f"({row}, {column}): {facts.mean[row, column]:.3g}"
        for row, column in np.argwhere(found)[:5]
    )
    what = f"part of the counts in {found.sum()} pixels [row, column] {named}"
    check.close(part, 0.0, what if found.any() else "part of the counts in hot pixels")
    times = facts.times_at_most.sum()
    what = f"part of the counts in {times} values at the detector's largest, {facts.most.max():.4g}"
    check.close(full_part(facts), 0.0, what)


@checks("SCAN-005", door="scan")
def no_lit_pixel_is_dead(check: Check, facts: ScanFacts) -> None:
    """Pixels that never count, by the part of the pattern that falls there."""
    found = find_dead(facts)
    part = facts.model[found].sum() / max(facts.model.sum(), 1e-30)
    check.close(part, 0.0, f"part of the probe's pattern on {found.sum()} pixels without a count")


@checks("SCAN-007", door="scan")
def frames_are_of_one_family(check: Check, facts: ScanFacts) -> None:
    """Counts of each frame over the median frame."""
    rows = find_strange(facts)
    said = f"{rows.size}: rows {', '.join(map(str, rows[:10]))}" if rows.size else "0"
    limits = f"0 frames with less than {FAMILY[0]:g} or more than {FAMILY[1]:g} of the usual counts"
    check.holds(not rows.size, "frames out of family", said, limits)


@checks("SCAN-008", door="scan")
def the_beam_is_in_the_middle(check: Check, facts: ScanFacts) -> None:
    """The mean pattern beside |F(P)|^2."""
    most = max(1.0, facts.scan.N / 32)
    down, right = facts.shift
    what = f"distance of the mean pattern from the probe's ({down:+d} rows, {right:+d} columns), pixels"
    check.between(0.0, float(max(abs(down), abs(right))), most, what)


@checks("SCAN-009", door="scan")
def the_pattern_is_that_of_the_probe(check: Check, facts: ScanFacts) -> None:
    """Correlation of the mean pattern with |F(P)|^2 where they lie best."""
    moved = np.roll(facts.model, facts.shift, (0, 1))
    alike = likeness(facts.mean[facts.seen], moved[facts.seen])
    what = f"1 - r of the amplitudes of mean pattern and probe (r {alike:.3f})"
    check.close(1 - alike, 0.0, what)


@checks("SCAN-010", door="scan")
def positions_have_the_right_orientation(check: Check, facts: ScanFacts) -> None:
    """The eight orientations, a few sweeps each."""
    if len(facts.places) < 4:
        return check.missing("orientation of the positions", "too few places")
    if facts.step > facts.scan.N:  # an object as wide as the positions say fills the memory
        return check.missing("orientation of the positions", "frames do not overlap")
    left = misfits(facts.scan)
    best = better_orientation(left)
    told = f"{best} (R {left[best]:.3f}, as it is {left['as-is']:.3f})"
    return check.holds(best == "as-is", "orientation that explains the frames", told, "as-is")


@checks("SCAN-011", door="scan")
def the_probe_fits_its_window(check: Check, facts: ScanFacts) -> None:
    """Its energy at the edge."""
    check.close(
        edge_part(facts.scan.probeGuess), 0.0, "part of the probe's energy in the outermost pixels"
    )


@checks("SCAN-012", door="scan")
def the_probe_has_the_level_of_the_frames(check: Check, facts: ScanFacts) -> None:
    """The rms amplitude that an object needs."""
    check.between(
        0.05, level_of(facts.scan), 20.0, "rms amplitude of the object, from counts and probe alone"
    )
    power, counts = facts.quantum
    if power == 2:
        counts = facts.scan.metadata.get("decisions", {}).get("scale", counts)
        check.between(
            ONE_COUNT[0], counts, ONE_COUNT[1], "counts of the smallest value, (scale X)^2"
        )


def level_of(scan: RawScan) -> float:
    """Rms amplitude that the object needs, from counts and probe alone."""
    return rms_amplitude(scan_energy(scan), scan.probeGuess)


ORIENTATION = "SCAN-010"
"""The one that reconstructs: it costs seconds."""


def preflight(scan: RawScan | ScanFacts, *, orientation: bool = True) -> list[Finding]:
    """Return what the clauses of a scan say of it, with the next step where one is broken."""
    facts = scan if isinstance(scan, ScanFacts) else ScanFacts(scan)
    asked = (
        one for one in REGISTRY if one.door == "scan" and (orientation or one.clause != ORIENTATION)
    )
    rows = [row for one in asked for row in findings_of(one, facts)]
    return [replace(row, next_step=NEXT[row.clause]) if row.ok is False else row for row in rows]


def accepting(rows: list[Finding], accepted: str) -> list[Finding]:
    """Return the findings; a broken clause that the settings accept says so, and is not judged."""
    allowed = {name.strip() for name in accepted.split(",")}
    return [
        replace(row, state=State.NOT_RUN, observed=f"{row.observed} (accepted: scan.accept)")
        if row.ok is False and row.clause in allowed
        else row
        for row in rows
    ]


def admit(scenario: Scenario, tell: Callable[[str], None]) -> None:
    """Tell what was decided about a measured scan and what is doubtful.

    Looked at with the probe of the file: one that was refined with wrong positions explains them. Raises ScanDataError
    for the first broken MUST that `scan.accept` does not name.
    """
    known, scan = specification(), measured(scenario)
    for said in scan.metadata.get("warnings") or ():
        tell(f"warning: {said}")
    broken = [row for row in accepting(preflight(scan), scenario.scan.accept) if row.ok is False]
    must = [row for row in broken if known[row.clause].level == "MUST"]
    for row in broken:
        if row not in must:
            tell(f"warning: {row.clause} {known[row.clause].title}: {row.what}: {row.observed}")
    if must:
        first, others = must[0], sorted({row.clause for row in must[1:]} - {must[0].clause})
        what = f"{first.clause} is broken: {known[first.clause].title[0].lower()}{known[first.clause].title[1:]}"
        also = f" (also broken: {', '.join(others)})" if others else ""
        step = f"{first.next_step}; or --set scan.accept={first.clause} to go on all the same"
        value, limit = f"{first.what}: {first.observed}{also}", first.expected or None
        raise ScanDataError(what, value=value, limit=limit, source=scan.source, next_step=step)
