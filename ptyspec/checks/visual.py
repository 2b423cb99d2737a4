"""Audit `visual`: does the reconstruction look like one, where no truth tells?

An eye looks for a picture that is not blank, has structure, fills its canvas, shows no tiles and
sits where it should. Each of these is a number here, with a limit; the picture stands beside them.
No truth is needed: what the network made is held against the data, the positions, the trivial
estimate (total counts alone) and the iterative control.

- flat: standard deviation of the amplitude over the iterative control's 0.5 to 1.5 (signature 55);
  contrast at least half of the trivial estimate's, which is a blur and cannot have more than the
  object.
- coherent structure: detail (finer than 4 px, complex) correlates with the iterative control's
  better than the trivial estimate's does.
- tiling: components of the error at the periods of patch, scan and group, beyond what chance gives,
  over the mean amplitude (lattice_peaks.py; signature 73). The error is taken against the truth,
  else the iterative control.
- shift: below half a pixel, by the data (the object moved by whole pixels, smallest misfit of the
  frames) and by sub-pixel registration with the iterative control (signature 58).
- data: R factor below those of the trivial estimate and of the untrained network: a pretty picture
  that does not explain the measurement is told by this alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from ptyspec.checks import visual_facts as facts
from ptyspec.checks.intensity import (
    no_light_is_lost,
    the_level_explains_the_data,
    uncovered_pixels_have_no_number,
)
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.stage_chain import tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.visual_controls import OF_VISUAL
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIFT = 0.5
"""Pixels: the evaluator's own frame is whole pixels."""
SPARE = 1.0
"""Rows or columns that the canvas may have too many: patches between pixels end one further on."""


@checks("STITCH-003", "stitch", trains=True)
def lit_pixels_have_a_number(check: Check, outputs: StageOutputs) -> None:
    holes = outputs.facts(facts.canvas_facts)["nan"]
    check.equal(holes, 0.0, "pixels without a number where the declared light fell")


@checks("STITCH-001", "stitch", trains=True)
def the_canvas_is_what_the_positions_demand(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(facts.canvas_facts)
    check.equal(found["missing"], 0.0, "pixels that the canvas lacks on some side")
    check.between(0, found["excess"], SPARE, "pixels that it has too many on one side")


@checks("STITCH-001", "stitch", trains=True)
def the_object_is_in_its_place(check: Check, outputs: StageOutputs) -> None:
    register = f"no rectangle of {facts.SMALLEST} px that both cover, or a constant image"
    missing = {"by_data": "a blank image has no place", "against_iterative": register}
    for key, why in missing.items():
        shift, what = outputs.facts(facts.place)[key], f"largest shift {key.replace('_', ' ')} / px"
        if shift is None:
            check.missing(what, why)
        else:
            check.between(0, max(map(abs, shift)), SHIFT, what)


@checks("NET-009", "score", trains=True)
def the_picture_is_not_flat(check: Check, outputs: StageOutputs) -> None:
    row, limit = outputs.facts(facts.contrast)[facts.NETWORK], tolerance("NET-009")
    what = "standard deviation of the amplitude over the iterative control's"
    check.between(1 - limit, row["std_over_iterative"], 1 + limit, what)
    what = "contrast over the trivial estimate's, a blur"
    check.between(1 - limit, row["contrast_over_trivial"], inf, what)


@checks("STITCH-007", "stitch", trains=True)
def no_lattice_shows(check: Check, outputs: StageOutputs) -> None:
    what = "lattice components of the error beyond chance, over the mean amplitude"
    found = outputs.facts(facts.lattice)
    if found["excess"] is not None:
        check.between(0, found["excess"], tolerance("STITCH-007"), what)
    elif found["reference"]:
        check.missing(what, "the covered area shows no whole lattice")
    else:
        check.missing(what, "no covered pixel, or a blank one")


@checks("INFER-006", "score", trains=True)
def there_is_detail_that_counts_do_not_tell(check: Check, outputs: StageOutputs) -> None:
    what = "correlation of detail with the iterative control, above the trivial estimate's"
    check.between(0, outputs.facts(facts.detail)["over_trivial"], inf, what)


@checks("INFER-007", "score", trains=True)
def the_data_are_explained(check: Check, outputs: StageOutputs) -> None:
    row = outputs.facts(facts.data_space)[facts.NETWORK]
    check.between(0, row["over_trivial"], 1, "R factor over that of the trivial estimate")
    check.between(0, row["over_untrained"], 1, "R factor over that of the untrained network")


TABLES = (
    Grid(
        "What is seen",
        "contrast/*/*",
        "mean, std, std / mean=contrast, std / iterative's=std_over_iterative, "
        "contrast / trivial's=contrast_over_trivial, phase std=phase_std",
        corner="subject, estimate",
    ),
    Grid(
        "What the measured frames say of it",
        "data_space/*/*",
        "R factor=r_factor, R / trivial's=over_trivial, level, own position=own_position",
        corner="subject, estimate",
    ),
    Grid(
        "Lattice: strongest component of each period, amplitudes over the mean amplitude",
        "lattice/*/peaks/*",
        "period / px=period:.2f, frequency [x y] / (1/px)=frequency:.4f, components, "
        "amplitude=component, surroundings, power / surroundings=prominence:.1f, beyond chance=excess",
        corner="subject, period",
        form=".2e",
    ),
)
NOTES = """
own position: share of other positions that explain a frame worse than its own; one half is
chance.

A symmetric probe leaves the twin of every pattern equally likely: there iterative control and
network may differ where both explain the data.
"""


def _gates(subjects: Sequence[StageOutputs], data: Any) -> Figure:
    from ptyspec.checks.visual_figure import gates

    return gates(subjects)


CONTROLS = OF_VISUAL
LAYOUT = Layout(
    facts={
        "canvas": facts.canvas_facts,
        "contrast": facts.contrast,
        "data_space": facts.data_space,
        "detail": facts.detail,
        "place": facts.place,
        "lattice": facts.lattice,
    },
    also=(no_light_is_lost, uncovered_pixels_have_no_number, the_level_explains_the_data),
    tables=TABLES,
    notes=NOTES,
    figure=(
        "gate",
        """Amplitude and phase of network, trivial estimate and iterative control, on one scale a
        row. Right: power spectrum of the network's error, circles where a lattice would show
        (red: it does); misfit of the measured frames when the object is moved.""",
        _gates,
    ),
)
