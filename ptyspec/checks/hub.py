"""The report hub: every audit of every subject in one self-describing folder.

OUT/<UTC time>-<names>/   appears whole, by one rename; a killed process leaves only a folder with a leading dot
    index.md              status by kind and subject, broken clauses, what was not evaluated, the tests behind them
    hub.json              the same as data: command, environment, time, digests of all files
    KIND.json, KIND.md    each audit, all subjects side by side
    figures/KIND-*.png    its figures
    subjects/NAME.json    the effective settings of a subject, with provenance
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from ptyspec.checks.documents import (
    HubContent,
    HubError,
    HubFile,
    HubFinding,
    HubKind,
    HubSubject,
    Standing,
    Tests,
)
from ptyspec.checks.index import index
from ptyspec.checks.registry import KINDS, perform
from ptyspec.checks.report import Audit, about, status_of
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.write import HUB, write_audit
from ptyspec.contracts.records import Environment
from ptyspec.errors import (
    OutputExistsError,
    OutputFileError,
    PtyspecError,
    TrainingInterruptedError,
)
from ptyspec.files.disk import check_place, clear_errors, make_folder
from ptyspec.files.files import atomic_file, sha256_of
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.environment import environment
from ptyspec.spec.finding import Finding

INDEX = "index.md"
PARTIAL = ".unfinished-"
STALE_SECONDS = 86_400.0
"""An unfinished folder that nobody has touched for so long was left by a killed process."""
NAMED = 3
"""So many subjects stand in the folder's name."""

Watch = Callable[[int, int, str], None]
Failure = tuple[Literal["not evaluated", "defect"], str]


@dataclass(frozen=True)
class Entry:
    """One kind: its audit of those subjects that it could look at, and why not the others."""

    kind: str
    audit: Audit | None
    errors: Mapping[str, Failure]
    """By subject: `not evaluated` or `defect`, and the error's text."""
    seconds: float

    def status(self, name: str) -> Standing:
        """Return how it stands with one subject: findings about it, or about all."""
        if name in self.errors or self.audit is None:
            return self.errors[name][0]
        names = [subject["name"] for subject in self.audit.subjects]
        return status_of(one for one in self.audit.findings if name in about(one, names))


@dataclass(frozen=True)
class Hub:
    """A finished hub."""

    folder: Path
    content: Mapping[str, Any]
    """hub.json."""


def check_out(out: Path) -> None:
    """Raise OutputExistsError where no hub can be put into `out`; call it before the work is done."""
    check_place(out, "hubs", lambda _: True)
    if (out / HUB).exists():
        raise OutputExistsError(
            "this is a finished hub",
            value=out,
            source="--out",
            next_step=f"name the folder above: --out {out.parent}",
        )


def write_hub(
    out: Path,
    materials: Sequence[StageOutputs],
    *,
    command: str = "",
    watch: Watch | None = None,
    tests: Callable[[Sequence[str]], Tests] | None = None,
    kinds: Sequence[str] = tuple(KINDS),
) -> Hub:
    """Audit all of them, side by side, by every kind, and return the new folder below `out`; nothing is overwritten.

    A kind that fails with a PtyspecError is an entry with the error's text, for those subjects that it fails on; one
    that fails otherwise is a `defect`. Only an interruption, or a disk that takes nothing more, ends it without a
    folder; finished runs stay in the store, so that the same command goes on from there. `watch` gets the number of
    kinds done, of all, and the one at work; `tests` finds the cases behind clauses (`tested.behind`).
    """
    check_out(out)
    began, since = datetime.now(UTC), time.monotonic()
    with _folder(out, began, materials) as folder:
        entries, tell = [], watch or (lambda *_: None)
        for place, kind in enumerate(kinds):
            tell(place, len(kinds), kind)
            entries.append(_entry(kind, materials))
            if (audit := entries[-1].audit) is not None:
                write_audit(folder, audit)
        tell(len(kinds), len(kinds), "the tests behind the clauses")
        named = [one.clause for entry in entries for one in _findings(entry)]
        document = HubFile(
            status=_worst(entries, materials),
            command=command,
            time=began.isoformat(timespec="seconds"),
            environment=Environment.model_validate(environment({})),
            subjects=_subjects(folder, materials),
            kinds={entry.kind: _kind(entry, materials, folder) for entry in entries},
            findings=_rows(entries),
            tests=tests(list(dict.fromkeys(named))) if tests else Tests(),
            seconds=time.monotonic() - since,
        )
        with atomic_file(folder / INDEX) as file:
            file.write(index(document.model_dump(mode="json", by_alias=True)).encode())
        document = document.model_copy(update={"files": _contents(folder)})
        content = document.model_dump(mode="json", by_alias=True)
        write_json(folder / HUB, content)
        final = _publish(folder, out)
    return Hub(final, content)


