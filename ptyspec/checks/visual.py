"""Audit `visual`: does the reconstruction look like one, where no truth tells?

An eye looks for a picture that is not blank, has structure, fills its canvas, shows no tiles and sits where it should.
Each of these is a number here: flat (signature 55; the trivial estimate is a blur and cannot have more contrast than
the object), tiles (signature 73), shift (signature 58). A pretty picture that does not explain the measurement is told
by the R factor alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks import visual_facts as facts
from ptyspec.checks.clause_check import checks
from ptyspec.checks.intensity import the_level_explains_the_data
from ptyspec.checks.placed import WITHOUT, misnumbered
from ptyspec.checks.registry import Grid, Layout, control, with_canvas
from ptyspec.checks.stage_chain import near_one, over, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.visual_facts import ITERATIVE, NETWORK, TRIVIAL, UNTRAINED
from ptyspec.contracts.bundles import Array
from ptyspec.physics.scale import illumination_weight
from ptyspec.render import canvas
from ptyspec.render.canvas import align_phase, frame_of, place
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIFT = 0.5
"""Pixels: the evaluator's own frame is whole pixels."""
SPARE = 1.0
"""Rows or columns that the canvas may have too many: patches between pixels end one further on."""
LEARNT = 0.01
"""Detail beyond the untrained network's: what was not trained has the same; two epochs of a tiny run add 0.5."""


