"""Negative counts that read noise leaves after dark subtraction: the level of each pixel is kept.

Amplitudes know no negative counts. Clipped at 0 they raise the level, most where there is no light: 3 % of 10^4 photons
on 32 x 32 pixels at a noise of one count, which cost half of the object's correlation. So negative counts become 0 and
each pixel is scaled to its signed mean over the scan: mean pattern, level and gain are those of the signed counts.
"""

import numpy as np

from ptyspec.contracts.arrays import blocks
from ptyspec.contracts.bundles import Array
from ptyspec.files.large import gathered
from ptyspec.files.scan_parts import Measurement

MOST = 0.3
"""Negative counts over all counts; up to here the object's mean amplitude keeps within 2 %."""
VALUES = 3
"""Different negative values that are noise; fewer are markers."""


def without_read_noise(frames: Array, kind: Measurement | None) -> tuple[Array, list[str]]:
    """Return counts that are nowhere negative, and what to say of it; frames as they are where there is no read noise.

    What is negative for another reason (markers, integers that wrapped, a wrong dark level) is returned as it is, and
    is refused by whoever takes the root.
    """
    if kind != "counts" or frames.dtype.kind not in "if":
        return frames, []
    signed, positive = (np.zeros(frames.shape[1:]) for _ in range(2))
    values: set[float] = set()
    for block in blocks(frames):
        signed += block.sum(axis=0, dtype=np.float64)
        positive += block.clip(0).sum(axis=0, dtype=np.float64)
        values |= set(np.unique(block[block < 0])[:VALUES].tolist())
    part = (positive.sum() - signed.sum()) / max(signed.sum(), 1e-300)
    wrapped = frames.dtype.kind == "i" and min(values, default=0) < np.iinfo(frames.dtype).min / 2
    if len(values) < VALUES or wrapped or not part <= MOST:
        return frames, []
    factor = signed.clip(0) / np.maximum(positive, 1e-300)
    made = gathered((block.clip(0) * factor for block in blocks(frames)), frames.shape, np.float32)
    said = f"read noise: negative counts, {part:.1%} of all, became 0, and each pixel kept its mean"
    return made, [said]
