"""Hypotheses and evidence made of numbers, for tests of the machine that judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.records import Evidence, Row, Scope, design_of
from ptyspec.experiments.registry import parse
from ptyspec.experiments.verdict import Verdict, verdict

ARMS = ("sick", "cured", "healthy", "poisoned", "same")
WORDS = {
    "sick": "gs1_ideal:january",
    "cured": "gs1_ideal:january,-gain-kept",
    "healthy": "gs1_ideal:cnn",
    "poisoned": "gs1_ideal:cnn,gain-kept",
    "same": "gs1_ideal:cnn,training.nepochs=10",
}
EFFECT = """
[[contrast]]
name = "undershoot"
role = "effect"
minus = ["sick", "healthy"]
expect = "beyond"
direction = "down"
margin = 1.0
"""
REMEDY = """
[[contrast]]
name = "gain undone"
role = "remedy"
minus = ["cured", "sick"]
expect = "beyond"
direction = "up"
margin = 1.0
"""
RESTORED = """
[[contrast]]
name = "as if healthy"
role = "restored"
minus = ["cured", "healthy"]
expect = "within"
margin = 1.0
"""
POSITIVE = """
[[control]]
name = "gain kept"
kind = "positive"
minus = ["poisoned", "healthy"]
margin = 1.0
"""
NEGATIVE = """
[[control]]
name = "nothing"
kind = "negative"
minus = ["same", "healthy"]
margin = 1.0
"""
WHOLE = EFFECT + REMEDY + RESTORED + POSITIVE + NEGATIVE
SAME = """
[[contrast]]
name = "no difference"
role = "effect"
minus = ["sick", "healthy"]
expect = "within"
margin = 1.0
"""


def text_of(
    parts: str = WHOLE,
    *,
    observable: str = 'path = "amplitude.mean_ratio"',
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    design: str = "",
    name: str = "H-EXAMPLE",
    more: str = "",
) -> str:
    """A hypothesis of five arms as its file would have it; arms that nothing compares are left out."""
    arms = "".join(f'{arm} = "{words}"\n' for arm, words in WORDS.items() if f'"{arm}"' in parts)
    return (
        f'id = "{name}"\ntitle = "An example"\nclaim = "The gain makes the object dark."\nstory = "It was believed."\n'
        f'cost = "dear"\nclauses = ["EVID-001"]\n{more}\n[arms]\n{arms}\n[observable]\n{observable}\n{parts}\n'
        f"[design]\nseeds = {list(seeds)}\n{design}\n"
    )


def example(parts: str = WHOLE, **more: Any) -> Hypothesis:
    """The same, read."""
    return parse(text_of(parts, **more))


def evidence(
    said: Hypothesis,
    values: Mapping[str, Sequence[float | None]],
    outcomes: Mapping[str, str] | None = None,
) -> Evidence:
    """Evidence with these values of the first path, arm by arm, in the order of the seeds."""
    path, ended = said.paths[0], outcomes or {}
    rows = tuple(
        Row(
            arm=arm,
            seed=seed,
            values={path: value},
            outcome=ended.get(arm, "finished"),
            stage="train",
            error="the loss is NaN" if arm in ended else None,
        )  # type: ignore[arg-type]
        for arm in said.arms
        for seed, value in zip(said.design.seeds, values[arm], strict=True)
    )
    scope = Scope(
        varied={"fault.gain-kept": {"sick": True}}, held={"model.N": 64}, not_exercised=()
    )
    return Evidence(
        id=said.id,
        made="2026-01-01",
        design=design_of(said),
        environment={},
        scope=scope,
        rows=rows,
    )


def clean(said: Hypothesis, **levels: float) -> dict[str, list[float]]:
    """Values of arms at these levels (others: sick and poisoned at -3, the rest at 0), with a spread of 0.1."""
    usual = {"sick": -3.0, "poisoned": -3.0} | levels
    wobble = [0.1, -0.1, 0.05, -0.05, 0.0]
    return {
        arm: [
            usual.get(arm, 0.0) + wobble[(at + place) % 5] for at in range(len(said.design.seeds))
        ]
        for place, arm in enumerate(said.arms)
    }


def concluded(said: Hypothesis, **levels: float) -> Verdict:
    """The verdict on arms at these levels."""
    return verdict(said, evidence(said, clean(said, **levels)))


def written(place: Path, text: str, name: str = "H-EXAMPLE") -> Path:
    """A folder specs/hypotheses with this hypothesis, beside a document with its clause."""
    folder = place / "specs" / "hypotheses"
    folder.mkdir(parents=True, exist_ok=True)
    (place / "tests" / "parity").mkdir(parents=True, exist_ok=True)
    (folder.parent / "spec.md").write_text(DOCUMENT, encoding="utf-8")
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


DOCUMENT = """# Title

## Section

### EVID-001 · One {r1}
It MUST be.

- Why: so.
- Tolerance: exact
- Place: evidence
"""
