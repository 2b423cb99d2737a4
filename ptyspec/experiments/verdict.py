"""The verdict: what follows from evidence by rule, and why it is OPEN where nothing does.

- CONFIRMED: every effect is as claimed, and the remedies show that without the named cause it is gone. A claim that
  something makes no difference needs no remedy: all its effects lie within their margins.
- RULED OUT: the opposite is shown of every effect; for a claimed difference, equivalence within the margin. That a
  difference is "not significant" never rules anything out.
- OPEN: anything else, with the reason. There is no verdict from a probe without a positive and a negative control that
  behave, nor where a run of an arm failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ptyspec.experiments.contrasts import Found, judged
from ptyspec.experiments.hypothesis import Contrast, Control, Hypothesis
from ptyspec.experiments.measured import unequal_repeats, values_of
from ptyspec.experiments.records import Evidence, VerdictWord

CONFIRMED: Final = "CONFIRMED"
RULED_OUT: Final = "RULED OUT"
OPEN: Final = "OPEN"


@dataclass(frozen=True)
class Verdict:
    """What the evidence says.

    - blocked_by: `controls`, `arms`, `repeats`, `pairs`, `removal` or `direction`; empty where there is a verdict.
    - needs: the contrasts that the verdict rests on; none where it is OPEN.
    """

    verdict: VerdictWord
    reason: str
    blocked_by: str
    contrasts: tuple[Found, ...]
    controls: tuple[Found, ...]
    needs: tuple[Found, ...] = ()

    @property
    def p(self) -> float | None:
        """The smallest alpha at which the same would be said: the largest of the contrasts that are needed."""
        return max(one.p or 0.0 for one in self.needs) if self.needs else None

    @property
    def main(self) -> Found:
        """The first effect: the one that stands for the claim in a table."""
        return next(one for one in self.contrasts if one.role == "effect")

    @property
    def needed_n(self) -> int | None:
        """Pairs that would settle what is undecided; None where nothing is, or no number would."""
        undecided = [
            one
            for one in (*self.contrasts, *self.controls)
            if one.state in ("undecided", "no value")
        ]
        if not undecided or any(one.needed_n is None for one in undecided):
            return None
        return max(one.needed_n or 0 for one in undecided)


def verdict(hypothesis: Hypothesis, evidence: Evidence) -> Verdict:
    """Return what follows from this evidence, and nothing else: equal evidence gives an equal verdict."""

    def found(one: Contrast | Control) -> Found:
        observable = hypothesis.measured(one)
        return judged(one, observable, values_of(evidence, observable), hypothesis.design)

    contrasts = tuple(found(one) for one in hypothesis.contrast)
    controls = tuple(found(one) for one in hypothesis.control)
    blocked_by, reason = _obstacle(hypothesis, evidence, contrasts, controls)
    if blocked_by:
        return Verdict(OPEN, reason, blocked_by, contrasts, controls)
    return _concluded(contrasts, controls)


def _obstacle(
    hypothesis: Hypothesis,
    evidence: Evidence,
    contrasts: Sequence[Found],
    controls: Sequence[Found],
) -> tuple[str, str]:
    """Return what forbids any verdict, and why."""
    if hypothesis.design.deterministic and (unequal := unequal_repeats(evidence)):
        said = f"declared deterministic, and a second run gave other numbers: {unequal[0]}"
        return "repeats", said
    for kind, other in (("positive", "red"), ("negative", "green")):
        if not any(one.role == kind for one in controls):
            said = f"no {kind} control: nothing shows that the instrument can be {other}"
            return "controls", said
    for one in controls:
        if one.state != "as claimed":
            return "controls", f"{one.role} control {one.name!r} {_misbehaved(one)}"
    missing = [one for one in contrasts if one.state == "no value"]
    if missing:
        return "pairs" if missing[0].needed_n else "arms", f"{missing[0].name}: {missing[0].reason}"
    return "", ""


def _misbehaved(one: Found) -> str:
    if one.interval is None or one.state == "undecided":
        return f"is {one.state}: {one.reason}"
    side = "within" if one.role == "positive" else "beyond"
    return f"shows {one.interval.value:.3g}, {side} its margin {one.margin:g}"


def _concluded(contrasts: tuple[Found, ...], controls: tuple[Found, ...]) -> Verdict:
    effects = [one for one in contrasts if one.role == "effect"]
    removals = [one for one in contrasts if one.role != "effect"]
    if all(one.state == "refuted" for one in effects):
        return Verdict(RULED_OUT, _told(effects), "", contrasts, controls, tuple(effects))
    unlike = [one for one in contrasts if one.state != "as claimed"]
    if not unlike and (removals or all(one.expect == "within" for one in effects)):
        return Verdict(CONFIRMED, _told(contrasts), "", contrasts, controls, contrasts)
    blocked_by, reason = _doubt(unlike)
    return Verdict(OPEN, reason, blocked_by, contrasts, controls)


def _doubt(unlike: Sequence[Found]) -> tuple[str, str]:
    """Return why a claim is neither confirmed nor ruled out although everything was measured."""
    wrong = [one for one in unlike if one.state in ("refuted", "other way")]
    for one in (one for one in wrong if one.state == "other way"):
        said = "beyond the margin, and the other way than claimed: restate the claim"
        return "direction", f"{one.name}: {said}"
    for one in (one for one in wrong if one.role == "effect"):
        said = "is refuted and other effects are not: the claim is too wide, split it"
        return "effects", f"{one.name} {said}"
    for one in wrong:
        said = "the effect is there, and taking the named cause away does not undo it"
        return "removal", f"{one.name}: {said}"
    for one in unlike:
        return "pairs", f"{one.name}: {one.reason}"
    return "removal", "no contrast shows that the effect goes when the named cause is taken away"


def _told(found: Iterable[Found]) -> str:
    return "; ".join(
        f"{one.name}: {one.interval.value:.3g} [{one.interval.low:.3g}, {one.interval.high:.3g}], "
        f"{'within' if one.interval.within(one.margin) else 'beyond'} {one.margin:g}"
        for one in found
        if one.interval is not None
    )
