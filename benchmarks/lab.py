"""A foreign pipeline: ePIE in numpy with 25 settings of its own, that really act or really are inert; and what to plant.

Only `ptyspec.explain(..., pipeline=...)` knows this class; it knows nothing of ptyspec but the scan that it is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.pipeline.box import Scan


class Lab:
    """ePIE (Maiden, Rodenburg 2009) with a fixed probe, and the switches that a laboratory's script grows."""

    name = "lab"
    seed = "seed"
    settings: ClassVar[dict[str, Any]] = {"seed": 0}

    def reconstruct(
        self, scan: Scan, settings: Mapping[str, Any]
    ) -> tuple[Array, tuple[float, float]]:
        """Return the object in the gauge of the probe, and where its first pixel lies."""
        engine, data, probe, place, out = (
            settings[name] for name in ("engine", "data", "probe", "geometry", "output")
        )
        size = scan.probe.shape[0]
        frames = np.array(scan.frames, np.float64) * data["gain"]
        if data["subtract_dark"]:
            frames = frames - data["dark"]
        frames = np.where(frames < data["threshold"], 0, frames)
        if data["transpose"]:
            frames = frames.swapaxes(1, 2)
        measured = np.fft.ifftshift(np.sqrt(np.maximum(frames, 0)), axes=(1, 2)) / scan.scale
        strength = float(np.abs(scan.probe).max()) if probe["normalise"] else 1.0
        light = np.roll(scan.probe / strength, probe["roll"], axis=1) * probe["factor"]
        at = scan.positions[:, ::-1] if place["row_first"] else scan.positions
        at = at * float(os.environ.get("LAB_PITCH", "1")) * place["pitch"]
        low = np.floor(at).astype(int) - size // 2
        rest, first = at - np.floor(at), low.min(0)
        wide, high = np.ptp(low, axis=0) + size + 1
        image = np.full((high, wide), engine["start"], np.complex128)
        random, turns = np.random.default_rng(settings["seed"]), np.fft.fftfreq(size)[:, None]
        waves = np.fft.fft2(light) * np.exp(
            -2j * np.pi * (turns * rest[:, 1, None, None] + turns.T * rest[:, 0, None, None])
        )
        lights = np.fft.ifft2(waves)
        for _ in range(engine["sweeps"]):
            order = np.arange(len(at))
            for row in random.permutation(order) if engine["shuffle"] else order:
                here, (x, y) = lights[row], low[row] - first
                window = image[y : y + size, x : x + size]
                field = np.fft.fft2(here * window, norm="ortho")
                fixed = field * measured[row] / np.maximum(np.abs(field), engine["epsilon"])
                change = np.fft.ifft2(fixed - field, norm="ortho")
                window += engine["beta"] * here.conj() * change / np.max(np.abs(here) ** 2)
        if out["restore"]:
            image = image / strength
        if out["conjugate"]:
            image = image.conj()
        return image[out["trim"] :] * out["level"], (float(first[0]), float(first[1] + out["trim"]))


class Own(NamedTuple):
    """One setting: its dotted path, its value in GOOD, another harmless one and a harmful one, where there are any."""

    path: str
    good: Any
    harmless: Any = None
    bad: Any = None


SETTINGS = (
    Own("seed", 0),
    Own("engine.sweeps", 6, 7),
    Own("engine.beta", 0.9, 0.8),
    Own("engine.shuffle", True, False),
    Own("engine.start", 1.0, 0.95),
    Own("engine.epsilon", 1e-9, 1e-10),
    Own("data.gain", 1.0, 1.001, 2.5),
    Own("data.dark", 0.0, 0.5, 900.0),
    Own("data.subtract_dark", False, None, True),
    Own("data.threshold", 0.0, 0.5, 700.0),
    Own("data.transpose", False, None, True),
    Own("probe.normalise", False, None, True),
    Own("probe.roll", 0, None, 5),
    Own("probe.factor", 1.0, 1.001, 0.6),
    Own("geometry.row_first", False, None, True),
    Own("geometry.pitch", 1.0, 1.0001, 1.15),
    Own("output.restore", True, None, False),
    Own("output.conjugate", False, None, True),
    Own("output.trim", 0, 1),
    Own("output.level", 1.0, 0.999, 1.7),
    Own("log.level", "info", "debug"),
    Own("log.folder", "a", "b"),
    Own("save.every", 10, 5),
    Own("save.format", "npz", "h5"),
    Own("title", "first beam time", "second beam time"),
)
ALONE = (
    "data.gain",
    "data.threshold",
    "data.transpose",
    "probe.roll",
    "probe.factor",
    "geometry.row_first",
    "geometry.pitch",
    "output.conjugate",
    "output.level",
)
"""Each is enough."""
TOGETHER = (("data.dark", "data.subtract_dark"), ("probe.normalise", "output.restore"))
"""Neither is enough: a dark level that nobody subtracts, a division that is undone."""
SYMPTOM = "r_factor>0.14"
SCENE = ("model.N=32", "object.size=56", "scan.n_images=32")
