"""`ptyspec trace`: every clause with its cases and how they ended, and everything that is wrong with that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.names import clauses
from ptyspec.cli.options import Json, Root, Strict
from ptyspec.front.checkout import checkout

if TYPE_CHECKING:
    from ptyspec.spec.collect import Case
    from ptyspec.spec.trace import Remark, Row, Trace

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
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why the review holds.")]
Editorial = Annotated[
    bool,
    typer.Option(
        "--editorial", help="The text changed and the meaning did not: keep the revision."
    ),
]


def trace(
    clause: One = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    compliance: Annotated[
        bool, typer.Option("--compliance", help="Print a plan's compliance matrix.")
    ] = False,
    signatures: Annotated[
        bool, typer.Option("--signatures", help="Failure signatures and their clauses.")
    ] = False,
    strict: Strict = False,
    review: Reviewed = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Record every clause as reviewed.")
    ] = False,
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

    place = checkout(root)
    if review or everything:
        return _review(place, review or [], everything, reason, editorial)
    if signatures:
        return _signatures(place, as_json)
    found = _of_clause(read(place), clause) if clause else read(place)
    if as_json:
        print_json(views.as_json(found))
    elif markdown or compliance:
        typer.echo(views.compliance(found) if compliance else views.markdown(found), nl=False)
    elif clause:
        _one(found.rows[0], found)
    else:
        stdout().print(views.table(found.rows, STYLES).terminal())
        _order(found)
        _findings(found.findings)
        typer.echo(views.summary(found))
    return _end(found) if strict else None


def read(root: Path) -> Trace:
    """Read documents, reviews and outcomes, collect the cases, and join them."""
    from ptyspec.cli.output import stderr
    from ptyspec.experiments.registry import names
    from ptyspec.spec import citations, collect, fingerprint, ledger, registry
    from ptyspec.spec.stamp import Stamps
    from ptyspec.spec.trace import trace as joined

    known = registry.read(root / "specs")
    # A claim may be cited by its id, as a clause is.
    cited = {*known, *names(root / "specs" / "hypotheses")}
    with stderr().status("collecting the cases"):
        cases = collect.collect(root)
    return joined(
        known,
        cases,
        ledger.read(root, Stamps(root).of),
        fingerprint.read(root),
        citations.unresolved(root, cited, cases),
        _golden(root, cases),
    )


def _golden(root: Path, cases: list[Case]) -> list[str]:
    if not (root / "golden").is_dir():
        return []
    from ptyspec.testing.golden.manifest import problems

    return problems(root, {name for case in cases for name in case.golden})


def _of_clause(whole: Trace, name: str) -> Trace:
    from dataclasses import replace

    from ptyspec.spec.registry import Registry

    one = Registry(Path("specs"), {row.clause.id: row.clause for row in whole.rows})[name]
    rows = tuple(row for row in whole.rows if row.clause is one)
    findings = tuple(finding for finding in whole.findings if finding.clause == one.id)
    return replace(whole, rows=rows, findings=findings)


def _order(found: Trace) -> None:
    """Print what failed, the earliest stage first: a later failure may follow from it."""
    after = found.follows
    for row in found.failures:
        told = f"; may follow from {after[row.clause]}" if after[row.clause] else ""
        typer.echo(f"failed at {row.stage}: {row.clause} · {row.what}{told}")


def _findings(findings: tuple[Remark, ...]) -> None:
    from ptyspec.cli.output import line

    for one in findings:
        line(f"{one.severity:<10}", SEVERITIES[one.severity], end=" ")
        what = f"{one.clause}: {one.message}" if one.clause else one.message
        line(f"{what} ({one.source})\n{'':<11}next: {one.next_step}")


def _one(row: Row, found: Trace) -> None:
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
    _findings(found.findings)


def _review(root: Path, names: list[str], everything: bool, reason: str, editorial: bool) -> None:
    from ptyspec.spec import fingerprint, registry
    from ptyspec.spec.collect import collect

    known, before = registry.read(root / "specs"), fingerprint.read(root)
    after = fingerprint.review(
        known, collect(root), before, list(known) if everything else names, reason, editorial
    )
    fingerprint.write(root, after)
    changed = [name for name in after if after[name] != before.get(name)]
    gone = sorted(set(before) - set(after))
    for name in changed:
        one = after[name]
        typer.echo(f"reviewed {name} r{one.revision}, {len(one.cases)} test functions")
    for name in gone:
        typer.echo(f"dropped {name}: no document has it")
    if not changed and not gone:
        typer.echo("nothing has changed since the last review")


def _signatures(root: Path, as_json: bool) -> None:
    from ptyspec.cli.output import print_json
    from ptyspec.spec import registry
    from ptyspec.spec.signatures import covered, signatures_page, uncovered

    known = registry.read(root / "specs")
    if as_json:
        rows = [
            {"signature": number, "text": text, "clauses": [clause.id for clause in found]}
            for number, text, found in covered(known)
        ]
        return print_json({"schema_version": 1, "uncovered": uncovered(known), "signatures": rows})
    return typer.echo(signatures_page(known), nl=False)


def _end(found: Trace) -> None:
    code = {"violation": VIOLATION, "incomplete": INCOMPLETE, "ok": 0}[found.status]
    violations, missing = len(found.of("violation")), len(found.of("incomplete"))
    typer.echo(f"strict: {found.status} ({violations} violations, {missing} incomplete)", err=True)
    raise typer.Exit(code)
