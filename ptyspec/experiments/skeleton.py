"""What `ptyspec new hypothesis` writes: a file that says where each thing belongs, and a case that asks for a verdict."""

from __future__ import annotations

import json
from pathlib import Path

from ptyspec.errors import OutputExistsError
from ptyspec.experiments.errors import HypothesisError
from ptyspec.spec.skeleton import slug

VARIANTS = """# Each arm is a pipeline: TARGET[:WORD,...], a word being a recipe, a fault (ptyspec faults list), -FAULT, or KEY=VALUE.
profile = "quick"
settings = ["model.N=32", "object.size=96", "scan.n_images=80", "grouping.n_groups=40"]

[arms]
sick = "gs1_custom:cnn,gain-kept"
cured = "gs1_custom:cnn"
poisoned = "gs1_custom:cnn,probe-rescaled"
same = "gs1_custom:cnn,inference.batch_size=4"

[observable]
path = "amplitude.least_squares_scalar"
transform = "log"
"""
PROBE = """# Each arm is what the probe is called with; it returns a dict of numbers: ptyspec/experiments/observations/{module}.py
probe = "{module}:{function}"

[arms.sick]
level = 1.0
[arms.cured]
level = 0.0
[arms.poisoned]
level = 2.0
[arms.same]
level = 0.0
unrelated = 1.0

[observable]
path = "level"
"""
FILE = """id = "{id}"
title = {claim}
claim = {claim}
story = "TODO: what was believed, by whom and why"
cost = "{cost}"             # cheap: run again in every test session; dear: judged from its committed evidence
clauses = ["EVID-011"]      # the clauses that it touches
{experiment}
[[contrast]]
name = "the effect"
role = "effect"
minus = ["sick", "cured"]
expect = "beyond"           # or "within", where the claim is that nothing differs
margin = 0.1                # the smallest difference that matters, stated before the runs

[[contrast]]
name = "without the cause"
role = "restored"           # taking the named cause away leaves nothing of the effect
minus = ["cured", {healthy}]       # another arm, or the number that is right
expect = "within"
margin = 0.1

[[control]]
name = "a difference that is there"
kind = "positive"
minus = ["poisoned", "cured"]
margin = 0.1

[[control]]
name = "a difference that is not there"
kind = "negative"
minus = ["same", "cured"]
margin = 0.1

[design]
seeds = [1, 2, 3, 4, 5]{deterministic}
alpha = 0.05
power = 0.8

[scope]
not_exercised = []
"""
CASE = '''"""{id}: what was recorded is a verdict, and not an open question."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.experiments.judge import from_evidence

PLACE = Path(__file__).parents[2] / "specs" / "hypotheses"


@pytest.mark.hypothesis("{id}")
def test_{slug}_is_decided() -> None:
    found = from_evidence("{id}", PLACE).verdict
    assert found.verdict != "OPEN", found.reason
'''
FUNCTION = '''"""TODO: the question that this probe answers."""

from __future__ import annotations


def {function}(seed: int, level: float, unrelated: float = 0.0) -> dict[str, float]:
    """Return the number that the claim is about, for one arm's values; `unrelated` must not matter."""
    return {{"level": level}}
'''


def write_hypothesis(root: Path, name: str, claim: str, probe: str | None = None) -> list[Path]:
    """Write the hypothesis, its case and, where one is named that does not exist, its probe; return what was written.

    Raises OutputExistsError where one of the first two exists, and HypothesisError for an id or a probe that is none.
    """
    from ptyspec.experiments.hypothesis import ID

    if ID.fullmatch(name) is None:
        raise HypothesisError(
            "not an id of a hypothesis", value=name, limit="H-NAME, capitals, digits and dashes"
        )
    if not claim.strip():
        raise HypothesisError(
            "a claim is a sentence that can be false", value=claim, next_step="--claim TEXT"
        )
    files = {
        root / "specs" / "hypotheses" / f"{name}.toml": _text(name, claim, probe),
        root / "tests" / "parity" / f"test_{slug(name)}.py": CASE.format(id=name, slug=slug(name)),
    }
    for path in files:
        if path.exists():
            raise OutputExistsError(
                "the file exists", value=path, next_step="edit it, or choose another id"
            )
    if probe is not None:
        module, _, function = probe.partition(":")
        path = root / "ptyspec" / "experiments" / "observations" / f"{module}.py"
        if not path.exists() and path.parent.is_dir():
            files[path] = FUNCTION.format(function=function)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _text(name: str, claim: str, probe: str | None) -> str:
    quoted = json.dumps(claim, ensure_ascii=False)
    if probe is None:
        return FILE.format(
            id=name, claim=quoted, cost="dear", experiment=VARIANTS, deterministic="", healthy=1.0
        )
    module, colon, function = probe.partition(":")
    if not (colon and module.isidentifier() and function.isidentifier()):
        raise HypothesisError(
            "not a probe",
            value=probe,
            limit="MODULE:FUNCTION, below ptyspec.experiments.observations",
        )
    experiment = PROBE.format(module=module, function=function)
    said = "\ndeterministic = true        # no chance in it: two equal runs of each arm prove that"
    return FILE.format(
        id=name, claim=quoted, cost="cheap", experiment=experiment, deterministic=said, healthy=0.0
    )
