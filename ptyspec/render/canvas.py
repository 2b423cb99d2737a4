"""How a figure is made, without any global matplotlib state: sizes, colours, panels, and what the panels show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ptyspec import extras
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.run import RunResult
from ptyspec.errors import MissingPackageError, PtyspecError
from ptyspec.files.stated import length_text
from ptyspec.scores import headline as scores
from ptyspec.scores.phase import global_phase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = 3
"""Uncovered pixels left around the covered area, so that its rim is seen."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the object: first column and row, and size, in object pixels."""

    x0: int
    y0: int
    width: int
    height: int

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Edges for an image shown in object pixels, rows downwards."""
        left, top = self.x0 - 0.5, self.y0 - 0.5
        return left, left + self.width, top + self.height, top


@dataclass(frozen=True)
class Views:
    """What a run shows.

    - frame: the part of the object in every picture.
    - estimates: complex (height, width) by estimator name, NaN where uncovered.
    - truth: the same for the known object (NaN only outside the object), or None.
    - blocks: the metrics block of each estimate.
    - zero_phase: the truth has no phase, so phase scores mean nothing.
    - results: the estimates whose errors set the colour scale; the first stands where nothing better is known.
    - pixel_m: size of an object pixel in metres, where it is known.
    """

    frame: Frame
    estimates: Mapping[str, Array]
    truth: Array | None
    blocks: Mapping[str, Mapping[str, Any]]
    zero_phase: bool
    results: tuple[str, ...] = ("network",)
    pixel_m: float | None = None

    @property
    def covered(self) -> Array:
        """(height, width) bool: pixels of the first result that were illuminated."""
        return np.isfinite(self.estimates[self.results[0]])


def frame_of(reconstruction: Reconstruction) -> Frame:
    """Return the bounding box of the covered pixels with a small margin; the whole canvas if none is covered."""
    rows, cols = np.nonzero(np.isfinite(reconstruction.object))
    x0, y0 = reconstruction.origin
    if rows.size == 0:
        return Frame(x0, y0, reconstruction.object.shape[1], reconstruction.object.shape[0])
    top, left = int(rows.min()) - MARGIN, int(cols.min()) - MARGIN
    height, width = int(rows.max()) + MARGIN + 1 - top, int(cols.max()) + MARGIN + 1 - left
    return Frame(x0 + left, y0 + top, width, height)


def place(image: Array, origin: tuple[int, int], frame: Frame) -> Array:
    """Return the part of an image that lies in the frame, complex64 or float; NaN outside the image."""
    dtype = np.complex64 if np.iscomplexobj(image) else np.float32
    out = np.full((frame.height, frame.width), np.nan, dtype)
    dx, dy = origin[0] - frame.x0, origin[1] - frame.y0
    top, left = max(dy, 0), max(dx, 0)
    bottom, right = min(dy + image.shape[0], frame.height), min(dx + image.shape[1], frame.width)
    if bottom > top and right > left:
        out[top:bottom, left:right] = image[top - dy : bottom - dy, left - dx : right - dx]
    return out


def align_phase(image: Array, reference: Array) -> Array:
    """Return the image with the one global phase that brings it closest to the reference; nothing else changes."""
    both = np.isfinite(image) & np.isfinite(reference)
    return np.asarray(image * global_phase(image[both], reference[both]), np.complex64)


def has_no_phase(truth: Array) -> bool:
    """Return whether the object's phase is one constant (to 1e-4 rad)."""
    values = truth[np.isfinite(truth)]
    angles = np.abs(np.angle(values * np.conj(values.mean()))) if values.size else np.ones(1)
    return bool(angles.max() < 1e-4)


