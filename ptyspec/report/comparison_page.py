"""A comparison for people: its tables, once, for the terminal and the files compare.md, .html and .png."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.page import page
from ptyspec.render.table import Mark, Table
from ptyspec.render.text import escape, json_text
from ptyspec.report.comparison import Comparison
from ptyspec.report.comparison_figure import figure
from ptyspec.report.comparison_runs import Compared
from ptyspec.scores import headline as scores

NAMES = ("compare.json", "compare.md", "compare.html", "compare.png")
CAPTIONS = {
    True: "Reconstructions on one colour scale, their errors on another; ring correlation and training below.",
    False: "Reconstructions, each on a colour scale of its own; ring correlation and training below.",
}
FRAMES = {
    True: "the same frames",
    False: "different frames",
    None: "frames of which there is no record",
}
AGREEMENT = {
    "amplitude_ratio": "amplitude ratio",
    "amplitude_pearson_r": "amplitude r",
    "phase_pearson_r": "phase r",
    "nrmse": "complex NRMSE",
}
DIGITS = ".6g"


def is_comparison(folder: Path) -> bool:
    """Say whether a folder holds a comparison and nothing else."""
    held = {path.name for path in folder.iterdir()}
    ours = held <= set(NAMES) and NAMES[0] in held
    return ours and "same_object" in read_json(folder / NAMES[0])


def write_comparison(folder: Path, runs: Sequence[Compared], found: Comparison) -> list[Path]:
    """Write the comparison into `folder` (made where absent) and return its files; every number is the document's.

    A figure that cannot be drawn costs nothing but itself: the text says why. Raises OutputFileError where the system
    refuses.
    """
    make_folder(folder)
    path = folder / "compare.png"
    path.unlink(missing_ok=True)
    saved, why = canvas.attempt(lambda: canvas.save(figure(runs, found.same_object), path))
    picture = f"![{CAPTIONS[found.same_object]}]({path.name})"
    if not saved:
        picture = f"The figure could not be drawn: {escape(why, 500)}"
    text = markdown(found, picture)
    write_json(folder / "compare.json", found)
    html = page(text, folder, found.status)
    for name, content in (("compare.md", text), ("compare.html", html)):
        with atomic_file(folder / name) as file:
            file.write(content.encode())
    return [folder / name for name in NAMES if (folder / name).exists()]


def markdown(found: Comparison, picture: str = "") -> str:
    """Return the comparison as Markdown; all text from outside is escaped."""
    names = r" \| ".join(escape(run.name) for run in found.runs)
    what = "one object" if found.same_object else "different objects"
    first, *others = tables(found)
    lines = [f"# ptyspec compare: {names}", ""]
    lines += [f"- {escape(run.name)}: {escape(run.folder, 400)}" for run in found.runs]
    lines += ["", f"The runs show {what}, reconstructed from {FRAMES[found.same_data]}.", ""]
    if found.limits:
        limits = (f"- {escape(line, 1000)}" for line in found.limits)
        lines += ["## What this comparison cannot say", "", *limits, ""]
    lines += first.section()
    lines += ["## Side by side", "", picture, ""] if picture else []
    lines += [line for table in others for line in table.section()]
    return "\n".join(lines).rstrip() + "\n"


def tables(found: Comparison) -> list[Table]:
    """Return the tables of a comparison that say something, the scores first."""
    kinds = (_results, _controls, _agreement, _settings, _environment, _stages, _training)
    return [table for kind in kinds if (table := kind(found)).rows or table.note]


def _columns(found: Comparison) -> list[scores.Score]:
    """Scores that any run has, those against a truth first."""
    present = {key for estimators in found.scores.values() for key in estimators["network"]}
    return [score for score in (*scores.WITH_TRUTH, *scores.WITHOUT_TRUTH) if score.key in present]


def _cells(found: dict[str, float | None], wanted: list[scores.Score]) -> list[str]:
    return [scores.shown(found.get(score.key), score.digits) for score in wanted]


def _results(found: Comparison) -> Table:
    wanted = _columns(found)
    rows = []
    for run in found.runs:
        cells = _cells(found.scores[run.name]["network"], wanted)
        rows.append((run.name, *cells, run.verdict))
    head = ("run", *(score.label for score in wanted), "verdict")
    return Table(head, rows, "The network's result")


def _controls(found: Comparison) -> Table:
    wanted = _columns(found)
    rows = [
        (f"{run}: {label}", *_cells(estimators[name], wanted))
        for name, label in scores.NAMES.items()
        for run, estimators in found.scores.items()
        if name != "network" and name in estimators
    ]
    head = ("run: estimator", *(score.label for score in wanted))
    return Table(head, rows, "The controls of each run")


def _agreement(found: Comparison) -> Table:
    rows = []
    for name, row in found.agreement.items():
        cells = [scores.shown(getattr(row, key), 4) for key in AGREEMENT]
        rows.append((f"{name} | {row.first}", row.pixels, *cells))
    reasons = [f"{name}: {row.reason}" for name, row in found.agreement.items() if row.reason]
    head = ("run beside the first", "pixels", *AGREEMENT.values())
    return Table(head, rows, "The reconstructions beside each other", "; ".join(reasons))


def _settings(found: Comparison) -> Table:
    names = _names(found)
    rows = []
    for row in found.settings:
        values = [row.values[name] for name in names]
        told = [one and f"{json_text(one.value)} ({one.source})" for one in values]
        rows.append((row.key, *told))
    note = "" if rows else "No setting differs."
    return Table(("setting", *names), rows, "Settings that differ", note, numbers=False)


def _environment(found: Comparison) -> Table:
    names = _names(found)
    rows = [
        (row.key, *(None if at is None else json_text(at) for at in row.values.values()))
        for row in found.environment
    ]
    return Table(("fact", *names), rows, "Environments that differ", numbers=False)


def _stages(found: Comparison) -> Table:
    names = _names(found)
    rows = []
    for row in found.stages:
        if row.differs:
            first, *others = values = [row.values[name] for name in names]
            ratios = [one / first if first and one is not None else None for one in others]
            told = [Mark(value, form=DIGITS) for value in values]
            told += [Mark(ratio, form=".4f") for ratio in ratios]
            rows.append((f"{row.stage}: {row.quantity}", *told))
    quotients = ["second / first"] if len(names) == 2 else [f"{name} / first" for name in names[1:]]
    equal, count = len(found.stages) - len(rows), len(found.stages)
    note = f"{equal} of {count} numbers of the stages are equal to the last bit and not shown."
    if found.first_stage_that_differs:
        note = f"The first stage that differs is {found.first_stage_that_differs}. {note}"
    return Table(("stage: quantity", *names, *quotients), rows, "Stages", note)


def _training(found: Comparison) -> Table:
    rows = []
    for name in _names(found):
        row, cost = found.training[name], found.cost[name]
        told = (None,) * 3 if row is None else (row.epochs, row.best_epoch, row.best)
        spent = (f"{cost.seconds:.1f}", f"{cost.cpu_seconds:.1f}", f"{cost.peak_rss_mb:.0f}")
        rows.append((name, *told, *spent))
    kept = ("epochs", "kept epoch", "smallest monitored value")
    head = ("run", *kept, "seconds", "CPU seconds", "peak MB")
    return Table(head, rows, "Training and cost")


def _names(found: Comparison) -> list[str]:
    return [run.name for run in found.runs]
