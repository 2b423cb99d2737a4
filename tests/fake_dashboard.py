"""All that a dashboard can show, invented: outcomes of the real clauses, a campaign, hypotheses, a good and a bad run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ptyspec.contracts.run import RunResult
from ptyspec.experiments.records import BoardRow, ContrastRow, Effect, Entry, RunValue, ScopeTexts
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.dashboard.gather import Sources
from ptyspec.report.scoreboard import CheckFile, answers
from ptyspec.runs.finished_run import FinishedRun, write_run
from ptyspec.seeds import generator
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import EXACT, PLACES, Clause, Tolerance, specification
from ptyspec.spec.finding import Finding, State
from ptyspec.spec.ledger import Ledger, Outcome
from ptyspec.spec.trace import Trace, trace
from tests.fake_run import make_run

NASTY = "<script>alert(1)</script>\"'&</script>"
FAILING = "NORM-002"
BOARD = Path(__file__).parents[1] / "engines" / "results" / "scoreboard.json"
GAIN = 0.3


def a_trace(clauses: Mapping[str, Clause] | None = None, failing: str = FAILING) -> Trace:
    """Every clause has two cases; one fails, some have not run, tolerances are used to different parts."""
    known = specification() if clauses is None else clauses
    rng = generator(3, "dashboard outcomes")
    cases, ended = [], {}
    for at, (name, clause) in enumerate(known.items()):
        for part in ("a", "b"):
            case = Case(
                f"tests/contract/test_it.py::test_{at}[{part}]",
                (name,),
                "contract",
                "tests/contract/test_it.py",
                1,
                None,
            )
            cases.append(case)
            if at % 9 == 4:
                continue
            used = [(name, f"quantity {part}", float(rng.uniform(0, 0.8)))]
            bad = name == failing and part == "b"
            state = State.FAILED if bad else State.PASSED
            ended[case.id] = Outcome(
                state,
                {name: state},
                when="2026-01-02T03:04:05+00:00",
                margins=[] if clause.tolerance.mode == "exact" else used,
            )
    return trace(known, cases, Ledger("numpy 2, threads 2+1+2", ended), {})


def many_clauses(count: int) -> dict[str, Clause]:
    """As many clauses as asked for, over all places and four documents, of two levels, exact or with a tolerance."""
    loose = Tolerance(1e-3, "relative", "derived", "rounding")
    return {
        f"RULE-{at:03d}": Clause(
            f"RULE-{at:03d}",
            f"Rule number {at} says what it says",
            1,
            "SHOULD" if at % 4 == 3 else "MUST",
            f"Thing {at} {'SHOULD' if at % 4 == 3 else 'MUST'} be so.",
            "Because.",
            loose if at % 2 else EXACT,
            PLACES[at % len(PLACES)],
            (at + 1,) if at % 3 else (),
            "Rules",
            Path(f"document_{at % 4}.md"),
            at + 1,
        )
        for at in range(count)
    }


def a_campaign(path: Path, clauses: Mapping[str, Clause], count: int) -> Path:
    """A campaign of so many faults: each turns a few clauses red, every eleventh none, one a clause that it should not."""
    rng, names = generator(5, "dashboard campaign"), list(clauses)
    rows = []
    for at in range(count):
        red = (
            []
            if at % 11 == 10
            else [names[int(place)] for place in rng.integers(0, len(names), 1 + at % 6)]
        )
        name = "gain-kept" if at == 0 else f"fault-{at}"
        rows.append(
            {
                "id": name,
                "stage": PLACES[at % len(PLACES)],
                "story": f"what somebody did {at}",
                "reason": "",
                "status": "killed" if red else "survived",
                "reached": 12,
                "red": {key: ["a case"] for key in red},
                "first_red_stage": None,
                "declared_red": red,
                "declared_green": [],
                "missed": [],
                "blind_red": red[:1] if at == 7 else [],
                "seconds": 1.0,
            }
        )
    write_json(
        path,
        {
            "schema_version": 2,
            "status": "violation",
            "kill_rate": 0.9,
            "tier": "contract",
            "localised": 0.8,
            "survivors": [],
            "blind_red": {},
            "must_clauses_without_a_kill": names[:3],
            "specificity": 0.97,
            "missed": {"gain-kept": [names[5]]},
            "failing_without_a_fault": [],
            "mode": "full",
            **{key: [] for key in ("vacuous", "stages", "clauses")},
            "faults": rows,
        },
    )
    return path


def a_check(path: Path) -> Path:
    """What was kept of a pipeline: a broken clause whose words are markup, and one that does not apply."""
    findings = [
        Finding("RECON-001", "score", "level", NASTY, "1 within 0.05", State.FAILED),
        Finding("RECON-002", "score", "level", "1", "1", State.PASSED, used=float("inf")),
    ]
    kept = CheckFile(
        pipeline=f"mine:{NASTY}",
        date="2026-01-02",
        tier="quick",
        status="wrong",
        line="wrong",
        findings=answers(findings),
        does_not_apply={"it asks a network": ["RECON-003"]},
    )
    write_json(path, kept)
    return path


def hypotheses(key: str) -> list[BoardRow]:
    """One of each verdict; the first one's records are runs, one of which is on the page."""
    records = [
        RunValue(
            seed=seed,
            arm=arm,
            value=0.34 + seed / 50,
            key=key if seed == 1 and arm == "kept" else f"{seed}{arm}",
            outcome="finished",
        )
        for seed in (1, 2)
        for arm in ("kept", "removed")
    ]
    texts = dict.fromkeys(
        ("reason", "unit", "why", "former", "digest", "evidence", "hypothesis"), "0"
    )
    shared_past: dict[str, Any] = texts | {
        "margin": 0.05,
        "p": None,
        "changed": (),
        "instrument": {},
    }
    history = [
        Entry(
            date=f"2026-01-0{number}",
            verdict=verdict,  # type: ignore[arg-type]
            effect=effect,
            low=effect - 0.05,
            high=effect + 0.05,
            n=8,
            supersedes="0" if number > 1 else "",
            **shared_past,
        )
        for number, verdict, effect in ((1, "OPEN", -0.4), (2, "CONFIRMED", -0.65))
    ]
    asked = ContrastRow(
        name="with and without",
        role="positive",
        expect="beyond",
        direction="either",
        margin=0.05,
        n=8,
        state="as claimed",
        reason="",
        needed_n=None,
        p=0.01,
        effect=Effect(value=2.2, low=2.1, high=2.3),
    )

    def row(name: str, verdict: str, claim: str, *effect: float, **more: Any) -> BoardRow:
        value, low, high = effect or (None, None, None)
        shared: dict[str, Any] = {
            "id": name,
            "claim": claim,
            "verdict": verdict,
            "reason": "computed from the records",
            "blocked_by": "",
            "effect": Effect(value=value, low=low, high=high, unit="of the ratio"),
            "margin": 0.05,
            "margin_source": "",
            "n": 8,
            "needed_n": 14 if verdict == "OPEN" else None,
            "scope": ScopeTexts(
                varied=("training.seed",),
                held=("object", "probe"),
                not_exercised=("measured data",),
            ),
            "history": history,
            "records": records,
            "clauses": ["NORMALIZATION-001"],
            "file": f"specs/hypotheses/{name}.toml",
            "title": f"Title of {name}",
            "contrasts": [asked],
            "controls": [asked],
            "story": "",
            "cost": "cheap",
            "alpha": 0.05,
            "supersedes": [],
            "related": [],
        }
        return BoardRow.model_validate(shared | more)

    dark = "The gain that is left in the object makes it too dark."
    return [
        row("H-GAIN", "CONFIRMED", dark, -0.65, -0.7, -0.6),
        row("H-DOSE", "RULED OUT", "The dose changes the mean ratio.", 0.004, -0.01, 0.018),
        row("H-BATCH", "OPEN", "The batch size changes the mean ratio.", 0.03, -0.06, 0.12),
        row("H-NONE", "OPEN", "Nothing has run yet.", n=0, records=[], history=[]),
    ]


