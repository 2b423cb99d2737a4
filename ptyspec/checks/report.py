"""An audit: data, tables whose numbers point into them, findings by clause, figures; as a page and as files.

KIND.json and hub.json are the models below, of which their schemas are made.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ptyspec.checks.references import LINK, plain, reference
from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Environment
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.files.jsonfile import read_document, write_json
from ptyspec.render import canvas
from ptyspec.render.table import FORM, LONG, Mark, Table, escape
from ptyspec.runs.run_spec import Kind as SubjectKind
from ptyspec.spec.clause import ID
from ptyspec.spec.finding import Finding, State

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ClauseId = Annotated[str, Field(pattern=f"^{ID}$")]
Count = Annotated[int, Field(ge=0)]
Status = Literal["ok", "violation", "incomplete"]
Standing = Literal["violation", "defect", "not evaluated", "incomplete", "ok"]
"""From worst to best; `defect`: an audit failed by something that is no error of the user's."""


class SubjectRow(Record):
    """What was audited."""

    name: str
    kind: SubjectKind
    source: str


class FindingRow(Record):
    """A clause held against a value."""

    clause: ClauseId
    stage: str
    what: str
    state: State
    ok: bool | None = Field(description="null: not evaluated, and limit says why")
    observed: str | None
    limit: str


class FigureRow(Record):
    """A figure; `error` says why there is no file."""

    name: str
    caption: str
    file: str | None = None
    error: str | None = None


class AuditFile(Record):
    """KIND.json."""

    schema_version: Literal[3] = 3
    status: Status
    kind: str
    question: str
    control: str | None = Field(description="the data were spoiled by it on purpose")
    violated: list[ClauseId]
    subjects: list[SubjectRow]
    data: dict[str, Any] = Field(description="every number of the Markdown is one of these facts")
    findings: list[FindingRow]
    figures: list[FigureRow]
    notes: list[str]


class HubKind(Record):
    """One audit of all subjects; `errors` says by subject why it could not look."""

    question: str
    page: str | None
    holds: Count
    broken: Count
    not_evaluated: Count
    subjects: dict[str, Standing]
    errors: dict[str, str]


class HubFinding(FindingRow):
    """A finding that is broken or was not evaluated."""

    kind: str


class HubFile(Record):
    """hub.json."""

    schema_version: Literal[2] = 2
    status: Standing
    command: str
    time: str
    environment: Environment
    subjects: list[SubjectRow]
    kinds: dict[str, HubKind]
    findings: list[HubFinding]


HUB = "hub.json"
"""The file by which a folder is known to be a finished hub."""
BROKEN = "broken"
MARKS = {False: BROKEN, None: "not evaluated", True: "holds"}
"""How findings are told, and in which order."""
STYLES = {
    **dict.fromkeys(("ok", "holds"), "green"),
    **dict.fromkeys(("violation", "defect", BROKEN), "bold red"),
    **dict.fromkeys(("incomplete", "not evaluated"), "yellow"),
}
"""How a terminal shows a state."""


def status_of(findings: Iterable[Finding]) -> Status:
    """Return the status of these findings; none at all is no evidence."""
    outcomes = {finding.ok for finding in findings}
    return "violation" if False in outcomes else "ok" if outcomes == {True} else "incomplete"


