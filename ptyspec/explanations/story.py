"""The explanation as a story: what fails, where, the smallest cause, what hides, what it is worth, how it was proven."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.ddmin import sections
from ptyspec.explanations.explanation import CauseRow, Explanation, MaskedRow, Run, SharesRow
from ptyspec.explanations.plan import Outcome
from ptyspec.faults.catalogue import fault
from ptyspec.render.table import Mark, Table, show
from ptyspec.render.text import escape
from ptyspec.runs.run_spec import FAULT

PICTURE = (
    "![Each row is a run: stages in blue are GOOD's, in orange BAD's. "
    "The first blue stage that mends it is the one.]({})"
)
WORDS = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "has no result"}
PROOF = {
    "explained": "confirmed both ways",
    "one way": "not confirmed both ways",
    "incomplete": "incomplete",
}


def story(found: Explanation, picture: str = "", command: Sequence[str] = ()) -> str:
    """Return the Markdown; `picture`: the file of the stages beside it; text of users and files is escaped."""
    drawn = ["", PICTURE.format(picture)] if picture else []
    sections = [
        ("", answer(found)),
        ("Where it enters", [*_stage(found), *drawn]),
        ("What each difference does", _tried(found)),
        ("Shares", _shares(found)),
        ("Confirmation", _proof(found)),
        ("What it took", _spent(found)),
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
        f"{_at(found, cause.members)}; BAD without it {_at(found, rest)}. Confirmed {cause.confirmed}."
    )


def _masked(found: Explanation, masked: MaskedRow) -> str:
    mended = frozenset(found.mended)
    lacking = escape(found.texts(masked.lacking), 1000)
    return (
        f"- **Hidden in BAD:** {_told(found, masked.members)}. GOOD with it "
        f"alone {_at(found, masked.members)}. What hides it: {_told(found, masked.maskers)}; "
        f"GOOD with both {_at(found, (*masked.members, *masked.maskers))}. "
        f"BAD without its visible causes {_at(found, mended)}; "
        f"without {lacking} as well it {_at(found, mended.difference(masked.lacking))}: "
        f"to mend only what hides it brings the symptom back. Confirmed {masked.confirmed}."
    )


def _told(found: Explanation, members: Iterable[str]) -> str:
    """Differences in words, with the catalogue's own words on the faults among them."""
    wanted = set(members)
    faults = [one.name for one in found.differences if one.name in wanted and one.is_fault]
    told = [escape(fault(name.removeprefix(FAULT)).story, 300) for name in faults]
    return escape(found.texts(wanted), 2000) + (f" ({'; '.join(told)})" if told else "")


def _at(found: Explanation, members: Iterable[str]) -> str:
    """`fails at 0.559`, or that no such run was made."""
    run = found.known.get(frozenset(members))
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
    rows = [(one.sides(), _cell(one), one.how) for one in found.stages.splices]
    return [text, "", *Table(("run", "verdict", "made"), rows, numbers=False).markdown(), ""]


def _tried(found: Explanation) -> list[str]:
    """One row a difference: alone in GOOD, and left out of BAD without its visible causes."""
    mended = frozenset(found.mended)
    rows = [
        (
            one.text(),
            ", ".join(one.stages) if len(one.stages) < len(STAGES) else "any",
            _role(found, one.name),
            _cell(one.alone),
            _cell(one.left_out),
        )
        for one in found.differences
    ]
    rows += [
        (
            f"{section}, together",
            "",
            "–",
            _cell(found.known.get(frozenset(names))),
            _cell(found.known.get(mended.difference(names))),
        )
        for section, names in sections(one.name for one in found.differences).items()
        if len(names) > 1
    ]
    left_out = "left out of BAD without its visible causes"
    head = ("difference", "stage", "found to be", "alone in GOOD", left_out)
    note = "A dash: the search did not need that run; settings of one section are tried together."
    return [*Table(head, rows, numbers=False).markdown(), "", note]


