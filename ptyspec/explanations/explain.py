"""From GOOD, BAD and a symptom to an explanation: ends, stage, causes, shares, confirmation, in this order; and its story.

The story says what fails, where, the smallest cause, what hides, what it is worth, how it was proven.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ptyspec.contracts.stages import STAGES
from ptyspec.errors import PtyspecError
from ptyspec.explanations import causes
from ptyspec.explanations.explanation import (
    CauseRow,
    ChainRow,
    ClaimRow,
    Explanation,
    MaskedRow,
    SeedRun,
    SharesRow,
    acting_at,
)
from ptyspec.explanations.laboratory import Bench
from ptyspec.explanations.search import NOTHING, BudgetSpent, Names, Outcome, Run, Search, sections
from ptyspec.faults.catalogue import fault
from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import Mark, Table, escape, show
from ptyspec.runs.run_spec import FAULT

FAIL, PASS = Outcome.FAIL, Outcome.PASS


class NothingToExplainError(PtyspecError):
    """GOOD shows the symptom, BAD does not, or they do not differ."""


class SearchInterruptedError(PtyspecError):
    """The user stopped the search; it says what is kept."""

    exit_code = 3


class Question(NamedTuple):
    """What is asked: names of both sides, and the symptom as written."""

    good: str
    bad: str
    symptom: str


def explain(
    bench: Bench, question: Question, budget: int | None = None, repeats: int = 3
) -> Explanation:
    """Return why BAD shows the symptom and GOOD does not.

    - budget: runs of the search, None for as many as it needs; repeats: other seeds of each claim.

    Raises NothingToExplainError unless GOOD passes and BAD fails, ConfigError where one of them has no answer,
    SearchInterruptedError on Ctrl-C.
    """
    begun = time.monotonic()
    names = [delta.name for delta in bench.deltas]
    if not names:
        sides = f"{question.good} {question.bad}"
        raise NothingToExplainError("GOOD and BAD do not differ", value=sides)
    found = causes.Findings(Search(bench.runs, budget, bench.processes), names)
    work = _Investigation(bench, question, found)
    try:
        work.run(repeats)
    except BudgetSpent:
        bench.tell("the budget is spent")
    except KeyboardInterrupt:
        what = "the search was interrupted"
        raise SearchInterruptedError(what, **bench.left(found.search.best())) from None
    return work.document(round(time.monotonic() - begun, 2))


@dataclass
class _Investigation:
    """The work between two sides; what it has found stays readable when the budget ends it."""

    bench: Bench
    question: Question
    found: causes.Findings
    chain: ChainRow = field(default=ChainRow(reason="the budget was spent before"))
    shares: SharesRow | None = None
    claims: dict[Names, tuple[ClaimRow, ...]] = field(default_factory=dict)
    repeated: int = 0
    complete: bool = False

    def run(self, repeats: int) -> None:
        """Check the ends, splice, find causes and what is hidden, divide shares, confirm; raises BudgetSpent."""
        search, whole = self.found.search, frozenset(self.found.members)
        known, tell, ask = search.known, self.bench.tell, self.question
        tell("GOOD and BAD")
        search.ask((NOTHING, whole), "GOOD and BAD")
        for wanted, name, subset in ((PASS, "GOOD", NOTHING), (FAIL, "BAD", whole)):
            if known[subset].outcome is Outcome.UNRESOLVED:
                raise self.bench.unreadable(name, subset)
            if known[subset].outcome is not wanted:
                what = f"{name} does not {wanted.value}: it {known[subset].text()}"
                told = {"value": getattr(ask, name.lower()), "limit": ask.symptom, "source": name}
                step = "name a GOOD without the symptom and a BAD with it"
                raise NothingToExplainError(what, **told, next_step=step)
        self.chain = self.bench.chain(known[whole], known[NOTHING])
        tell("causes")
        # Where to look first: the faults of the stage where the splice flips, then whatever acts there.
        stages = self.chain.stages
        near = [name for stage in stages for name in acting_at(self.bench.deltas, stage)]
        self.found.near = ([name for name in near if name.startswith(FAULT)], near)
        self.found.find_all()
        tell("shares of the factors")
        self.shares = causes.factorial(self.found)
        tell("confirmation")
        self._confirm(repeats)
        self.complete = True

    def _confirm(self, repeats: int) -> None:
        """Make the runs of every claim, with the seed at hand and with others."""
        found, search = self.found, self.found.search
        claims = {cause: causes.claims_of_cause(cause, found) for cause in found.causes}
        claims |= {one.members: causes.claims_of_masked(one, found) for one in found.masked}
        wanted = [frozenset(claim.taken_over) for group in claims.values() for claim in group]
        search.ask(wanted, "confirmation")
        again = self.bench.repeated(list(dict.fromkeys(wanted)), repeats)
        self.repeated = sum(len(runs) for runs in again.values())

        def beside(claim: ClaimRow) -> ClaimRow:
            """Return a claim beside its runs, all of which must end as claimed."""
            subset = frozenset(claim.taken_over)
            own = search.known[subset]
            first = SeedRun(seed=None, outcome=own.outcome, number=own.number)
            runs = (first, *again[subset])
            holds = all(run.outcome is claim.expected for run in runs)
            return claim.model_copy(update={"runs": runs, "holds": holds})

        self.claims = {members: tuple(map(beside, group)) for members, group in claims.items()}

    def document(self, seconds: float) -> Explanation:
        """Return the explanation."""
        found, search, stages = self.found, self.found.search, self.chain.stages

        def row(members: Names) -> dict[str, Any]:
            claims: Sequence[ClaimRow] = self.claims.get(members, ())
            return {"members": members, "confirmed": causes.settled(claims), "claims": claims}

        visible = [CauseRow(**row(members)) for members in found.causes]
        masked = [
            MaskedRow(**row(one.members), maskers=one.maskers, lacking=causes.lacking(one, found))
            for one in found.masked
        ]
        proven = all(one.confirmed == "both ways" for one in (*visible, *masked))
        best = None if self.complete else search.best(found.causes)
        looked = f"The budget ended the search while it looked for {found.stage}."
        return Explanation(
            status="incomplete" if not self.complete else "explained" if proven else "one way",
            cause=found.causes,
            stage=stages[0] if len(stages) == 1 else None,
            **self.question._asdict(),
            differences=self.bench.deltas,
            causes=visible,
            masked=masked,
            mended=sorted(found.repaired or ()),
            best_so_far=None if best is None else sorted(best),
            stages=self.chain,
            shares=self.shares,
            runs={
                "search": len(search.known),
                "repeats": self.repeated,
                "splices": sum(one.how == "run" for one in self.chain.splices),
                "not_cached": self.bench.made,
            },
            seconds=seconds,
            trace=tuple(search.known.values()),
            notes=(*self.bench.notes(found.causes), *(() if self.complete else (looked,))),
        )


JSON, STORY = "explanation.json", "explanation.md"
PROOF = {
    "explained": "confirmed both ways",
    "one way": "not confirmed both ways",
    "incomplete": "incomplete",
}


def is_explanation(folder: Path) -> bool:
    """Say whether a folder holds an explanation."""
    return (folder / JSON).is_file()


def write_explanation(folder: Path, found: Explanation, text: str) -> Path:
    """Write both files into `folder` and return the story's; raises OutputFileError where the system refuses."""
    make_folder(folder)
    write_json(folder / JSON, found)
    with atomic_file(folder / STORY) as file:
        file.write(text.encode())
    return folder / STORY


