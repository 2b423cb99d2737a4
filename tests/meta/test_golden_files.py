"""Golden files and their manifest: nothing golden is unlisted, altered, missing, unread or without a tolerance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ptyspec.files.disk import sha256_of
from ptyspec.spec.cases import collect
from ptyspec.spec.checks import Check
from ptyspec.testing.golden.files import (
    Content,
    Entry,
    Tolerance,
    problems,
    read_manifest,
    write,
    write_manifest,
)
from tests.child import ROOT

LIMIT = Tolerance(1e-6, 0.0, "derived")
NAMES = ("a/one.json", "a/image.npz")
"""What the cases declare."""


def entry(path: Path, **changes: object) -> Entry:
    fields = {
        "sha256": sha256_of(path),
        "environment": "here",
        "producer": "tests/x.py::test_it",
        "reason": "a reason",
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two golden files."""
    folder = tmp_path / "golden"
    (folder / "a").mkdir(parents=True)
    numbers = {"numbers": {"mean": {"value": 1.0, "atol": 1e-6, "rtol": 0, "source": "derived"}}}
    (folder / "a" / "one.json").write_text(json.dumps(numbers))
    write(folder / "a" / "image.npz", Content({"x": np.ones((3, 3))}, {}))
    entries = {
        "a/one.json": entry(folder / "a" / "one.json"),
        "a/image.npz": entry(folder / "a" / "image.npz", tolerances={"x": LIMIT}),
    }
    write_manifest(folder, entries)
    return tmp_path


def change(root: Path, name: str, **changes: object) -> None:
    """Give an entry other fields."""
    folder = root / "golden"
    write_manifest(folder, read_manifest(folder) | {name: entry(folder / name, **changes)})


def rewrite(root: Path, text: str) -> None:
    """Another content, listed as if it were approved."""
    (root / "golden/a/one.json").write_text(text)
    change(root, "a/one.json")


def swap(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new, 1))


def test_the_sound_tree_has_no_problem(tree: Path) -> None:
    assert problems(tree, NAMES) == []


@pytest.mark.clause("GOLD-001", "GOLD-002", "GOLD-003")
def test_the_golden_files_of_this_repository_are_in_order(clause: Check) -> None:
    names = {name for case in collect(ROOT) for name in case.golden}
    clause.holds(len(names) > 20, "cases that declare golden files were found", len(names), "> 20")
    for name in ("GOLD-001", "GOLD-002", "GOLD-003"):
        clause(name).equal(problems(ROOT, names), [], "what is wrong with golden/")


ORPHANS: dict[str, tuple[Callable[[Path], object], str]] = {
    "without-entry": (
        lambda root: (root / "golden/a/two.json").write_text("{}"),
        "a/two.json: has no entry",
    ),
    "without-file": (
        lambda root: (root / "golden/a/one.json").unlink(),
        "a/one.json: is in the manifest and not",
    ),
}


@pytest.mark.clause("GOLD-003")
@pytest.mark.parametrize("what", ORPHANS)
def test_an_orphan_is_reported(clause: Check, tree: Path, what: str) -> None:
    harm, expected = ORPHANS[what]
    harm(tree)
    found = problems(tree, NAMES)
    clause.holds(
        any(line.startswith(expected) for line in found), "the orphan is reported", found, expected
    )


@pytest.mark.clause("GOLD-003")
def test_a_parameter_that_is_gone_leaves_an_orphan_and_a_new_one_a_gap(
    clause: Check, tree: Path
) -> None:
    clause.equal(
        problems(tree, declared=["a/two.json", "a/image.npz"]),
        ["a/one.json: no case reads it", "a/two.json: a case declares it and it is not there"],
        "problems",
    )


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "byte": (
        lambda root: (root / "golden/a/one.json").write_text("{ }"),
        "a/one.json: was changed without approval",
    ),
    "no-reason": (
        lambda root: swap(root / "golden/manifest.json", "a reason", " "),
        "an entry of the manifest is not complete",
    ),
    "no-producer": (
        lambda root: swap(root / "golden/manifest.json", "tests/x.py::test_it", ""),
        "an entry of the manifest is not complete",
    ),
}


@pytest.mark.clause("GOLD-001")
@pytest.mark.parametrize("what", CHANGES)
def test_a_file_that_is_not_what_was_approved_is_reported(
    clause: Check, tree: Path, what: str
) -> None:
    harm, expected = CHANGES[what]
    harm(tree)
    clause.holds(
        any(line.startswith(expected) for line in problems(tree, NAMES)),
        what,
        problems(tree, NAMES),
        expected,
    )


BARE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no-atol": (
        lambda root: rewrite(root, '{"numbers": {"mean": {"value": 1, "rtol": 0, "source": "s"}}}'),
        "lacks",
    ),
    "no-source": (
        lambda root: rewrite(
            root, '{"numbers": {"m": {"value": 1, "atol": 1, "rtol": 0, "source": ""}}}'
        ),
        "not a tolerance",
    ),
    "array": (lambda root: change(root, "a/image.npz"), "its arrays and the tolerances"),
}


@pytest.mark.clause("GOLD-002")
@pytest.mark.parametrize("what", BARE)
def test_a_golden_value_without_a_tolerance_is_reported(
    clause: Check, tree: Path, what: str
) -> None:
    harm, expected = BARE[what]
    harm(tree)
    found = problems(tree, NAMES)
    clause.holds(any(expected in line for line in found), what, found, expected)


def test_a_large_file_is_reported(tree: Path) -> None:
    rewrite(tree, json.dumps({"numbers": {}, "facts": {"text": "x" * 100_000}}))
    assert any("more than 100000" in line for line in problems(tree, NAMES))


def test_a_damaged_manifest_is_a_problem_and_not_a_traceback(tree: Path) -> None:
    (tree / "golden/manifest.json").write_text('{"files": {"a/one.json": {"sha256": "x"}}}')
    assert "not complete" in problems(tree, NAMES)[0]
