"""Audit `visual`: does the reconstruction look like one, where no truth tells? The inspection gate, measured.

An eye looks for a picture that is not blank, has structure, fills its canvas, shows no tiles and sits where it should.
Each of these is a number here, with a limit; the picture stands beside them. No truth is needed: what the network made
is held against the data, the positions, the trivial estimate (total counts alone) and the iterative control.

- blank: level on the measured frames, sqrt(sum |F(P O)|^2 / sum X^2), within 5 % of 1 (SCALE-005).
- NaN: none where the declared light fell (STITCH-003).
- canvas: the side and place that absolute positions demand (STITCH-001), all patches on it (STITCH-002).
- flat: standard deviation of the amplitude over the iterative control's 0.5 to 1.5 (NET-009, signature 55); contrast at
  least half of the trivial estimate's, which is a blur and cannot have more than the object.
- coherent structure: detail (finer than 4 px, complex) correlates with the iterative control's better than the trivial
  estimate's does (INFER-006).
- tiling: components of the error at the periods of patch, scan and group, beyond what chance gives, over the mean
  amplitude (lattice_peaks.py; STITCH-007, signature 73). The error is taken against the truth, else the iterative control.
- shift: below half a pixel, by the data (the object moved by whole pixels, smallest misfit of the frames) and by
  sub-pixel registration with the iterative control (STITCH-001, signature 58).
- data: R factor below those of the trivial estimate and of the untrained network (INFER-007): a pretty picture that does
  not explain the measurement is told by this alone.

Against the trivial estimate no limit is set on the shift: painted with patches, it lies up to a pixel off itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from ptyspec.checks.material import Material
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import ref
from ptyspec.checks.stage_chain import LEVEL
from ptyspec.checks.visual_controls import CONTROLS as CONTROLS
from ptyspec.checks.visual_facts import ITERATIVE, NETWORK, SMALLEST, TRIVIAL, Seen, seen
from ptyspec.spec.registry import specification

INFINITY = float("inf")
SHIFT = 0.5
"""Pixels: the evaluator's own frame is whole pixels."""
SPARE = 1.0
"""Rows or columns that the canvas may have too many: patches between pixels end one further on."""
ESTIMATES = (NETWORK, TRIVIAL, "untrained", ITERATIVE)


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    found = {material.name: seen(material) for material in materials}
    for part in next(iter(found.values())).data:
        report.data[part] = {name: made.data[part] for name, made in found.items()}
    for name, made in found.items():
        _canvas(name, report)
        _contrast(name, report)
        _lattice(name, report)
        _shift(name, made, report)
        _data(name, report)
    _tables(list(found), report)
    _notes(report)
    from ptyspec.checks.visual_figure import gate

    for name, made in found.items():
        report.figure(
            f"{name}-gate",
            f"{name}: amplitude and phase of network, trivial estimate and iterative control, on one scale a row. "
            "Right: power spectrum of the network's error, circles where a lattice would show (red: it does); misfit of the "
            "measured frames when the object is moved.",
            lambda made=made, name=name: gate(name, made),  # type: ignore[misc]
        )


def _canvas(name: str, report: Audit) -> None:
    at = ("canvas", name)
    report.equal(
        "STITCH-003",
        f"{name}: pixels without a number where the declared light fell",
        0.0,
        *at,
        "nan",
    )
    report.equal(
        "STITCH-003",
        f"{name}: pixels with a number but not the declared light, or the reverse",
        0.0,
        *at,
        "strangers",
    )
    report.equal(
        "STITCH-001",
        f"{name}: pixels that the canvas lacks on some side of what the positions demand",
        0.0,
        *at,
        "missing",
    )
    report.within(
        "STITCH-001", f"{name}: pixels that it has too many on one side", 0, SPARE, *at, "excess"
    )
    limit = _tolerance("STITCH-002")
    report.within(
        "STITCH-002",
        f"{name}: light on the canvas over that of all patches",
        1 - limit,
        1 + limit,
        *at,
        "light",
    )


def _contrast(name: str, report: Audit) -> None:
    report.within(
        "SCALE-005",
        f"{name}: level on the measured frames; 0 is blank",
        1 - LEVEL,
        1 + LEVEL,
        "data_space",
        name,
        NETWORK,
        "level",
    )
    limit = _tolerance("NET-009")
    report.within(
        "NET-009",
        f"{name}: standard deviation of the amplitude over the iterative control's",
        1 - limit,
        1 + limit,
        "contrast",
        name,
        NETWORK,
        "std_over_iterative",
    )
    report.within(
        "NET-009",
        f"{name}: contrast over the trivial estimate's, a blur",
        1 - limit,
        INFINITY,
        "contrast",
        name,
        NETWORK,
        "contrast_over_trivial",
    )


def _lattice(name: str, report: Audit) -> None:
    what = f"{name}: lattice components of the error beyond chance, over the mean amplitude"
    found = report.data["lattice"][name]
    if found["excess"] is None:
        report.skipped(
            "STITCH-007",
            what,
            "the covered area shows no whole lattice"
            if found["reference"]
            else "no covered pixel, or a blank one",
        )
    else:
        report.within("STITCH-007", what, 0, _tolerance("STITCH-007"), "lattice", name, "excess")


