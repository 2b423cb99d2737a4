"""Read a report again: each of its numbers has a pointer into the run's own record, or is a stated constant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.scenario import Scenario

NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")
CLAUSE_ID = re.compile(r"\b[A-Z][A-Z-]*-\d{3}\b")
SHOWN = r"([-\d.,e+–]*[\de–])"
CONSTANTS = (
    "1 is right",
    "0.86 to 0.90 on lines objects",
    "0 is perfect",
    "falls below 0.5",
    "rotated by 180 degrees",
    "(gridsize 1)",
    "gridsize 2, a probe",
    "--refine 10",
    "about 1 a pixel",
)
"""What a report says in every run: conventions, limits and advice."""

Record = Mapping[str, Any]
"""The run's files by name: metrics, stages, history, scenario, environment (as in JSON), scan and object (arrays)."""
SCORES = {
    "mean ratio": "amplitude.mean_ratio",
    "amplitude r": "amplitude.pearson_r",
    "SSIM": "amplitude.ssim",
    "high-pass r": "amplitude.highpass_pearson_r",
    "phase r": "phase.pearson_r",
    "complex NRMSE": "complex.nrmse",
    "FRC50": "frc.complex.first_crossing_half",
    "R factor": "data.r_factor",
    "Poisson deviance / pixel": "data.poisson_deviance_per_pixel",
    "half-set FRC (half-bit)": "half_set_frc.complex.half_bit_crossing",
    "amplitude r with iterative": "agreement_with_iterative.raw.amplitude_pearson_r",
    "phase r with iterative": "agreement_with_iterative.raw.phase_pearson_r",
    "complex NRMSE to iterative": "agreement_with_iterative.raw.nrmse",
}
ESTIMATORS = {
    "network": "",
    "network + sweeps": "refined",
    "trivial baseline": "controls.trivial",
    "untrained baseline": "controls.untrained",
    "iterative reference": "controls.iterative",
    "flat start, same sweeps": "controls.flat_start",
}
"""The words of the score table and where metrics.json keeps what they stand for."""


def faults(report: str, record: Record) -> list[str]:
    """Return what is wrong, a line each: a number that is not the record's, and a number that points nowhere."""
    reader, found = _Reader(record), []
    for part in report.split("\n## "):
        reader.head, _, body = part.partition("\n")
        for line in body.splitlines():
            found += [f"{reader.head}: {text} in: {line}" for text in reader.line(line)]
    return found


@dataclass
class _Reader:
    """Goes through a report line by line; a table's heading says what its columns point to."""

    record: Record
    head: str = ""
    columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.texts = tuple(CLAUSE_ID.sub("", text) for text in _texts(self.record))

    def line(self, line: str) -> Iterator[str]:
        plain = line.replace("**", "").replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
        if plain.startswith("|"):
            cells = [cell.strip() for cell in plain.strip("|").split("|")]
            yield from _wrong(cells[1:], self._row(cells))
            return
        rest = CLAUSE_ID.sub("", plain)
        for known in (*CONSTANTS, *self.texts):
            rest = rest.replace(known, "")
        for pattern, values in SENTENCES:
            match = re.search(pattern, rest)
            if match:
                yield from _wrong(match.groups(), values(self.record))
                rest = rest.replace(match.group(0), "")
        yield from (f"{number} points nowhere" for number in NUMBER.findall(rest))

    def _row(self, cells: list[str]) -> Sequence[Any]:
        """What the record has for the cells after the first."""
        if set("".join(cells)) <= set("-: "):
            return cells[1:]
        if self.head.startswith("Scores"):
            if not cells[0]:
                self.columns = [SCORES[cell] for cell in cells[1:]]
                return cells[1:]
            return [_score(self.record, ESTIMATORS[cells[0]], path) for path in self.columns]
        if self.head.startswith("Stages"):
            return cells[1:] if cells[1] == "shape" else _stage(cells, self.record)
        if self.head.startswith("Settings"):
            return cells[1:] if cells[0] == "setting" else _setting(cells[0], self.record)
        return ["a table that nobody reads again"] * len(cells[1:])


def _wrong(shown: Sequence[str], values: Sequence[Any]) -> Iterator[str]:
    pairs = zip(shown, values, strict=True)
    yield from (
        f"{text}: the record has {value!r}" for text, value in pairs if not agrees(text, value)
    )


def _setting(key: str, record: Record) -> list[Any]:
    row = record["scenario"]["values"][key]
    return [_plain(row["value"]), _plain(_defaults()[key]), row["source"]]


@cache
def _defaults() -> dict[str, Any]:
    return dict(flatten(Scenario(name="x").model_dump(mode="json")))


def _stage(cells: Sequence[str], record: Record) -> list[Any]:
    name, _, array = cells[0].partition(": ")
    stage = next(row for row in record["stages"]["stages"] if row["name"] == name)
    first = array in ("", next(iter(stage["arrays"]), ""))
    seconds = stage["seconds"] if first else ""
    if not array:
        return ["", "", "", seconds]
    stats = stage["arrays"][array]
    return [" x ".join(map(str, stats["shape"])), stats["mean"], stats["energy"], seconds]


