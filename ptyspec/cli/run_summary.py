"""What several runs came to: a table of a line each beside the controls without learning, and where to look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.cli.failures import BROKEN, VIOLATION
from ptyspec.cli.run_several import Outcome, code_of

if TYPE_CHECKING:
    from rich.table import Table

NEAR = ("trivial", "untrained")
"""Controls whose fine detail stands beside the network's."""
One = Callable[[str, Path, dict[str, Any]], dict[str, Any]]
"""Makes the JSON document of one run from its name, folder and scores."""


def summary(found: Sequence[Outcome]) -> Table:
    """Return the table: the network's scores, what the controls without learning reach, and the verdict."""
    from rich.table import Table
    from rich.text import Text

    from ptyspec.scores import headline as scores

    table = Table(box=None, pad_edge=False, header_style="bold")
    heads = (
        "",
        "mean ratio",
        "amplitude r",
        "high-pass r",
        *(f"of {name}" for name in NEAR),
        "clauses",
        "seconds",
        "",
    )
    for place, head in enumerate(heads):
        table.add_column(
            head,
            justify="right" if 0 < place < len(heads) - 1 else "left",
            no_wrap=not place,
            overflow="fold",
        )
    for outcome in found:
        blocks = {} if outcome.metrics is None else scores.blocks(outcome.metrics)
        own = blocks.get("network", {})
        paths = [
            (own, "amplitude.mean_ratio"),
            (own, "amplitude.pearson_r"),
            (own, "amplitude.highpass_pearson_r"),
        ]
        paths += [(blocks.get(name, {}), "amplitude.highpass_pearson_r") for name in NEAR]
        cells = [scores.shown(scores.lookup(block, path)) for block, path in paths]
        table.add_row(
            Text(outcome.name),
            *cells,
            _kept(outcome),
            f"{outcome.seconds:.0f}",
            Text(_verdict(outcome)),
        )
    return table


def _kept(outcome: Outcome) -> str:
    judged = [finding for finding in outcome.findings if finding.ok is not None]
    return f"{len(judged) - len(outcome.broken)}/{len(judged)}" if judged else "–"


def _verdict(outcome: Outcome) -> str:
    if outcome.error:
        return "the run broke"
    clauses = ", ".join(
        dict.fromkeys(f"{finding.clause} at {finding.stage}" for finding in outcome.broken)
    )
    return f"breaks {clauses}" if clauses else "; ".join(outcome.wrong) or "right"


def closing(found: Sequence[Outcome], page: Path | None) -> list[str]:
    """Return the lines below the table: how many are right, and how to look at them (all in `page`, where there is one)."""
    right = [outcome for outcome in found if not (outcome.error or outcome.wrong or outcome.broken)]
    whole = sum(outcome.seconds for outcome in found)
    folders = [outcome.folder for outcome in found if outcome.folder is not None]
    lines = [
        f"{len(right)} of {len(found)} are right; {whole:.0f} s. Clauses: those that a finished run can show."
    ]
    if page is None:
        lines += [f"report: {folder / 'report.html'}" for folder in folders]
    if len(folders) > 1:
        lines.append(
            f"side by side: ptyspec compare {' '.join(_short(folder) for folder in folders)}"
        )
    return lines if page is None else [*lines, f"dashboard: {page}"]


def _short(folder: Path) -> str:
    from ptyspec.runs.store import RunStore

    return folder.name[:8] if folder.parent == RunStore().root / "runs" else str(folder)


def tell_several(found: Sequence[Outcome], one: One, *, dashboard: bool, as_json: bool) -> int:
    """Print the summary (or one JSON document; each run in it is what `one` makes of it) and return the exit code."""
    import typer

    from ptyspec.cli.output import print_json, stderr, stdout

    folders = [outcome.folder for outcome in found if outcome.folder is not None]
    page = write_dashboard(folders) if dashboard and folders else None
    if as_json:
        print_json({**document(found, one), "dashboard": None if page is None else str(page)})
        return code_of(found)
    stdout().print(summary(found))
    for line in closing(found, page):
        typer.echo(line)
    for outcome in found:
        for line in (*outcome.wrong, outcome.error):
            if line:
                stderr().print(f"violation: {outcome.name}: {line}", markup=False, style="bold red")
    return code_of(found)


def write_dashboard(folders: Sequence[Path]) -> Path:
    """Write the dashboard of these runs, with what is known of clauses, faults and hypotheses, and return its page."""
    from ptyspec.cli.output import stderr
    from ptyspec.cli.report import gather, page_root
    from ptyspec.report.dashboard import write
    from ptyspec.runs.store import default_root

    place = default_root() / "reports" / "latest"
    with stderr().status("writing the dashboard"):
        return write.write_dashboard(place, gather(list(folders), [], None, page_root(None)))


def document(found: Sequence[Outcome], one: One) -> dict[str, Any]:
    """Return the content of `--json`; each run is what `one` makes of it, with its findings."""
    code = code_of(found)
    return {
        "schema_version": 1,
        "status": {0: "ok", VIOLATION: "violation", BROKEN: "broken"}[code],
        "runs": [_row(outcome, one) for outcome in found],
    }


def _row(outcome: Outcome, one: One) -> dict[str, Any]:
    if outcome.folder is None or outcome.metrics is None:
        return {
            "schema_version": 1,
            "status": "broken",
            "scenario": outcome.name,
            "error": outcome.error,
        }
    told = one(outcome.name, outcome.folder, dict(outcome.metrics))
    status = "violation" if outcome.broken else told["status"]
    return {
        **told,
        "status": status,
        "seconds": outcome.seconds,
        "findings": [asdict(row) for row in outcome.findings],
    }