def views(result: RunResult) -> Views:
    """Return the pictures' content of a finished run; phases follow the truth, else the iterative reference."""
    frame = frame_of(result.reconstruction)
    found = {"network": result.reconstruction, **result.controls}
    if result.refined is not None:
        found["refined"] = result.refined
    order = [name for name in scores.NAMES if name in found] + sorted({*found} - {*scores.NAMES})
    placed = {name: place(found[name].object, found[name].origin, frame) for name in order}
    known = result.scan.objectGuess if scores.has_truth(result.metrics) else None
    truth = None if known is None else place(known, (0, 0), frame)
    reference = truth if truth is not None else placed.get("iterative", placed["network"])
    aligned = {name: align_phase(image, reference) for name, image in placed.items()}
    zero_phase = truth is not None and has_no_phase(truth)
    pixel_m = result.scan.lengths.get("object_pixel_m")
    blocks = scores.blocks(result.metrics)
    return Views(frame, aligned, truth, blocks, zero_phase, pixel_m=pixel_m)


T = TypeVar("T")
COLOURS = {
    "network": "#0b5fa5",
    "refined": "#6a3d9a",
    "trivial": "#8c8c8c",
    "untrained": "#d98b00",
    "iterative": "#1b7f3b",
    "flat_start": "#b4436c",
}
LARGEST = 400_000
"""Bytes of a picture in full colour."""
SMALL, TEXT, TITLE = 8, 9, 10
"""Font sizes in points."""


def new_figure(width: float, height: float, title: str = "", *, automatic: bool = True) -> "Figure":
    """Return an empty figure (inches); raises MissingPackageError without matplotlib."""
    extras.require("report", "a figure", "matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained" if automatic else None)
    if title:
        place = {} if automatic else {"y": 1.0 - 0.06 / height}
        figure.suptitle(plain(title), fontsize=TITLE + 2, **place)
    return figure


@dataclass(frozen=True)
class Grid:
    """Equal panels and the space around them, inches.

    Placed by hand: the automatic layout draws every text three times, seconds for a run's pictures.
    """

    rows: int
    columns: int
    width: float
    height: float
    left: float = 0.6
    right: float = 0.85
    top: float = 0.8
    bottom: float = 0.5
    across: float = 0.95
    down: float = 0.65

    def figure(self, title: str) -> "tuple[Figure, Any]":
        """Return a figure with this grid and its axes (rows, columns)."""
        inner_width = self.columns * self.width + (self.columns - 1) * self.across
        inner_height = self.rows * self.height + (self.rows - 1) * self.down
        width, height = self.left + inner_width + self.right, self.bottom + inner_height + self.top
        figure = new_figure(width, height, title, automatic=False)
        places = {
            "left": self.left / width,
            "right": 1 - self.right / width,
            "bottom": self.bottom / height,
            "top": 1 - self.top / height,
            "wspace": self.across / self.width,
            "hspace": self.down / self.height,
        }
        return figure, figure.subplots(self.rows, self.columns, squeeze=False, gridspec_kw=places)


def plain(text: str) -> str:
    """Return text that matplotlib shows as it is (a pair of dollar signs would start a formula)."""
    return text.replace("$", r"\$")


def save(figure: "Figure", path: Path) -> Path:
    """Write the figure as PNG."""
    path.write_bytes(png(figure))
    return path


