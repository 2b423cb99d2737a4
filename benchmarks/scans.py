"""`python -m benchmarks scans [NAME...]`: one small scan with one thing wrong each; none may end well with a wrong object.

The control is 100 frames of 32 x 32 with 1e6 photons each. A run is wrong where its mean amplitude is off by 5 %, or its
correlation with the object lies below 0.8 of the control's; then the exit code must not be 0.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import PTYSPEC, child, scratch

Arrays = dict[str, Any]
LEVEL, DETAIL = 0.05, 0.8


@dataclass(frozen=True)
class Variant:
    """What is changed in the keys of the file, and the words after `ptyspec run`."""

    change: Callable[[Arrays], Arrays] = lambda scan: {}
    words: tuple[str, ...] = ()


def counts(change: Callable[[Any], Any], *words: str) -> Variant:
    """A change of the counts (M, N, N), float64."""
    return Variant(lambda scan: {"diff3d": change(scan["diff3d"])}, words)


def places(change: Callable[[Any, Any], tuple[Any, Any]], *words: str) -> Variant:
    """A change of x and y."""

    def made(scan: Arrays) -> Arrays:
        x, y = change(scan["xcoords"], scan["ycoords"])
        return {"xcoords": x, "ycoords": y}

    return Variant(made, words)


def thinned(part: Any) -> Variant:
    """Frames of a beam that had this part of its light, a number a frame."""
    draws = np.random.default_rng(2)
    return counts(
        lambda c: draws.binomial(c.astype(int), np.reshape(part, (-1, 1, 1))).astype(float)
    )


def set_to(where: Any, value: float) -> Variant:
    """Pixels that hold a number, in the frames and at the places of an index."""

    def change(frames: Any) -> Any:
        frames = frames.copy()
        frames[where] = value
        return frames

    return counts(change)


def probe(change: Callable[[Any], Any]) -> Variant:
    """Another probe."""
    return Variant(lambda scan: {"probeGuess": change(scan["probeGuess"]).astype(np.complex64)})


def amplitudes(change: Callable[[Any], Any]) -> Variant:
    """Numbers that are taken for amplitudes, without a scale."""
    keys = {"measurement": "amplitude", "scale": None}
    return Variant(lambda scan: {"diff3d": change(scan["diff3d"]).astype(np.float32), **keys})


EVERY, STEPS = slice(None), np.arange(100)
VARIANTS: dict[str, Variant] = {
    "control": Variant(),
    "uint32": counts(lambda c: c.astype(np.uint32)),
    "shuffled-together": Variant(
        lambda s: {k: s[k][::-1] for k in ("diff3d", "xcoords", "ycoords")}
    ),
    "micrometres": places(lambda x, y: (x * 0.05, y * 0.05)),
    "scaled-1.1": places(lambda x, y: (1.1 * x, 1.1 * y)),
    "scaled-0.9": places(lambda x, y: (0.9 * x, 0.9 * y)),
    "jitter-3": places(lambda x, y: (x + np.random.default_rng(1).normal(0, 3, x.shape), y)),
    "swapped": places(lambda x, y: (y, x)),
    "swapped-auto": places(lambda x, y: (y, x), "--orientation", "auto"),
    "gap-of-65535": set_to((EVERY, 16), 65535.0),
    "gap-of-nan": set_to((EVERY, 16), np.nan),
    "hot": set_to((EVERY, 5, 27), 1e6),
    "hot-in-half": set_to((slice(0, 50), 5, 27), 1e6),
    "full": counts(lambda c: np.minimum(c, 0.5 * c.max())),
    "background": counts(lambda c: c + np.random.default_rng(6).poisson(50, c.shape)),
    "empty-frames": set_to((slice(0, 100, 10),), 0.0),
    "double-frames": counts(lambda c: c * np.where(STEPS % 10, 1, 2)[:, None, None]),
    "beam-decays": thinned(np.linspace(1, 0.4, 100)),
    "beam-drops": thinned(np.where(STEPS < 66, 1, 0.3)),
    "frames-one-late": counts(lambda c: np.roll(c, 1, axis=0)),
    "frames-shuffled": counts(lambda c: c[np.random.default_rng(3).permutation(len(c))]),
    "counts-as-amplitudes": amplitudes(lambda c: c),
    "percent": amplitudes(lambda c: 100 * c / c.max()),
    "logarithm": amplitudes(np.log1p),
    "roots-as-counts": counts(np.sqrt),
    "ten-a-photon": counts(lambda c: 10 * c),
    "beside-the-middle": counts(lambda c: np.roll(c, (2, -2), (1, 2))),
    "beside-the-middle-auto": counts(lambda c: np.roll(c, (2, -2), (1, 2)), "--centre", "auto"),
    "conjugated": probe(np.conj),
    "another-level": probe(lambda p: p / 2),
}


def main(words: list[str]) -> int:
    """Print the table in Markdown; returns 1 where a wrong object came with exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scans", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(VARIANTS))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args(words)
    if unknown := sorted({*asked.names} - {*VARIANTS}):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(VARIANTS)}")
    more = tuple(word for one in asked.set for word in ("--set", one))
    control, truth = control_scan()
    print("| scan | exit | mean ratio | r | s | said |\n| --- | --- | --- | --- | --- | --- |")
    usual, silent = 0.0, 0
    with scratch() as folder:
        for name in dict.fromkeys(("control", *(asked.names or VARIANTS))):
            variant = VARIANTS[name]
            keys = {**control, **variant.change(control)}
            path = folder / f"{name}.npz"
            np.savez(path, **{key: value for key, value in keys.items() if value is not None})
            done = child((*PTYSPEC, "run", str(path), *variant.words, *more, "--json"))
            ratio, r, said = judged(done.stdout, done.stderr, truth)
            usual = usual or r
            wrong = done.code == 0 and (abs(ratio - 1) > LEVEL or r < DETAIL * usual)
            silent += wrong
            row = (name, done.code, f"{ratio:.3f}", f"{r:.3f}", f"{done.spent.wall:.0f}", said)
            print(f"| {' | '.join(map(str, row))} |{' wrong in silence' * wrong}", flush=True)
    return int(silent > 0)


