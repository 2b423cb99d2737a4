"""The explanation as a story: what fails, where, the smallest cause, what hides, what it is worth, how it was proven."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from ptyspec.explanations.deltas import FAULT
from ptyspec.explanations.explanation import CauseRow, Explanation, MaskedRow
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.tables import (
    proof_table,
    runs_table,
    share_table,
    stage_table,
    tried_table,
)
from ptyspec.render.table import show
from ptyspec.render.text import escape

CAPTIONS = {
    "stages": "Each row is a run: stages in blue are GOOD's, in orange BAD's. The first blue stage that mends it is the one.",
    "factors": "The symptom's number for every combination of the named factors, and the share of each.",
}
WORDS = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "has no result"}
PROOF = {
    "explained": "confirmed both ways",
    "one way": "not confirmed both ways",
    "incomplete": "incomplete",
}


def story(found: Explanation, figures: Mapping[str, str], command: Sequence[str] = ()) -> str:
    """Return the Markdown; `figures` maps names to files beside it; text of users and files is escaped."""
    sections = [
        ("", answer(found)),
        ("Where it enters", [*_stage(found), *_picture("stages", figures)]),
        ("What each difference does", tried_table(found)),
        ("Shares", [*share_table(found), *_picture("factors", figures)]),
        ("Confirmation", proof_table(found)),
        ("What it took", runs_table(found)),
        ("Again", ["```sh", shlex.join(command), "```"] if command else []),
    ]
    lines = [f"# Why {escape(found.bad)} and not {escape(found.good)}: {escape(found.symptom)}", ""]
    for head, body in sections:
        if body:
            lines += ([f"## {head}", ""] if head else []) + [*body, ""]
    return "\n".join(lines).rstrip() + "\n"


def answer(found: Explanation) -> list[str]:
    """Return the paragraphs that a reader in a hurry needs."""
    good = f"GOOD ({escape(found.good)}) {_at(found, frozenset())}"
    bad = f"BAD ({escape(found.bad)}) {_at(found, found.whole)}"
    count = len(found.differences)
    lines = [f"**{_headline(found)}**", ""]
    lines += [f"{good}, {bad}; they differ in {count} settings and faults.", ""]
    lines += [_cause(found, cause) for cause in found.causes]
    lines += [_masked(found, masked) for masked in found.masked]
    if found.best_so_far is not None:
        smallest = escape(found.texts(found.best_so_far), 2000)
        lines.append(f"- The smallest failing set so far: {smallest}.")
    return lines + [f"- {escape(note, 1000)}" for note in found.notes]


def _headline(found: Explanation) -> str:
    if not found.causes:
        return "Incomplete: no cause is proven yet."
    causes = " and, independently, ".join(found.texts(cause.members) for cause in found.causes)
    place = f", at stage {found.stage}" if len(found.causes) == 1 and found.stage else ""
    return escape(f"{causes}{place} ({PROOF[found.status]}).", 2000)


def _cause(found: Explanation, cause: CauseRow) -> str:
    rest = found.whole - {name for one in found.causes for name in one.members}
    return (
        f"- **Cause:** {_told(found, cause.members)}. GOOD with it alone "
        f"{_at(found, frozenset(cause.members))}; BAD without it {_at(found, rest)}. Confirmed {cause.confirmed}."
    )


def _masked(found: Explanation, masked: MaskedRow) -> str:
    together = frozenset((*masked.members, *masked.maskers))
    mended = frozenset(found.mended)
    return (
        f"- **Hidden in BAD:** {_told(found, masked.members)}. GOOD with it "
        f"alone {_at(found, frozenset(masked.members))}. What hides it: {_told(found, masked.maskers)}; "
        f"GOOD with both {_at(found, together)}. BAD without its visible causes {_at(found, mended)}; "
        f"without {escape(found.texts(masked.lacking), 1000)} as well it {_at(found, mended.difference(masked.lacking))}: "
        f"to mend only what hides it brings the symptom back. Confirmed {masked.confirmed}."
    )


def _told(found: Explanation, members: Iterable[str]) -> str:
    """Differences in words, with the catalogue's own words on the faults among them."""
    from ptyspec.faults.catalogue import fault

    wanted = set(members)
    known = [one for one in found.differences if one.name in wanted and one.is_fault]
    told = [escape(fault(one.name.removeprefix(FAULT)).story, 300) for one in known]
    return escape(found.texts(wanted), 2000) + (f" ({'; '.join(told)})" if told else "")


def _at(found: Explanation, subset: Subset) -> str:
    """`fails at 0.559`, or that no such run was made."""
    run = found.known.get(subset)
    if run is None:
        return "was not run"
    return WORDS[run.outcome] + ("" if run.number is None else f" at {show(run.number)}")


def _stage(found: Explanation) -> list[str]:
    stages = found.stages.stages
    if not stages:
        return [f"Not asked: {escape(found.stages.reason)}."] if found.stages.reason else []
    text = (
        f"With GOOD's stages up to and including **{stages[-1]}** the symptom is gone; "
        f"with one less it is there: it enters at **{stages[0]}**."
        if len(stages) == 1
        else f"The symptom enters between {stages[0]} and {stages[-1]}; what lies between cannot be spliced."
    )
    return [text, "", *stage_table(found), ""]


def _picture(name: str, figures: Mapping[str, str]) -> list[str]:
    return ["", f"![{CAPTIONS[name]}]({figures[name]})"] if name in figures else []