def agrees(shown: str, value: Any) -> bool:
    """True where a text is the value, a number to the digits that are shown."""
    if value is None or isinstance(value, str):
        return shown == (value if value is not None else "–")
    plain = shown.replace(",", "")
    if not NUMBER.fullmatch(plain):
        return False
    mantissa, _, exponent = plain.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(plain) - value) <= 0.5 * unit * (1 + 1e-9)


def lookup(block: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for part in filter(None, path.split(".")):
        block = block.get(part) if isinstance(block, Mapping) else None
    return block


def _score(record: Record, estimator: str, path: str) -> Any:
    if path.startswith("half_set_frc."):
        name = estimator.rpartition(".")[2] or "network"
        return lookup(record["metrics"], path.replace(".", f".{name}.", 1))
    return lookup(record["metrics"], f"{estimator}.{path}")


def _number(record: Record, name: str) -> Any:
    return next(
        (row["numbers"][name] for row in record["stages"]["stages"] if name in row["numbers"]), None
    )


def _photons(record: Record) -> float:
    scan = record["scan"]
    return float(
        (scan["diff3d"].astype(np.float64) ** 2).sum() * scan["scale"] ** 2 / len(scan["diff3d"])
    )


def _epochs(record: Record) -> list[Any]:
    history = record["history"]
    rows, monitor = history["epochs"], history["monitor"]
    best = next(row for row in rows if row["epoch"] == history["best_epoch"])
    least = min(rows, key=lambda row: row["metrics"][monitor])
    return [
        len(rows),
        sum(row["seconds"] for row in rows),
        best["epoch"],
        best["metrics"][monitor],
        least["epoch"],
        least["metrics"][monitor],
    ]


def _metric(*paths: str) -> Callable[[Record], list[Any]]:
    return lambda record: [lookup(record["metrics"], path) for path in paths]


SENTENCES: tuple[tuple[str, Callable[[Record], list[Any]]], ...] = (
    (f"gridsize {SHOWN}\\)", lambda r: [r["scenario"]["values"]["model.gridsize"]["value"]]),
    (f"reconstructed {SHOWN} pixels", lambda r: [int(np.isfinite(r["object"]).sum())]),
    (
        f"of {SHOWN} (?:simulated|measured) diffraction patterns of {SHOWN} x {SHOWN} pixels",
        lambda r: list(r["scan"]["diff3d"].shape),
    ),
    (f"{SHOWN} photons a frame", lambda r: [_photons(r)]),
    (
        f"ean ratio {SHOWN}, high-pass r {SHOWN} \\(reference {SHOWN}, untrained {SHOWN}, trivial {SHOWN}\\)",
        _metric(
            "amplitude.mean_ratio",
            "amplitude.highpass_pearson_r",
            *(
                f"controls.{name}.amplitude.highpass_pearson_r"
                for name in ("iterative", "untrained", "trivial")
            ),
        ),
    ),
    (
        f"Gain g = {SHOWN}, scale s = {SHOWN}, a0 = {SHOWN}\\.",
        lambda r: [_number(r, "gain"), float(r["scan"]["scale"]), _number(r, "a0")],
    ),
    (
        f"amplitude r {SHOWN} with the iterative reference, R factor {SHOWN}, half-set FRC {SHOWN}",
        _metric(
            "agreement_with_iterative.raw.amplitude_pearson_r",
            "data.r_factor",
            "half_set_frc.network.complex.half_bit_crossing",
        ),
    ),
    (
        f"complex NRMSE {SHOWN} against {SHOWN}",
        _metric("controls.iterative.complex.nrmse", "complex.nrmse"),
    ),
    (f"Scores cover {SHOWN} illuminated", _metric("coverage.pixels")),
    (f"\\({SHOWN} here\\)", _metric("controls.trivial.amplitude.pearson_r")),
    (
        (
            f"{SHOWN} epochs in {SHOWN} s; weights kept from epoch {SHOWN} \\(\\S+ {SHOWN}\\); "
            f"\\S+ was smallest in epoch {SHOWN} \\({SHOWN}\\)\\."
        ),
        _epochs,
    ),
)


def _texts(record: Record) -> Iterator[str]:
    """Whole texts that the record holds as they stand: reasons, environment, settings of the command, descriptions."""
    for key, value in record["environment"].items():
        parts = (
            [f"{name} {_plain(part)}" for name, part in value.items()]
            if isinstance(value, Mapping)
            else [value]
        )
        yield f"- {key}: {', '.join(map(_plain, parts))}"
    for key, row in record["scenario"]["values"].items():
        yield f"--set {key}={_plain(row['value'])}"
    for block in record["metrics"].values():
        if isinstance(block, Mapping) and block.get("reason"):
            yield str(block["reason"])
    verdict = record["verdict"]
    for row in verdict["findings"]:
        yield f"{row['observed']}, expected {row['expected']}"
        yield f"{row['what']}: {row['observed']}; expected {row['expected']}"
    for one in verdict["doubts"]:
        yield f"{one['what']}: {one['observed']}, right would be {one['expected']}. Limit: {one['source']}"
    for key in ("sentence", "cause"):
        if verdict["status"] != "right":
            yield verdict[key]
            yield verdict[key][:1].upper() + verdict[key][1:]
    yield verdict["next_step"]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