def attempt(draw: Callable[[], T]) -> tuple[T | None, str]:
    """Return what is drawn and no reason, or None and the reason why nothing is.

    Numbers are worth more than a picture: of what a drawing library raises nothing passes, only
    PtyspecError and OSError do; that matplotlib is not installed is a reason.
    """
    try:
        return draw(), ""
    except MissingPackageError as error:
        return None, error.sentence
    except (PtyspecError, OSError):
        raise
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def png(figure: "Figure") -> bytes:
    """Return the figure as PNG below about 400 kB; equal content gives equal bytes (no date, no version inside).

    A picture that would be larger is stored with 256 colours.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    drawn: Any = FigureCanvasAgg(figure)  # its methods carry no types
    drawn.draw()
    picture = Image.fromarray(np.asarray(drawn.buffer_rgba())).convert("RGB")
    content = BytesIO()
    picture.save(content, "PNG")
    if content.tell() > LARGEST:
        most, none = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
        content = BytesIO()
        picture.quantize(256, method=most, dither=none).save(content, "PNG")
    return content.getvalue()


def image_panel(
    axes: "Axes", image: Array, frame: Frame, *, cmap: str, limits: tuple[float, float], title: str
) -> Any:
    """Show a real image in object pixels with NaN in neutral grey; return the mappable for a colour bar."""
    from matplotlib import colormaps

    # Uncovered pixels: a neutral colour that no colour map here contains.
    colours, (low, high) = colormaps[cmap].with_extremes(bad="#b5b5b5"), limits
    look: Any = {"extent": frame.extent, "interpolation": "nearest", "aspect": "equal"}
    shown = axes.imshow(np.ma.masked_invalid(image), cmap=colours, vmin=low, vmax=high, **look)
    # Its height is stated: to find it, matplotlib lays out every tick.
    axes.set_title(plain(title), fontsize=TEXT, y=1.0)
    axes.tick_params(labelsize=SMALL)
    return shown


def scale_bar(axes: "Axes", frame: Frame, pixel_m: float | None) -> None:
    """Draw a bar of a round length into the lower left corner of an image; nothing where no pixel size is known."""
    if pixel_m is None:
        return
    from matplotlib.patheffects import withStroke

    most = 0.4 * frame.width * pixel_m
    power = 10.0 ** np.floor(np.log10(most))
    length = power * max(one for one in (1, 2, 5) if one * power <= most)
    left, bottom = frame.x0 + 0.05 * frame.width, frame.y0 + 0.95 * frame.height
    right = left + length / pixel_m
    thick, edge = ([withStroke(linewidth=width, foreground="black")] for width in (3.5, 1.5))
    bar: Any = {"linewidth": 2, "solid_capstyle": "butt", "path_effects": thick}
    axes.plot([left, right], [bottom, bottom], color="white", **bar)
    word: Any = {"va": "bottom", "ha": "center", "fontsize": SMALL, "path_effects": edge}
    height = bottom - 0.02 * frame.height
    axes.text((left + right) / 2, height, length_text(length), color="white", **word)


def colour_bar(
    axes: "Axes", mappable: Any, label: str, *, below: bool = False, extend: str = "neither"
) -> None:
    """Add a colour bar with a unit, exactly as long as the image."""
    # An inset instead of a stolen share of the axes: it follows the image's height whatever the layout makes of it.
    height = axes.bbox.height / axes.figure.dpi  # inches
    place = (0.0, -0.22 / height, 1.0, 0.1 / height) if below else (1.025, 0.0, 0.035, 1.0)
    look: Any = {"orientation": "horizontal" if below else "vertical", "extend": extend}
    bar = axes.figure.colorbar(mappable, cax=axes.inset_axes(place), extendfrac=0.03, **look)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def value_limits(image: Array, part: float = 1.0) -> tuple[float, float]:
    """Return the range of the central `part` of all finite values; never empty."""
    values = image[np.isfinite(image)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.quantile(values, [0.5 - part / 2, 0.5 + part / 2]))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def symmetric_limit(image: Array) -> float:
    """Return the modulus that 99.5 % of the finite values stay below, rounded up to two digits; never zero."""
    values = np.abs(image[np.isfinite(image)])
    top = float(np.quantile(values, 0.995)) if values.size else 0.0
    if top < 1e-6:
        return 1e-6
    step = 10.0 ** (np.floor(np.log10(top)) - 1)
    return float(np.ceil(top / step) * step)


def panel_size(frame: Frame, width: float) -> float:
    """Return the height in inches of a panel of this width that shows the frame undistorted."""
    return width * min(max(frame.height / frame.width, 0.25), 1.6)


def rms(image: Array) -> float:
    """Return the root mean square of the finite values, NaN where there is none."""
    values = image[np.isfinite(image)]
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def dress(axes: "Axes", xlabel: str = "", ylabel: str = "", *, legend: bool = False) -> None:
    """Give the axes of curves their look: labels, a faint grid, two spines, and a legend where lines have names."""
    axes.set_xlabel(xlabel, fontsize=TEXT)
    axes.set_ylabel(ylabel, fontsize=TEXT)
    axes.title.set_fontsize(TITLE)
    axes.tick_params(labelsize=SMALL, which="both")
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=SMALL, frameon=False)
