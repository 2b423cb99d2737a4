"""Does the true object, seen through the probe that a reconstruction is given, predict the measured amplitude?"""

import numpy as np

from ptyspec.experiments.observations import SMALL, stage_outputs
from ptyspec.physics.diffraction import far_field
from ptyspec.physics.geometry import extract_patches


def closure(
    seed: int, probe_scale: float, nphotons: float = 1e9, divided_twice: bool = False
) -> dict[str, float]:
    """Return measured over predicted amplitude (least squares) of the custom probe's scan, 1 where the loop closes.

    `divided_twice` gives the reconstruction a probe that was divided by probe_scale once more (failure signature 34).
    """
    own = (f"model.probe_scale={probe_scale:g}", f"dose.nphotons={nphotons:g}")
    scan = stage_outputs("gs1_custom", seed, [*SMALL, *own]).scan
    assert scan.objectGuess is not None
    probe = scan.probeGuess / probe_scale if divided_twice else scan.probeGuess
    patches = extract_patches(scan.objectGuess, scan.positions, scan.N)
    predicted = np.abs(far_field(probe.astype(np.complex128) * patches))
    measured = scan.diff3d.astype(np.float64)
    return {
        "closure": float((measured * predicted).sum() / (predicted**2).sum()),
        "probe_mean": float(np.abs(probe).mean()),
    }
