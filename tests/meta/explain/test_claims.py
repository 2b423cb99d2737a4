"""A cause is confirmed both ways or it is said not to be; a hidden one must show in BAD when it is uncovered."""

from __future__ import annotations

from ptyspec.explanations.causes import Findings, Masked
from ptyspec.explanations.claims import Claim, claims_of_cause, claims_of_masked, settled
from ptyspec.explanations.explanation import ClaimRow, SeedRun
from ptyspec.explanations.plan import Outcome, Subset

PASS, FAIL = Outcome.PASS, Outcome.FAIL
WHOLE: Subset = frozenset("abcdg")


def evidence(claim: Claim, *outcomes: Outcome) -> ClaimRow:
    runs = enumerate(outcomes)
    return claim.beside([SeedRun(seed=at, outcome=outcome, number=None) for at, outcome in runs])


def test_a_cause_must_fail_in_good_and_bad_must_pass_without_it_with_every_seed() -> None:
    adding, removing = claims_of_cause(("a",), Findings(causes=[("a",)]), WHOLE)
    assert (adding.subset, removing.subset) == (frozenset("a"), frozenset("bcdg"))
    assert settled([evidence(adding, FAIL, FAIL), evidence(removing, PASS, PASS)]) == "both ways"
    assert settled([evidence(adding, FAIL, PASS), evidence(removing, PASS, PASS)]) == "one way"
    assert settled([evidence(adding, PASS), evidence(removing, FAIL)]) == "not confirmed"
    assert settled([]) == "not confirmed"


def test_of_independent_causes_each_is_looked_at_without_the_others() -> None:
    both = Findings(causes=[("a",), ("b", "c")])
    assert [(claim.subset, claim.expected) for claim in claims_of_cause(("a",), both, WHOLE)] == [
        (frozenset("a"), FAIL),
        (frozenset("adg"), FAIL),
        (frozenset("dg"), PASS),
    ]


def test_a_hidden_cause_shows_in_bad_without_one_of_what_hides_it() -> None:
    hidden = Masked(("b",), ("c", "g"))
    found = Findings(causes=[("a",)], masked=[hidden], repaired=frozenset("bcdg"))
    claims = claims_of_masked(hidden, found, {frozenset("bcd"): FAIL})
    assert [(claim.way, claim.subset, claim.expected) for claim in claims] == [
        ("adding", frozenset("b"), FAIL),
        ("hiding", frozenset("bcg"), PASS),
        ("removing", frozenset("bcd"), FAIL),
        ("removing", frozenset("cd"), PASS),
    ]
    assert claims_of_masked(hidden, found, {})[2].subset == frozenset("bd")
