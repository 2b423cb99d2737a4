"""The explanation as a story: what fails, where, the smallest cause, what hides, what it is worth, how it was proven."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from ptyspec.explanations.causes import Cause, Masked
from ptyspec.explanations.claims import exposing
from ptyspec.explanations.deltas import FAULT
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.tables import (
    proof_table,
    runs_table,
    share_table,
    stage_table,
    tried_table,
)
from ptyspec.render.text import escape, number

CAPTIONS = {
    "stages": "Each row is a run: stages in blue are GOOD's, in orange BAD's. The first blue stage that mends it is the one.",
    "factors": "The symptom's number for every combination of the named factors, and the share of each.",
}


def story(found: Explanation, figures: Mapping[str, str], command: Sequence[str] = ()) -> str:
    """Return the Markdown; `figures` maps names to files beside it; text of users and files is escaped."""
    ask = found.question
    sections = [
        ("", answer(found)),
        ("Where it enters", [*_stage(found), *_picture("stages", figures)]),
        ("What each difference does", tried_table(found)),
        ("Shares", [*share_table(found), *_picture("factors", figures)]),
        ("Confirmation", proof_table(found)),
        ("What it took", runs_table(found)),
        ("Again", ["```sh", shlex.join(command), "```"] if command else []),
    ]
    lines = [f"# Why {escape(ask.bad)} and not {escape(ask.good)}: {escape(ask.symptom)}", ""]
    for head, body in sections:
        if body:
            lines += ([f"## {head}", ""] if head else []) + [*body, ""]
    return "\n".join(lines).rstrip() + "\n"


def answer(found: Explanation) -> list[str]:
    """Return the paragraphs that a reader in a hurry needs."""
    ask = found.question
    ends = f"GOOD ({escape(ask.good)}) {_at(found, frozenset())}, BAD ({escape(ask.bad)}) {_at(found, found.whole)}"
    lines = [
        f"**{_headline(found)}**",
        "",
        f"{ends}; they differ in {len(found.deltas)} settings and faults.",
        "",
    ]
    lines += [_cause(found, cause) for cause in found.findings.causes]
    lines += [_masked(found, masked) for masked in found.findings.masked]
    if not found.complete:
        best = (
            ""
            if found.best is None
            else f" The smallest failing set so far: {named(found, sorted(found.best))}."
        )
        lines.append(
            f"- The budget ended the search while it looked for {found.findings.stage}.{escape(best, 2000)}"
        )
    lines += [f"- {escape(note, 1000)}" for note in found.notes]
    return lines


def named(found: Explanation, members: Iterable[str]) -> str:
    """Return differences in words, in their order."""
    wanted = set(members)
    return ", ".join(delta.text() for delta in found.deltas if delta.name in wanted)


def _headline(found: Explanation) -> str:
    if not found.findings.causes:
        return "Incomplete: no cause is proven yet."
    causes = " and, independently, ".join(
        named(found, cause.members) for cause in found.findings.causes
    )
    single = (
        len(found.findings.causes) == 1
        and found.chain is not None
        and found.chain.stage is not None
    )
    place = f", at stage {found.chain.stage}" if single and found.chain is not None else ""
    proof = {
        "explained": "confirmed both ways",
        "one way": "not confirmed both ways",
        "incomplete": "incomplete",
    }
    return escape(f"{causes}{place} ({proof[found.status]}).", 2000)


def _cause(found: Explanation, cause: Cause) -> str:
    rest = found.whole - {name for one in found.findings.causes for name in one.members}
    return (
        f"- **Cause:** {escape(named(found, cause.members), 2000)}{_stories(found, cause.members)}. GOOD with it alone "
        f"{_at(found, frozenset(cause.members))}; BAD without it {_at(found, rest)}. Confirmed {found.settled(cause)}."
    )


def _masked(found: Explanation, masked: Masked) -> str:
    together = frozenset((*masked.members, *masked.maskers))
    mended = found.findings.repaired or frozenset()
    bare, lacking = exposing(masked, found.findings, found.outcomes)
    return (
        f"- **Hidden in BAD:** {escape(named(found, masked.members), 2000)}{_stories(found, masked.members)}. GOOD with it "
        f"alone {_at(found, frozenset(masked.members))}. What hides it: {escape(named(found, masked.maskers), 2000)}"
        f"{_stories(found, masked.maskers)}; GOOD with both {_at(found, together)}. BAD without its visible causes "
        f"{_at(found, mended)}; without {escape(named(found, lacking), 1000)} as well it {_at(found, bare)}: to mend only "
        f"what hides it brings the symptom back. Confirmed {found.settled(masked)}."
    )


def _stories(found: Explanation, members: Iterable[str]) -> str:
    """The catalogue's own words on the faults among some differences."""
    from ptyspec.faults.catalogue import fault

    wanted = set(members)
    known = [delta for delta in found.deltas if delta.name in wanted and delta.is_fault]
    told = [escape(fault(delta.name.removeprefix(FAULT)).story, 300) for delta in known]
    return f" ({'; '.join(told)})" if told else ""


def _at(found: Explanation, subset: Subset) -> str:
    """`fails at 0.559`, or that no such run was made."""
    words = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "has no result"}
    verb = words[found.outcomes[subset]] if subset in found.outcomes else "was not run"
    value = found.numbers.get(subset)
    return verb if value is None else f"{verb} at {number(value)}"


def _stage(found: Explanation) -> list[str]:
    if found.chain is None:
        return [f"Not asked: {escape(found.chain_reason)}."] if found.chain_reason else []
    stages = found.chain.stages
    text = (
        f"With GOOD's stages up to and including **{stages[-1]}** the symptom is gone; "
        f"with one less it is there: it enters at **{stages[0]}**."
        if len(stages) == 1
        else f"The symptom enters between {stages[0]} and {stages[-1]}; what lies between cannot be spliced."
    )
    return [text, "", *stage_table(found), ""]


def _picture(name: str, figures: Mapping[str, str]) -> list[str]:
    return ["", f"![{CAPTIONS[name]}]({figures[name]})"] if name in figures else []