def _role(found: Explanation, name: str) -> str:
    roles = [("cause", one.members) for one in found.causes]
    roles += [("hidden", one.members) for one in found.masked]
    roles += [("hides", one.maskers) for one in found.masked]
    return ", ".join(dict.fromkeys(role for role, members in roles if name in members)) or "–"


def _shares(found: Explanation) -> list[str]:
    """The combinations, the shares and the interactions; what lies outside the factors as well."""
    shares = found.shares
    if shares is None:
        return []
    if shares.scale is None or shares.total is None:
        return [f"Not divided: {escape(shares.reason)}."]
    log = shares.scale == "log"
    said = (
        "Shapley values of the log of the number, shown as factors: they multiply to the whole."
        if log
        else "Shapley values of the number, which is not positive everywhere: they add to the whole."
    )
    if shares.ground:
        said += f" The factors stand on: {escape(', '.join(shares.ground), 1000)}."
    effects: list[tuple[str, str, float]] = [
        (one.name, one.role, shares.share[one.name]) for one in shares.factors
    ]
    effects += [("together", "", shares.total), *_around(found, shares)]
    effects += [(" × ".join(one.factors), "interaction", one.effect) for one in shares.interactions]
    rows = [
        (name, role, f"× {math.exp(e):.3f}" if log else f"{e:+.4g}") for name, role, e in effects
    ]
    head = ("factor", "found to be", "factor" if log else "difference")
    runs = [(", ".join(one.factors) or "none of them", one.number) for one in shares.runs]
    return [
        *(said, "", *Table(head, rows, numbers=False).markdown(), ""),
        *Table(("combination", "number"), runs).markdown(),
    ]


def _around(found: Explanation, shares: SharesRow) -> list[tuple[str, str, float]]:
    """What lies outside the factors: their ground, and all other differences."""
    inside = {len(one.factors): one.number for one in shares.runs}
    outside = {subset: run.number for subset, run in found.known.items()}
    ends = [
        ("their ground, against GOOD", outside.get(frozenset()), inside[0]),
        ("all other differences, up to BAD", max(inside.items())[1], outside.get(found.whole)),
    ]
    log, rows = shares.scale == "log", []
    for name, start, end in ends if shares.ground else ends[1:]:
        if start is not None and end is not None and not (log and min(start, end) <= 0):
            rows.append((name, "", math.log(end / start) if log else end - start))
    return rows


def _proof(found: Explanation) -> list[str]:
    """One row a claim, with every run's number."""
    rows = [
        (
            ", ".join(named.members),
            one.text,
            one.expected.value,
            "yes" if one.holds else Mark("no", bold=True),
            ", ".join(
                WORDS[run.outcome] if run.number is None else show(run.number) for run in one.runs
            ),
        )
        for named in (*found.causes, *found.masked)
        for one in named.claims
    ]
    head = ("cause", "run", "must", "as claimed", "own seed, then other training seeds")
    return Table(head, rows, numbers=False).markdown() if rows else []


def _spent(found: Explanation) -> list[str]:
    """What it took beside one setting at a time."""
    spent, count = found.runs, len(found.differences)
    rows = [
        ("runs of the search", spent.search),
        ("runs with other training seeds", spent.repeats),
        ("spliced runs", spent.splices),
        ("of all, not yet in the store", spent.not_cached),
        ("wall time, s", f"{found.seconds:.0f}"),
        ("CPU time of all runs when they were made, s", f"{found.cpu_seconds:.0f}"),
    ]
    text = (
        f"One at a time would be {count} runs that add one difference to GOOD, which finds no cause of two, and {count} "
        "that leave one out of BAD, which finds none of two independent causes; neither finds what is hidden."
    )
    return [*Table(("", "count"), rows).markdown(), "", text]


def _cell(run: Run | None) -> object:
    if run is None:
        return None
    number = "" if run.number is None else f" {show(run.number)}"
    return Mark(f"{WORDS[run.outcome]}{number}", bold=run.outcome is Outcome.FAIL)
