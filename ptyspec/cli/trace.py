"""`ptyspec trace`: every clause with its cases and how they ended, and everything that is wrong with that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.names import clauses
from ptyspec.cli.options import Json, Root, Strict
from ptyspec.front.checkout import checkout

if TYPE_CHECKING:
    from ptyspec.spec.cases import Case
    from ptyspec.spec.finding import Remark
    from ptyspec.spec.trace import Row, Trace

STYLES = {
    "passed": "green",
    "failed": "bold red",
    "no case": "bold red",
    "error": "bold magenta",
    "not reached": "yellow",
    "not run": "yellow",
}
SEVERITIES = {"violation": "bold red", "incomplete": "yellow", "note": "cyan"}

One = Annotated[
    str | None,
    typer.Option(
        "--clause", metavar="ID", help="One clause, its cases and margins.", autocompletion=clauses
    ),
]
Reviewed = Annotated[
    list[str] | None,
    typer.Option(
        "--review",
        metavar="ID",
        help="Record this clause as reviewed with its cases.",
        autocompletion=clauses,
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Record every clause as reviewed.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why the review holds.")]
Editorial = Annotated[
    bool,
    typer.Option(
        "--editorial", help="The text changed and the meaning did not: keep the revision."
    ),
]


def trace(
    clause: One = None,
    strict: Strict = False,
    review: Reviewed = None,
    everything: Everything = False,
    reason: Reason = "",
    editorial: Editorial = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Show each clause with its cases, their last outcomes and margins, and what is wrong.

    With --strict the exit code is 1 where a MUST has failed or no case of it has passed, a citation
    does not resolve, a golden file is an orphan or a review is out of date, and 4 where nothing is
    wrong but cases have not run.
    """
    from ptyspec.cli.output import print_json, stdout
    from ptyspec.report import trace as views
    from ptyspec.spec.clause import Registry

    place = checkout(root)
    if review or everything:
        return _review(place, None if everything else review, reason, editorial)
    found = read(place)
    if clause:
        known = Registry(place / "specs", {row.clause.id: row.clause for row in found.rows})
        rows = tuple(row for row in found.rows if row.clause is known[clause])
        about = tuple(one for one in found.findings if one.clause == clause)
        found = replace(found, rows=rows, findings=about)
    if as_json:
        print_json(views.as_json(found))
    elif clause:
        _one(found.rows[0])
        _findings(found.findings)
    else:
        stdout().print(views.table(found.rows, STYLES).terminal())
        after = found.follows
        for one in found.failures:  # the earliest stage first: a later failure may follow from it
            told = f"; may follow from {after[one.clause]}" if after[one.clause] else ""
            typer.echo(f"failed at {one.stage}: {one.clause} · {one.what}{told}")
        _findings(found.findings)
        typer.echo(views.summary(found))
    if strict:
        count = {name: len(found.of(name)) for name in ("violation", "incomplete")}
        told = f"{count['violation']} violations, {count['incomplete']} incomplete"
        typer.echo(f"strict: {found.status} ({told})", err=True)
        raise typer.Exit({"violation": VIOLATION, "incomplete": INCOMPLETE, "ok": 0}[found.status])
    return None


def read(root: Path) -> Trace:
    """Read documents, reviews and outcomes, collect the cases, and join them."""
    from ptyspec.cli.output import stderr
    from ptyspec.experiments.registry import names
    from ptyspec.spec import fingerprint, ledger
    from ptyspec.spec.cases import collect
    from ptyspec.spec.clause import read_clauses
    from ptyspec.spec.ledger import Stamps
    from ptyspec.spec.trace import trace as joined
    from ptyspec.spec.trace import unresolved

    known = read_clauses(root / "specs")
    # A claim may be cited by its id, as a clause is.
    cited = {*known, *names(root / "specs" / "hypotheses")}
    with stderr().status("collecting the cases"):
        cases = collect(root)
    others = [*unresolved(root, cited, cases), *_golden(root, cases)]
    ran = ledger.read(root, Stamps(root).of)
    return joined(known, cases, ran, fingerprint.read(root), others)


def _golden(root: Path, cases: Iterable[Case]) -> Iterator[Remark]:
    from ptyspec.spec.finding import Remark
    from ptyspec.testing.golden.manifest import problems

    for line in problems(root, {name for case in cases for name in case.golden}):
        yield Remark("violation", "", line, "golden", "restore it, or ptyspec golden propose")


def _findings(findings: tuple[Remark, ...]) -> None:
    from ptyspec.cli.output import line

    for one in findings:
        line(f"{one.severity:<10}", SEVERITIES[one.severity], end=" ")
        what = f"{one.clause}: {one.message}" if one.clause else one.message
        line(f"{what} ({one.source})\n{'':<11}next: {one.next_step}")


def _one(row: Row) -> None:
    from ptyspec.cli.output import line

    clause = row.clause
    line(f"{clause.id} · {clause.title} (r{clause.revision}, {clause.level}, {clause.source})")
    for name, text in {
        "rule": clause.statement,
        "why": clause.why,
        "tolerance": clause.tolerance,
        "place": clause.place,
        "signatures": ", ".join(map(str, clause.signatures)) or "none",
        "state": row.standing,
    }.items():
        line(f"  {name:<10} {text}")
    for case in row.cases:
        last = row.ran.get(case.id)
        note = f" ({last.note or f'{last.seconds:.2g} s'})" if last else ""
        line(f"  {str(row.of(last)) if last else 'not run':<11} {case.id}{note}")
    for what, used in sorted(row.margins, key=lambda pair: -pair[1]):
        line(f"  {f'{100 * used:.2g} %':<10} of the tolerance: {what}")


def _review(root: Path, names: list[str] | None, reason: str, editorial: bool) -> None:
    from ptyspec.spec import fingerprint
    from ptyspec.spec.cases import collect
    from ptyspec.spec.clause import read_clauses

    known, before = read_clauses(root / "specs"), fingerprint.read(root)
    chosen = list(known) if names is None else names
    after = fingerprint.review(known, collect(root), before, chosen, reason, editorial)
    fingerprint.write(root, after)
    changed = {name: one for name, one in after.items() if one != before.get(name)}
    told = [
        f"reviewed {name} r{one.revision}, {len(one.cases)} test functions"
        for name, one in changed.items()
    ]
    told += [f"dropped {name}: no document has it" for name in sorted({*before} - {*after})]
    typer.echo("\n".join(told or ["nothing has changed since the last review"]))