@dataclass
class Audit:
    """One audit of one kind. `data` holds JSON values only; tables point into it."""

    kind: str
    question: str
    subjects: tuple[dict[str, str], ...]
    data: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    figures: "list[tuple[FigureRow, Callable[[], Figure]]]" = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    control: str | None = None
    """The positive control that was applied, if any: its findings are about spoiled data."""

    @property
    def status(self) -> Status:
        """`violation` where a clause is broken, else `incomplete` where one or all could not be evaluated, else `ok`."""
        return status_of(self.findings)

    def violated(self) -> list[str]:
        """Return the ids of broken clauses, each once."""
        return list(dict.fromkeys(one.clause for one in self.findings if one.ok is False))

    def ref(self, *parts: str, form: str = FORM) -> Mark:
        """Return data[parts[0]][parts[1]]... as a cell of a table; KeyError where it is not there."""
        value: Any = self.data
        for part in parts:
            value = value[part]
        return reference(f"{self.kind}.json", value, "data", *parts, form=form)

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add a table; numbers must be made by `ref`."""
        self.tables.append(Table(head, list(rows), title))

    def extend(self, name: str, findings: Iterable[Finding]) -> None:
        """Add what a check found of this subject."""
        self.findings += [replace(one, what=f"{name}: {one.what}") for one in findings]

    def of(self, name: str) -> list[Finding]:
        """Return the findings about a subject; those that name none are about all."""
        others = tuple(f"{one['name']}: " for one in self.subjects if one["name"] != name)
        return [one for one in self.findings if not one.what.startswith(others)]

    def figure(self, name: str, caption: str, draw: "Callable[[], Figure]") -> None:
        """Add a figure, drawn only when the audit is written to a folder."""
        self.figures.append((FigureRow(name=name, caption=caption), draw))

    def document(self, figures: Iterable[FigureRow] = ()) -> AuditFile:
        """Return KIND.json; JSON values where `data` holds nothing else."""
        return AuditFile(
            status=self.status,
            kind=self.kind,
            question=self.question,
            control=self.control,
            violated=self.violated(),
            subjects=[SubjectRow.model_validate(row) for row in self.subjects],
            data=plain(self.data),
            findings=self.rows(),
            figures=list(figures),
            notes=self.notes,
        )

    def rows(self) -> list[FindingRow]:
        """Return the findings as JSON."""
        return [
            FindingRow(
                clause=one.clause,
                stage=one.stage,
                what=one.what,
                state=one.state,
                ok=one.ok,
                observed=None if one.ok is None else one.observed,
                limit=one.observed if one.ok is None else one.expected,
            )
            for one in self.findings
        ]

    def held(self, *, last: bool = False, holding: bool = True) -> Table:
        """Return the findings as a table, broken ones first, or last; `holding` False: without those that hold."""
        file, order = f"{self.kind}.json", list(MARKS)
        ranked = sorted(
            enumerate(self.rows()), key=lambda pair: order.index(pair[1].ok), reverse=last
        )
        cells = [
            [
                row.clause,
                Mark(MARKS[row.ok], bold=row.ok is False, style=STYLES[MARKS[row.ok]]),
                row.what,
                reference(file, row.observed, "findings", place, "observed"),
                reference(file, row.limit, "findings", place, "limit"),
            ]
            for place, row in ranked
            if holding or not row.ok
        ]
        head = ["clause", "state", "what", "observed", "limit or reason"]
        return Table(head, cells, "Findings", numbers=False)


def markdown(audit: Audit, figures: Iterable[FigureRow] = (), *, linked: bool = True) -> str:
    """Return the audit as Markdown, in which every number points into KIND.json; `linked` False: the numbers alone."""
    names = ", ".join(f"{escape(row['name'])} ({escape(row['source'])})" for row in audit.subjects)
    lines = [f"# Audit {audit.kind}: {audit.status}", "", escape(audit.question), ""]
    lines += [f"Subjects: {names}.", ""]
    if audit.control:
        spoiled = "these figures are of data spoiled on purpose"
        lines += [f"Positive control `{audit.control}`: {spoiled}.", ""]
    held = audit.held()
    lines += held.section() if held.rows else ["No finding: nothing was evaluated.", ""]
    for table in audit.tables:
        lines += table.section()
    for row in figures:
        caption = escape(row.caption, LONG)
        reason = escape(row.error or "", LONG)
        drawn = [f"![{caption}]({row.file})", "", caption]
        lines += [*(drawn if row.file else [f"{caption}: not drawn ({reason})"]), ""]
    if audit.notes:
        lines += ["## Notes", "", *(f"- {escape(note, 1000)}" for note in audit.notes), ""]
    text = "\n".join(lines).rstrip() + "\n"
    return text if linked else LINK.sub(r"\1", text)


def may_hold(folder: Path) -> bool:
    """Return whether a folder holds audits, of which one may be replaced, and no other JSON file."""
    try:
        return bool([read_document(path, AuditFile, "audit") for path in folder.glob("*.json")])
    except PtyspecError:
        return False


def write_audit(folder: Path, audit: Audit) -> Path:
    """Write KIND.json, KIND.md and figures/KIND-*.png into `folder` (made where absent) and return the page.

    Every number of the page is a link `KIND.json#POINTER`, which `references.problems` re-reads. A figure that cannot be
    drawn costs nothing but itself: document and page say why. Raises OutputFileError where the system refuses.
    """
    make_folder(folder)
    figures = [_drawn(folder, audit.kind, *one) for one in audit.figures]
    write_json(folder / f"{audit.kind}.json", audit.document(figures))
    page = folder / f"{audit.kind}.md"
    with atomic_file(page) as file:
        file.write(markdown(audit, figures).encode())
    return page


def _drawn(folder: Path, kind: str, row: FigureRow, draw: "Callable[[], Figure]") -> FigureRow:
    place = make_folder(folder / "figures") / f"{kind}-{row.name}.png"
    saved, why = canvas.attempt(lambda: canvas.save(draw(), place))
    file = f"figures/{place.name}" if saved else None
    return row.model_copy(update={"file": file, "error": why or None})
