"""A default changes and the page of settings does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _changed(keys: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    return lambda: [
        {**row, "default": 8000} if row["key"] == "scan.n_images" else row for row in keys()
    ]


FAULT = Fault(
    id="settings-page-stale",
    stage="settings",
    story="the list of keys gives the defaults of another version",
    patches=(Patch("ptyspec.cli.keys:keys", _changed),),
    red=("CONFIG-014",),
    green=("CONFIG-013",),
    cost="parity",
)
