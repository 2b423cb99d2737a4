"""A symptom: comparisons of numbers of an observation, read and never evaluated.

`amplitude.mean_ratio<0.9`, or several joined by `and`; paths are those of `experiments.observe.value`.
"""

import difflib
import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ConfigError
from ptyspec.experiments.observe import Observation, value
from ptyspec.explanations.search import Outcome, Run

SIGNS: dict[str, Callable[[float, float], bool]]
SIGNS = {"<=": le, ">=": ge, "==": eq, "!=": ne, "<": lt, ">": gt}
PATH = r"(?P<path>[A-Za-z]\w*(?:\.[\w-]+)+|[A-Za-z]\w*)"
FORM = re.compile(rf"\s*{PATH}\s*(?P<sign>{'|'.join(SIGNS)})\s*(?P<limit>[-+.\deE]+)\s*")


class Comparison(NamedTuple):
    """One number against one limit."""

    path: str
    sign: str
    limit: float

    def holds(self, observation: Observation) -> bool | None:
        """Return whether it does; None where the run has no such number, or did not get that far."""
        found = value(observation, self.path)
        return None if found is None else SIGNS[self.sign](found, self.limit)


class Symptom(NamedTuple):
    """It shows where all its comparisons hold; its number, which shares are of, is that of the first one."""

    text: str
    comparisons: tuple[Comparison, ...]

    def read(self, observation: Observation) -> Run:
        """Return FAIL where the symptom shows, PASS where it does not, UNRESOLVED where that cannot be said."""
        held = [part.holds(observation) for part in self.comparisons]
        unclear = Outcome.UNRESOLVED if None in held else Outcome.FAIL
        outcome = Outcome.PASS if False in held else unclear
        return Run(outcome=outcome, number=value(observation, self.comparisons[0].path))


def read_symptom(text: str) -> Symptom:
    """Return the symptom that the text means; raises ConfigError showing the form."""
    comparisons = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = FORM.fullmatch(part)
        try:
            path, sign, limit = found.group("path", "sign", "limit") if found else ("", "", "")
            comparisons.append(Comparison(path, sign, float(limit)))
        except ValueError:
            raise ConfigError(
                f"a symptom cannot be read: {part!r}",
                value=text,
                limit="PATH < <= > >= == != NUMBER, joined by `and`",
                source="--symptom",
                next_step="e.g. --symptom 'amplitude.mean_ratio<0.9', or the id of a clause",
            ) from None
    return Symptom(text.strip(), tuple(comparisons))


def unread(symptom: Symptom, observation: Observation) -> ConfigError:
    """Return the error for a symptom that GOOD has no number for, with the nearest names."""
    missing = next(one.path for one in symptom.comparisons if one.holds(observation) is None)
    if observation["outcome"] != "finished":
        what = f"GOOD has no {missing}: its run is {observation['outcome']}"
        step = "name a GOOD that runs, or a symptom such as 'outcome.refused==1'"
        value = observation["error"]
        return ConfigError(what, value=value, source=observation["stage"], next_step=step)
    scores = [k for k, score in flatten(observation["metrics"]) if isinstance(score, int | float)]
    near = difflib.get_close_matches(missing, [*scores, *observation["numbers"]], cutoff=0.4)
    look = "see metrics.json and stages.json of a run"
    look = f"did you mean {' or '.join(near)}?" if near else look
    text = f"a run has no number called {missing}"
    return ConfigError(text, value=missing, source="--symptom", next_step=look)
