"""py4DSTEM (GPL-3.0): single-slice gradient descent."""

from typing import ClassVar

import numpy as np
import py4DSTEM
from canvas import canvas, intensity, only_lit, start
from py4DSTEM.process.phase import SingleslicePtychography


class Py4DSTEM:
    """Fixed probe and positions. A pixel of the object is one angstrom."""

    seed = "seed"
    settings: ClassVar = {"sweeps": 40, "step": 1.0, "batch": 5, "ceiling": 2.0, "seed": 0}

    def reconstruct(self, scan, settings):
        """Its transform is not normalised, so its intensities are N^2 times ours. Its probe has its middle in the corner,
        and a position is the pixel under that middle.
        """
        size, (origin, shape) = scan.probe.shape[0], canvas(scan)
        first = start(scan, shape)
        # No modulus of an object may exceed 1 there. A probe that is stronger by a factor makes the object weaker.
        factor = settings["ceiling"] * float(abs(first[0, 0]))
        counts = intensity(scan) * size**2
        engine = SingleslicePtychography(
            energy=80e3,
            datacube=py4DSTEM.DataCube(counts[None]),
            initial_object_guess=first / factor,
            initial_probe_guess=np.fft.ifftshift(scan.probe * factor),
            initial_scan_positions=(scan.positions - origin)[:, ::-1].copy(),
            object_padding_px=((0, 0), (0, 0)),
            verbose=False,
        )
        middle = np.full((1, len(counts)), size / 2)
        engine.preprocess(
            force_com_shifts=(middle, middle),
            force_com_measured=(middle, middle),
            force_com_rotation=0,
            force_com_transpose=False,
            force_scan_sampling=1.0,
            force_reciprocal_sampling=1.0 / size,
            shifting_interpolation_order=1,
            center_positions_in_fov=False,
            plot_center_of_mass=False,
            plot_rotation=False,
            plot_probe_overlaps=False,
        )
        mask = None if scan.mask is None else np.fft.ifftshift(scan.mask).astype(np.float32)
        engine.reconstruct(
            num_iter=settings["sweeps"],
            max_batch_size=settings["batch"],
            step_size=settings["step"],
            seed_random=settings["seed"],
            fix_probe=True,
            fix_probe_com=False,
            detector_fourier_mask=mask,
            progress_bar=False,
        )
        return only_lit(scan, np.asarray(engine._object) * factor, origin), origin


BOX = Py4DSTEM()
