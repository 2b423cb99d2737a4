"""Which clauses a case is bound to: the ids of its `clause` markers; and all bindings as a file.

As a pytest plugin this is the option `--ptyspec-bindings FILE`. Every collected case is listed, bound
or not, so that a citation of any selector can be resolved. Ids are written as they stand in the
markers, known or not: whoever reads the file compares them with the documents.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ptyspec.spec.clause import Clause
from ptyspec.spec.registry import specification
from ptyspec.spec.tiers import tier_of_path

SCHEMA_VERSION = 1
GOLDEN = "golden"
"""The marker that declares the golden files of a case."""


def names_of(item: pytest.Item) -> list[str]:
    """Return the ids in a case's markers, nearest marker first, each once."""
    return list(dict.fromkeys(n for mark in item.iter_markers("clause") for n in mark.args))


def clauses_of(item: pytest.Item, known: bool = False) -> tuple[Clause, ...]:
    """Return a case's clauses; raises UnknownClauseError for an unknown id, `known` leaves it out."""
    rules = specification()
    return tuple(rules[name] for name in names_of(item) if not known or name in rules)


def golden_of(item: pytest.Item) -> list[str]:
    """Return the golden files that a case declares: its markers' texts, {parameter} filled from its parameters."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    texts = [text for mark in item.iter_markers(GOLDEN) for text in mark.args]
    return list(dict.fromkeys(text.format(**parameters) for text in texts))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the file named by the option, once collection and deselection are done."""
    from ptyspec.files.jsonfile import write_json

    cases = {item.nodeid: binding(item) for item in session.items}
    path = Path(session.config.getoption("ptyspec_bindings"))
    write_json(path, {"schema_version": SCHEMA_VERSION, "cases": cases})


def binding(item: pytest.Item) -> dict[str, Any]:
    """Return what the file says of one case: clauses as written, tier, place, digest, golden files."""
    path, line, _ = item.reportinfo()
    file, root = Path(path), item.config.rootpath
    return {
        "clauses": list(map(str, names_of(item))),
        "tier": tier_of_path(item.nodeid.partition("::")[0].split("/")[:-1]),
        "file": (file.relative_to(root) if file.is_relative_to(root) else file).as_posix(),
        "line": (line or 0) + 1,
        "digest": digest(getattr(item, "function", None)),
        "golden": golden_of(item),
    }


def digest(function: object) -> str | None:
    """Return a digest of a function's source without comments and layout; None without a source."""
    tree = source_tree(function)
    return None if tree is None else hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:12]


def source_tree(function: Any) -> ast.Module | None:
    """Return the syntax tree of a function's source; None where it was not written in a file."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return None
