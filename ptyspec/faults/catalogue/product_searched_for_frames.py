"""A product, which holds no frame, is read as if it were a scan with missing keys."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _off(refuse: Callable[..., None]) -> Callable[..., None]:
    return lambda archive: None


FAULT = Fault(
    id="product-searched-for-frames",
    stage="files",
    story="nobody tells a product from a scan, so that the refusal names keys and not the file to give instead",
    patches=(Patch("ptyspec.files.npz:refuse_product", _off),),
    red=("PRODUCT-002",),
    green=("PRODUCT-001", "FILE-003", "FORMAT-001"),
)
