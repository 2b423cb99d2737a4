"""A symptom: comparisons of numbers of an observation, read and never evaluated.

`amplitude.mean_ratio<0.9`, or several joined by `and`; paths are those of `evidence.observe.value`.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ConfigError
from ptyspec.experiments.observe import Observation, value
from ptyspec.explanations.plan import Outcome

SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
FORM = re.compile(
    r"\s*(?P<path>[A-Za-z]\w*(?:\.[\w-]+)+|[A-Za-z]\w*)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<limit>[-+.\deE]+)\s*"
)


@dataclass(frozen=True)
class Comparison:
    """One number against one limit."""

    path: str
    sign: str
    limit: float

    def holds(self, observation: Observation) -> bool | None:
        """Return whether it does; None where the run has no such number, or did not get that far."""
        found = value(observation, self.path)
        return None if found is None else SIGNS[self.sign](found, self.limit)


@dataclass(frozen=True)
class Symptom:
    """It shows where all its comparisons hold."""

    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def path(self) -> str:
        """The number that shares are of: that of the first comparison."""
        return self.comparisons[0].path

    @property
    def limit(self) -> float:
        """What it is compared with."""
        return self.comparisons[0].limit

    def outcome(self, observation: Observation) -> Outcome:
        """FAIL where the symptom shows, PASS where it does not, UNRESOLVED where that cannot be said."""
        held = [part.holds(observation) for part in self.comparisons]
        if False in held:
            return Outcome.PASS
        return Outcome.UNRESOLVED if None in held else Outcome.FAIL

    def number(self, observation: Observation) -> float | None:
        """Return the number behind it."""
        return value(observation, self.path)


def read_symptom(text: str) -> Symptom:
    """Return the symptom that the text means; raises ConfigError showing the form."""
    parts = re.split(r"\s+and\s+", text.strip())
    return Symptom(text.strip(), tuple(_comparison(part, text) for part in parts))


def _comparison(part: str, text: str) -> Comparison:
    found = FORM.fullmatch(part)
    if found is not None:
        with suppress(ValueError):
            return Comparison(found["path"], found["sign"], float(found["limit"]))
    raise ConfigError(
        f"a symptom cannot be read: {part!r}",
        value=text,
        limit="PATH < <= > >= == != NUMBER, joined by `and`",
        source="--symptom",
        next_step="e.g. --symptom 'amplitude.mean_ratio<0.9', or the id of a clause",
    )


def unread(symptom: Symptom, observation: Observation) -> ConfigError:
    """Return the error for a symptom that GOOD has no number for, with the nearest names."""
    missing = [part.path for part in symptom.comparisons if part.holds(observation) is None]
    if observation["outcome"] != "finished":
        return ConfigError(
            f"GOOD has no {missing[0]}: its run is {observation['outcome']}",
            value=observation["error"],
            source=observation["stage"],
            next_step="name a GOOD that runs, or a symptom such as 'outcome.refused==1'",
        )
    scores = [k for k, score in flatten(observation["metrics"]) if isinstance(score, int | float)]
    near = difflib.get_close_matches(
        missing[0], [*scores, *observation["numbers"]], n=3, cutoff=0.4
    )
    meant, look = f"did you mean {' or '.join(near)}?", "see metrics.json and stages.json of a run"
    return ConfigError(
        f"a run has no number called {missing[0]}",
        value=missing[0],
        source="--symptom",
        next_step=meant if near else look,
    )
