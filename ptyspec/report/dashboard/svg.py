"""Charts as inline SVG that follow the page's colours: curves, intervals, and the matrix of faults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 30


@dataclass(frozen=True)
class Line:
    """One curve: its label, its CSS colour class, and its points; None leaves a gap."""

    label: str
    kind: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    marks: bool = False


@dataclass(frozen=True)
class Axes:
    """The window of a chart in data units, and how y is drawn."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def across(self, value: float) -> float:
        """Return the x of a value in the picture."""
        low, high = self.x
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """Return the y of a value in the picture, clipped to the window."""
        low, high = (math.log10(end) for end in self.y) if self.log else self.y
        at = math.log10(max(value, self.y[0])) if self.log else value
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def chart(
    title: str,
    lines: Sequence[Line],
    *,
    xlabel: str,
    log: bool = False,
    y: tuple[float, float] | None = None,
    levels: Sequence[tuple[float, str]] = (),
    at: float | None = None,
    whole: bool = False,
) -> Markup:
    """Return curves with axes; `levels` are dashed horizontals with a word, `at` a dotted vertical; `whole` has x count things.

    Where nothing can be drawn the chart is empty text. `log` is dropped where a value is not positive.
    """
    values = [
        value for line in lines for value in line.ys if value is not None and math.isfinite(value)
    ]
    places = [value for line in lines for value in line.xs]
    if not values or not places:
        return Markup("")
    log = log and min(values) > 0
    axes = Axes(_padded(min(places), max(places), 0.0), y or _span(values, log), log)
    parts = [_grid(axes, whole), _levels(axes, levels)]
    if at is not None:
        x = axes.across(at)
        parts.append(
            Markup('<line class="level" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                x, TOP, HEIGHT - BOTTOM
            )
        )
    parts += [_line(axes, line) for line in reversed(lines)]
    parts.append(
        Markup('<text class="tick" text-anchor="end" x="{}" y="{}">{}</text>').format(
            WIDTH - RIGHT, HEIGHT - 4, xlabel
        )
    )
    return Markup(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>'
    ).format(title, WIDTH, HEIGHT, Markup("").join(parts))


def _span(values: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low / 1.3, high * 1.3) if log else _padded(low, high, 0.08)


def _padded(low: float, high: float, share: float) -> tuple[float, float]:
    room = (high - low) * share
    return (low - room, high + room) if high > low else (low - 0.5, high + 0.5)


def _grid(axes: Axes, whole: bool) -> Markup:
    parts = []
    for value in ticks(*axes.y, log=axes.log):
        y = axes.down(value)
        parts.append(
            Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>').format(
                LEFT, WIDTH - RIGHT, y
            )
        )
        text = Markup('<text class="tick" text-anchor="end" x="{}" y="{:.1f}">{:g}</text>')
        parts.append(text.format(LEFT - 6, y + 3.5, value))
    for value in ticks(*axes.x):
        if whole and value != int(value):
            continue
        text = Markup('<text class="tick" text-anchor="middle" x="{:.1f}" y="{}">{:g}</text>')
        parts.append(text.format(axes.across(value), HEIGHT - BOTTOM + 14, value))
    return Markup("").join(parts)


def ticks(low: float, high: float, log: bool = False) -> list[float]:
    """Return round values inside a range: powers of ten (or their 1, 2, 5) where it is logarithmic."""
    if log:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        tens = [10.0**at for at in decades if low <= 10.0**at <= high]
        if len(tens) > 2:
            return tens
        return [
            value
            for at in decades
            for step in (1, 2, 5)
            if low <= (value := step * 10.0**at) <= high
        ]
    step = 10.0 ** math.floor(math.log10(high - low))
    step *= next(part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (part * step) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def _levels(axes: Axes, levels: Sequence[tuple[float, str]]) -> Markup:
    parts = []
    for value, word in levels:
        y = axes.down(value)
        parts.append(
            Markup('<line class="level" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>').format(
                LEFT, WIDTH - RIGHT, y
            )
        )
        text = Markup('<text class="tick" text-anchor="end" x="{}" y="{:.1f}">{}</text>')
        parts.append(text.format(WIDTH - RIGHT, y - 4, word))
    return Markup("").join(parts)


def _line(axes: Axes, line: Line) -> Markup:
    pieces: list[list[str]] = [[]]
    for x, y in zip(line.xs, line.ys, strict=True):
        if y is None or not math.isfinite(y):
            pieces.append([])
        else:
            pieces[-1].append(f"{axes.across(x):.1f},{axes.down(y):.1f}")
    drawn = [
        Markup('<polyline class="line {}" points="{}"/>').format(line.kind, " ".join(piece))
        for piece in pieces
        if piece
    ]
    if line.marks or any(len(piece) == 1 for piece in pieces):
        dots = (point.split(",") for piece in pieces for point in piece)
        drawn += [
            Markup('<circle class="dot {}" cx="{}" cy="{}" r="2.5"/>').format(line.kind, *dot)
            for dot in dots
        ]
    return Markup("").join(drawn)


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    margin: float | None,
    said: str,
    brief: bool = False,
) -> Markup:
    """Return an effect with its interval on an axis whose shaded middle is the margin, within which nothing matters.

    `brief`: without words, for a line of a list.
    """
    known = [
        abs(number)
        for number in (value, low, high, margin)
        if number is not None and math.isfinite(number)
    ]
    if value is None or not known or max(known) == 0:
        return Markup("")
    width, height, middle = 320, 32 if brief else 44, 16
    top = 1.15 * max(known)

    def at(number: float) -> float:
        return width / 2 + min(max(number / top, -1.0), 1.0) * (width / 2 - 8)

    parts = [
        Markup('<line class="grid" x1="8" x2="{0}" y1="{1}" y2="{1}"/>').format(width - 8, middle)
    ]
    if margin:
        span = Markup('<rect class="margin" x="{:.1f}" y="4" width="{:.1f}" height="24" rx="3"/>')
        parts.insert(0, span.format(at(-abs(margin)), at(abs(margin)) - at(-abs(margin))))
        ends = [(sign * abs(margin), f"{sign * abs(margin):.3g}") for sign in (-1, 1)]
        wide = at(abs(margin)) - at(0.0) > 30  # else the three words would lie on each other
        words = [*ends, (0.0, "0")] if wide else [(0.0, f"± {abs(margin):.3g}")]
        parts += [_word(at(place), height - 4, text) for place, text in words if not brief]
    parts += [
        Markup('<line class="zero" x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="28"/>').format(at(0.0))
    ]
    if low is not None and high is not None:
        bar = Markup('<line class="bar" x1="{0:.1f}" x2="{1:.1f}" y1="{2}" y2="{2}"/>')
        parts.append(bar.format(at(low), max(at(high), at(low) + 2), middle))
    parts.append(
        Markup('<circle class="value" cx="{:.1f}" cy="{}" r="5"/>').format(at(value), middle)
    )
    body = Markup("").join(parts)
    return Markup(
        '<svg class="interval" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>'
    ).format(said, width, height, body)


def _word(x: float, y: float, text: str) -> Markup:
    return Markup('<text class="tick" text-anchor="middle" x="{:.1f}" y="{}">{}</text>').format(
        x, y, text
    )
