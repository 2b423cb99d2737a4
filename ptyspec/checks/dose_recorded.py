"""Recorded figures of the capture of dose_experiments' normalisation, beside a scan of the same settings.

1,024 images off the grid, custom probe at scale 4, gridsize 2, 5 neighbours, 64 groups, 1e9 photons. The probe's file is
not public, so that ours is another probe: it has another norm and spreads the light otherwise. Both are factors:
sqrt(mean sum X^2) = |P| a0 and mean X = shape sqrt(mean sum X^2) / N. The recorded probe's norm is known (42.65), its
shape follows from the recorded figures, and with both put in place of ours what is left is the object under the probe.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ptyspec.checks.probe_recorded import RECORDED as PROBES
from ptyspec.checks.stage_chain import SIGMAS, frame_sums
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, probe_energy
from ptyspec.pipeline.protocol import Halves
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request

SETTINGS = (
    "object.size=392",
    "scan.n_images=1024",
    "scan.buffer=10",
    "grouping.n_groups=64",
    "grouping.neighbor_count=5",
    "dose.nphotons=1e9",
    "model.probe_scale=4",
    "seeds.object=42",
)
RAW, GROUPED, NORMALIZED, CONTAINER = 1.412, 1.450, 0.3761, 0.3775
SCALE, CLOSED, NORM = 262.776, 988.21, PROBES["custom (its file is not public)"]["l2"]
PROBE, SHAPE, DRAW = (
    "another probe",
    "another probe: shape of its frames",
    "64 groups drawn without a seed",
)
EXACT = "none: it follows from the settings"
SAME = "the same array twice here; there two subsets"


@cache
def recorded_capture() -> dict[str, dict[str, Any]]:
    """Return every recorded figure by name: recorded, ours, ours with the recorded probe, and why it may differ.

    `sampling`: what 64 groups may differ by, three standard deviations of as many independent ones.
    """
    scenario = request("gs2_custom", profile="standard", settings=SETTINGS).scenario
    walk = ReferencePipeline()
    scan = walk.simulate(scenario)
    groups = walk.group(scenario, Halves(scan, scan)).train
    means, energies = frame_sums(scan)
    members = groups.nn_indices
    size, raw, energy = scan.N, float(means.mean()), float(energies.mean())
    grouped, drawn = (
        float(means[members].mean()),
        loader_gain(float(energies[members].mean()), scan.N),
    )
    scale, closed = (
        intensity_scale(scenario.dose.nphotons, energy),
        closed_form_scale(scenario.dose.nphotons, size),
    )
    norm = NORM / math.sqrt(probe_energy(scan.probeGuess))
    shape = recorded_shape(scenario.dose.nphotons, size) / (size * raw / math.sqrt(energy))
    spread = SIGMAS * float(means.std() / raw) / math.sqrt(len(members))
    of_gain = SIGMAS * 0.5 * float(energies.std() / energy) / math.sqrt(len(members))
    rows = {
        "mean, raw": (RAW, raw, norm * shape, PROBE),
        "mean, grouped": (GROUPED, grouped, norm * shape, f"{PROBE}; {DRAW}"),
        "mean, normalised": (NORMALIZED, drawn * grouped, shape, f"{SHAPE}; {DRAW}"),
        "mean, container": (CONTAINER, drawn * grouped, shape, f"{SHAPE}; {DRAW}"),
        "ratio grouped / raw": (1.027, grouped / raw, 1.0, DRAW),
        "ratio normalised / grouped": (0.2594, drawn, 1 / norm, f"{PROBE}; {DRAW}"),
        "ratio container / normalised": (1.0036, 1.0, 1.0, SAME),
        "scale of the dataset": (SCALE, scale, 1 / norm, PROBE),
        "closed-form scale": (CLOSED, closed, 1.0, EXACT),
        "ratio dataset / closed form": (0.2659, scale / closed, 1 / norm, PROBE),
    }
    sampling = {
        "mean, grouped": spread,
        "ratio grouped / raw": spread,
        "ratio normalised / grouped": of_gain,
    }
    return {name: _row(*row, sampling.get(name)) for name, row in rows.items()}


def _row(
    recorded: float, ours: float, factor: float, why: str, sampling: float | None
) -> dict[str, Any]:
    return {
        "recorded": recorded,
        "ours": ours,
        "difference": ours / recorded - 1,
        "with_their_probe": factor * ours,
        "left": factor * ours / recorded - 1,
        "sampling": sampling,
        "why": why,
    }


def recorded_shape(photons: float, size: int) -> float:
    """N mean X / sqrt(mean sum X^2) of the recorded frames: from the recorded raw mean and scale alone."""
    return size * RAW * SCALE / math.sqrt(photons)


def recorded_identities(photons: float = 1e9, size: int = 64) -> dict[str, dict[str, float]]:
    """Return what the recorded figures say of each other, no file needed: recorded, and computed from the others."""
    gain = SCALE / CLOSED
    found = {
        "dataset / closed form = gain of the whole dataset": (0.2659, gain),
        "closed form = sqrt(nphotons) / (N/2)": (CLOSED, closed_form_scale(photons, size)),
        "grouped / raw": (1.027, GROUPED / RAW),
        "normalised / grouped = gain of the 64 groups": (0.2594, NORMALIZED / GROUPED),
        "container / normalised": (1.0036, CONTAINER / NORMALIZED),
        "normalised = shape / 2": (NORMALIZED, recorded_shape(photons, size) / 2),
    }
    return {
        name: {"recorded": told, "from_the_others": computed, "difference": computed / told - 1}
        for name, (told, computed) in found.items()
    }


def object_of_the_recorded_run(photons: float = 1e9) -> float:
    """Rms amplitude of the object under the recorded probe: sqrt(mean sum X^2) / |P|, from recorded figures alone."""
    return math.sqrt(photons) / SCALE / NORM


def rms_of_the_lines_object() -> float:
    """Rms amplitude of the recorded object, from its recorded mean and standard deviation."""
    return float(np.hypot(2.7082475, 0.6410303))