@checks("STITCH-001", trains=True, of="train infer")
def the_canvas_is_what_the_positions_demand(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(facts.canvas)
    check.equal(found["missing"], 0.0, "pixels that the canvas lacks on some side")
    check.between(0, found["excess"], SPARE, "pixels that it has too many on one side")


@checks("STITCH-001", trains=True, of="train infer")
def the_object_is_in_its_place(check: Check, outputs: StageOutputs) -> None:
    shift = outputs.facts(facts.shift)
    largest = None if shift is None else max(map(abs, shift))
    what = "largest shift that the measured frames ask for / px"
    check.between(0, largest, SHIFT, what, "a blank image has no place")


@checks("STITCH-002", trains=True, of="train infer")
def no_light_is_lost(check: Check, outputs: StageOutputs) -> None:
    container, light = outputs.containers.test, outputs.reconstruction.coverage
    expected = illumination_weight(container.probe).sum(dtype=np.float64)
    ratio = float(light.sum(dtype=np.float64) / expected / container.groups.nn_indices.size)
    check.within_ratio(ratio, 1.0, "light on the canvas over that of all patches")


@checks("STITCH-003", trains=True, of="train infer")
def uncovered_pixels_have_no_number(check: Check, outputs: StageOutputs) -> None:
    made, part = outputs.reconstruction, outputs.scenario.inference.min_coverage
    check.equal(misnumbered(made, part), 0, WITHOUT)


@checks("NET-009", trains=True, of="train infer")
def the_picture_is_not_flat(check: Check, outputs: StageOutputs) -> None:
    rows, limit = outputs.facts(facts.seen), tolerance("NET-009")
    spread = over(rows[NETWORK]["std"], rows[ITERATIVE]["std"])
    what = "standard deviation of the amplitude over the iterative control's"
    near_one(check, spread, limit, what)
    contrast = over(rows[NETWORK]["contrast"], rows[TRIVIAL]["contrast"])
    check.between(1 - limit, contrast, inf, "contrast over the trivial estimate's, a blur")


@checks("STITCH-007", trains=True, of="train infer")
def no_lattice_shows(check: Check, outputs: StageOutputs) -> None:
    what = "lattice components of the error beyond chance, over the mean amplitude"
    found = outputs.facts(facts.lattice)
    why = "the covered area shows no whole lattice"
    why = why if found["reference"] else "no covered pixel, or a blank one"
    check.between(0, found["excess"], tolerance("STITCH-007"), what, why)


@checks("INFER-006", trains=True, of="train infer")
def there_is_detail_that_counts_do_not_tell(check: Check, outputs: StageOutputs) -> None:
    rows = outputs.facts(facts.seen)
    mine = rows[NETWORK]["detail"]
    for name, least, words in (
        (TRIVIAL, 0.0, "trivial estimate"),
        (UNTRAINED, LEARNT, "untrained network"),
    ):
        what = f"correlation of detail with the iterative control, above the {words}'s"
        other = rows[name]["detail"] or 0.0
        check.between(least, None if mine is None else mine - other, inf, what)


@checks("INFER-007", trains=True, of="train infer")
def the_data_are_explained(check: Check, outputs: StageOutputs) -> None:
    rows = outputs.facts(facts.seen)
    for name, words in ((TRIVIAL, "trivial estimate"), (UNTRAINED, "untrained network")):
        ratio = over(rows[NETWORK]["r_factor"], rows[name]["r_factor"])
        check.between(0, ratio, 1, f"R factor over that of the {words}")


def _pictures(subjects: Sequence[StageOutputs], data: Any) -> "Figure":
    """Two rows a subject: amplitude above phase of the estimates."""
    views = [frame_of(one.facts(facts.estimates)[ITERATIVE]) for one in subjects]
    height = max(1.7, *(canvas.panel_size(view, 2.9) for view in views))
    grid = canvas.Grid(2 * len(subjects), 3, 2.9, height, left=0.7, across=0.35, down=0.5)
    figure, axes = grid.figure("network, trivial estimate and iterative control")
    for row, (one, view) in enumerate(zip(subjects, views, strict=True)):
        upper, lower = axes[2 * row], axes[2 * row + 1]
        made = {name: one.facts(facts.estimates)[name] for name in (NETWORK, TRIVIAL, ITERATIVE)}
        images = {name: place(it.object, it.origin, view) for name, it in made.items()}
        reference = images[ITERATIVE]
        levels = canvas.value_limits(np.abs(reference), 0.99)
        bound = canvas.symmetric_limit(np.angle(reference))
        for column, (name, image) in enumerate(images.items()):
            if np.abs(image[np.isfinite(image) & np.isfinite(reference)]).any():
                image = align_phase(image, reference)
            drawn = canvas.image_panel(
                upper[column], np.abs(image), view, cmap="viridis", limits=levels, title=name
            )
            angles = np.where(np.isfinite(image), np.angle(image), np.nan)
            turned = canvas.image_panel(
                lower[column], angles, view, cmap="twilight", limits=(-bound, bound), title=""
            )
        canvas.colour_bar(upper[2], drawn, "amplitude", extend="both")
        canvas.colour_bar(lower[2], turned, "phase / rad", extend="both")
        upper[0].set_ylabel(f"{canvas.plain(one.name)}: amplitude", fontsize=canvas.SMALL)
        lower[0].set_ylabel("phase", fontsize=canvas.SMALL)
    return figure


TILES, MOVED, CROPPED = 0.05, 2, 8
"""Amplitude of the checkerboard over the object's; pixels."""


def _image(material: StageOutputs, change: Callable[[Array], Array]) -> StageOutputs:
    """The object changed where it is, with the same pixels left out."""
    made = material.reconstruction.object
    known = np.isfinite(made)
    image = np.where(known, change(np.where(known, made, 0)), np.nan)
    return with_canvas(material, object=image)


@control("SCALE-005")
def blank(material: StageOutputs) -> StageOutputs:
    """Nothing is there."""
    return _image(material, np.zeros_like)


@control("NET-009")
def flat(material: StageOutputs) -> StageOutputs:
    """A constant of the right level."""
    level = np.sqrt(np.nanmean(np.abs(material.reconstruction.object).astype(np.float64) ** 2))
    return _image(material, lambda image: np.full_like(image, level))


@control("STITCH-003")
def holes(material: StageOutputs) -> StageOutputs:
    """Five pixels in the middle of the light are NaN."""
    image = material.reconstruction.object.copy()
    image.ravel()[np.argsort(material.reconstruction.coverage, axis=None)[-5:]] = np.nan
    return with_canvas(material, object=image)


@control("STITCH-003")
def zero_filled(material: StageOutputs) -> StageOutputs:
    """Uncovered pixels are zero instead of NaN."""
    return with_canvas(material, object=np.nan_to_num(material.reconstruction.object))


@control("STITCH-007")
def tiled(material: StageOutputs) -> StageOutputs:
    """A checkerboard of the patch's size: groups set side by side, each with a level of its own."""
    half = material.scenario.model.N // 2

    def change(image: Array) -> Array:
        rows, columns = np.indices(image.shape) // half
        return np.asarray(image * (1 + TILES * np.where((rows + columns) % 2, 1, -1)))

    return _image(material, change)


@control("STITCH-001")
def shifted(material: StageOutputs) -> StageOutputs:
    """The object lies two pixels further right than its light and its origin say."""

    def change(image: Array) -> Array:
        filled = np.where(image == 0, image[image != 0].mean(), image)
        return np.asarray(np.roll(filled, MOVED, axis=1))

    return _image(material, change)


@control("STITCH-002")
def cropped(material: StageOutputs) -> StageOutputs:
    """The canvas ends eight rows early, light and all."""
    made = material.reconstruction
    return with_canvas(material, object=made.object[:-CROPPED], coverage=made.coverage[:-CROPPED])


@control("STITCH-001")
def framed(material: StageOutputs) -> StageOutputs:
    """The canvas has eight rows too many, without light."""
    made, wider = material.reconstruction, ((0, CROPPED), (0, 0))
    image = np.pad(made.object, wider, constant_values=np.nan)
    return with_canvas(material, object=image, coverage=np.pad(made.coverage, wider))


@control("INFER-006")
def scrambled(material: StageOutputs) -> StageOutputs:
    """Noise with the object's own spectrum, level and contrast: a picture of nothing."""

    def change(image: Array) -> Array:
        known = image != 0
        amplitude = np.abs(image[known])
        filled = np.where(known, np.abs(image), amplitude.mean()) - amplitude.mean()
        noise = generator(11, "phases of the spectrum").standard_normal(image.shape)
        # Phases of a real image, so that the result is real.
        phases = np.exp(1j * np.angle(np.fft.fft2(noise)))
        made = np.fft.ifft2(np.abs(np.fft.fft2(filled)) * phases).real
        made = (made - made[known].mean()) * (amplitude.std() / made[known].std())
        return np.asarray(np.where(known, amplitude.mean() + made, 0))

    return _image(material, change)


CONTROLS = (
    *(blank, flat, holes, zero_filled, cropped, framed, shifted, tiled, scrambled),
    replace(scrambled, name="pretty", clause="INFER-007"),  # and no frame is explained
)
LAYOUT = Layout(
    facts={"seen": facts.seen, "lattice": facts.lattice},
    also=(the_level_explains_the_data,),
    tables=(
        Grid(
            "What is seen, and how far the measured frames are from it",
            "seen/{subject}/{estimate}",
            "mean, std, std / mean=contrast, detail as in the iterative control=detail, "
            "R factor=r_factor",
        ),
        Grid(
            "Lattice: strongest component of each period, amplitudes over the mean amplitude",
            "lattice/{subject}/peaks/{period}",
            "period / px=period:.2f, frequency [x y] / (1/px)=frequency:.4f, amplitude=component, "
            "surroundings, beyond chance=excess",
            form=".2e",
        ),
    ),
    notes="A symmetric probe leaves the twin of every pattern equally likely: there iterative "
    "control and network may differ where both explain the data.",
    figure=(
        "estimates",
        "Amplitude and phase of network, trivial estimate and iterative control, on one scale a row",
        _pictures,
    ),
)
