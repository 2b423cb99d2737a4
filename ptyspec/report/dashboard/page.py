"""The files of a dashboard: dashboard.html for people, which loads nothing, and report.json for programs."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ptyspec.errors import InputFileError
from ptyspec.files.disk import atomic_file, check_place, clear_errors, make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.dashboard.document import COUNTS, ClauseRow, Report, counts
from ptyspec.report.dashboard.gather import Sources, content, pictures
from ptyspec.report.scoreboard import MARKS, Column, shown, table
from ptyspec.scores import headline as scores
from ptyspec.spec.clause import PLACES

PAGE, DATA = "dashboard.html", "report.json"
GLYPHS = {
    "passed": "✓",
    "partly run": "◐",
    "failed": "✕",
    "error": "!",
    "not reached": "–",
    "not run": "○",
}


def write_dashboard(out: Path, sources: Sources) -> Report:
    """Write both files into `out` (created if absent; an earlier dashboard there is replaced) and return what they say.

    Raises OutputExistsError where the folder holds files of these names that no dashboard wrote, InputFileError for a
    source that is none, OutputFileError where the system refuses.
    """
    check_out(out)
    found = content(sources, out)
    drawn = {key: pictures(run) for key, run in zip(found.runs, sources.runs, strict=True)}
    text = page(found, drawn)
    with clear_errors(make_folder(out)):
        write_json(out / DATA, found)
        with atomic_file(out / PAGE) as file:
            file.write(text.encode())
    return found


def check_out(out: Path) -> None:
    """Raise OutputExistsError where a dashboard would replace what is none."""
    check_place(out, "a dashboard of this name", _ours)


def _ours(folder: Path) -> bool:
    if not any((folder / name).exists() for name in (PAGE, DATA)):
        return True  # other files of the folder stay as they are
    try:
        found = read_json(folder / DATA)
    except InputFileError:
        return False
    return isinstance(found, dict) and {"schema_version", "headline", "wrong"} <= set(found)


def page(report: Report, drawn: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the HTML of a report; `drawn`: the pictures of each run. Equal content gives equal bytes.

    All text is escaped, scripts other than the page's own are forbidden by its policy, and nothing is loaded.
    """
    templates = Environment(
        loader=PackageLoader("ptyspec.report.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = templates.get_template("script.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    documents: dict[str, list[ClauseRow]] = {}
    for row in report.clauses.values():
        documents.setdefault(row.document, []).append(row)

    def evidence(one: Column, clause: str) -> str:
        return f"#pipeline-{report.pipelines.index(one)}{clause and '-'}{clause}"

    return templates.get_template("page.html.j2").render(
        **dict(report),
        data=report.model_dump(mode="json"),
        script=Markup(script),
        script_digest=digest,
        places=PLACES,
        glyphs=GLYPHS,
        documents=documents,
        counts=counts,
        states=COUNTS,
        pictures=drawn,
        board=table(report.pipelines, evidence).html(),
        judging=shown(report.pipelines),
        marks=MARKS,
        columns={score.key: score for score in (*scores.WITH_TRUTH, *scores.WITHOUT_TRUTH)},
        names=scores.NAMES,
        shown=scores.shown,
    )