def story(found: Explanation, command: str = "") -> str:
    """Return the Markdown; text of users and files is escaped."""
    tables = (_stage(found), _tried(found), *_shares(found), _proof(found))
    lines = [f"# Why {escape(found.bad)} and not {escape(found.good)}: {escape(found.symptom)}", ""]
    lines += [*answer(found), "", *(line for table in tables for line in table.section())]
    spent = ", ".join(f"{show(count)} {name}" for name, count in found.runs.items())
    lines += ["## What it took", "", f"Runs: {spent}; {found.seconds:.0f} s.".replace("_", " "), ""]
    lines += ["```sh", command, "```"] if command else []
    return "\n".join(lines).rstrip() + "\n"


def answer(found: Explanation) -> list[str]:
    """Return the paragraphs that a reader in a hurry needs."""
    good = f"GOOD ({escape(found.good)}) {_at(found, NOTHING)}"
    bad = f"BAD ({escape(found.bad)}) {_at(found, found.whole)}"
    count = len(found.differences)
    causes = " and, independently, ".join(found.texts(cause.members) for cause in found.causes)
    place = f", at stage {found.stage}" if len(found.causes) == 1 and found.stage else ""
    headline = escape(f"{causes}{place} ({PROOF[found.status]}).", 2000)
    headline = headline if found.causes else "Incomplete: no cause is proven yet."
    lines = [f"**{headline}**", ""]
    lines += [f"{good}, {bad}; they differ in {count} settings and faults.", ""]
    rest = found.whole.difference(*found.cause)
    lines += [
        f"- **Cause:** {_told(found, cause.members)}. GOOD with it alone {_at(found, cause.members)}; "
        f"BAD without it {_at(found, rest)}. Confirmed {cause.confirmed}."
        for cause in found.causes
    ]
    lines += [_masked(found, masked) for masked in found.masked]
    if found.best_so_far is not None:
        smallest = escape(found.texts(found.best_so_far), 2000)
        lines.append(f"- The smallest failing set so far: {smallest}.")
    return lines + [f"- {escape(note, 1000)}" for note in found.notes]


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
    return "was not run" if run is None else run.text()


