"""The report hub: every audit of every subject in one self-describing folder (docs/audits.md).

It appears whole, by one rename; a killed process leaves only a folder with a leading dot.
"""

import re
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from ptyspec.checks import report
from ptyspec.checks.references import reference
from ptyspec.checks.registry import KINDS, perform
from ptyspec.checks.report import HUB, Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.records import Environment
from ptyspec.errors import (
    OutputExistsError,
    OutputFileError,
    PtyspecError,
    TrainingInterruptedError,
)
from ptyspec.files.disk import atomic_file, check_place, clear_errors, make_folder
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import Mark, Table, escape
from ptyspec.runs.environment import environment

INDEX = "index.md"
PARTIAL = ".unfinished-"
STALE_SECONDS = 86_400.0
"""An unfinished folder that is older was left by a killed process."""
NAMED = 3
"""So many subjects stand in the folder's name."""
CHECK = (
    "Every number here is a link to a field of a JSON file; the link's title is the format. "
    "`ptyspec audit --check FOLDER` reads each again."
)

Failure = tuple[report.Standing, str]
"""`not evaluated` or `defect`, and the error's text."""


def write_hub(
    out: Path,
    subjects: Sequence[StageOutputs],
    *,
    command: str = "",
    watch: Callable[[int, int, str], None] = lambda *_: None,
    kinds: Sequence[str] = tuple(KINDS),
) -> tuple[Path, report.HubFile]:
    """Audit all of them, side by side, by every kind, and return the new folder below `out`; nothing is overwritten.

    A kind that fails with a PtyspecError is an entry with the error's text, for those subjects that it fails on; one
    that fails otherwise is a `defect`. Only an interruption, or a disk that takes nothing more, ends it without a
    folder; finished runs stay in the store, so that the same command goes on from there. `watch` gets the number of
    kinds done, of all, and the one at work.
    """
    check_place(out, "hubs", lambda _: True)
    if (out / HUB).exists():
        message, above = "this is a finished hub", f"name the folder above: --out {out.parent}"
        raise OutputExistsError(message, value=out, source="--out", next_step=above)
    began = datetime.now(UTC)
    names = [re.sub(r"[^\w.]", "-", one.name).strip("-.") for one in subjects[:NAMED]]
    stem = "-".join([f"{began:%Y-%m-%dT%H%M%S.%fZ}", *names])
    make_folder(out)
    for left in out.glob(f"{PARTIAL}*"):
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    with clear_errors(out), tempfile.TemporaryDirectory(prefix=PARTIAL, dir=out) as aside:
        folder, audits, rows = make_folder(Path(aside) / stem), list[Audit](), {}
        for place, kind in enumerate(kinds):
            watch(place, len(kinds), kind)
            audit, errors = _audited(kind, subjects)
            rows[kind] = _row(kind, audit, errors, subjects)
            if audit is not None:
                report.write_audit(folder, audit)
                audits.append(audit)
        found = {status for row in rows.values() for status in row.subjects.values()}
        document = report.HubFile(
            status=next(status for status in get_args(report.Standing) if status in found),
            command=command,
            time=began.isoformat(timespec="seconds"),
            environment=Environment.model_validate(environment({})),
            subjects=[report.SubjectRow.model_validate(one.subject.as_json()) for one in subjects],
            kinds=rows,
            findings=[
                report.HubFinding(kind=audit.kind, **row.model_dump())
                for audit in audits
                for row in audit.rows()
                if not row.ok
            ],
        )
        with atomic_file(folder / INDEX) as file:
            file.write("\n".join(_index(document, audits)).encode())
        write_json(folder / HUB, document)
        return folder.rename(out / stem), document


def tables(document: report.HubFile) -> list[Table]:
    """Return the status of each kind and subject, and what could not be looked at where there is any."""
    names = [row.name for row in document.subjects]
    status = [
        [
            Mark(kind, link=row.page or ""),
            *(
                reference(HUB, row.subjects[name], "kinds", kind, "subjects", name)
                for name in names
            ),
            row.question,
        ]
        for kind, row in document.kinds.items()
    ]
    errors = [
        [kind, name, reference(HUB, text, "kinds", kind, "errors", name)]
        for kind, row in document.kinds.items()
        for name, text in row.errors.items()
    ]
    parts = (
        Table(["audit", *names, "question"], status, "Status", numbers=False, styles=report.STYLES),
        Table(["audit", "subject", "error"], errors, "Not looked at", numbers=False),
    )
    return [table for table in parts if table.rows]


def _index(document: report.HubFile, audits: Sequence[Audit]) -> list[str]:
    names = ", ".join(escape(row.name) for row in document.subjects)
    command = Mark(document.command, code=True).markdown()
    written = f"Written {document.time} by {command}; [{HUB}]({HUB}) has the environment."
    lines = [f"# Audits of {names}: {document.status}", "", written, ""]
    for table in tables(document):
        lines += table.section()
    for audit in audits:
        if (open_ := audit.held(holding=False)).rows:
            page = f"[{audit.kind}]({audit.kind}.md)"
            lines += [f"## What does not hold: {page}", "", *open_.markdown(), ""]
    return [*lines, CHECK, ""]


def _audited(
    kind: str, subjects: Sequence[StageOutputs]
) -> tuple[Audit | None, Mapping[str, Failure]]:
    """Audit all side by side; where that fails, find out with whom, and audit the others."""
    whole = _tried(kind, subjects)
    if isinstance(whole, Audit):
        return whole, {}
    alone = {one.name: _tried(kind, [one]) for one in subjects} if len(subjects) > 1 else {}
    errors = {name: told for name, told in alone.items() if not isinstance(told, Audit)}
    others = [one for one in subjects if one.name not in errors]
    again = _tried(kind, others) if errors and others else whole
    if isinstance(again, Audit):
        return again, errors
    # Nobody alone, or the others do not go together either.
    return None, {one.name: errors.get(one.name, again) for one in subjects}


def _tried(kind: str, subjects: Sequence[StageOutputs]) -> Audit | Failure:
    try:
        return perform(kind, subjects)
    except (TrainingInterruptedError, OutputFileError):
        raise
    except PtyspecError as error:
        return "not evaluated", str(error)
    except Exception as error:  # one broken audit must not cost the others: it is told, exit code 3
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return "defect", f"{type(error).__name__}: {error} ({place})"


def _row(
    kind: str, audit: Audit | None, errors: Mapping[str, Failure], subjects: Sequence[StageOutputs]
) -> report.HubKind:
    outcomes = [finding.ok for finding in audit.findings] if audit else []
    standing = {name: status for name, (status, _) in errors.items()}
    if audit is not None:
        standing |= {row["name"]: report.status_of(audit.of(row["name"])) for row in audit.subjects}
    return report.HubKind(
        question=KINDS[kind],
        page=None if audit is None else f"{kind}.md",
        holds=outcomes.count(True),
        broken=outcomes.count(False),
        not_evaluated=outcomes.count(None),
        subjects={one.name: standing[one.name] for one in subjects},
        errors={name: f"{status}: {text}" for name, (status, text) in errors.items()},
    )
