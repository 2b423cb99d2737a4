"""What is asked of reconstructions: one line a case, its commands and its checks."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from ptyspec.scores.headline import lookup

DATA = Path(os.environ.get("PTYSPEC_SHARED_DATA", "../shared/data"))
"""Relative to the checkout, where every command is run; a table then names no machine."""
SEEDS = (1, 2, 3)
ABOVE_ZERO = math.ulp(0.0)
Checks = Callable[[Sequence[Path]], list["Check"]]


@dataclass(frozen=True)
class Check:
    """A number that must lie between two limits; a missing one (None) never does."""

    name: str
    value: float | None
    low: float = -math.inf
    high: float = math.inf

    @property
    def fine(self) -> bool:
        """Whether the number is there and lies within the limits, which belong to it."""
        return self.value is not None and self.low <= self.value <= self.high

    def asked(self) -> str:
        """Return the demand."""
        if self.low == -math.inf:
            return f"{self.name} ≤ {self.high:.4g}"
        if self.low == ABOVE_ZERO:
            return f"{self.name} > 0"
        if self.high == math.inf:
            return f"{self.name} ≥ {self.low:.4g}"
        return f"{self.name} {self.low:.4g} … {self.high:.4g}"

    def found(self) -> str:
        """Return what was found."""
        return f"{self.name} {'missing' if self.value is None else format(self.value, '.4f')}"


@dataclass(frozen=True)
class Command:
    """Words after `ptyspec run`, and a store of its own below the usual one if the run must not be shared."""

    words: tuple[str, ...]
    store: str = ""


@dataclass(frozen=True)
class Line:
    """One case; `checks` gets the finished folders of its commands."""

    name: str
    commands: tuple[Command, ...]
    checks: Checks = field(repr=False)


def matrix() -> list[Line]:
    """Return every case; those of measured files only where the files are."""
    return [
        *_amplitude(),
        *_phase(),
        *_ideal(),
        *_cnn(),
        *_dose(),
        *_objects(),
        *_files(),
        _twice(),
    ]


def _amplitude() -> list[Line]:
    asked = {"gs1_custom": (0.985, 0.93), "gs2_ideal": (0.985, 0.91), "gs2_custom": (0.995, 0.97)}
    lines = []
    for (name, (pearson, ssim)), seed in product(asked.items(), SEEDS):
        limits = [
            ("mean_ratio", 0.99, 1.01),
            ("pearson_r", pearson, math.inf),
            ("ssim", ssim, math.inf),
            ("highpass_pearson_r", 0.90, math.inf),
        ]
        lines.append(
            _line(f"{name}-{seed}", (name, *_standard(seed)), _within(limits, better=True))
        )
    return lines


def _phase() -> list[Line]:
    asked = {"gs1_custom": 0.88, "gs2_ideal": 0.84, "gs2_custom": 0.92}
    lines = []
    for (name, low), seed in product(asked.items(), SEEDS):

        def checks(folders: Sequence[Path], low: float = low) -> list[Check]:
            metrics = _metrics(folders[0])
            return [
                Check("phase r", lookup(metrics, "phase.pearson_r"), low),
                Check("refined phase r", lookup(metrics, "refined.phase.pearson_r"), 0.95),
            ]

        words = (name, *_standard(seed), "--set", "object.phase=texture", "--refine", "10")
        lines.append(_line(f"{name}-phase-{seed}", words, checks))
    return lines


def _ideal() -> list[Line]:
    checks = _within([("mean_ratio", 0.98, 1.02), ("pearson_r", 0.94, math.inf)])
    return [_line(f"gs1_ideal-{seed}", ("gs1_ideal", *_standard(seed)), checks) for seed in SEEDS]


def _cnn() -> list[Line]:
    checks = _within([("mean_ratio", 0.97, 1.03), ("pearson_r", 0.94, math.inf)])
    names = ("gs1_custom", "gs1_ideal", "gs2_custom", "gs2_ideal")
    return [_line(f"{name}-cnn", (name, "--recipe", "cnn"), checks) for name in names]


def _dose() -> list[Line]:
    lines = []
    for dose in ("1e4", "1e5", "1e9"):
        limits = [("mean_ratio", 0.97, 1.03)] if float(dose) >= 1e5 else []
        words = ("gs2_custom", "--set", f"dose.nphotons={dose}")
        lines.append(_line(f"gs2_custom-dose-{dose}", words, _within(limits, finite=True)))
    return lines


def _objects() -> list[Line]:
    checks = _within([("mean_ratio", 0.97, 1.03)], finite=True)
    kinds = ("grf", "points", "diagonals")
    return [
        _line(f"gs2_custom-{kind}", ("gs2_custom", "--set", f"object.kind={kind}"), checks)
        for kind in kinds
    ]


def _files() -> list[Line]:
    lines = []
    star, pseudo_truth = DATA / "siemens_star_64.npz", DATA / "siemens_star_64_lsqml_object.npy"
    if (ROOT / star).exists() and (ROOT / pseudo_truth).exists():
        lines.append(
            _line(
                "file-siemens",
                (str(star),),
                lambda folders: _siemens(folders[0], ROOT / pseudo_truth),
            )
        )
    loads = {
        "gs1_custom": (512, 256, 31),
        "gs2_ideal": (1024, 512, 4),
    }  # images, groups, epochs of the file's run
    for name, (images, groups, epochs) in loads.items():
        path = DATA / f"scenario_{name}.npz"
        same = {
            "scan.n_images": images,
            "grouping.n_groups": groups,
            "training.nepochs": epochs,
            "probe.kind": "file",
            "probe.path": path,
        }
        own = Command(
            (name, *(word for key, value in same.items() for word in ("--set", f"{key}={value}")))
        )
        if (ROOT / path).exists():
            lines.append(Line(f"file-{name}", (Command((str(path),)), own), _beside_our_own))
    return lines


def _twice() -> Line:
    words = ("gs1_custom", *_standard(1))
    return Line("same-seed-twice", (Command(words), Command(words, store="second")), _same_bits)


def _standard(seed: int) -> tuple[str, ...]:
    return ("--profile", "standard", "--seed", str(seed))


def _line(name: str, words: tuple[str, ...], checks: Checks) -> Line:
    return Line(name, (Command(words),), checks)


def _within(
    limits: Sequence[tuple[str, float, float]], *, better: bool = False, finite: bool = False
) -> Checks:
    """Checks of amplitude scores; `better` than the controls without learning; `finite` for the object."""

    def checks(folders: Sequence[Path]) -> list[Check]:
        metrics = _metrics(folders[0])
        found = [
            Check(key, lookup(metrics, f"amplitude.{key}"), low, high) for key, low, high in limits
        ]
        if better:
            found += _better(metrics)
        if finite:
            found.append(Check("NaN in the object", float(metrics["has_nan"]), high=0.0))
            found.append(Check("finite ratio", lookup(metrics, "amplitude.mean_ratio"), ABOVE_ZERO))
        return found

    return checks


def _better(metrics: dict[str, Any]) -> list[Check]:
    """The smaller of the leads in r and high-pass r over each control that learned nothing."""
    found = []
    for who in ("untrained", "trivial"):
        leads = []
        for key in ("amplitude.pearson_r", "amplitude.highpass_pearson_r"):
            mine, other = lookup(metrics, key), lookup(metrics, f"controls.{who}.{key}")
            leads.append(None if mine is None or other is None else mine - other)
        known = [lead for lead in leads if lead is not None]
        found.append(
            Check(
                f"lead over {who}", min(known) if len(known) == len(leads) else None, low=ABOVE_ZERO
            )
        )
    return found


def _siemens(folder: Path, pseudo_truth: Path) -> list[Check]:
    """Phase agreement with an independent program's object, gauge removed, of network and iterative reference."""
    import numpy as np

    from ptyspec.contracts.bundles import Reconstruction
    from ptyspec.scores.agreement import agreement_with_array

    other = np.load(pseudo_truth)
    found = []
    for label, file, prefix, low in (
        ("iterative", "controls.npz", "iterative_", 0.85),
        ("network", "reconstruction.npz", "", -1.0),
    ):
        with np.load(folder / file) as arrays:
            x0, y0 = (int(value) for value in arrays[f"{prefix}origin"])
            made = Reconstruction(
                object=arrays[f"{prefix}object"],
                coverage=arrays[f"{prefix}coverage"],
                origin=(x0, y0),
            )
        scores = agreement_with_array(made, other)
        found.append(
            Check(f"{label} phase r (aligned) = {_plain(scores)}", _aligned_phase(scores), low)
        )
    return found