def control_scan() -> tuple[Arrays, Any]:
    """Return the keys of the control's file, counts as float64, and the object (H, W)."""
    from ptyspec.checks.box import SMALL, box_of
    from ptyspec.pipeline.boxes import RPIE

    box = box_of(RPIE(), SMALL)
    x, y = box.scan.positions.T
    keys = {"xcoords": x, "ycoords": y, "measurement": "counts", "scale": box.scan.scale}
    frames = np.rint((box.scan.amplitude.astype(np.float64) * box.scan.scale) ** 2)
    return {**keys, "diff3d": frames, "probeGuess": box.scan.probe}, box.truth


def judged(document: str, errors: str, truth: Any) -> tuple[float, float, str]:
    """Return mean ratio and r of a finished run's object (NaN where there is none), and the verdict or the refusal."""
    from ptyspec.contracts.bundles import Reconstruction
    from ptyspec.scores.agreement import agreement_with_array

    said = json.loads(document) if document.strip() else {}
    if not said.get("verdict"):
        told = [line.strip() for line in errors.splitlines() if line.startswith("error")]
        return np.nan, np.nan, " ".join(told)
    with np.load(Path(said["run"]) / "reconstruction.npz") as arrays:
        x0, y0 = (int(value) for value in arrays["origin"])
        made = Reconstruction(object=arrays["object"], coverage=arrays["coverage"], origin=(x0, y0))
    raw = agreement_with_array(made, truth)["raw"]
    verdict = said["verdict"]
    words = f"{verdict['status']}: {verdict['cause'] or verdict['sentence']}"
    return raw["amplitude_ratio"], raw["amplitude_pearson_r"], words
