"""docs/failure-signatures.md: the eighty ways in which the investigated pipeline failed, and the clauses that catch each.

python -m ptyspec.spec.signatures docs/failure-signatures.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ptyspec.files.files import atomic_file
from ptyspec.spec.clause import Clause
from ptyspec.spec.registry import specification

GROUPS: dict[str, dict[int, str]] = {
    "Configuration and state": {
        1: "a legacy stage reads the global dictionary before it was synchronised",
        2: "a None in a scenario replaces a default and is then skipped on the way to the dictionary",
        3: "a value of an earlier configuration survives in the global dictionary",
        4: "a model built at import keeps the gridsize of that moment",
        5: "an import draws random numbers, writes settings or reads files",
        6: "a saved bundle holds the untrained model",
        7: "the saved scale is not the trained one",
        8: "two configuration systems have different defaults",
        9: "file against command line, images against groups: precedence or meaning differs",
        10: "a declared seed is ignored for a fixed number",
        11: "a cache is keyed without part of the configuration",
        12: "execution settings enter the physics settings",
    },
    "Data and grouping": {
        13: "diffraction stored as (H, W, M)",
        14: "intensity where amplitude is expected",
        15: "squares of uint16 counts wrap",
        16: "metadata as an object array that needs pickle",
        17: "x and y of the positions exchanged",
        18: "relative offsets with the opposite sign",
        19: "nominal and true positions read from one key",
        20: "fewer points than a group has members, or fewer neighbours than members",
        21: "oversampling without spare neighbours repeats groups",
        22: "a seed frame is missing from its group when positions coincide",
        23: "oversampling draws from the first seeds only",
        24: "training and test are normalised with different gains",
        25: "frames or positions shared between training and test",
        26: "missing labels replaced by ones or zeros",
        27: "labels of the illuminated object taken for the bare object",
        28: "the test probe is not the training probe",
        29: "a saved label file loses labels or their normalisation",
        30: "integer and float types, or float widths, mixed",
    },
    "Scaling": {
        31: "the loader's gain stays in the object",
        32: "the amplitude head cannot reach the object",
        33: "the evaluator rescales by the mean and so hides a bias",
        34: "the scale or the probe scale is applied twice",
        35: "the network's input constant is used as a physical scale",
        36: "a Poisson likelihood in normalised units prefers a wrong object",
        37: "the likelihood takes the logarithm of zero",
        38: "a trainable scale that no optimiser updates",
        39: "the declared number of photons has no effect",
        40: "a normaliser from the photon number makes the loss NaN",
        41: "a real-space loss whose parts all weigh zero",
        42: "one loss adds terms of two gauges",
        43: "a data set's scale summed over a group's members",
        44: "the closed-form scale where the data set's own is required",
        45: "normalised twice, or by the energy instead of its root",
    },
    "Model and physics": {
        46: "amplitude and phase combined as A + i phi",
        47: "members of a batch influence each other",
        48: "translation fails or differs between eager, graph and compiled execution, or between batch sizes",
        49: "offsets are applied to the wrong patches",
        50: "the merge divides by another weight than it summed",
        51: "mask, probe size or padding switches differ between runners",
        52: "only the central part is predicted although the exit wave reaches further",
        53: "another FFT convention: normalisation, shift or padding",
        54: "a raw tensor operation on a symbolic tensor",
        55: "a flat amplitude",
        56: "a branch leaves the intended output range",
        57: "N is not divisible by 4",
    },
    "Stitching and evaluation": {
        58: "result and truth are cut from different centres",
        59: "uncovered pixels counted in scores",
        60: "offsets that are not centred put every patch off the canvas",
        61: "patches dropped at the canvas's edge",
        62: "trimmed twice, or an edge ring left",
        63: "the model's canvas sized from absolute positions",
        64: "a run goes on although its canvas does not fit",
        65: "a diagnostic that cannot fail",
        66: "a result scaled already is analysed as raw",
        67: "PSNR with the wrong peak",
        68: "a failed registration counts as a pass",
        69: "one branch of a conditional setting taken for the default",
        70: "numbers in a report that no run produced",
        71: "the wrong reference taken for truth",
        72: "one passing run taken as proof where runs differ",
        73: "patches of a group stitched by grid and not by position",
        74: "repeated training in one process uses ever more memory",
        75: "stitching refuses single-frame groups",
        76: "grouping at inference without a seed",
        77: "the phase of uncovered pixels scored",
        78: "the saved weights are not those of the best epoch",
        79: "a monitor that the mode of training does not record",
        80: "validation groups taken from one end of the scan",
    },
}

OUT_OF_SCOPE: dict[int, str] = {}
"""Signatures that no clause covers, with the reason; a clause that names one ends its being here."""

COMMAND = "python -m ptyspec.spec.signatures docs/failure-signatures.md"
HEAD = f"""# Failure signatures

How the investigated pipeline failed, most of the time without an exception, and which clauses of [specs](../specs/) catch it. This page is generated: `{COMMAND}`."""


def texts() -> dict[int, str]:
    """Return the short description of each signature."""
    return {number: text for group in GROUPS.values() for number, text in group.items()}


def covered(clauses: Mapping[str, Clause]) -> Iterator[tuple[int, str, list[Clause]]]:
    """Yield each signature with the clauses that name it."""
    for number, text in texts().items():
        yield number, text, [clause for clause in clauses.values() if number in clause.signatures]


def uncovered(clauses: Mapping[str, Clause]) -> list[int]:
    """Return the signatures that no clause names and no reason leaves out."""
    return [
        number for number, _, found in covered(clauses) if not found and number not in OUT_OF_SCOPE
    ]


def signatures_page(clauses: Mapping[str, Clause]) -> str:
    """Return the page in Markdown; equal clauses give equal text."""
    found = {number: (text, catching) for number, text, catching in covered(clauses)}
    lines = [HEAD]
    for group, members in GROUPS.items():
        lines += [
            "",
            f"## {group}",
            "",
            "| | failure | clauses | documents |",
            "| ---: | --- | --- | --- |",
        ]
        lines += [_line(number, *found[number]) for number in members]
    return "\n".join(lines) + "\n"


def _line(number: int, text: str, clauses: list[Clause]) -> str:
    names = (
        ", ".join(clause.id for clause in clauses)
        or f"none: {OUT_OF_SCOPE.get(number, 'not covered')}"
    )
    documents = dict.fromkeys(
        f"[{clause.document}](../specs/{clause.document})" for clause in clauses
    )
    return f"| {number} | {text} | {names} | {', '.join(documents)} |"


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/failure-signatures.md")
    with atomic_file(path) as file:
        file.write(signatures_page(specification()).encode())
    print(path)
