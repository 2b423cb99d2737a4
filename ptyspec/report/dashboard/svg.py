"""Charts as inline SVG that follow the page's colours: the trend's curves, and effects with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 30
Span = tuple[float, float]


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """Return an element; all text is escaped, `_` behind a name is dropped and within it a hyphen."""
    told = Markup("").join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"), f"{at:.1f}" if isinstance(at, float) else at
        )
        for key, at in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(
        name, told, Markup("").join(map(Markup.escape, inside))
    )


def tick(x: float, y: float, text: object, anchor: str = "start") -> Markup:
    """Return a word of an axis."""
    return tag("text", text, class_="tick", text_anchor=anchor, x=float(x), y=float(y))


@dataclass(frozen=True)
class Line:
    """One curve: its label, its CSS colour class, and its points; None leaves a gap."""

    label: str
    kind: str
    xs: Sequence[float]
    ys: Sequence[float | None]


def chart(title: str, lines: Sequence[Line], *, xlabel: str, y: Span | None = None) -> Markup:
    """Return curves over counted things, with axes; empty text where nothing can be drawn."""
    values = [at for line in lines for at in line.ys if at is not None and math.isfinite(at)]
    places = [at for line in lines for at in line.xs]
    if not values or not places:
        return Markup("")
    (left, right), (low, high) = _padded(places, 0.0), y or _padded(values, 0.08)

    def across(value: float) -> float:
        return LEFT + (value - left) / (right - left) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = []
    for mark in ticks(low, high):
        at = down(mark)
        parts.append(tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at))
        parts.append(tick(LEFT - 6, at + 3.5, f"{mark:g}", "end"))
    whole = (value for value in ticks(left, right) if value == int(value))
    parts += [tick(across(x), HEIGHT - BOTTOM + 14, f"{x:g}", "middle") for x in whole]
    for line in reversed(lines):
        pieces: list[list[tuple[float, float]]] = [[]]
        for x, value in zip(line.xs, line.ys, strict=True):
            if value is None or not math.isfinite(value):
                pieces.append([])
            else:
                pieces[-1].append((across(x), down(value)))
        for piece in filter(None, pieces):
            points = " ".join(f"{x:.1f},{at:.1f}" for x, at in piece)
            parts.append(tag("polyline", class_=f"line {line.kind}", points=points))
            parts += [
                tag("circle", class_=f"dot {line.kind}", cx=x, cy=at, r=2.5) for x, at in piece
            ]
    parts.append(tick(WIDTH - RIGHT, HEIGHT - 4, xlabel, "end"))
    return _svg("chart", title, WIDTH, HEIGHT, parts)


def _svg(kind: str, said: str, width: int, height: int, parts: Sequence[Markup]) -> Markup:
    box = f"0 0 {width} {height}"
    return tag("svg", *parts, class_=kind, role="img", aria_label=said, viewBox=box)


def _padded(values: Sequence[float], share: float) -> Span:
    low, high = min(values), max(values)
    room = (high - low) * share
    return (low - room, high + room) if high > low else (low - 0.5, high + 0.5)


def ticks(low: float, high: float) -> list[float]:
    """Return round values inside a range."""
    step = 10.0 ** math.floor(math.log10(high - low))
    step *= next(part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (part * step) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def effect(row: Mapping[str, Any], brief: bool = False) -> Markup:
    """Return an effect with its interval on an axis whose shaded middle is the margin, within which nothing matters.

    `brief`: without words, for a line of a list.
    """
    told, margin = row.get("effect") or {}, row.get("margin")
    value, low, high = (told.get(key) for key in ("value", "low", "high"))
    known = [abs(at) for at in (value, low, high, margin) if at is not None and math.isfinite(at)]
    if value is None or max(known, default=0) == 0:
        return Markup("")
    between = low is not None and high is not None
    said = f"effect {value:.3g}" + (f", interval {low:.3g} to {high:.3g}" if between else "")
    said += "" if margin is None else f", margin {margin:.3g}"
    width, height, middle, top = 320, 32 if brief else 44, 16.0, 1.15 * max(known)

    def at(number: float) -> float:
        return float(width / 2 + min(max(number / top, -1.0), 1.0) * (width / 2 - 8))

    parts = []
    if margin:
        wide = at(abs(margin)) - at(-abs(margin))
        parts.append(
            tag("rect", class_="margin", x=at(-abs(margin)), y=4, width=wide, height=24, rx=3)
        )
        words = [(0.0, f"± {abs(margin):.3g}")]
        if wide > 60:  # else the three words would lie on each other
            ends = [(sign * abs(margin), f"{sign * abs(margin):.3g}") for sign in (-1, 1)]
            words = [*ends, (0.0, "0")]
        parts += [tick(at(x), height - 4, word, "middle") for x, word in words if not brief]
    parts.append(tag("line", class_="grid", x1=8, x2=width - 8, y1=middle, y2=middle))
    parts.append(tag("line", class_="zero", x1=at(0.0), x2=at(0.0), y1=4, y2=28))
    if low is not None and high is not None:
        end = max(at(high), at(low) + 2)
        parts.append(tag("line", class_="bar", x1=at(low), x2=end, y1=middle, y2=middle))
    parts.append(tag("circle", class_="value", cx=at(value), cy=middle, r=5))
    return _svg("interval", said, width, height, parts)


def trends(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the charts of the trend: clauses, kill rate, hypotheses, ratios of the scenarios; none for one report."""
    if len(rows) < 2:
        return []
    places = list(range(1, len(rows) + 1))

    def counted(**kinds: str) -> list[Line]:
        return [
            Line(key.replace("_", " ").lower(), kind, places, [_of(row, key) for row in rows])
            for key, kind in kinds.items()
        ]

    names = dict.fromkeys(name for row in rows for name in row.get("mean_ratio", {}))
    kinds = ("network", "untrained", "iterative", "refined", "flat_start", "trivial")
    ratios = [
        Line(name, kind, places, [row.get("mean_ratio", {}).get(name) for row in rows])
        for name, kind in zip(names, kinds, strict=False)
    ]
    clauses = counted(passed="good", partly_run="iterative", failed="bad", not_run="untrained")
    verdicts = counted(CONFIRMED="good", RULED_OUT="network", OPEN="untrained")
    charts: list[tuple[str, list[Line], Span | None]] = [
        ("clauses", clauses, None),
        ("kill rate", counted(kill_rate="network"), (0.0, 1.05)),
        ("hypotheses", verdicts, None),
        ("mean ratio of the scenarios", ratios, None),
    ]
    return [
        {"name": name, "svg": drawn, "lines": lines}
        for name, lines, y in charts
        if (drawn := chart(f"{name} by report", lines, xlabel="report", y=y))
    ]


def _of(row: Mapping[str, Any], key: str) -> float | None:
    """A number of a report's headline, whose keys hold blanks where they are words for readers."""
    headline: dict[str, float | None] = row["headline"]
    return headline.get(key, headline.get(key.replace("_", " ")))
