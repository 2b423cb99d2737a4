"""The first page of a hub: what holds, what is broken, what could not be evaluated, and the tests behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptyspec.checks.shown import address, field
from ptyspec.checks.write import HUB
from ptyspec.render.table import Mark, Table
from ptyspec.render.text import escape

COUNTS = ("broken", "not_evaluated", "holds")
CASES = ("collected", "passed", "failed", "not_run", "last")
SAID = "Collected from this checkout; outcomes are those of its last test runs with the present code, none was run here."
CHECK = (
    "Every number here is a link to a field of a JSON file; the link's title is the format. "
    "`ptyspec audit --check FOLDER` reads each again and compares the digest of every file with `hub.json`."
)
Content = Mapping[str, Any]


def index(content: Content) -> str:
    """Return index.md of a hub.json; every number in it is a link into that file or an audit's."""
    names = [row["name"] for row in content["subjects"]]
    parts = {
        "Status": _status(content, names).markdown(),
        "Broken clauses": _or("None.", _broken(content)),
        "Not evaluated": _or("Nothing.", _missing(content)),
        "Clauses and their tests": _tests(content),
        "Figures": _figures(content) or ["None."],
        "Check this folder": [CHECK],
    }
    lines = [f"# Audits of {', '.join(map(escape, names))}: {content['status']}", ""]
    lines += [*_head(content).markdown(), ""]
    for title, part in parts.items():
        lines += [f"## {title}", "", *part, ""]
    return "\n".join(lines[:-1]) + "\n"


def _at(content: Content, *parts: object, form: str = ".4g") -> Mark:
    place = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
    return field(content, place, form, HUB)


def _or(nothing: str, table: Table) -> list[str]:
    return table.markdown() if table.rows else [nothing]


def _head(content: Content) -> Table:
    rows = {
        "written": _at(content, "time"),
        "command": _at(content, "command"),
        "took, s": _at(content, "seconds", form=".1f"),
        "versions": _at(content, "environment", "versions"),
        "commit": _at(content, "environment", "commit"),
        "threads": _at(content, "environment", "threads"),
        "processor": _at(content, "environment", "cpu"),
    }
    found: list[list[object]] = [[name, cell] for name, cell in rows.items()]
    for place, row in enumerate(content["subjects"]):
        found.append([f"subject ({row['kind']})", Mark(row["name"], link=row["settings"])])
        found.append(["its source", _at(content, "subjects", place, "source")])
        if row["run"]:
            found.append(["its run", _at(content, "subjects", place, "run")])
    return Table(["", ""], found, numbers=False)


def _status(content: Content, names: list[str]) -> Table:
    rows = [
        [
            Mark(kind, link=row["page"] or ""),
            *(_at(content, "kinds", kind, "subjects", name) for name in names),
            *(_at(content, "kinds", kind, key) for key in COUNTS),
            _at(content, "kinds", kind, "seconds", form=".1f"),
            row["question"],
        ]
        for kind, row in content["kinds"].items()
    ]
    head = ["audit", *names, "broken", "not evaluated", "hold", "s", "question"]
    return Table(head, rows, numbers=False)


def _broken(content: Content) -> Table:
    rules = content["tests"]["clauses"]
    rows = [
        [
            _clause(row),
            rules.get(row["clause"], {}).get("title", ""),
            *_finding(content, place, row),
        ]
        for place, row in enumerate(content["findings"])
        if row["ok"] is False
    ]
    return Table(["clause", "rule", "audit", "what", "limit"], rows, numbers=False)


def _missing(content: Content) -> Table:
    rows = [
        [_clause(row), *_finding(content, place, row)]
        for place, row in enumerate(content["findings"])
        if row["ok"] is None
    ]
    for kind, found in content["kinds"].items():
        for place, error in enumerate(found["errors"]):
            text = _at(content, "kinds", kind, "errors", place, "text")
            rows.append(["–", kind, f"{error['subject']}: {error['status']}", text])
    return Table(["clause", "audit", "what", "reason"], rows, numbers=False)


def _clause(row: Content) -> Mark:
    """The clause, as a link to the finding in the audit's JSON."""
    place = address(f"{row['kind']}.json", f"/findings/{row['place']}/clause")
    return Mark(row["clause"], link=place, hint=".4g")


def _finding(content: Content, place: int, row: Content) -> list[object]:
    told = (_at(content, "findings", place, key) for key in ("what", "limit"))
    return [Mark(row["kind"], link=f"{row['kind']}.md"), *told]


def _tests(content: Content) -> list[str]:
    found = content["tests"]
    if found["reason"]:
        table = Table(["not counted"], [[_at(content, "tests", "reason")]])
        return table.markdown()
    rows = [
        [
            name,
            f"{row['title']} ({row['level']}, {row['source']})",
            row["tests"]["state"],
            *(_at(content, "tests", "clauses", name, "tests", key) for key in CASES),
            Mark(" ".join(row["tests"]["selectors"]), code=True),
        ]
        for name, row in found["clauses"].items()
    ]
    head = ["clause", "rule", "state", *(key.replace("_", " ") for key in CASES), "selectors"]
    table = Table(head, rows, numbers=False)
    return [SAID, "", *table.markdown()] if rows else ["No finding names a clause."]


def _figures(content: Content) -> list[str]:
    return [
        f"- [{kind}]({row['page']}): {', '.join(f'[{path}]({path})' for path in row['figures'])}"
        for kind, row in content["kinds"].items()
        if row["figures"]
    ]
