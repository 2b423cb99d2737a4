"""A comparison for people: its tables, once, for the terminal and the files compare.md, .html and .png."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.contracts.records import Setting
from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.canvas import Frame, Views, align_phase, frame_of, has_no_phase, place
from ptyspec.render.page import page
from ptyspec.render.table import Mark, Table, escape, json_text
from ptyspec.report.comparison import DRAWN, Compared, Comparison, DiffersRow
from ptyspec.report.maps import side_by_side
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("compare.json", "compare.md", "compare.html", "compare.png")
CAPTION = "A run a row: amplitude, error and phase, each column on one colour scale."
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


def is_comparison(folder: Path) -> bool:
    """Say whether a folder holds a comparison and nothing else."""
    held = {path.name for path in folder.iterdir()}
    ours = held <= set(NAMES) and NAMES[0] in held
    return ours and "same_object" in read_json(folder / NAMES[0])


def write_comparison(folder: Path, runs: Sequence[Compared], found: Comparison) -> list[Path]:
    """Write the comparison into `folder` (made where absent) and return its files; every number is the document's.

    The figure is of runs that show one object. One that cannot be drawn costs nothing but itself: the text says why.
    Raises OutputFileError where the system refuses.
    """
    path = make_folder(folder) / "compare.png"
    path.unlink(missing_ok=True)
    picture = ""
    if found.same_object:
        saved, why = canvas.attempt(lambda: canvas.save(figure(runs), path))
        picture = f"![{CAPTION}]({path.name})" if saved else f"It could not be drawn: {escape(why)}"
    text = markdown(found, picture)
    write_json(folder / "compare.json", found)
    for name, content in (("md", text), ("html", page(text, folder, found.status))):
        with atomic_file(folder / f"compare.{name}") as file:
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
    none = "" if found.settings else "No setting differs."
    made = (
        _scores(found),
        _agreement(found),
        _differing(found, found.settings, "Settings that differ", none),
        _differing(found, found.environment, "Environments that differ"),
        _stages(found),
        _training(found),
    )
    return [table for table in made if table.rows or table.note]


def _scores(found: Comparison) -> Table:
    """Each run with its controls below it; scores that any run has, those against a truth first."""
    present = {key for estimators in found.scores.values() for key in estimators["network"]}
    every = (*scores.WITH_TRUTH, *scores.WITHOUT_TRUTH)
    wanted = [score for score in every if score.key in present]
    rows = []
    for run in found.runs:
        for name, values in found.scores[run.name].items():
            own = name == "network"
            label = run.name if own else f"{run.name}: {scores.NAMES.get(name, name)}"
            cells = [scores.shown(values.get(score.key), score.digits) for score in wanted]
            rows.append((label, *cells, run.verdict if own else ""))
    return Table(("run", *(score.label for score in wanted), "verdict"), rows, "Scores")


def _agreement(found: Comparison) -> Table:
    rows = []
    for name, row in found.agreement.items():
        cells = [scores.shown(getattr(row, key), 4) for key in AGREEMENT]
        rows.append((f"{name} | {row.first}", row.pixels, *cells))
    reasons = [f"{name}: {row.reason}" for name, row in found.agreement.items() if row.reason]
    head = ("run beside the first", "pixels", *AGREEMENT.values())
    return Table(head, rows, "The reconstructions beside each other", "; ".join(reasons))


def _differing(found: Comparison, rows: Sequence[DiffersRow], title: str, note: str = "") -> Table:
    cells = [(row.key, *map(_told, row.values.values())) for row in rows]
    return Table(("", *_names(found)), cells, title, note, numbers=False)


def _told(value: object) -> str | None:
    if isinstance(value, Setting):
        return f"{json_text(value.value)} ({value.source})"
    return None if value is None else json_text(value)


def _stages(found: Comparison) -> Table:
    names = _names(found)
    rows = []
    for row in found.stages:
        if row.differs:
            first, *others = values = [row.values[name] for name in names]
            ratios = [one / first if first and one is not None else None for one in others]
            told = [Mark(value, form=".6g") for value in values]
            told += [Mark(ratio, form=".4f") for ratio in ratios]
            rows.append((f"{row.stage}: {row.quantity}", *told))
    equal, count = len(found.stages) - len(rows), len(found.stages)
    note = f"{equal} of {count} numbers of the stages are equal to the last bit and not shown."
    if found.first_stage_that_differs:
        note = f"The first stage that differs is {found.first_stage_that_differs}. {note}"
    head = ("stage: quantity", *names, *(f"{name} / first" for name in names[1:]))
    return Table(head, rows, "Stages", note)


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


def figure(runs: Sequence[Compared]) -> "Figure":
    """Draw the first DRAWN runs beside the truth, or beside the first where no truth is known."""
    drawn = runs[:DRAWN]
    made = {one.name: one.run.reconstruction for one in drawn}
    frames = [frame_of(one) for one in made.values()]
    left, top = min(one.x0 for one in frames), min(one.y0 for one in frames)
    right = max(one.x0 + one.width for one in frames)
    bottom = max(one.y0 + one.height for one in frames)
    frame = Frame(left, top, right - left, bottom - top)
    placed = {name: place(one.object, one.origin, frame) for name, one in made.items()}
    known = drawn[0].truth
    truth = None if known is None else place(known, (0, 0), frame)
    reference = placed[drawn[0].name] if truth is None else truth
    seen = Views(
        frame=frame,
        estimates={name: align_phase(image, reference) for name, image in placed.items()},
        truth=truth,
        blocks={one.name: scores.blocks(one.run.metrics)["network"] for one in drawn},
        zero_phase=truth is not None and has_no_phase(truth),
        results=tuple(made),
    )
    return side_by_side(seen, "runs side by side, no rescaling")