def _aligned_phase(scores: dict[str, Any]) -> float | None:
    return lookup(scores, "aligned.phase_pearson_r")


def _plain(scores: dict[str, Any]) -> str:
    value = _aligned_phase(scores)
    return "–" if value is None else f"{value:.3f}"


def _beside_our_own(folders: Sequence[Path]) -> list[Check]:
    """The other simulator's scan, and that its scores are those of our own at the same load."""
    file, own = (_metrics(folder) for folder in folders)
    found = [Check("mean_ratio", lookup(file, "amplitude.mean_ratio"), 0.98, 1.02)]
    for key in ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim"):
        theirs, ours = (lookup(metrics, f"amplitude.{key}") for metrics in (file, own))
        gap = None if theirs is None or ours is None else abs(theirs - ours)
        shown = "–" if ours is None else f"{ours:.4f}"
        found.append(Check(f"gap of {key} to our own ({shown})", gap, high=0.02))
    return found


def _same_bits(folders: Sequence[Path]) -> list[Check]:
    """Two trainings of one key, in two stores; other keys mean that the code changed between them."""
    import numpy as np

    first, second = folders
    if first == second or first.name != second.name:
        return [Check("two folders of one key", 0.0, low=1.0)]
    different = 0
    for file in ("scan.npz", "reconstruction.npz", "controls.npz"):
        with np.load(first / file) as one, np.load(second / file) as other:
            if one.files != other.files:
                return [Check("arrays of the same names", None)]
            different += sum(one[key].tobytes() != other[key].tobytes() for key in one.files)
    return [Check("arrays that differ in a bit", float(different), high=0.0)]


def _metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return found
