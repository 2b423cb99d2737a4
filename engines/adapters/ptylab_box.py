"""PtyLab (academic, non-commercial): mPIE."""

from typing import ClassVar

import numpy as np
from canvas import canvas, intensity, only_lit, start
from PtyLab.Engines import mPIE
from PtyLab.ExperimentalData.ExperimentalData import ExperimentalData
from PtyLab.Monitor.Monitor import DummyMonitor
from PtyLab.Params.Params import Params
from PtyLab.Reconstruction.Reconstruction import Reconstruction


class PtyLab:
    """mPIE with a fixed probe. Its object is square, and positions count from the middle of it."""

    seed = "seed"
    settings: ClassVar = {"sweeps": 30, "step": 0.5, "seed": 0}

    def reconstruct(self, scan, settings):
        """Lengths are chosen so that a pixel of the object is one metre."""
        np.random.seed(settings["seed"])
        size, (origin, shape) = scan.probe.shape[0], canvas(scan)
        side = max(shape) + max(shape) % 2
        data = ExperimentalData()
        data.ptychogram = intensity(scan)
        data.wavelength, data.dxd, data.zo = 1.0, 1.0 / size, 1.0
        data.encoder = (scan.positions - origin - side // 2)[:, ::-1]
        data.entrancePupilDiameter = data.spectralDensity = data.theta = data.emptyBeam = None
        data._setData()
        params = Params()
        if scan.mask is not None:
            params.FourierMaskSwitch, data.W = True, scan.mask.astype(np.float32)
        state = Reconstruction(data, params)
        state.No = side
        state.initializeObjectProbe()
        state.object[:] = state.initialGuessObject[:] = start(scan, (side, side))
        state.probe[:] = state.initialGuessProbe[:] = scan.probe
        engine = mPIE(state, data, params, DummyMonitor())
        engine.numIterations = settings["sweeps"]
        engine.betaObject, engine.betaProbe = settings["step"], 0.0
        engine.reconstruct()
        return only_lit(scan, np.squeeze(state.object), origin), origin


BOX = PtyLab()
