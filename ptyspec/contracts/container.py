"""What the network sees and what comes back: normalised groups, patches, the stitched reconstruction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.base import Bundle
from ptyspec.contracts.scan import GroupedScan


class Reconstruction(Bundle):
    """The stitched object in the absolute gauge of the scan.

    - object: (H, W) complex64, NaN where no probe light fell.
    - coverage: (H, W) float32, summed |P|^2 / max |P|^2 weight.
    - origin: (x0, y0): object-frame column and row of pixel [0, 0].
    """

    object: Array
    coverage: Array
    origin: tuple[int, int]


class Patches(Bundle):
    """Object patches as the generator returned them, in the absolute gauge.

    - object: (B, N, N, C) complex64; coords: (B, 1, 2, C) float64 absolute positions [x, y];
      probe: (N, N) complex64 that weights them.
    """

    object: Array
    coords: Array
    probe: Array


class Container(Bundle):
    """Groups with the numbers that condition them (NORMALIZATION-001).

    - gain: g = sqrt((N/2)^2 / mean sum X^2) of the *training* split; network input is g X, nothing else.
    - scale: s with counts = (s X)^2.
    - a0: rms object amplitude sqrt(mean sum X^2 / sum |P|^2) of the training split.
    - coarse: the trivial estimate of this split (total counts alone): where generators may start from.
    - probe: (N, N) complex64, the very array of simulator, loss, stitching and inference; probe_digest names it.
    - split, seed: which part of the data these groups are, and the seed that drew them.
    """

    groups: GroupedScan
    gain: float = Field(gt=0, allow_inf_nan=False)
    scale: float = Field(gt=0, allow_inf_nan=False)
    a0: float = Field(gt=0, allow_inf_nan=False)
    coarse: Reconstruction
    probe: Array
    probe_digest: str
    split: Literal["train", "test", "all"]
    seed: int

    @property
    def size(self) -> int:
        """Number of groups B."""
        return self.groups.size

    def amplitude(self, rows: Array) -> Array:
        """Measured amplitude X (len(rows), N, N, C) float32 in field units: what the loss compares with."""
        return self.groups.frames(rows)

    def relative(self, rows: Array) -> Array:
        """Relative positions (len(rows), 1, 2, C) float32, pixels."""
        return self.groups.coords_relative[rows].astype("float32")
