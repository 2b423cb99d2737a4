"""A cause is confirmed both ways or it is said not to be; a hidden one must show in BAD when it is uncovered."""

from __future__ import annotations

from ptyspec.explanations.causes import Findings, Masked, claims_of_cause, claims_of_masked, settled
from ptyspec.explanations.explanation import ClaimRow
from ptyspec.explanations.search import Outcome, Run, Search, Step, Subset

PASS, FAIL = Outcome.PASS, Outcome.FAIL


def nothing(subsets: object) -> list[Run]:
    return []


def finding(*causes: str) -> Findings:
    return Findings(Search(nothing), "abcdg", causes=[tuple(cause) for cause in causes])


def parts(claims: tuple[ClaimRow, ...]) -> list[tuple[str, str, Outcome]]:
    return [(one.way, "".join(one.taken_over), one.expected) for one in claims]


def test_a_cause_must_fail_in_good_and_bad_must_pass_without_it_with_every_seed() -> None:
    claims = claims_of_cause(("a",), finding("a"))
    assert parts(claims) == [("adding", "a", FAIL), ("removing", "bcdg", PASS)]

    def ended(*holds: bool) -> str:
        pairs = zip(claims, holds, strict=True)
        return settled([one.model_copy(update={"holds": held}) for one, held in pairs])

    assert ended(True, True) == "both ways"
    assert ended(False, True) == ended(True, False) == "one way"
    assert ended(False, False) == settled([]) == "not confirmed"


def test_of_independent_causes_each_is_looked_at_without_the_others() -> None:
    assert parts(claims_of_cause(("a",), finding("a", "bc"))) == [
        ("adding", "a", FAIL),
        ("removing", "adg", FAIL),
        ("removing", "dg", PASS),
    ]


def test_a_hidden_cause_shows_in_bad_without_one_of_what_hides_it() -> None:
    hidden, found = Masked(("b",), ("c", "g")), finding("a")
    found.repaired = frozenset("bcdg")
    assert parts(claims_of_masked(hidden, found))[2] == ("removing", "bd", FAIL)
    shown: Subset = frozenset("bcd")
    found.search.known[shown] = Step(outcome=FAIL, run=1, taken_over=tuple("bcd"), why="")
    assert parts(claims_of_masked(hidden, found)) == [
        ("adding", "b", FAIL),
        ("hiding", "bcg", PASS),
        ("removing", "bcd", FAIL),
        ("removing", "cd", PASS),
    ]
