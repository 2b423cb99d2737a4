"""What runs came to: scores beside their baselines, the verdict of each, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.cli.run_several import Outcome, code_of

if TYPE_CHECKING:
    from ptyspec.render.table import Table

SCHEMA_VERSION = 1
HEADS = ("mean ratio", "amplitude r", "high-pass r", "trivial baseline", "untrained baseline")
"""Scores of the network; the last two are the high-pass r of estimates that learned nothing."""
DETAIL = "amplitude.highpass_pearson_r"
PATHS = (
    "amplitude.mean_ratio",
    "amplitude.pearson_r",
    DETAIL,
    f"controls.trivial.{DETAIL}",
    f"controls.untrained.{DETAIL}",
)


def tell(outcomes: Sequence[Outcome], *, dashboard: bool, as_json: bool) -> int:
    """Print what the runs came to, as text or as one JSON document, and return the exit code."""
    import typer

    from ptyspec.cli.output import print_json, stderr, stdout
    from ptyspec.report.answer import score_table

    folders = [outcome.folder for outcome in outcomes if outcome.folder is not None]
    page = write_dashboard(folders) if dashboard and folders else None
    alone = outcomes[0] if len(outcomes) == 1 and not outcomes[0].error else None
    if as_json:
        told = one_document(alone) if alone else document(outcomes)
        print_json({**told, "dashboard": None if page is None else str(page)})
        return code_of(outcomes)
    if alone:
        stdout().print(score_table(alone.metrics or {}).terminal())
    else:
        stdout().print(summary(outcomes).terminal())
    for line in _alone(alone, page) if alone else closing(outcomes, page):
        typer.echo(line)
    for outcome in outcomes:
        if outcome.error:
            said = f"broke: {outcome.name}: {outcome.error}"
            stderr().print(said, markup=False, style="bold red")
    return code_of(outcomes)


def summary(outcomes: Sequence[Outcome]) -> Table:
    """Return the table: the network's scores, what the baselines reach, and the verdict."""
    from ptyspec.render.table import Table
    from ptyspec.scores import headline as scores

    rows = []
    for outcome in outcomes:
        metrics = outcome.metrics or {}
        cells = [scores.shown(scores.lookup(metrics, path)) for path in PATHS]
        rows.append((outcome.name, *cells, f"{outcome.seconds:.0f}", outcome.words))
    numbers = (*HEADS, "seconds")
    return Table(("", *numbers, "verdict"), rows, numbers=numbers)


def _alone(outcome: Outcome, page: Path | None) -> list[str]:
    """Return the lines below the scores of one run; the verdict comes last."""
    assert outcome.folder is not None
    assert outcome.verdict is not None
    lines = [f"report: {outcome.folder / 'report.md'}"]
    if _page(outcome.folder):
        lines.append(f"page:   {_page(outcome.folder)}")
    if page is not None:
        lines.append(f"dashboard: {page}")
    return [*lines, outcome.verdict.last_line]


def closing(outcomes: Sequence[Outcome], page: Path | None) -> list[str]:
    """Return the lines below the table: how to look at the runs, and how many there are of each verdict."""
    folders = [outcome.folder for outcome in outcomes if outcome.folder is not None]
    lines = []
    if page is None:
        lines += [f"report: {folder / 'report.html'}" for folder in folders]
    else:
        lines.append(f"dashboard: {page}")
    if len(folders) > 1:
        named = " ".join(_short(folder) for folder in folders)
        lines.append(f"side by side: ptyspec compare {named}")
    words = [outcome.verdict.status if outcome.verdict else "broken" for outcome in outcomes]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    whole = sum(outcome.seconds for outcome in outcomes)
    return [*lines, f"{len(outcomes)} runs in {whole:.0f} s: {', '.join(counts)}"]


def _short(folder: Path) -> str:
    from ptyspec.runs.store import RunStore

    return folder.name[:8] if folder.parent == RunStore().root / "runs" else str(folder)


def _page(folder: Path) -> str | None:
    page = folder / "report.html"
    return str(page) if page.is_file() else None


def write_dashboard(folders: Sequence[Path]) -> Path:
    """Write the dashboard of these runs, with what is known of clauses, faults and hypotheses, and return its page."""
    from ptyspec.cli.output import stderr
    from ptyspec.cli.report import gather, page_root
    from ptyspec.report.dashboard import write
    from ptyspec.runs.store import default_root

    place = default_root() / "reports" / "latest"
    with stderr().status("writing the dashboard"):
        return write.write_dashboard(place, gather(list(folders), [], None, page_root(None)))


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the content of `--json` for several runs; `status` is that of the worst one."""
    from ptyspec.checks.verdict import worst

    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
    broken = any(outcome.error for outcome in outcomes)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "broken" if broken else worst(verdicts),
        "runs": [one_document(outcome) for outcome in outcomes],
    }


def one_document(outcome: Outcome) -> dict[str, Any]:
    """Return one run of `--json`: the headline at top level, scores beside baselines, the verdict."""

    head = {"schema_version": SCHEMA_VERSION, "scenario": outcome.name, "seconds": outcome.seconds}
    if outcome.folder is None or outcome.verdict is None:
        return {**head, "status": "broken", "error": outcome.error}
    verdict = outcome.verdict
    return {
        **head,
        "status": verdict.status,
        "run": str(outcome.folder),
        "report": str(outcome.folder / "report.md"),
        "page": _page(outcome.folder),
        **headlines(outcome.metrics or {}),
        "verdict": verdict.as_json(),
        "violations": [f"{row.clause} at {row.stage}: {row.observed}" for row in verdict.failed],
    }


def headlines(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of the table as data: the network, its refinement if there is one, and the controls."""
    from ptyspec.scores import headline as scores

    wanted = scores.columns(metrics)
    found = {name: scores.headline(block, wanted) for name, block in scores.blocks(metrics).items()}
    refined = found.pop("refined", None)
    return {"metrics": found.pop("network"), "refined": refined, "controls": found}
