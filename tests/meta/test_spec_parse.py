"""Specification documents: what is read from them, and how a mistake is told: file, line, value and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.spec.clause import (
    Clause,
    SpecError,
    UnknownClauseError,
    parse,
    read_clauses,
    specification,
)

GOOD = """# Title
Intro.

## Gains
Text before the first clause.

### AREA-001 · The gain stays outside {r2}
The gain MUST NOT reach
the object.

- Why: because it is not physics,
  as measured.
- Tolerance: 0.05 ratio, derived: eps times
  ten
- Place: normalize
- Signatures: 24, 31

## Other
### AREA-SUB-002 · A second rule {r1}
A pipeline SHOULD be kind.

- Why: it helps.
- Tolerance: exact
- Place: run
"""


def document(folder: Path, text: str) -> Path:
    path = folder / "doc.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_clause_has_every_part_of_its_block(tmp_path: Path) -> None:
    first, second = parse(document(tmp_path, GOOD))
    assert (first.id, first.title, first.revision, first.level) == (
        "AREA-001",
        "The gain stays outside",
        2,
        "MUST",
    )
    assert first.statement == "The gain MUST NOT reach the object."
    assert first.why == "because it is not physics, as measured."
    assert str(first.tolerance) == "0.05 ratio (derived: eps times ten)"
    assert (first.place, first.signatures, first.section, first.line) == (
        "normalize",
        (24, 31),
        "Gains",
        7,
    )
    assert first.source == "specs/doc.md:7"
    assert (second.id, second.level, second.section, second.tolerance.mode) == (
        "AREA-SUB-002",
        "SHOULD",
        "Other",
        "exact",
    )
    assert second.signatures == ()


def test_headings_inside_a_fenced_block_are_text(tmp_path: Path) -> None:
    text = GOOD.replace("Text before the first clause.", "```\n### AREA-009 · An example {r1}\n```")
    assert [clause.id for clause in parse(document(tmp_path, text))] == ["AREA-001", "AREA-SUB-002"]


MISTAKES = {
    "heading": ("AREA-001 · The", "AREA-1 · The", 7, "not a clause heading"),
    "dot": ("AREA-001 · The", "AREA-001 - The", 7, "not a clause heading"),
    "revision": (" {r2}", "", 7, "not a clause heading"),
    "revision-zero": (" {r2}", " {r0}", 7, "not a clause heading"),
    "no-section": ("## Gains\n", "\n", 7, "outside any section"),
    "too-deep": ("## Other", "#### Other", 18, "headings below a clause"),
    "blank-missing": ("### AREA-001", "###AREA-001", 7, "a blank is missing"),
    "fence": ("## Other", "```\n## Other", 18, "never closed"),
    "no-keyword": ("MUST NOT", "will not", 7, "exactly one MUST"),
    "two-keywords": ("the object.", "the object and MUST be kept.", 7, "exactly one MUST"),
    "no-sentence": ("The gain MUST NOT reach\nthe object.\n", "\n\n", 7, "exactly one MUST"),
    "two-sentences": ("the object.", "the object. It is not physics.", 7, "one sentence"),
    "full-stop": ("the object.", "the object", 7, "full stop"),
    "unknown-field": ("- Place: normalize", "- Plaice: normalize", 15, "unknown or given twice"),
    "field-twice": (
        "- Place: normalize",
        "- Place: split\n- Place: normalize",
        16,
        "unknown or given twice",
    ),
    "why-missing": (
        "- Why: because it is not physics,\n  as measured.\n",
        "",
        7,
        "'Why' is missing",
    ),
    "tolerance-missing": ("- Tolerance: exact\n", "", 19, "'Tolerance' is missing"),
    "place-missing": ("- Place: normalize\n", "", 7, "'Place' is missing"),
    "place-unknown": ("- Place: normalize", "- Place: everywhere", 15, "unknown place"),
    "text-after": (
        "- Signatures: 24, 31\n",
        "- Signatures: 24, 31\n\nMore text.\n",
        18,
        "text after the fields",
    ),
    "mode": ("0.05 ratio", "0.05 percent", 13, "not a tolerance"),
    "kind": ("derived: eps", "guessed: eps", 13, "not a tolerance"),
    "value": ("0.05 ratio", "few ratio", 13, "not a tolerance"),
    "zero": ("0.05 ratio", "0 ratio", 13, "not a tolerance"),
    "infinite": ("0.05 ratio", "inf ratio", 13, "not a tolerance"),
    "nan": ("0.05 ratio", "nan ratio", 13, "not a tolerance"),
    "source": (", derived: eps times\n  ten", ", derived", 13, "not a tolerance"),
    "signature-range": ("24, 31", "24, 81", 16, "not a failure signature"),
    "signature-zero": ("24, 31", "0", 16, "not a failure signature"),
    "signature-text": ("24, 31", "24; 31", 16, "not a failure signature"),
}


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert GOOD.count(old) == 1
    path = document(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SpecError) as caught:
        parse(path)
    assert message in str(caught.value)
    assert f"source: {path}:{line}\n" in str(caught.value)
    assert "next: see docs/clauses.md" in str(caught.value)


def test_a_document_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_bytes(b"\xff\xfe## x")
    with pytest.raises(SpecError, match="cannot read the document"):
        parse(path)


def test_an_id_stands_once_in_all_documents(tmp_path: Path) -> None:
    document(tmp_path, GOOD)
    (tmp_path / "other.md").write_text(GOOD.replace("AREA-SUB-002", "AREA-003"), encoding="utf-8")
    with pytest.raises(SpecError, match="AREA-001") as caught:
        read_clauses(tmp_path)
    assert f"source: {tmp_path / 'other.md'}:7" in str(caught.value)
    assert "limit: first at specs/doc.md:7" in str(caught.value)


def test_an_unknown_id_is_refused_with_the_nearest_ones(tmp_path: Path) -> None:
    document(tmp_path, GOOD)
    known = read_clauses(tmp_path)
    assert list(known) == ["AREA-001", "AREA-SUB-002"]
    assert "AREA-001" in known
    assert "AREA-002" not in known
    with pytest.raises(UnknownClauseError, match="did you mean AREA-001"):
        known["AREA-002"]
    with pytest.raises(UnknownClauseError, match="ptyspec trace lists them"):
        known["zzz"]


def clause(folder: Path, old: str = "", new: str = "") -> Clause:
    return parse(document(folder, GOOD.replace(old, new) if old else GOOD))[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("the object.", "the probe.", id="sentence"),
        pytest.param("MUST NOT", "SHOULD NOT", id="level"),
        pytest.param("0.05 ratio", "0.06 ratio", id="tolerance"),
        pytest.param("stays outside", "stays away", id="title"),
    ],
)
def test_the_fingerprint_changes_with_what_a_rule_says(tmp_path: Path, old: str, new: str) -> None:
    assert clause(tmp_path, old, new).fingerprint != clause(tmp_path).fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("because it is", "since it is", id="reason"),
        pytest.param("{r2}", "{r3}", id="revision"),
        pytest.param("reach\nthe object.", "reach the\nobject.", id="layout"),
        pytest.param("Signatures: 24, 31", "Signatures: 24", id="signatures"),
    ],
)
def test_the_fingerprint_stays_with_the_rest(tmp_path: Path, old: str, new: str) -> None:
    assert clause(tmp_path, old, new).fingerprint == clause(tmp_path).fingerprint


def test_the_specification_of_this_checkout_can_be_read() -> None:
    assert len(specification()) > 0
