"""`ptyspec trace` and `ptyspec new`: every clause with its cases and what is wrong with that; and how one begins."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, clauses, flag, option
from ptyspec.cli.output import CODES, line, print_json, stderr, stdout
from ptyspec.errors import InputFileError, led
from ptyspec.front.checkout import Place, place

if TYPE_CHECKING:
    from ptyspec.spec.finding import Remark
    from ptyspec.spec.trace import Row, Trace

STYLES = {"passed": "green", "failed": "bold red", "no case": "bold red", "error": "bold magenta"}
STYLES |= {"not reached": "yellow", "not run": "yellow"}
SEVERITIES = {"violation": "bold red", "incomplete": "yellow", "note": "cyan"}

One = Annotated[
    str | None, option("ID", "One clause, its cases and margins.", "--clause", complete=clauses)
]
Reviewed = Annotated[
    list[str] | None,
    option("ID", "Record this clause as reviewed with its cases.", "--review", complete=clauses),
]
Reason = Annotated[str, option("TEXT", "Why the review holds.")]
Editorial = Annotated[
    bool, flag("--editorial", "The text changed and the meaning did not: keep the revision.")
]


def trace(
    clause: One = None,
    strict: options.Strict = False,
    review: Reviewed = None,
    everything: Annotated[bool, flag("--all", "Record every clause as reviewed.")] = False,
    reason: Annotated[str, option("TEXT", "Why the review holds.")] = "",
    editorial: Editorial = False,
    root: options.Root = None,
    as_json: options.Json = False,
) -> None:
    """Show each clause with its cases, their last outcomes and margins, and what is wrong.

    With --strict the exit code is 1 where a MUST has failed or no case of it has passed, a citation
    does not resolve, a golden file is an orphan or a review is out of date, and 4 where nothing is
    wrong but cases have not run.
    """
    from ptyspec.report import trace as views
    from ptyspec.spec.clause import Registry

    here = place(root)
    typer.echo(here.told(), err=True)
    if review or everything:
        return _review(here, None if everything else review, reason, editorial)
    found = read(here)
    if clause:
        known = Registry(here.root / "specs", {row.clause.id: row.clause for row in found.rows})
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
        raise typer.Exit(CODES[found.status])
    return None


def read(here: Place) -> "Trace":
    """Read documents, reviews and outcomes, collect the cases, and join them."""
    from ptyspec.experiments.registry import names
    from ptyspec.spec import authoring, ledger
    from ptyspec.spec.cases import collect
    from ptyspec.spec.finding import Remark
    from ptyspec.spec.ledger import Stamps
    from ptyspec.spec.trace import trace as joined
    from ptyspec.spec.trace import unresolved
    from ptyspec.testing.golden.files import problems

    known, root = here.clauses, here.root
    # A claim may be cited by its id, as a clause is.
    cited = {*known, *(name for folder in here.hypotheses for name in names(folder))}
    with stderr().status("collecting the cases"):
        cases = collect(root, whole=here.whole)
    ran = ledger.read(root, Stamps(root, pipeline=ledger.pipeline_of(root)).of)
    if not here.whole:
        return joined(known, cases, ran, authoring.read(root), lent=here.lent)
    fix = "restore it, or ptyspec golden propose"
    used = {name for case in cases for name in case.golden}
    golden = [Remark("violation", "", one, "golden", fix) for one in problems(root, used)]
    others = [*unresolved(root, cited, cases), *golden]
    return joined(known, cases, ran, authoring.read(root), others)


def _findings(findings: "tuple[Remark, ...]") -> None:
    for one in findings:
        line(f"{one.severity:<10}", SEVERITIES[one.severity], end=" ")
        what = f"{one.clause}: {one.message}" if one.clause else one.message
        line(f"{what} ({one.source})\n{'':<11}next: {one.next_step}")


def _one(row: "Row") -> None:
    clause = row.clause
    line(f"{clause.id} · {clause.title} (r{clause.revision}, {clause.level}, {clause.source})")
    line(f"  {'rule':<10} {clause.statement}")
    for name in ("why", "tolerance", "place"):
        line(f"  {name:<10} {getattr(clause, name)}")
    line(f"  {'signatures':<10} {', '.join(map(str, clause.signatures)) or 'none'}")
    line(f"  {'state':<10} {row.standing}")
    for case in row.cases:
        last = row.ran.get(case.id)
        note = f" ({last.note or f'{last.seconds:.2g} s'})" if last else ""
        line(f"  {str(row.of(last)) if last else 'not run':<11} {case.id}{note}")
    for what, used in sorted(row.margins, key=lambda pair: -pair[1]):
        line(f"  {f'{100 * used:.2g} %':<10} of the tolerance: {what}")


def _review(here: Place, names: list[str] | None, reason: str, editorial: bool) -> None:
    from ptyspec.spec import authoring
    from ptyspec.spec.cases import collect
    from ptyspec.spec.clause import Registry

    own = {name: one for name, one in here.clauses.items() if name not in here.lent}
    known, root = Registry(here.root / "specs", own), here.root
    before = authoring.read(root)
    chosen = list(known) if names is None else names
    after = authoring.review(
        known, collect(root, whole=here.whole), before, chosen, reason, editorial
    )
    authoring.write(root, after)
    changed = {name: one for name, one in after.items() if one != before.get(name)}
    form = "reviewed {} r{}, {} test functions"
    told = [form.format(name, one.revision, len(one.cases)) for name, one in changed.items()]
    told += [f"dropped {name}: no document has it" for name in sorted({*before} - {*after})]
    typer.echo("\n".join(told or ["nothing has changed since the last review"]))


new = typer.Typer(
    help="Begin an adapter, a workflow, a clause, a case or a hypothesis.", no_args_is_help=True
)

ClauseId = Annotated[str, argument("ID", "Such as NORM-004; the number is the next free one.")]
Title = Annotated[str, option("TEXT", "The rule in one line.")]
Document = Annotated[str, option("DOCUMENT", "A document of specs/.", "--in")]
Section = Annotated[str | None, option("TEXT", "Its section; otherwise that of its area.")]
Known = Annotated[str, argument("ID", "The clause.", complete=clauses)]
Tier = Annotated[str, option("TIER", "contract, parity, regression or meta.")]
Hypothesis = Annotated[str, argument("H-NAME", "Such as H-BATCH-SIZE.")]
Claim = Annotated[str, option("TEXT", "A sentence that can be false.")]
OBSERVED = "Ask a function of ptyspec.experiments.observations instead of training."
Probe = Annotated[str | None, option("MODULE:FUNCTION", OBSERVED)]


@new.command("clause", short_help="Begin a clause in a document of specs/.")
def clause(
    name: Annotated[str, argument("ID", "Such as NORM-004; the number is the next free one.")],
    title: Title,
    document: Annotated[str, option("DOCUMENT", "A document of specs/.", "--in")],
    section: Section = None,
    root: options.Root = None,
) -> None:
    """Write a clause's skeleton into a document; refuses an id that is taken."""
    from ptyspec.spec.authoring import begin_document, insert_clause

    here = place(root)
    folder = here.root / "specs"
    path = folder / (document if document.endswith(".md") else f"{document}.md")
    if not here.whole and path.resolve().parent == folder.resolve():
        begin_document(path)
    if path.resolve().parent != folder.resolve() or not path.is_file():
        known = ", ".join(sorted(p.name for p in folder.glob("*.md")))
        wrong = "there is no such document"
        more = "name one of these, or begin it with '# Title' and '## Section'"
        raise InputFileError(wrong, value=document, limit=known, source=folder, next_step=more)
    at = insert_clause(here.clauses, path, name, title, section)
    next_steps(
        f"specs/{path.name}:{at}: {name}",
        "write its sentence, its reason, its tolerance and place there",
        f"ptyspec new case {name}",
    )


