"""The acceptance matrix: real `ptyspec run` processes, each row held against what is asked of it.

Finished runs stay in the store, so that an interrupted matrix goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.matrix import Check, Command, Line, matrix
from benchmarks.measure import PTYSPEC, child
from ptyspec.scores.headline import lookup

HEADS = (
    "row",
    "command",
    "mean ratio",
    "r",
    "high-pass r",
    "SSIM",
    "phase r",
    "refined phase r",
    "untrained r, high-pass",
    "trivial r, high-pass",
    "iterative r",
    "asked",
    "verdict",
    "s",
)
QUICK = ("--profile", "quick")
QUICK_FILE = (
    "--set",
    "grouping.n_groups=64",
    "--set",
    "training.nepochs=1",
    "--set",
    "probe.refine_sweeps=0",
)


@dataclass(frozen=True)
class Settings:
    """How rows are run."""

    store: Path | None
    threads: int


@dataclass(frozen=True)
class Outcome:
    """A row that was run."""

    line: Line
    cells: tuple[str, ...]
    fine: bool

    def markdown(self) -> str:
        """Return the row of the table."""
        return "| " + " | ".join(self.cells) + " |"


def main(words: list[str]) -> int:
    """Run the matrix, print and write the table; returns 1 where a row fails."""
    asked = _asked(words)
    lines = [line for line in matrix() if re.search(asked.rows, line.name)]
    if asked.quick:
        lines = [replace(line, commands=tuple(map(_quick, line.commands))) for line in lines]
    if asked.list:
        print("\n".join(f"{line.name:<28} {_command(line.commands[0])}" for line in lines))
        return 0
    if not lines:
        raise SystemExit(f"no row matches {asked.rows!r}; --list shows them")
    settings = Settings(asked.store, asked.threads)
    done: dict[str, Outcome] = {}
    print(_head(), flush=True)
    with ThreadPoolExecutor(asked.jobs) as pool:
        for future in as_completed([pool.submit(judge, line, settings) for line in lines]):
            outcome = future.result()
            done[outcome.line.name] = outcome
            print(outcome.markdown(), flush=True)
            if asked.markdown:
                rows = [done[line.name].markdown() for line in lines if line.name in done]
                asked.markdown.write_text("\n".join([_head(), *rows]) + "\n", encoding="utf-8")
    failed = [name for name, outcome in done.items() if not outcome.fine]
    print(
        f"\n{len(done) - len(failed)} of {len(done)} rows pass"
        + (f"; not: {', '.join(failed)}" if failed else "")
    )
    return int(bool(failed))


def judge(line: Line, settings: Settings) -> Outcome:
    """Run a line's commands and hold them against what it asks."""
    start = time.perf_counter()
    folders = []
    for command in line.commands:
        folder, error = _run(command, settings)
        if folder is None:
            return _outcome(line, {}, [Check("finished", 0.0, 1.0)], start, f"error: {error}")
        folders.append(folder)
    metrics = json.loads((folders[0] / "metrics.json").read_text(encoding="utf-8"))
    return _outcome(line, metrics, line.checks(folders), start)


def _run(command: Command, settings: Settings) -> tuple[Path | None, str]:
    words = [*PTYSPEC, "run", *command.words, "--json", "--threads", str(settings.threads)]
    home = {}
    if settings.store or command.store:
        from ptyspec.runs.store import default_root

        home = {"PTYSPEC_HOME": str((settings.store or default_root()).absolute() / command.store)}
    done = child(words, home)
    if done.code not in (
        0,
        1,
    ):  # 1: finished, and says that something is wrong; the checks below will, too
        return None, " ".join(done.stderr.split())[-300:]
    return Path(json.loads(done.stdout)["run"]), ""


def _quick(command: Command) -> Command:
    return replace(
        command,
        words=(*command.words, *(QUICK_FILE if command.words[0].endswith(".npz") else QUICK)),
    )


def _outcome(
    line: Line, metrics: dict[str, Any], checks: Sequence[Check], start: float, error: str = ""
) -> Outcome:
    fine = all(check.fine for check in checks)
    verdict = error or (
        "ok" if fine else "FAILS: " + ", ".join(check.found() for check in checks if not check.fine)
    )
    amplitude, highpass = "amplitude.pearson_r", "amplitude.highpass_pearson_r"
    cells = (
        line.name,
        f"`{_command(line.commands[0])}`",
        *_numbers(metrics, "amplitude.mean_ratio", amplitude, highpass, "amplitude.ssim"),
        *_numbers(metrics, "phase.pearson_r", "refined.phase.pearson_r"),
        *(
            ", ".join(
                _numbers(metrics, f"controls.{who}.{amplitude}", f"controls.{who}.{highpass}")
            )
            for who in ("untrained", "trivial")
        ),
        *_numbers(metrics, f"controls.iterative.{amplitude}"),
        "; ".join(check.asked() for check in checks),
        verdict.replace("|", "/"),
        f"{time.perf_counter() - start:.0f}",
    )
    return Outcome(line, cells, fine and not error)


def _numbers(metrics: dict[str, Any], *paths: str) -> list[str]:
    values = [lookup(metrics, path) for path in paths]
    return ["–" if value is None or math.isnan(value) else f"{value:.4f}" for value in values]


def _command(command: Command) -> str:
    return " ".join(["ptyspec run", *command.words])


def _head() -> str:
    return "| " + " | ".join(HEADS) + " |\n|" + " --- |" * len(HEADS)


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks quality",
        description="Run the acceptance matrix and print it as a Markdown table.",
    )
    parser.add_argument("--rows", default="", metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--list", action="store_true", help="show the rows and run nothing")
    parser.add_argument(
        "--jobs", type=int, default=2, metavar="N", help="runs side by side (default 2)"
    )
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads a run (default 1)"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where runs are kept; default: PTYSPEC_HOME"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="also write the table here, after every row"
    )
    parser.add_argument(
        "--quick", action="store_true", help=argparse.SUPPRESS
    )  # does the harness itself work?
    return parser.parse_args(words)