def _stage(found: Explanation) -> Table:
    stages = found.stages.stages
    text = f"Not asked: {found.stages.reason}."
    if len(stages) == 1:
        text = f"With GOOD's stages up to and including {stages[0]} the symptom is gone; with one less it is there."
    elif stages:
        text = f"The symptom enters between {stages[0]} and {stages[-1]}; what lies between cannot be spliced."
    rows = [(one.sides(), _cell(one), one.how) for one in found.stages.splices]
    return Table(("run", "verdict", "made"), rows, "Where it enters", text, numbers=False)


def _tried(found: Explanation) -> Table:
    """One row a difference: alone in GOOD, and left out of BAD without its visible causes."""
    mended = frozenset(found.mended)
    roles = [("cause", cause) for cause in found.cause]
    roles += [("hidden", one.members) for one in found.masked]
    roles += [("hides", one.maskers) for one in found.masked]

    def row(name: str, text: str, stages: str, names: Iterable[str]) -> tuple[object, ...]:
        role = ", ".join(dict.fromkeys(role for role, members in roles if name in members))
        alone, rest = found.known.get(frozenset(names)), mended.difference(names)
        left_out = found.known.get(rest) if rest < mended else None
        return text, stages, role or "–", _cell(alone), _cell(left_out)

    together = sections(one.name for one in found.differences)
    rows = []
    for one in found.differences:
        stages = ", ".join(one.stages) if len(one.stages) < len(STAGES) else "any"
        rows.append(row(one.name, one.text(), stages, (one.name,)))
    many = {section: names for section, names in together.items() if len(names) > 1}
    rows += [row(section, f"{section}, together", "", names) for section, names in many.items()]
    left_out = "left out of BAD without its visible causes"
    head = ("difference", "stage", "found to be", "alone in GOOD", left_out)
    note = "A dash: the search did not need that run; settings of one section are tried together."
    return Table(head, rows, "What each difference does", note, numbers=False)


def _shares(found: Explanation) -> list[Table]:
    """The shares, what happens only together, and the combinations that they come from."""
    shares = found.shares
    if shares is None or shares.scale is None:
        return [] if shares is None else [Table((), (), "Shares", f"Not divided: {shares.reason}.")]
    log = shares.scale == "log"
    note = "Shapley values of the number, which is not positive everywhere: they add to the whole."
    if log:
        note = (
            "Shapley values of the log of the number, shown as factors: they multiply to the whole."
        )
    if shares.ground:
        note += f" The factors stand on: {', '.join(shares.ground)}."

    def effect(value: float | None) -> str:
        return "–" if value is None else f"× {math.exp(value):.3f}" if log else f"{value:+.4g}"

    rows = [(one.name, str(one.role), effect(one.share)) for one in shares.factors]
    rows.append(("together", "", effect(shares.total)))
    end, start = found.known[found.whole].number, shares.runs[-1].number
    if end is not None and (end > 0 or not log):
        rest = effect(math.log(end / start) if log else end - start)
        rows.append(("all other differences, up to BAD", "", rest))
    together = ("combination", "number", "only together")
    runs = []
    for one in shares.runs:
        names, alone = ", ".join(one.factors) or "none of them", not one.factors[1:]
        runs.append((names, show(one.number), effect(None if alone else one.effect)))
    head = ("factor", "found to be", "share")
    return [Table(head, rows, "Shares", note, numbers=False), Table(together, runs)]


def _proof(found: Explanation) -> Table:
    """One row a claim, with every run's number."""
    rows = []
    for named in (*found.causes, *found.masked):
        for one in named.claims:
            ends = [run.text() if run.number is None else show(run.number) for run in one.runs]
            claim = (", ".join(named.members), one.text, one.expected.value)
            rows.append((*claim, "yes" if one.holds else Mark("no", bold=True), ", ".join(ends)))
    seeds = "its own seed, then others" if found.runs["repeats"] else "its own seed, no other"
    head = ("cause", "run", "must", "as claimed", seeds)
    return Table(head, rows, "Confirmation" if rows else "", numbers=False)


def _cell(run: Run | None) -> object:
    return None if run is None else Mark(run.text(), bold=run.outcome is Outcome.FAIL)
