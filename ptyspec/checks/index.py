"""The first page of a hub: what holds, what is broken, what could not be evaluated, and the tests behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.checks.shown import address
from ptyspec.checks.write import HUB, number
from ptyspec.render.table import FORM, Mark, markdown_table
from ptyspec.render.text import escape

LONG = 400
CHECK = (
    "Every number here is a link to a field of a JSON file; the link's title is the format. "
    "`ptyspec audit --check FOLDER` reads each again and compares the digest of every file with `hub.json`."
)


def index(content: Mapping[str, Any]) -> str:
    """Return index.md of a hub.json; every number in it is a link into that file or an audit's."""
    subjects = [row["name"] for row in content["subjects"]]
    lines = [
        f"# Audits of {', '.join(map(escape, subjects))}: {content['status']}",
        "",
        *_head(content),
        "",
        "## Status",
        "",
        *_status(content, subjects),
        "",
        "## Broken clauses",
        "",
        *_broken(content),
        "",
        "## Not evaluated",
        "",
        *_missing(content),
        "",
        "## Clauses and their tests",
        "",
        *_tests(content),
        "",
        "## Figures",
        "",
        *_figures(content),
        "",
        "## Check this folder",
        "",
        CHECK,
    ]
    return "\n".join(lines) + "\n"


def _cell(content: Mapping[str, Any], *parts: object, form: str = ".4g") -> str:
    place = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
    return number(content, place, HUB, form).markdown()


def _head(content: Mapping[str, Any]) -> list[str]:
    rows = [
        ["written", _cell(content, "time")],
        ["command", _cell(content, "command")],
        ["took, s", _cell(content, "seconds", form=".1f")],
        ["versions", _cell(content, "environment", "versions")],
        ["commit", _cell(content, "environment", "commit")],
        ["threads", _cell(content, "environment", "threads")],
        ["processor", _cell(content, "environment", "cpu")],
    ]
    for place, row in enumerate(content["subjects"]):
        made = f"; run {_cell(content, 'subjects', place, 'run')}" if row["run"] else ""
        what = f"[{escape(row['name'])}]({row['settings']}): {_cell(content, 'subjects', place, 'source')}"
        rows.append([f"subject ({row['kind']})", what + made])
    return markdown_table(["", ""], rows, numbers=False)


def _status(content: Mapping[str, Any], subjects: Sequence[str]) -> list[str]:
    rows = []
    for kind, row in content["kinds"].items():
        states = [_cell(content, "kinds", kind, "subjects", name) for name in subjects]
        counts = [
            _cell(content, "kinds", kind, key) for key in ("broken", "not_evaluated", "holds")
        ]
        name = f"[{kind}]({row['page']})" if row["page"] else kind
        seconds = _cell(content, "kinds", kind, "seconds", form=".1f")
        rows.append([name, *states, *counts, seconds, escape(row["question"], LONG)])
    head = ["audit", *map(escape, subjects), "broken", "not evaluated", "hold", "s", "question"]
    return markdown_table(head, rows, numbers=False)


def _broken(content: Mapping[str, Any]) -> list[str]:
    rows = []
    for place, row in enumerate(content["findings"]):
        if row["ok"] is False:
            rule = content["tests"]["clauses"].get(row["clause"])
            title = escape(rule["title"], LONG) if rule else ""
            rows.append([_clause(row), title, *_finding(content, place, row)])
    return (
        markdown_table(["clause", "rule", "audit", "what", "limit"], rows, numbers=False)
        if rows
        else ["None."]
    )


def _missing(content: Mapping[str, Any]) -> list[str]:
    rows = [
        [_clause(row), *_finding(content, place, row)]
        for place, row in enumerate(content["findings"])
        if row["ok"] is None
    ]
    for kind, found in content["kinds"].items():
        for place, error in enumerate(found["errors"]):
            text = _cell(content, "kinds", kind, "errors", place, "text")
            rows.append(["–", kind, f"{escape(error['subject'])}: {error['status']}", text])
    return (
        markdown_table(["clause", "audit", "what", "reason"], rows, numbers=False)
        if rows
        else ["Nothing."]
    )


def _clause(row: Mapping[str, Any]) -> str:
    """The clause, as a link to the finding in the audit's JSON."""
    place = address(f"{row['kind']}.json", f"/findings/{row['place']}/clause")
    return Mark(row["clause"], link=place, hint=FORM).markdown()


def _finding(content: Mapping[str, Any], place: int, row: Mapping[str, Any]) -> list[str]:
    page = f"[{row['kind']}]({row['kind']}.md)"
    return [
        page,
        _cell(content, "findings", place, "what"),
        _cell(content, "findings", place, "limit"),
    ]


def _tests(content: Mapping[str, Any]) -> list[str]:
    found = content["tests"]
    if found["reason"]:
        return [f"Not counted: {_cell(content, 'tests', 'reason')}"]
    rows = []
    for name, row in found["clauses"].items():
        counts = [
            _cell(content, "tests", "clauses", name, "tests", key)
            for key in ("collected", "passed", "failed", "not_run")
        ]
        last = _cell(content, "tests", "clauses", name, "tests", "last")
        chosen = "<br>".join(f"`{selector}`" for selector in row["tests"]["selectors"])
        rows.append(
            [
                name,
                f"{escape(row['title'])} ({row['level']}, {escape(row['source'])})",
                row["tests"]["state"],
                *counts,
                last,
                chosen,
            ]
        )
    head = [
        "clause",
        "rule",
        "state",
        "collected",
        "passed",
        "failed",
        "not run",
        "last",
        "selectors",
    ]
    said = "Collected from this checkout; outcomes are those of its last test runs with the present code, none was run here."
    return (
        [said, "", *markdown_table(head, rows, numbers=False)]
        if rows
        else ["No finding names a clause."]
    )


def _figures(content: Mapping[str, Any]) -> list[str]:
    lines = [
        f"- [{kind}]({row['page']}): {', '.join(f'[{path}]({path})' for path in row['figures'])}"
        for kind, row in content["kinds"].items()
        if row["figures"]
    ]
    return lines or ["None."]
