"""What a hypothesis is: a claim that can be false, the arms that test it, and what would count (design 11).

Data only, frozen and closed; see docs/hypotheses.md for the file. `verdict.py` says what follows from the numbers.
"""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ptyspec.contracts.base import Settings

ID = re.compile(r"(?:H|[A-Z]+(?:-[A-Z0-9]+)+)-[A-Z0-9]+(?:-[A-Z0-9]+)*")
"""`H-LOSS-WEIGHT`, say; ids of the investigation that begin otherwise keep their names."""
OUTCOMES = ("finished", "refused", "diverged", "failed")
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Positive = Annotated[float, Field(gt=0)]
Scalar = bool | int | float | str


class Observable(Settings):
    """One number of an arm: the value at `path`, times those of `times`, over those of `over`.

    - path: dotted name in an observation's scores and numbers, or a probe's result; `outcome.diverged` and its like are
      1 where the run ended so and 0 where it did not.
    - transform: `log` compares by factors: differences and margins are those of natural logarithms.
    """

    path: Text
    times: tuple[Text, ...] = ()
    over: tuple[Text, ...] = ()
    transform: Literal["identity", "log"] = "identity"
    name: str = ""
    unit: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every number that has to be recorded."""
        return (self.path, *self.times, *self.over)

    @property
    def outcome(self) -> bool:
        """Whether it is 0 or 1 by how a run ended."""
        return self.path.startswith("outcome.")

    @model_validator(mode="after")
    def _sound(self) -> "Observable":
        if self.outcome and (self.times or self.over or self.transform == "log"):
            raise ValueError("an outcome is 0 or 1: it has no product, quotient or logarithm")
        if self.outcome and self.path.partition(".")[2] not in OUTCOMES:
            raise ValueError(f"outcomes are {', '.join(OUTCOMES)}")
        return self


class Compared(Settings):
    """Two arms, or an arm and a number: first minus second; with `less`, minus another such difference (interaction)."""

    name: Text
    minus: tuple[Name, Name | float]
    less: tuple[Name, Name | float] | None = None
    margin: Positive
    observable: Name | None = None

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms it needs, each once."""
        sides = (*self.minus, *(self.less or ()))
        return tuple(dict.fromkeys(side for side in sides if isinstance(side, str)))

    @property
    def differences(self) -> frozenset[frozenset[str | float]]:
        """The differences it is made of, whichever side comes first."""
        return frozenset(frozenset(pair) for pair in (self.minus, self.less) if pair is not None)


class Contrast(Compared):
    """What the claim predicts of a difference.

    - role: `effect` is the claim itself; `remedy`, taking the named cause away makes a difference (`beyond`); `restored`,
      what remains then is like the healthy arm (`within`).
    - expect: `beyond` the margin, on the side that `direction` names, or `within` it.
    """

    role: Literal["effect", "remedy", "restored"]
    expect: Literal["beyond", "within"]
    direction: Literal["up", "down", "either"] = "either"

    @model_validator(mode="after")
    def _sound(self) -> "Contrast":
        if self.expect == "within" and self.direction != "either":
            raise ValueError("`within` has no direction")
        # What a contrast must expect in order to show that the effect goes with its cause.
        removals = {"remedy": "beyond", "restored": "within"}
        if (wanted := removals.get(self.role, self.expect)) != self.expect:
            raise ValueError(f"a {self.role} is {wanted}: that nothing changes takes no cause away")
        return self


class Control(Compared):
    """A difference that the instrument must show (`positive`), or must not (`negative`)."""

    kind: Literal["positive", "negative"]
    direction: ClassVar[Literal["either"]] = "either"

    @property
    def role(self) -> Literal["positive", "negative"]:
        """What it is in a table."""
        return self.kind

    @property
    def expect(self) -> Literal["beyond", "within"]:
        """On which side of the margin its difference must lie."""
        return "beyond" if self.kind == "positive" else "within"


class Design(Settings):
    """How it is repeated: pairs share a seed.

    - alpha: the most that a wrong verdict of either kind may happen; the interval has confidence 1 - alpha.
    - deterministic: a probe without chance; two equal repeats prove it, and its seeds are all there are.
    """

    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    alpha: Annotated[float, Field(gt=0, le=0.1)] = 0.05
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    deterministic: bool = False

    @model_validator(mode="after")
    def _sound(self) -> "Design":
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed stands twice: it would count as two pairs")
        return self


