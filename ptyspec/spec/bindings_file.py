"""The option `--ptyspec-bindings FILE`: write which case is bound to which clause, as it was really collected.

Every collected case is listed, bound or not, so that a citation of any selector can be resolved. Ids are written as they
stand in the markers, known or not: whoever reads the file compares them with the documents.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ptyspec.spec.tiers import tier_of_path

SCHEMA_VERSION = 1


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the file named by the option, once collection and deselection are done."""
    from ptyspec.files.jsonfile import write_json

    cases = {item.nodeid: binding(item) for item in session.items}
    path = Path(session.config.getoption("ptyspec_bindings"))
    write_json(path, {"schema_version": SCHEMA_VERSION, "cases": cases})


def binding(item: pytest.Item) -> dict[str, Any]:
    """Return what the file says of one case: its clauses as written, its tier, its place and the digest of its source."""

    path, line, _ = item.reportinfo()
    names = dict.fromkeys(str(name) for mark in item.iter_markers("clause") for name in mark.args)
    return {
        "clauses": list(names),
        "tier": tier_of_path(item.nodeid.partition("::")[0].split("/")[:-1]),
        "file": _relative(Path(path), item.config.rootpath),
        "line": (line or 0) + 1,
        "digest": digest(getattr(item, "function", None)),
    }


def digest(function: object) -> str | None:
    """Return a digest of a function's source without comments and layout; None where there is no source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):  # made by a plugin, not written in a file
        return None
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:12]


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
