"""cdtools (MIT): automatic differentiation with Adam on amplitudes."""

from typing import ClassVar

import numpy as np
import torch
from canvas import canvas, intensity, only_lit, start
from cdtools.datasets import Ptycho2DDataset
from cdtools.models import FancyPtycho


class CDTools:
    """FancyPtycho with a fixed probe, without background, weights and offsets of its own."""

    seed = "seed"
    settings: ClassVar = {"sweeps": 30, "step": 0.01, "batch": 10, "seed": 0}

    def reconstruct(self, scan, settings):
        """Translations are metres along x and y; a basis that maps x to columns and y to rows makes them pixels."""
        torch.set_num_threads(1)
        torch.manual_seed(settings["seed"])
        origin, shape = canvas(scan)
        half = scan.probe.shape[0] // 2
        first = start(scan, shape)
        corners = scan.positions - half - origin
        geometry = {"distance": 1.0, "basis": [[0, 1], [1, 0], [0, 0]]}
        mask = np.ones(scan.probe.shape, bool) if scan.mask is None else scan.mask.copy()
        model = FancyPtycho(
            1.0,
            geometry,
            [[0, 1], [1, 0], [0, 0]],
            scan.probe[None].copy(),
            first,
            background=np.zeros(scan.probe.shape),
            mask=mask,
        )
        model.probe.requires_grad = model.background.requires_grad = False
        data = Ptycho2DDataset(
            np.c_[corners, np.zeros(len(corners))].astype(np.float32),
            intensity(scan),
            wavelength=1.0,
            detector_geometry=geometry,
            mask=mask,
        )
        # A step of Adam is as long whatever the gradient: it is told in units of the flat start.
        step = settings["step"] * float(np.abs(first[0, 0]))
        steps = model.Adam_optimize(
            settings["sweeps"], data, batch_size=settings["batch"], lr=step, thread=False
        )
        for _ in steps:
            pass
        return only_lit(scan, model.obj.detach().numpy(), origin), origin


BOX = CDTools()
