"""What a fault is: a function that takes a stage's place, with the clauses that must notice it.

The function gets the original first, then the original's own arguments. Its name is the fault's
id, its docstring the story, and the file it stands in names the stage (docs/faults.md has one).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import getdoc
from typing import Any, Literal

from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import PtyspecError

Cost = Literal["contract", "parity"]
Function = Callable[..., Any]


@dataclass(frozen=True)
class Patch:
    """One seam of the fault `of`: `target` is `module:attribute` or `module:Class.attribute`.

    `function` takes its place and gets the original first; one that `makes` gets the original
    alone, once, and returns what takes its place, for faults that remember something from call to
    call.
    """

    of: str
    target: str
    function: Function
    makes: bool = False

    @property
    def module(self) -> str:
        """The module that defines the attribute."""
        return self.target.partition(":")[0]

    @property
    def path(self) -> list[str]:
        """The attribute's path within it."""
        return self.target.partition(":")[2].split(".")

    def make(self, original: Any) -> Any:
        """Return what takes the original's place; raises PtyspecError where nothing can."""
        return self.function(original) if self.makes else self._around(original)

    def _around(self, original: Any) -> Any:
        if isinstance(original, property):
            get = self._around(original.fget)
            return property(get, original.fset, original.fdel, original.__doc__)
        if isinstance(original, staticmethod | classmethod):
            return type(original)(self._around(original.__func__))
        if not callable(original) or isinstance(original, type):
            raise PtyspecError(
                f"the fault {self.of} cannot take the place of {self.target}",
                value=type(original).__name__,
                limit="a function or a property",
                source="fault catalogue",
                next_step="patch a function that uses it",
            )

        @wraps(original)
        def wrong(*args: Any, **kwargs: Any) -> Any:
            return self.function(original, *args, **kwargs)

        return wrong


@dataclass(frozen=True)
class Fault:
    """One fault, as somebody really made it or might.

    - stage: where the pipeline is broken; the first red clause should name it.
    - red: clauses that must go red (primary ones first); green: clauses that look close and must
      stay green.
    - cost: the cheapest tier that sees it.
    - signatures: failure signatures of the investigation that it shows.
    - cases: parts of the ids of cases that are looked at first beyond the contract tier, where each
      costs seconds.
    """

    id: str
    stage: str
    story: str
    patches: list[Patch]
    red: tuple[str, ...]
    green: tuple[str, ...]
    cost: Cost = "contract"
    signatures: tuple[int, ...] = ()
    cases: tuple[str, ...] = ()

    def also(self, at: str) -> Callable[[Function], None]:
        """Return a decorator for a function that takes another seam's place at the same time."""

        def add(function: Function) -> None:
            self.patches.append(Patch(self.id, f"ptyspec.{at}", function))

        return add


def fault(
    at: str, *signatures: int, red: str = "", green: str = "", makes: bool = False
) -> Callable[[Function], Fault]:
    """Return a decorator: the function takes the place of `ptyspec.AT` and is a fault.

    - signatures: numbers of the investigation's failure signatures that it shows.
    - red, green: clauses that must go red, primary ones first, or stay green.
    """

    def make(function: Function) -> Fault:
        facts = {"red": red, "green": green, **vars(function)}
        name = function.__name__.replace("_", "-")
        return Fault(
            id=name,
            stage=function.__module__.rpartition(".")[2].partition("_")[0],
            story=" ".join((getdoc(function) or "").split()).removesuffix("."),
            patches=[Patch(name, f"ptyspec.{at}", function, makes)],
            red=tuple(facts["red"].split()),
            green=tuple(facts["green"].split()),
            cost="parity" if "cases" in facts else "contract",
            signatures=signatures,
            cases=facts.get("cases", ()),
        )

    return make


def clauses(red: str = "", green: str = "") -> Callable[[Function], Function]:
    """Return a decorator with the clauses of a fault, where one line does not hold them."""
    told = {"red": red, "green": green}
    return _noting(**{colour: names for colour, names in told.items() if names})


def parity(*cases: str) -> Callable[[Function], Function]:
    """Return a decorator for faults that training shows: parts of ids of cases to run first."""
    return _noting(cases=cases)


def _noting(**facts: object) -> Callable[[Function], Function]:
    def note(function: Function) -> Function:
        vars(function).update(facts)
        return function

    return note


def changed(scenario: Scenario, section: str, **values: object) -> Scenario:
    """Return the scenario with some settings of a section replaced, unchecked."""
    other = getattr(scenario, section).model_copy(update=values)
    return scenario.model_copy(update={section: other})


class Instead:
    """A pipeline whose stages can be replaced; `inner` is the one that was asked for."""

    def __init__(self, pipeline: Any) -> None:
        # Where it is needed, and not to list faults: it loads scipy.
        from ptyspec.pipeline.reference import ReferencePipeline

        self.inner = pipeline or ReferencePipeline()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def having(self, **stages: Callable[..., Any]) -> "Instead":
        """Replace these stages and return this pipeline."""
        vars(self).update(stages)
        return self