@cache
def good_run(base: Path) -> Path:
    """A run whose object is right: what `fake_run` makes, written once."""
    return _measured(_written(base / "good", make_run()))


@cache
def bad_run(base: Path) -> Path:
    """A run called `<script>`, in which the gain of 0.3 was left, and whose record says that it was asked for."""
    result = make_run()
    dark = result.reconstruction.model_copy(update={"object": GAIN * result.reconstruction.object})
    return _darkened(
        _measured(_written(base / "bad", dataclasses.replace(result, reconstruction=dark)))
    )


def _written(folder: Path, result: RunResult) -> Path:
    folder.mkdir(parents=True)
    write_run(folder, result)
    return folder


def _measured(folder: Path) -> Path:
    """Put what a real run records into the files of an invented one: sizes of the canvas."""
    stages = read_json(folder / "stages.json")
    for stage in stages["stages"]:
        if stage["name"] == "normalize":
            stage["numbers"] |= {"required_canvas": 16.0, "padded_size": 16.0}
    write_json(folder / "stages.json", stages)
    return folder


def _darkened(folder: Path) -> Path:
    """Write numbers of a run with the gain left in, and a name and a fault that are markup, over a good run's."""
    metrics = read_json(folder / "metrics.json")
    metrics["amplitude"] |= {"mean_ratio": GAIN, "least_squares_scalar": 1 / GAIN}
    write_json(folder / "metrics.json", metrics)
    stages = read_json(folder / "stages.json")
    for stage in stages["stages"]:
        if stage["name"] == "normalize":
            stage["numbers"]["gain"] = GAIN
    write_json(folder / "stages.json", stages)
    write_json(folder / "scenario.json", read_json(folder / "scenario.json") | {"name": NASTY})
    environment = read_json(folder / "environment.json") | {
        "faults": ["gain-kept", "<b>"],
        "commit": NASTY,
    }
    write_json(folder / "environment.json", environment)
    return folder


def sources(base: Path, *, clauses: int | None = None, faults: int = 40) -> Sources:
    """Everything at once; with `clauses` that many invented rules instead of the specification."""
    known = specification() if clauses is None else many_clauses(clauses)
    good, bad = good_run(base), bad_run(base)
    failing = FAILING if clauses is None else "RULE-001"
    return Sources(
        trace=a_trace(known, failing),
        runs=[FinishedRun(good), FinishedRun(bad)],
        campaigns=[a_campaign(base / "campaign.json", known, faults)],
        hypotheses=hypotheses("bad"),
        pipelines=[a_check(base / "check.json"), BOARD],
    )


def without_anything() -> Sources:
    """No checkout, no runs, no campaign: an installation that has just been made."""
    return Sources(trace(specification(), (), Ledger(), {}))
