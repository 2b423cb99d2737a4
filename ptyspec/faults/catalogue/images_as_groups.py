"""The number of images is taken for the number of groups too (failure signature 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.faults.fault import Fault, Patch


def _coupled(request: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(target: str, *, settings: Sequence[str] = (), **options: Any) -> Resolved:
        counts = [text.partition("=")[2] for text in settings if text.startswith("scan.n_images=")]
        return request(
            target, settings=[*settings, *(f"grouping.n_groups={n}" for n in counts)], **options
        )

    return wrong


FAULT = Fault(
    id="images-as-groups",
    stage="settings",
    story="scan.n_images on the command line sets grouping.n_groups",
    patches=(Patch("ptyspec.runs.request:request", _coupled),),
    red=("CONFIG-011",),
    green=("CONFIG-003", "CONFIG-007", "CONFIG-009"),
    signatures=(9,),
)
