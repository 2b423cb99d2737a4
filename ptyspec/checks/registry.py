"""The kinds of audit: what each asks and consists of, as data; its code is loaded when it runs.

A kind's module holds its LAYOUT (which facts, checks, tables and figure) and its CONTROLS: what is
spoiled on purpose, one thing of what an audit sees exchanged and the rest kept.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ptyspec.checks.clause_check import REGISTRY, ClauseCheck
from ptyspec.checks.judge import judge
from ptyspec.checks.references import plain
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Container
from ptyspec.errors import UnknownNameError
from ptyspec.pipeline.protocol import Containers
from ptyspec.render.table import FORM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Facts = Callable[[StageOutputs], Any]
Spoil = Callable[[StageOutputs], StageOutputs]


@dataclass(frozen=True)
class Grid:
    """A table of values in `data`.

    - rows: a path into the data, such as `groups/{subject}/{split}`; a row for every way through its braces and stars,
      named by them; what stands in braces heads the names.
    - columns: separated by commas, each `[heading=]key[/key...][:form]` below the row's value.
    """

    title: str
    rows: str
    columns: str
    form: str = FORM
    turned: bool = False
    """Rows are the columns: for few subjects with many figures."""

    def add_to(self, report: Audit) -> None:
        """Add the table to the report, unless there is no row; what a row lacks is a dash."""

        def cell(path: Sequence[str], column: str) -> object:
            keys, _, form = column.rpartition("=")[2].partition(":")
            try:
                return report.ref(*path, *keys.split("/"), form=form or self.form)
            except (KeyError, TypeError):
                return "–"

        columns = [column.strip() for column in self.columns.split(",")]
        rows = [
            (", ".join(names), *(cell(path, column) for column in columns))
            for names, path in _ways(report.data, re.sub(r"\{\w+\}", "*", self.rows).split("/"))
        ]
        head = (
            ", ".join(re.findall(r"\{(\w+)\}", self.rows)) or "subject",
            *((column.rpartition("=")[0] or column.partition(":")[0]) for column in columns),
        )
        if self.turned:
            head, *rows = zip(head, *rows, strict=True)
        if rows:
            report.table(self.title, head, rows)


@dataclass(frozen=True)
class Layout:
    """What one kind of audit consists of: facts by name in `data`, tables, and notes in paragraphs.

    - also: checks that stand with another kind; those of the kind's own module are taken by themselves.
    - figure: name, caption, and what draws it from the subjects and the data.
    - subjects: all subjects, from those that were named; more: data and tables that no declaration can say.
    """

    facts: Mapping[str, Facts] = field(default_factory=dict)
    tables: Sequence[Grid] = ()
    notes: str = ""
    figure: "tuple[str, str, Callable[[Sequence[StageOutputs], Any], Figure]] | None" = None
    also: Sequence[ClauseCheck] = ()
    subjects: Callable[[Sequence[StageOutputs]], Sequence[StageOutputs]] = list
    more: Callable[[Sequence[StageOutputs], Audit], None] | None = None

    def fill(self, module: str, named: Sequence[StageOutputs], report: Audit) -> None:
        """Fill the report; raises what the subjects' stages raise while facts are gathered."""
        subjects = self.subjects(named)
        for name, facts in self.facts.items():
            report.data[name] = plain({one.name: one.facts(facts) for one in subjects})
        own = [check for check in REGISTRY if check.function.__module__ == module]
        for one in subjects:
            report.extend(one.name, judge(one, among=[*own, *self.also]))
        for table in self.tables:
            table.add_to(report)
        if self.more is not None:
            self.more(subjects, report)
        notes = (" ".join(note.split()) for note in self.notes.split("\n\n"))
        report.notes += filter(None, notes)
        if self.figure is not None:
            name, caption, draw = self.figure
            report.figure(name, caption, lambda: draw(subjects, report.data))