def _shift(name: str, made: Seen, report: Audit) -> None:
    place = made.data["place"]
    if place["by_data"] is None:
        report.skipped(
            "STITCH-001", f"{name}: shift by the data / px", "a blank image has no place"
        )
    else:
        report.within(
            "STITCH-001",
            f"{name}: largest shift by the data / px",
            0,
            SHIFT,
            "place",
            name,
            "largest_by_data",
        )
    if place["against_iterative"] is None:
        report.skipped(
            "STITCH-001",
            f"{name}: shift against the iterative control / px",
            f"no rectangle of {SMALLEST} px that both cover, or a constant image: nothing to register",
        )
    else:
        report.within(
            "STITCH-001",
            f"{name}: largest shift against the iterative control / px",
            0,
            SHIFT,
            "place",
            name,
            "largest_against_iterative",
        )


def _data(name: str, report: Audit) -> None:
    report.data["detail"][name]["over_trivial"] = _less(report.data["detail"][name])
    what = f"{name}: correlation of detail with the iterative control, above the trivial estimate's"
    report.within("INFER-006", what, 0, INFINITY, "detail", name, "over_trivial")
    for other in ("trivial", "untrained"):
        report.within(
            "INFER-007",
            f"{name}: R factor over that of the {other} {'estimate' if other == TRIVIAL else 'network'}",
            0,
            1,
            "data_space",
            name,
            NETWORK,
            f"over_{other}",
        )


def _less(detail: dict[str, float | None]) -> float | None:
    """The network's correlation less the trivial estimate's; one that is constant has none, and counts as 0."""
    network = detail[NETWORK]
    return None if network is None else network - (detail[TRIVIAL] or 0.0)


def _tolerance(clause: str) -> float:
    found = specification()[clause].tolerance
    assert found is not None
    return found.value


def _tables(names: list[str], report: Audit) -> None:
    report.table(
        "Canvas / px",
        (
            "subject",
            "width",
            "needed",
            "height",
            "needed",
            "missing",
            "excess",
            "NaN in the light",
            "covered",
            "of the canvas",
            "light / all patches",
        ),
        (
            (
                name,
                *(
                    ref("canvas", name, key, form=form)
                    for key, form in (
                        ("width", ".0f"),
                        ("needed_width", ".0f"),
                        ("height", ".0f"),
                        ("needed_height", ".0f"),
                        ("missing", ".0f"),
                        ("excess", ".0f"),
                        ("nan", ".0f"),
                        ("covered", ".0f"),
                        ("fraction", ".1%"),
                        ("light", ".7f"),
                    )
                ),
            )
            for name in names
        ),
    )
    head = (
        "subject: estimate",
        "mean",
        "std",
        "std / mean",
        "std / iterative's",
        "contrast / trivial's",
        "phase std",
        "R factor",
        "R / trivial's",
        "level",
        "own position",
        "detail",
    )
    report.table(
        "What is seen, and what the measured frames say of it",
        head,
        (
            (
                f"{name}: {made}",
                *(
                    ref("contrast", name, made, key)
                    for key in (
                        "mean",
                        "std",
                        "contrast",
                        "std_over_iterative",
                        "contrast_over_trivial",
                        "phase_std",
                    )
                ),
                *(
                    ref("data_space", name, made, key)
                    for key in ("r_factor", "over_trivial", "level", "own_position")
                ),
                "–" if made == ITERATIVE else ref("detail", name, made),
            )
            for name in names
            for made in ESTIMATES
        ),
    )
    report.table(
        "Place: shift [x, y] / px",
        (
            "subject",
            "by the data",
            "network against iterative",
            "network against trivial",
            "trivial against iterative",
        ),
        (
            (
                name,
                *(
                    ref("place", name, key, form=".2f")
                    for key in (
                        "by_data",
                        "against_iterative",
                        "against_trivial",
                        "trivial_against_iterative",
                    )
                ),
            )
            for name in names
        ),
    )
    report.table(
        "Lattice: strongest component of each period, amplitudes over the mean amplitude",
        (
            "subject: period",
            "error against",
            "period / px",
            "frequency [x, y] / (1/px)",
            "components",
            "amplitude",
            "surroundings",
            "power / surroundings",
            "beyond chance",
        ),
        (
            (
                f"{name}: {period}",
                ref("lattice", name, "reference"),
                *(
                    ref("lattice", name, "peaks", period, key, form=form)
                    for key, form in (
                        ("period", ".2f"),
                        ("frequency", ".4f"),
                        ("components", ""),
                        ("component", ".2e"),
                        ("surroundings", ".2e"),
                        ("prominence", ".1f"),
                        ("excess", ".2e"),
                    )
                ),
            )
            for name in names
            for period in report.data["lattice"][name]["peaks"]
        ),
    )


def _notes(report: Audit) -> None:
    report.note(
        "own position: share of other positions that explain a frame worse than its own; one half is chance. detail: "
        "correlation with the iterative control after subtraction of a Gaussian of 4 px, amplitude and phase alike."
    )
    report.note(
        "The trivial estimate paints whole patches: its own shift is shown so that nobody takes it for the network's."
    )
    report.note(
        "A symmetric probe leaves the twin of every pattern equally likely: there iterative control and network may differ "
        "where both explain the data."
    )