class DeclaredScope(Settings):
    """What the arms cannot tell of the experiment's scope."""

    varied: tuple[Text, ...] = ()
    held: tuple[Text, ...] = ()
    not_exercised: tuple[Text, ...] = ()


class Hypothesis(Settings):
    """One claim and its experiment.

    - arms: name to the words of `variant()`, or to a probe's arguments.
    - cost: `cheap` is judged by running in every test session, `dear` from its committed evidence.
    - margin_source: where its margins come from.
    """

    id: Annotated[str, Field(pattern=rf"^{ID.pattern}$")]
    title: Text
    claim: Text
    story: Text
    cost: Literal["cheap", "dear"]
    clauses: Annotated[tuple[Text, ...], Field(min_length=1)]
    supersedes: tuple[Text, ...] = ()
    related: tuple[Text, ...] = ()
    margin_source: str = ""
    probe: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*:[a-z_][a-z0-9_]*$")] | None = None
    profile: str | None = None
    settings: tuple[Text, ...] = ()
    arms: Annotated[dict[Name, str | dict[Name, Scalar | tuple[Scalar, ...]]], Field(min_length=1)]
    observable: Observable
    observables: dict[Name, Observable] = Field(default_factory=dict)
    contrast: Annotated[tuple[Contrast, ...], Field(min_length=1)]
    control: tuple[Control, ...] = ()
    design: Design
    scope: DeclaredScope = DeclaredScope()

    def measured(self, compared: Compared) -> Observable:
        """Return what a contrast or control compares."""
        name = compared.observable
        return self.observable if name is None else self.observables[name]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every number that is recorded of each arm."""
        every = (self.observable, *self.observables.values())
        return tuple(dict.fromkeys(path for one in every for path in one.paths))

    @property
    def compared(self) -> tuple[Contrast | Control, ...]:
        """All contrasts and controls."""
        return (*self.contrast, *self.control)

    @model_validator(mode="after")
    def _sound(self) -> "Hypothesis":
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        """Wrong references, what would keep it from being judged, and arms of the wrong kind."""
        if len({one.name for one in self.compared}) < len(self.compared):
            yield "two contrasts or controls share a name"
        for one in self.compared:
            if missing := [arm for arm in one.arms if arm not in self.arms]:
                yield f"{one.name!r} compares {', '.join(missing)}: arms are {', '.join(self.arms)}"
            if one.observable is not None and one.observable not in self.observables:
                known = ", ".join(self.observables) or "none is declared"
                yield f"{one.name!r}: no [observables.{one.observable}] ({known})"
        used = {arm for one in self.compared for arm in one.arms}
        if unused := [arm for arm in self.arms if arm not in used]:
            yield f"no contrast or control compares {', '.join(unused)}"
        if not any(one.role == "effect" for one in self.contrast):
            yield "no contrast has the role effect: there is nothing to judge"
        claimed = {(one.differences, one.observable) for one in self.contrast}
        for control in self.control:
            if (control.differences, control.observable) in claimed:
                said = "is a contrast of the claim: a claim cannot vouch for itself"
                yield f"control {control.name} {said}"
        for one in self.compared:
            if one.less is not None and self.measured(one).outcome:
                said = "`less` compares numbers; of outcomes compare two arms at a time"
                yield f"{one.name!r}: {said}"
            for first, second in filter(None, (one.minus, one.less)):
                if isinstance(second, str) and self.arms[first] == self.arms[second]:
                    said = f"{first} and {second} are the same: their difference is always 0"
                    yield f"{one.name!r}: {said}"
        words = [isinstance(arm, str) for arm in self.arms.values()]
        if self.probe is None and not all(words):
            yield "arms with arguments need `probe`; without one an arm is the words of a variant"
        if self.probe is None and self.design.deterministic:
            yield "a deterministic design is that of a probe: a training differs with its seed"
        if self.probe is not None and any(words):
            yield "a probe's arms are its arguments: [arms.NAME]"
        if self.probe is not None and (self.settings or self.profile is not None):
            yield "`settings` and `profile` are those of variants; a probe takes arguments"
