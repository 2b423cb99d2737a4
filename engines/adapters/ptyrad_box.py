"""PtyRAD (MIT): its model and its loss with Adam, on one slice, one probe and one object mode.

Its solver is left out: that of 1.0.0 is no valid Python 3.11 (an f-string in plotting/basic.py).
"""

from typing import ClassVar

import cpu_torch  # noqa: F401, before torchvision
import numpy as np
from canvas import canvas, intensity, only_lit, start
from ptyrad.core.losses import CombinedLoss
from ptyrad.core.models import PtychoModel
from torch.optim import Adam

OFF = ("loss_poissn", "loss_pacbed", "loss_sparse", "loss_simlar")
FIXED = ("obj_tilts", "slice_thickness", "probe", "probe_pos_shifts")


class PtyRAD:
    """Amplitude loss and Adam on modulus and phase of the object. It knows no detector mask."""

    seed = "seed"
    settings: ClassVar = {"sweeps": 40, "step": 0.01, "batch": 10, "seed": 0}

    def reconstruct(self, scan, settings):
        """Lengths are pixels. A frame lies at its corner's whole pixel, and the probe moves by the rest."""
        origin, shape = canvas(scan)
        size, first = scan.probe.shape[0], start(scan, shape)
        corners = scan.positions[:, ::-1] - size // 2 - origin[::-1]
        whole = np.floor(corners).astype(np.int32)
        # A step of Adam is as long whatever the gradient: that of the modulus is told in units of the flat start.
        steps = {"obja": settings["step"] * float(abs(first[0, 0])), "objp": settings["step"]}
        steps |= dict.fromkeys(FIXED, 0.0)
        model = PtychoModel(
            {
                "measurements": intensity(scan),
                "obj": first[None, None],
                "obj_tilts": np.zeros((1, 2)),
                "slice_thickness": 1.0,
                "probe": scan.probe[None].copy(),
                "probe_pos_shifts": corners - whole,
                "omode_occu": np.ones(1),
                "H": np.ones_like(scan.probe),
                "N_scan_slow": len(whole),
                "N_scan_fast": 1,
                "crop_pos": whole,
                "dx": 1.0,
                "dk": 1.0 / size,
                "lambd": 0.01,
                "random_seed": settings["seed"],
                "length_unit": "px",
                "scan_affine": None,
                "meas_Npix": size,
                "simu_Npix": size,
                "simu_match_mode": None,
                "recon_provenance": None,
            },
            {
                "detector_blur_std": None,
                "update_params": {
                    name: {"start_iter": 1 if step else None, "end_iter": None, "lr": step}
                    for name, step in steps.items()
                },
                "optimizer_params": {"name": "Adam", "configs": {}},
            },
            device="cpu",
        )
        off = {name: {"state": False} for name in OFF}
        loss = CombinedLoss({"loss_single": {"state": True, "weight": 1.0}, **off}, device="cpu")
        adam = Adam(model.optimizable_params)
        order = np.random.default_rng(settings["seed"])
        for _ in range(settings["sweeps"]):
            parts = max(1, len(whole) // settings["batch"])
            for rows in np.array_split(order.permutation(len(whole)), parts):
                adam.zero_grad()
                predicted = model(rows)
                patches = model._current_object_patches
                loss(predicted, model.get_measurements(rows), *patches, model.omode_occu)[
                    0
                ].backward()
                adam.step()
        modulus, phase = (part.detach().numpy()[0, 0] for part in (model.opt_obja, model.opt_objp))
        return only_lit(scan, modulus * np.exp(1j * phase), origin), origin


BOX = PtyRAD()