def _ways(
    value: Any, pattern: Sequence[str], names: tuple[str, ...] = (), path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every way through the pattern to something: the keys that stood for stars, and the whole path."""
    if not pattern:
        if value is not None:
            yield names, path
        return
    first, *rest = pattern
    for key in (value or {}) if first == "*" else (first,):
        yield from _ways(value[key], rest, (*names, key) if first == "*" else names, (*path, key))


T = TypeVar("T")
KINDS = {
    "params": "Which settings are effective on each side, and where does each come from?",
    "hyperparameters": "Which training settings differ, and was each training carried out as declared?",
    "probe": "Is the probe normalised as declared, and do two independent paths agree?",
    "grouping": "Are the groups that were asked for there, and where are their members?",
    "canvas": "Does every patch fit on its canvas?",
    "intensity": "Does each step change the intensity by the ratio that it may?",
    "bias": "How far is the amplitude from the truth, and could a scalar repair it?",
    "scaler": "Is the intensity scale the one that was declared, and does it stay?",
    "loss": "What does the loss consist of, and is the truth its minimum?",
    "architecture": "What was built: layers, heads, range, flags, and where probe and scale enter?",
    "dose": "Does each step of dose_experiments and of the scenario hold its own rule?",
    "visual": "Does the reconstruction look like one, where no truth tells?",
}
"""What each kind of audit asks."""
NEED_A_RUN = {"hyperparameters", "intensity", "bias", "scaler", "visual"}
"""Those that look at a finished run, which may have to be made."""


@dataclass(frozen=True)
class Control:
    """A positive control: a fault of the catalogue, or what `spoil` does to the material, must turn `clause` red.

    - fault: the fault's name; it has the story. Faults are a room above: `faults.controls.spoiled` applies it.
    - on: the scenario and the settings without which nothing shows; the subject's own unless given.
    """

    name: str
    story: str
    clause: str
    spoil: Spoil | None = None
    fault: str = ""
    on: tuple[str, ...] = ()


def of_faults(*rows: str, on: tuple[str, ...] = (), **model: Any) -> tuple[Control, ...]:
    """Return a control for each `CLAUSE FAULT [NAME]`, under these settings of the model.

    Without a name of its own a control is called like its fault.
    """
    spoil = (lambda material: with_model(material, **model)) if model else None
    return tuple(
        Control(name[0] if name else fault, "", clause, spoil, fault, on)
        for clause, fault, *name in map(str.split, rows)
    )


def module_of(kind: str) -> Any:
    """Return the module of a kind, with its CONTROLS and its LAYOUT; raises UnknownNameError."""
    known(kind)
    return import_module(f"ptyspec.checks.{kind}")


def known(kind: str) -> str:
    """Return what a kind asks; raises UnknownNameError, cheaply."""
    return _named(KINDS, kind, f"no audit is called {kind}", "ptyspec audit --list")


def control_of(kind: str, name: str) -> Control:
    """Return a control of a kind by name; raises UnknownNameError."""
    controls: dict[str, Control] = {one.name: one for one in module_of(kind).CONTROLS}
    return _named(
        controls, name, f"the audit {kind} has no control {name}", f"ptyspec audit --list {kind}"
    )


def _named(names: Mapping[str, T], name: str, message: str, next_step: str) -> T:
    if name in names:
        return names[name]
    near = get_close_matches(name, names, n=1)
    step = f"did you mean {near[0]}?" if near else next_step
    limit = ", ".join(names)
    raise UnknownNameError(message, value=name, limit=limit, source="command line", next_step=step)


def perform(kind: str, subjects: Sequence[StageOutputs], control: str | None = None) -> Audit:
    """Return the audit of these subjects; `control` names what has spoiled the last of them.

    Raises UnknownNameError, UnknownClauseError where a finding names a clause that no document has, and whatever the
    subjects' stages raise.
    """
    module, rows = module_of(kind), tuple(one.subject.as_json() for one in subjects)
    report = Audit(kind, known(kind), rows, control=control)
    module.LAYOUT.fill(module.__name__, subjects, report)
    return report


def control(clause: str) -> Callable[[Spoil], Control]:
    """Return a decorator: the function's name is the control's, its docstring the story, `clause` turns red."""

    def make(spoil: Spoil) -> Control:
        story = (spoil.__doc__ or "").strip().rstrip(".")
        name = spoil.__name__.strip("_").replace("_", "-")
        return Control(name, story[:1].lower() + story[1:], clause, spoil)

    return make


def with_object(material: StageOutputs, image: Array) -> StageOutputs:
    """Return the material with another object, by a run that scored just that one."""
    changed = with_canvas(material, object=image)
    made, test = changed.reconstruction, material.halves.test
    scores = material.pipeline.score(material.scenario, test, made)
    return changed.replaced(metrics={**material.metrics, **scores})


def with_canvas(material: StageOutputs, **arrays: Array) -> StageOutputs:
    """Return the material with object, coverage or both exchanged on its canvas, which nobody scored."""
    if "object" in arrays:
        arrays["object"] = np.asarray(arrays["object"], np.complex64)
    return material.replaced(reconstruction=material.reconstruction.model_copy(update=arrays))


def with_containers(
    material: StageOutputs, change: Callable[[Container], dict[str, Any]], *splits: str
) -> StageOutputs:
    """Return the material with fields of its containers exchanged, of both or of the splits that are named."""
    both = {split: getattr(material.containers, split) for split in ("train", "test")}
    for split in splits or both:
        both[split] = both[split].model_copy(update=change(both[split]))
    return material.replaced(containers=Containers(**both))


def with_scan(material: StageOutputs, **update: Any) -> StageOutputs:
    """Return the material with fields of its scan exchanged."""
    return material.replaced(scan=material.scan.model_copy(update=update))


def with_model(material: StageOutputs, **model: Any) -> StageOutputs:
    """Return the same data under other settings of the model: nothing is simulated again."""
    resolved = material.subject.resolved
    settings = resolved.scenario.model.model_copy(update=model)
    changed = resolved.scenario.model_copy(update={"model": settings})
    subject = replace(material.subject, resolved=replace(resolved, scenario=changed))
    return material.replaced(subject=subject, scan=material.scan, containers=material.containers)


def same_network(material: StageOutputs) -> StageOutputs:
    """Return the same data and the same built network, of which nothing need be computed again."""
    names = ("scan", "containers", "sample", "model", "step")
    return material.replaced(**{name: getattr(material, name) for name in names})


def with_dictionary(material: StageOutputs, **entries: Any) -> StageOutputs:
    """Return the material with something in a legacy dictionary that the built network does not do."""
    given = {key.replace("__", "."): value for key, value in entries.items()}
    said = dict(material.subject.dictionary or {}) | given
    return same_network(material).replaced(subject=replace(material.subject, dictionary=said))
