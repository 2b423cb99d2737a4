"""Verdicts on hypotheses: computed from evidence, refused to uncontrolled probes, kept in a history that only grows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptyspec.experiments.intervals import Interval
from ptyspec.experiments.judge import Judgement, from_evidence, record, standing
from ptyspec.experiments.records import append, history
from ptyspec.experiments.registry import HistoryError
from ptyspec.experiments.verdict import CONFIRMED, OPEN, RULED_OUT, verdict
from ptyspec.files.jsonfile import write_json
from ptyspec.spec.checks import Check
from tests import hypotheses
from tests.hypotheses import (
    EFFECT,
    NEGATIVE,
    POSITIVE,
    REMEDY,
    RESTORED,
    SAME,
    WHOLE,
    clean,
    concluded,
    evidence,
    example,
)

# what follows from what

FOLLOWS: dict[str, tuple[str, dict[str, float], str, str]] = {
    "effect-and-removal": (WHOLE, {}, CONFIRMED, ""),
    "no-effect": (WHOLE, {"sick": 0.0}, RULED_OUT, ""),
    "effect-at-the-margin": (WHOLE, {"sick": -1.0}, OPEN, "pairs"),
    "other-way": (WHOLE, {"sick": 3.0, "cured": 5.0}, OPEN, "direction"),
    "removal-does-nothing": (WHOLE, {"cured": -3.0}, OPEN, "removal"),
    "something-remains": (WHOLE, {"cured": -1.5}, OPEN, "removal"),
    "no-removal-was-tried": (EFFECT + POSITIVE + NEGATIVE, {}, OPEN, "removal"),
    "nothing-claimed-nothing-there": (SAME + POSITIVE + NEGATIVE, {"sick": 0.0}, CONFIRMED, ""),
    "nothing-claimed-something-there": (SAME + POSITIVE + NEGATIVE, {}, RULED_OUT, ""),
    "one-of-two-effects": (
        EFFECT.replace("undershoot", "other")
        + EFFECT.replace("sick", "cured")
        + POSITIVE
        + NEGATIVE,
        {},
        OPEN,
        "effects",
    ),
}


@pytest.mark.clause("EVID-011")
@pytest.mark.parametrize("name", FOLLOWS)
def test_the_verdict_follows_from_the_numbers(clause: Check, name: str) -> None:
    parts, levels, expected, blocked_by = FOLLOWS[name]
    found = concluded(example(parts), **levels)
    clause.equal(
        (found.verdict, found.blocked_by), (expected, blocked_by), f"verdict ({found.reason})"
    )
    clause.holds(bool(found.reason), "a reason")


@pytest.mark.clause("EVID-011")
def test_a_verdict_that_was_typed_is_told_from_one_that_follows(
    clause: Check, tmp_path: Path
) -> None:
    place = hypotheses.written(tmp_path, hypotheses.text_of())
    said = example()
    entry = record(
        Judgement(said, (facts := evidence(said, clean(said))), verdict(said, facts)), place
    )
    clause.equal(entry and entry.verdict, CONFIRMED, "the recorded verdict")
    clause.equal(standing("H-EXAMPLE", place), [], "what is wrong with it")
    typed = from_evidence("H-EXAMPLE", place).facts() | {"verdict": RULED_OUT, "date": "2026-02-01"}
    append(place, "H-EXAMPLE", typed)
    clause.holds(
        "CONFIRMED, and the history says RULED OUT" in standing("H-EXAMPLE", place)[0],
        "the typed one is told",
    )


@pytest.mark.clause("EVID-011")
@pytest.mark.parametrize("outcome", ["diverged", "refused", "failed"])
def test_a_run_that_did_not_finish_is_never_left_out(clause: Check, outcome: str) -> None:
    said = example()
    values = {**clean(said), "sick": [-3.0, -3.1, -2.9, -3.0, None]}
    found = verdict(said, evidence(said, values, {"sick": outcome}))
    clause.equal((found.verdict, found.blocked_by), (OPEN, "arms"), "verdict")
    clause.holds(
        f"sick, seed 5: {outcome} at train" in found.reason, "the reason names it", found.reason
    )


# equivalence


@pytest.mark.clause("EVID-012")
def test_what_is_not_significant_is_not_ruled_out(clause: Check) -> None:
    said = example()
    noisy = {
        **clean(said),
        "sick": [2.0, -3.0, 1.0, -2.0, 0.5],
    }  # mean -0.3, which no test tells from 0
    found = verdict(said, evidence(said, noisy))
    clause.equal(
        (found.verdict, found.blocked_by), (OPEN, "pairs"), "verdict of a wide interval around zero"
    )
    clause.holds(
        (found.needed_n or 0) > 5, "the number of pairs that would settle it", found.needed_n
    )


@pytest.mark.clause("EVID-012")
@pytest.mark.parametrize(
    ("low", "high", "within"), [(-0.9, 0.9, True), (-1.1, 0.9, False), (0.5, 1.0, False)]
)
def test_equivalence_is_an_interval_wholly_inside_the_margin(
    clause: Check, low: float, high: float, within: bool
) -> None:
    clause.equal(
        Interval((low + high) / 2, low, high).within(1.0), within, f"{low} to {high} within 1"
    )


# controls

UNCONTROLLED = {
    "none": EFFECT + REMEDY + RESTORED,
    "positive-only": EFFECT + REMEDY + RESTORED + POSITIVE,
    "negative-only": EFFECT + REMEDY + RESTORED + NEGATIVE,
}


@pytest.mark.clause("EVID-013")
@pytest.mark.parametrize("parts", UNCONTROLLED.values(), ids=UNCONTROLLED)
@pytest.mark.parametrize("sick", [-3.0, 0.0], ids=["effect", "no-effect"])
def test_an_uncontrolled_probe_gives_no_verdict(clause: Check, parts: str, sick: float) -> None:
    found = concluded(example(parts), sick=sick)
    clause.equal((found.verdict, found.blocked_by), (OPEN, "controls"), "verdict")


@pytest.mark.clause("EVID-013")
@pytest.mark.parametrize(
    ("levels", "named"),
    [({"poisoned": 0.0}, "'gain kept' shows"), ({"same": 2.0}, "'nothing' shows")],
    ids=["blind", "sees-what-is-not-there"],
)
@pytest.mark.parametrize("sick", [-3.0, 0.0], ids=["effect", "no-effect"])
def test_a_control_that_misbehaves_forbids_the_verdict(
    clause: Check, levels: dict[str, float], named: str, sick: float
) -> None:
    found = concluded(example(), **levels, sick=sick)
    clause.equal((found.verdict, found.blocked_by), (OPEN, "controls"), "verdict")
    clause.holds(named in found.reason, "the reason names the control", found.reason)


# history


def entries(place: Path, *levels: float) -> None:
    said = example()
    for at, sick in enumerate(levels):
        facts = evidence(said, clean(said, sick=sick)).model_copy(
            update={"made": f"2026-01-0{at + 1}"}
        )
        record(Judgement(said, facts, verdict(said, facts)), place)


@pytest.mark.clause("EVID-014")
def test_a_later_verdict_names_what_it_supersedes_and_what_changed(
    clause: Check, tmp_path: Path
) -> None:
    place = hypotheses.written(tmp_path, hypotheses.text_of())
    entries(place, -3.0, 0.0, 0.0)
    first, second = history(place, "H-EXAMPLE")
    clause.equal(
        (first.verdict, first.supersedes, second.verdict), (CONFIRMED, "", RULED_OUT), "verdicts"
    )
    clause.equal(
        (second.supersedes, second.former),
        (first.digest, first.digest),
        "what the second one names",
    )
    clause.equal(second.changed, ("verdict", "evidence"), "what changed")


@pytest.mark.clause("EVID-014")
def test_a_changed_instrument_is_named(clause: Check, tmp_path: Path) -> None:
    place = hypotheses.written(tmp_path, hypotheses.text_of())
    entries(place, -3.0)
    facts = from_evidence("H-EXAMPLE", place).facts()
    added = append(
        place, "H-EXAMPLE", facts | {"instrument": facts["instrument"] | {"statistics": "another"}}
    )
    clause.equal(added and added.changed, ("instrument: statistics",), "what changed")


TAMPERED = {
    "altered": lambda rows: [{**rows[0], "verdict": RULED_OUT}, *rows[1:]],
    "last-altered": lambda rows: [*rows[:-1], {**rows[-1], "effect": 0.5}],
    "removed": lambda rows: rows[1:],
    "removed-between": lambda rows: [rows[0], rows[2]],
    "last-removed": lambda rows: rows[:-1],
    "all-removed": lambda rows: [],
    "no-entries": lambda rows: None,
    "no-entry": lambda rows: [[], *rows],
    "exchanged": lambda rows: [rows[1], rows[0], rows[2]],
}


@pytest.mark.clause("EVID-014")
@pytest.mark.parametrize("name", TAMPERED)
def test_a_history_that_was_altered_is_refused_and_nothing_is_added(
    clause: Check, tmp_path: Path, name: str
) -> None:
    place = hypotheses.written(tmp_path, hypotheses.text_of())
    entries(place, -3.0, 0.0, -4.0)
    path = place / "history" / "H-EXAMPLE.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, content | {"entries": TAMPERED[name](content["entries"])})  # type: ignore[no-untyped-call]
    before = path.read_bytes()
    for use in (lambda: history(place, "H-EXAMPLE"), lambda: entries(place, 0.0)):
        with pytest.raises(HistoryError, match="history"):
            use()
    clause.equal(path.read_bytes(), before, "the file")


# scope


@pytest.mark.clause("EVID-015")
def test_the_scope_lists_what_varied_what_was_held_and_what_was_not_exercised(
    clause: Check,
) -> None:
    from ptyspec.experiments.gather import lists, scope, variants_of

    said = example(more='profile = "quick"')
    settings = {arm: one.settings() for (arm, seed), one in variants_of(said).items() if seed == 1}
    found = lists(scope(said, settings))
    clause.holds(
        "fault.gain-kept: True | off" in found["varied"], "the fault varies", found["varied"]
    )
    clause.holds("model.N = 64" in found["held"], "the size is held")
    clause.holds(
        "scenario gs2_custom" in found["not_exercised"],
        "other scenarios are named",
        found["not_exercised"],
    )
    clause.equal(
        [line for line in found["varied"] if line.startswith("seeds.")], [], "seeds, which pair"
    )
    every = {key for arm in settings.values() for key in arm if not key.startswith("seeds.")}
    clause.equal(len(found["varied"]) + len(found["held"]), len(every), "settings that are listed")


@pytest.mark.clause("EVID-015")
def test_what_only_a_control_varies_is_no_part_of_the_scope(clause: Check) -> None:
    from ptyspec.experiments.gather import scope

    settings = {arm: {"a": arm == "sick", "b": arm == "poisoned"} for arm in hypotheses.ARMS}
    found = scope(example(), settings)
    clause.equal((list(found.varied), list(found.held)), (["a"], ["b"]), "varied and held")
