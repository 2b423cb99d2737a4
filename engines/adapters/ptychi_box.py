"""pty-chi (Apache-2.0): LSQML, rPIE or autodiff, each with a name of its own."""

import cpu_torch  # noqa: F401, before torchvision
import ptychi.api as api
from canvas import canvas, intensity, only_lit, start
from ptychi.api.task import PtychographyTask

OPTIONS = {
    "lsqml": api.LSQMLOptions,
    "rpie": api.RPIEOptions,
    "autodiff": api.AutodiffPtychographyOptions,
}
SETTINGS = {
    "lsqml": {"sweeps": 30, "step": 1.0, "batch": 20, "seed": 0},
    "rpie": {"sweeps": 20, "step": 1.0, "batch": 5, "seed": 0},
    "autodiff": {"sweeps": 40, "step": 0.02, "batch": 20, "seed": 0},
}


class PtyChi:
    """One of its engines; the probe is fixed, and nothing may rescale object or probe, as happens by default."""

    seed = "seed"

    def __init__(self, engine):
        self.engine, self.settings = engine, SETTINGS[engine]

    def reconstruct(self, scan, settings):
        """Its transform is not normalised, so its intensities are N^2 times ours. A frame's middle is the point between
        the two middle pixels, half a pixel before [N/2, N/2].
        """
        origin, shape = canvas(scan)
        first = start(scan, shape)
        options = OPTIONS[self.engine]()
        recipe, body = options.reconstructor_options, options.object_options
        recipe.num_epochs, recipe.batch_size = settings["sweeps"], settings["batch"]
        recipe.random_seed, recipe.default_device = settings["seed"], api.Devices.CPU
        recipe.allow_nondeterministic_algorithms = False
        body.step_size = settings["step"]
        body.remove_object_probe_ambiguity.enabled = False
        body.determine_position_origin_coords_by = api.ObjectPosOriginCoordsMethods.SPECIFIED
        body.position_origin_coords = [-origin[1] - 0.5, -origin[0] - 0.5]
        options.probe_options.optimizable = False
        if self.engine == "lsqml":
            recipe.rescale_probe_intensity_in_first_epoch = False
        if self.engine == "autodiff":
            body.optimizer = api.Optimizers.ADAM
            # A step of Adam is as long whatever the gradient: it is told in units of the flat start.
            body.step_size *= float(abs(first[0, 0]))
        task = PtychographyTask(
            options,
            diffraction_data=intensity(scan) * scan.probe.shape[0] ** 2,
            object_data=first[None],
            probe_data=scan.probe[None, None].copy(),
            probe_position_x_px=scan.positions[:, 0].copy(),
            probe_position_y_px=scan.positions[:, 1].copy(),
            valid_pixel_mask=None if scan.mask is None else scan.mask.copy(),
        )
        task.run()
        return only_lit(scan, task.get_data_to_cpu("object", as_numpy=True)[0], origin), origin


LSQML, RPIE, AUTODIFF = (PtyChi(engine) for engine in OPTIONS)