@new.command("case", short_help="Begin a case of a clause.")
def case(name: Known, tier: Tier = "contract", root: options.Root = None) -> None:
    """Write a file with one case of the clause, which fails until it is filled; never overwrites one."""
    from ptyspec.spec.authoring import write_case

    here = place(root)
    more = "" if here.whole else " --ptyspec-pipeline MODULE:ATTR"
    if not here.whole:  # its first case of this tier
        (here.root / "tests" / tier).mkdir(parents=True, exist_ok=True)
    path = write_case(here.root, here.clauses[name], tier).relative_to(here.root)
    fault = (
        f"a fault that turns {name} red, one function in ptyspec/faults/catalogue: docs/faults.md"
    )
    next_steps(
        str(path),
        "put what is observed and what the clause wants into it; clause.close, .finite, .raises_at "
        "and others: docs/clauses.md",
        f"pytest {path}{more}",
        *([fault] if here.whole else []),
        *([] if name in here.lent else [f"ptyspec trace --review {name} --reason TEXT"]),
    )


@new.command("hypothesis", short_help="Begin a hypothesis and its case.")
def hypothesis(
    name: Hypothesis, claim: Claim, probe: Probe = None, root: options.Root = None
) -> None:
    """Write a hypothesis that only lacks what you know, and a case that fails until it has a verdict."""
    from ptyspec.experiments.registry import write_hypothesis

    here = place(root).root
    written = write_hypothesis(here, name, claim, probe)
    first, *others = (str(path.relative_to(here)) for path in written)
    next_steps(
        f"{first}\nwrote " + "\nwrote ".join(others),
        "say in it what was believed, which arms differ, and the margin: docs/hypotheses.md",
        f"ptyspec judge {name} --record",
        f"pytest {others[0]}",
    )


def next_steps(written: str, *steps: str) -> None:
    """Say what was written and what comes next."""
    typer.echo(f"wrote {written}")
    for step in steps:
        typer.echo(f"  next: {led(step)}")
