"""This project's own reconstructions as black boxes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ptyspec.contracts.bundles import Array
from ptyspec.physics.iterative import reconstruct
from ptyspec.pipeline.box import Scan, raw_of


class RPIE:
    """The iterative reference: regularised PIE with momentum, fixed probe."""

    name = "rpie"
    settings: ClassVar[dict[str, Any]] = {"sweeps": 30, "alpha": 0.1, "seed": 0}
    seed = "seed"

    def reconstruct(
        self, scan: Scan, settings: Mapping[str, Any]
    ) -> tuple[Array, tuple[float, float]]:
        """Return object and origin in the gauge of the probe, NaN where no light fell."""
        made = reconstruct(raw_of(scan), **settings)
        return made.object, made.origin