def _entry(kind: str, materials: Sequence[StageOutputs]) -> Entry:
    """Audit all side by side; where that fails, find out with whom, and audit the others."""
    began = time.monotonic()
    audit, error = _tried(kind, materials)
    errors: dict[str, Failure] = {}
    if error is not None:
        several = materials if len(materials) > 1 else ()
        alone = {material.name: _tried(kind, [material])[1] for material in several}
        errors = {name: failure for name, failure in alone.items() if failure is not None}
        others = [material for material in materials if material.name not in errors]
        if errors and others:
            audit, error = _tried(kind, others)
        if error is not None:  # nobody alone, or the others do not go together either
            errors = {material.name: errors.get(material.name, error) for material in materials}
    return Entry(kind, audit, errors, time.monotonic() - began)


def _tried(kind: str, materials: Sequence[StageOutputs]) -> tuple[Audit | None, Failure | None]:
    try:
        return perform(kind, materials), None
    except (TrainingInterruptedError, OutputFileError):
        raise
    except PtyspecError as error:
        return None, ("not evaluated", str(error))
    except Exception as error:  # one broken audit must not cost the others: it is told, exit code 3
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return None, ("defect", f"{type(error).__name__}: {error} ({place})")


def _contents(folder: Path) -> tuple[HubContent, ...]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in files]
    return tuple(
        HubContent(path=name, bytes=path.stat().st_size, sha256=sha256_of(path))
        for name, path in zip(names, files, strict=True)
    )


def _findings(entry: Entry) -> Sequence[Finding]:
    return entry.audit.findings if entry.audit is not None else ()


def _worst(entries: Sequence[Entry], materials: Sequence[StageOutputs]) -> Standing:
    found = {entry.status(material.name) for entry in entries for material in materials}
    return next((status for status in get_args(Standing) if status in found), "incomplete")


def _subjects(folder: Path, materials: Sequence[StageOutputs]) -> list[HubSubject]:
    make_folder(folder / "subjects")
    rows: list[HubSubject] = []
    for place, material in enumerate(materials):
        file = f"subjects/{_slug(material.name)}.json"
        if any(row.settings == file for row in rows):
            file = f"subjects/{_slug(material.name)}-{place}.json"
        write_json(folder / file, material.subject.resolved.as_json())
        made = material.__dict__.get("finished")  # only where an audit needed the run
        run = str(made.folder) if made is not None else None
        told = {**material.subject.as_json(), "settings": file, "run": run}
        rows.append(HubSubject.model_validate(told))
    return rows


def _kind(entry: Entry, materials: Sequence[StageOutputs], folder: Path) -> HubKind:
    audit = entry.audit
    outcomes = [finding.ok for finding in _findings(entry)]
    figures = sorted(folder.glob(f"figures/{entry.kind}-*.png"))
    return HubKind(
        question=KINDS[entry.kind].question,
        seconds=entry.seconds,
        json=None if audit is None else f"{entry.kind}.json",
        page=None if audit is None else f"{entry.kind}.md",
        holds=outcomes.count(True),
        broken=outcomes.count(False),
        not_evaluated=outcomes.count(None),
        violated=[] if audit is None else audit.violated(),
        subjects={material.name: entry.status(material.name) for material in materials},
        errors=[
            HubError(subject=name, status=told, text=text)
            for name, (told, text) in entry.errors.items()
        ],
        figures=[f"figures/{path.name}" for path in figures],
    )


def _rows(entries: Sequence[Entry]) -> list[HubFinding]:
    """Every finding that is broken or was not evaluated, and where it stands."""
    keys = ("clause", "ok", "what", "limit", "pointer")
    return [
        HubFinding(kind=entry.kind, place=place, **{key: row[key] for key in keys})
        for entry in entries
        if entry.audit is not None
        for place, row in enumerate(entry.audit.as_json()["findings"])
        if not row["ok"]
    ]


@contextmanager
def _folder(out: Path, began: datetime, materials: Sequence[StageOutputs]) -> Iterator[Path]:
    """A hidden folder in `out` that is removed again unless it was renamed."""
    make_folder(out)
    with clear_errors(out):
        for left in out.glob(f"{PARTIAL}*"):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        names = [_slug(material.name) for material in materials]
        more = [f"and-{len(names) - NAMED}-more"] if len(names) > NAMED else []
        stem = "-".join([began.strftime("%Y-%m-%dT%H%M%SZ"), *names[:NAMED], *more])
        aside = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=out))
        try:
            yield make_folder(aside / stem)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _publish(folder: Path, out: Path) -> Path:
    for count in range(1, 100):
        final = out / (folder.name if count == 1 else f"{folder.name}-{count}")
        if not final.exists():
            return folder.rename(final)
    raise OutputExistsError("a hundred hubs were written in one second", value=out / folder.name)


def _slug(name: str) -> str:
    return re.sub(r"[^\w.]", "-", name).strip("-.") or "subject"
