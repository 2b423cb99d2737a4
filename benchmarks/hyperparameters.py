"""`python -m benchmarks hyperparameters`: the usual suspects of an undershoot, each put to a paired experiment.

The claim to settle: "5 epochs instead of 60 are a plausible explanation of the amplitude". Base settings are those of
the investigation's runner (5 epochs, batch 16); runs stay in the store, so that an interrupted table goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ptyspec.runs.threads import default_threads, set_threads

SUSPECTS = (
    ("training.nepochs", 5, 60),
    ("training.batch_size", 16, 4),
    ("training.learning_rate", 2e-3, 1e-3),
    ("training.loss", "poisson", "mae"),
)
SCENARIOS = ("gs1_custom", "gs2_ideal")
RUNNER = ("training.nepochs=5", "training.batch_size=16")
HEADS = (
    "scenario",
    "setting",
    "pairs",
    "scalar, first",
    "second",
    "factor (95 %)",
    "share of the undershoot",
    "r, first",
    "second",
    "difference (95 %)",
    "scalar with the gain left in, first",
    "second",
    "verdict",
)


def main(words: list[str]) -> int:
    """Run the experiments, print and write the table; returns 1 where one could not be evaluated."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks hyperparameters", description=__doc__
    )
    parser.add_argument(
        "--scenarios", nargs="+", default=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS)
    )
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="N", help="pairs an experiment (default 3)"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table here")
    asked = parser.parse_args(words)
    set_threads(default_threads())
    from ptyspec.checks import paired

    lines = ["| " + " | ".join(HEADS) + " |", "|" + " --- |" * len(HEADS)]
    print("\n".join(lines), flush=True)
    failed = 0
    for name in asked.scenarios:
        for key, first, second in SUSPECTS:
            cells, verdict = _row(name, paired.Question(key, first, second), asked.seeds)
            failed += verdict == paired.NONE
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
            if asked.markdown:
                asked.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(failed > 0)


def _row(name: str, question: object, seeds: int) -> tuple[list[str], str]:
    from ptyspec.checks import paired
    from ptyspec.runs.produce import produce
    from ptyspec.runs.request import request

    assert isinstance(question, paired.Question)
    base = request(name, settings=RUNNER).scenario
    found = paired.experiment(base, question, produce, range(1, seeds + 1))
    head = [f"`{name}`", question.name]
    if found["verdict"] == paired.NONE:
        return [*head, *["–"] * (len(HEADS) - 3), f"{found['verdict']}: {found['reason']}"], found[
            "verdict"
        ]
    means, effect = found["means"], found["effect"]
    factor, change = effect["least_squares_scalar"], effect["pearson_r"]
    return [
        *head,
        str(len(found["pairs"])),
        *(f"{means['least_squares_scalar'][side]:.4f}" for side in ("first", "second")),
        f"{factor['mean']:.4f} ({factor['low']:.4f} to {factor['high']:.4f})",
        f"{found['share']['mean']:+.2%}",
        *(f"{means['pearson_r'][side]:.3f}" for side in ("first", "second")),
        f"{change['mean']:+.3f} ({change['low']:+.3f} to {change['high']:+.3f})",
        *(f"{means['scalar_with_gain'][side]:.3f}" for side in ("first", "second")),
        found["verdict"],
    ], found["verdict"]
