"""What a run's card shows of its object: the pictures of its report, and a sentence."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any

from ptyspec.checks.verdict_limits import level_limits
from ptyspec.render import canvas
from ptyspec.report.figures import drawers
from ptyspec.report.markdown import CAPTIONS
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores import headline as scores

SHOWN = ("amplitude", "phase", "controls", "training", "frc")


def pictures(run: FinishedRun) -> list[dict[str, Any]]:
    """Return the pictures of a run as data addresses, the amplitude first."""
    draw, rows = drawers(run.result()), []

    def drawn(name: str) -> bytes:
        return canvas.png(draw[name]())

    for name in (one for one in SHOWN if one in draw):
        content, _ = canvas.attempt(partial(drawn, name))
        if content:
            data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            # The size, so that the page keeps its place before the picture is decoded.
            width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
            row = {"name": name, "caption": CAPTIONS[name], "data": data}
            rows.append({**row, "width": width, "height": height})
    return rows


def looks(metrics: Mapping[str, Any]) -> str:
    """Return one sentence on what the object looks like, from its scores; empty where no truth is known."""
    amplitude = metrics.get("amplitude") or {}
    mine, truth = amplitude.get("prediction") or {}, amplitude.get("truth") or {}
    paths = ("amplitude.mean_ratio", "amplitude.highpass_pearson_r")
    ratio, detail = (scores.lookup(metrics, path) for path in paths)
    if ratio is None or not {"min", "max", "mean"} <= set(mine) & set(truth):
        return ""
    low, high = level_limits()
    level = "too dark" if ratio < low else "too bright" if ratio > high else "right"
    form = "from {min:.2f} to {max:.2f} (mean {mean:.2f})"
    text = f"Its level is {level}: |O| goes {form.format(**mine)}"
    text += f" where the truth goes {form.format(**truth)}"
    if detail is None:
        return f"{text}."
    kind = "is there" if detail > 0.7 else "is there in part" if detail > 0.3 else "is missing"
    return f"{text}. Its fine detail {kind}: high-pass correlation {detail:.2f} with the truth."
