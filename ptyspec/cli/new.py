"""`ptyspec new`: begin a clause, a case or a hypothesis with everything in place but what only a person knows."""

from __future__ import annotations

from typing import Annotated

import typer

from ptyspec.cli.names import clauses
from ptyspec.cli.options import Root
from ptyspec.front.checkout import checkout

app = typer.Typer(help="Begin a clause, a case or a hypothesis.", no_args_is_help=True)


ClauseId = Annotated[
    str, typer.Argument(metavar="ID", help="Such as NORM-004; the number is the next free one.")
]
Title = Annotated[str, typer.Option(metavar="TEXT", help="The rule in one line.")]
Document = Annotated[str, typer.Option("--in", metavar="DOCUMENT", help="A document of specs/.")]
Section = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Its section; otherwise that of its area.")
]
Known = Annotated[str, typer.Argument(metavar="ID", help="The clause.", autocompletion=clauses)]
Tier = Annotated[str, typer.Option(metavar="TIER", help="contract, parity, regression or meta.")]
Hypothesis = Annotated[str, typer.Argument(metavar="H-NAME", help="Such as H-BATCH-SIZE.")]
Claim = Annotated[str, typer.Option(metavar="TEXT", help="A sentence that can be false.")]
Probe = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FUNCTION",
        help="Ask a function of ptyspec.experiments.observations instead of training.",
    ),
]


@app.command("clause", short_help="Begin a clause in a document of specs/.")
def clause(
    name: ClauseId, title: Title, document: Document, section: Section = None, root: Root = None
) -> None:
    """Write a clause's skeleton into a document; refuses an id that is taken."""
    from ptyspec.errors import InputFileError
    from ptyspec.spec.clause import read_clauses
    from ptyspec.spec.skeleton import insert_clause

    place = checkout(root)
    folder = place / "specs"
    path = folder / (document if document.endswith(".md") else f"{document}.md")
    if path.resolve().parent != folder.resolve() or not path.is_file():
        raise InputFileError(
            "there is no such document",
            value=document,
            limit=", ".join(sorted(p.name for p in folder.glob("*.md"))),
            source=folder,
            next_step="name one of these, or begin it with '# Title' and '## Section'",
        )
    line = insert_clause(read_clauses(folder), path, name, title, section)
    _next(
        f"specs/{path.name}:{line}: {name}",
        "write its sentence, its reason, its tolerance and place there",
        f"ptyspec new case {name}",
    )


@app.command("case", short_help="Begin a case of a clause.")
def case(name: Known, tier: Tier = "contract", root: Root = None) -> None:
    """Write a file with one case of the clause, which fails until it is filled; never overwrites one."""
    from ptyspec.spec.clause import read_clauses
    from ptyspec.spec.skeleton import write_case

    place = checkout(root)
    path = write_case(place, read_clauses(place / "specs")[name], tier).relative_to(place)
    _next(
        str(path),
        "put what is observed and what the clause wants into it; clause.close, .finite, .raises_at and others: "
        "docs/clauses.md",
        f"pytest {path}",
        f"a fault that turns {name} red, one function in ptyspec/faults/catalogue: docs/faults.md",
        f"ptyspec trace --review {name} --reason TEXT",
    )


@app.command("hypothesis", short_help="Begin a hypothesis and its case.")
def hypothesis(name: Hypothesis, claim: Claim, probe: Probe = None, root: Root = None) -> None:
    """Write a hypothesis that only lacks what you know, and a case that fails until it has a verdict."""
    from ptyspec.experiments.skeleton import write_hypothesis

    place = checkout(root)
    first, *others = (
        str(path.relative_to(place)) for path in write_hypothesis(place, name, claim, probe)
    )
    _next(
        f"{first}\nwrote " + "\nwrote ".join(others),
        "say in it what was believed, which arms differ, and the margin: docs/hypotheses.md",
        f"ptyspec judge {name} --record",
        f"pytest {others[0]}",
    )


def _next(written: str, *steps: str) -> None:
    typer.echo(f"wrote {written}")
    for step in steps:
        typer.echo(f"  next: {step}")
