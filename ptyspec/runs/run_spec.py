"""Which run the user means: a scenario or file with options, a finished run, or settings kept elsewhere.

TARGET[:OPTION,OPTION...], each option a recipe, a fault to add, -FAULT to take away, KEY=VALUE, pipeline=MODULE:ATTR, or a
setting of that pipeline's own: own.KEY=VALUE, own=FILE; for example `gs1_ideal:january,-gain-kept,training.nepochs=30`. TARGET is a shipped scenario, a scenario file or a scan,
the folder of a finished run, or the first eight digits of its key.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ptyspec.contracts.resolve import Layer, Resolved, flatten, nest, resolve
from ptyspec.contracts.stages import REFERENCE as OURS
from ptyspec.errors import ConfigError, InputFileError, UnknownNameError
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.runs.finished_run import SCENARIO_FILE, FinishedRun
from ptyspec.runs.own_settings import declared, over, own_settings, read_word, with_own
from ptyspec.runs.pipelines import maker
from ptyspec.runs.request import recipe_faults, recipe_names, request, scenario_names
from ptyspec.runs.run import key_of
from ptyspec.runs.store import RunStore
from ptyspec.runs.variables import Variables

Kind = Literal["scenario", "run", "legacy"]
KEY_DIGITS = 8
"""So many leading digits of a run's key name it."""
REFERENCE = "reference"
FAULT, PIPELINE, OWN = "fault.", "pipeline", "own"
COMMA = re.compile(r",(?![^\[]*\])")
"""A comma that does not stand inside a list, as in model.filters=[8,16]."""


@dataclass(frozen=True)
class Options:
    """What the user said besides the target, for every scenario of a command."""

    profile: str | None = None
    recipe: str | None = None
    seed: int | None = None
    settings: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(str(self))

    def __str__(self) -> str:
        named = {"--profile": self.profile, "--recipe": self.recipe, "--seed": self.seed}
        said = [f"{option} {value}" for option, value in named.items() if value is not None]
        return " ".join([*said, *(f"--set {setting}" for setting in self.settings)])


@dataclass(frozen=True)
class RunSpec:
    """A run as it is meant: settings, active faults, and who walks the stages.

    Equal settings, faults and pipelines are equal, whatever words they came from.
    """

    resolved: Resolved
    faults: tuple[str, ...] = ()
    pipeline: str = REFERENCE
    own: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Settings of the pipeline's own, on top of those that it declares."""
    name: str = field(default="", compare=False)
    """In tables."""
    kind: Kind = field(default="scenario", compare=False)
    source: str = field(default="", compare=False)
    """What the user wrote, or the folder."""
    folder: Path | None = field(default=None, compare=False)
    """The finished run that is meant; None: the run that the settings give."""
    dictionary: Mapping[str, Any] | None = field(default=None, compare=False)
    """The legacy dictionary that the settings were taken from."""

    def as_json(self) -> dict[str, str]:
        """Return what identifies it."""
        return {"name": self.name, "kind": self.kind, "source": self.source}

    def settings(self) -> dict[str, Any]:
        """Return everything that can make two runs differ: dotted keys, `fault.ID`: True, `pipeline`, `own.KEY`."""
        values = dict(flatten(self.resolved.scenario.model_dump(mode="json")))
        named = {key: value for key, value in values.items() if key not in ("name", "description")}
        named |= {f"{FAULT}{name}": True for name in self.faults} | {PIPELINE: self.pipeline}
        return named | dict(flatten({OWN: self.own}))

    def with_settings(self, settings: Mapping[str, Any]) -> "RunSpec":
        """Return the run that has exactly these settings; raises ConfigError where they do not go together.

        A fault that is missing, None or False is not active.
        """
        named = {key: on for key, on in settings.items() if key.startswith(FAULT)}
        own = {key: value for key, value in settings.items() if key.startswith(f"{OWN}.")}
        rest = {key: on for key, on in settings.items() if key not in {*named, *own, PIPELINE}}
        faults = sorted(key.removeprefix(FAULT) for key, on in named.items() if on)
        values = nest(rest | {"name": self.resolved.scenario.name})
        pipeline = str(settings.get(PIPELINE, REFERENCE))
        told = nest({key: value for key, value in own.items() if value is not None}).get(OWN, {})
        return RunSpec(resolve([Layer("settings", values)]), tuple(faults), pipeline, told)

    def make_pipeline(self) -> Pipeline:
        """Return who walks the stages, or a black box; with its own settings."""
        words = OURS if self.pipeline == REFERENCE else self.pipeline
        pipeline: Pipeline = maker(words, environment=self.environment)()
        if not self.own:
            return pipeline
        made: Pipeline = with_own(pipeline, own_settings(declared(pipeline, self.own)).settings)
        return made

    @property
    def environment(self) -> Variables:
        """Environment variables that its own settings ask for."""
        return own_settings(self.own).environment

    def stored(self, store: RunStore | None = None) -> Path:
        """Return the folder of this run where it is finished; InputFileError, with the command that makes it, if not."""
        if self.folder is not None:
            return self.folder.resolve()
        runs = store or RunStore()
        folder = runs.find(key_of(self.resolved, self.make_pipeline(), self.faults))
        if folder is None:
            what, limit = "no finished run of this is in the store", "made by the present code"
            step = f"ptyspec run {self.source} (then again), or name a run's folder"
            where = runs.root / "runs"
            raise InputFileError(what, value=self.source, limit=limit, source=where, next_step=step)
        return folder.resolve()


def run_spec(
    target: str,
    options: Options | None = None,
    *,
    faults: Collection[str] | None = None,
    readers: Mapping[str, Callable[[str], RunSpec]] | None = None,
    store: RunStore | None = None,
) -> RunSpec:
    """Return the run that `target` names.

    `faults` are the names that may be used, by a caller who applies them; None: faults that are not active are refused.
    `readers` read settings that are kept elsewhere, the kind "legacy". A target's own recipe and KEY=VALUE win over the options. Raises
    UnknownNameError, ConfigError (options where they cannot be heeded) and InputFileError.
    """
    said, runs = options or Options(), store or RunStore()
    kind = kind_of(target, runs)
    if kind == "scenario":
        return _scenario(target, said, faults)
    if said:
        what = f"a {kind} has a profile, seeds and settings of its own"
        step = "leave these options out, or name a scenario"
        source = "--profile, --recipe, --seed, --set"
        raise ConfigError(what, value=target, source=source, next_step=step)
    if kind != "run":
        if kind not in (readers or {}):
            what = f"a {kind} holds settings and no run"
            step = f"compare its settings with `ptyspec audit params {target} ...`"
            raise ConfigError(what, value=target, source="command line", next_step=step)
        return (readers or {})[kind](target)
    folder = _run_folder(target, runs)
    assert folder is not None  # what made it a run
    run = FinishedRun(folder)
    name = f"{run.resolved.scenario.name}@{folder.name[:KEY_DIGITS]}"
    active = tuple(sorted(run.environment.get("faults", ())))
    return RunSpec(run.resolved, active, name=name, kind=kind, source=str(folder), folder=folder)


def run_specs(targets: Sequence[str], options: Options | None = None, **how: Any) -> list[RunSpec]:
    """Return all of them, under names that differ: `#2` marks the second of a name; `how` as for `run_spec`.

    Options are for the scenarios among them; ConfigError where there is none.
    """
    runs = how.setdefault("store", RunStore())
    kinds = [kind_of(target, runs) for target in targets]
    none = "scenario" not in kinds
    found = [
        run_spec(target, options if none or kind == "scenario" else None, **how)
        for target, kind in zip(targets, kinds, strict=True)
    ]
    names = [one.name for one in found]
    for place, one in enumerate(found):
        if one.name in names[:place]:
            found[place] = replace(one, name=f"{one.name}#{names[: place + 1].count(one.name)}")
    return found


def kind_of(target: str, store: RunStore) -> Kind:
    """Return what kind of run these words mean; a shipped scenario's name is that, whatever the folder holds."""
    if target.partition(":")[0] in scenario_names():
        return "scenario"
    if _run_folder(target, store) is not None:
        return "run"
    return "legacy" if target.partition(":")[0] == "legacy" else "scenario"


def _run_folder(target: str, store: RunStore) -> Path | None:
    """The folder of the finished run that `target` names: a path, or the beginning of a key."""
    path = Path(target).expanduser()
    if (path / SCENARIO_FILE).is_file():
        return path.absolute()
    if path.is_dir():
        return FinishedRun(path).folder  # says what is missing
    if len(target) < KEY_DIGITS or not all(digit in "0123456789abcdef" for digit in target):
        return None
    found = sorted((store.root / "runs").glob(f"{target}*"))
    if len(found) == 1:
        return found[0]
    what = "several finished runs begin with this key" if found else "no finished run has this key"
    step, source = "give the run's folder, or more digits of its key", store.root / "runs"
    raise UnknownNameError(what, value=target, limit="one", source=source, next_step=step)


def _scenario(words: str, said: Options, known: Collection[str] | None) -> RunSpec:
    target, _, rest = (words, "", "") if Path(words).exists() else words.partition(":")
    recipe, pipeline = said.recipe, REFERENCE
    settings, added, removed = [*said.settings], set[str](), set[str]()
    own: dict[str, Any] = {}
    for word in filter(None, COMMA.split(rest)):
        if word.startswith("pipeline="):
            pipeline = word.removeprefix("pipeline=")
        elif word.startswith((f"{OWN}.", f"{OWN}=")):
            own = over(own, read_word(word.removeprefix(OWN)))
        elif "=" in word:
            settings.append(word)
        elif word in recipe_names():
            recipe = word
        elif word.removeprefix("-") in (known or ()):
            (removed if word.startswith("-") else added).add(word.removeprefix("-"))
        else:
            what = f"{word} is neither a recipe nor a fault"
            step = (
                "an option is a recipe, a fault (ptyspec faults list), -FAULT, or [own.]KEY=VALUE"
            )
            limit, source = ", ".join(recipe_names()), "command line"
            raise UnknownNameError(what, value=words, limit=limit, source=source, next_step=step)
    whole = recipe_faults(recipe) if recipe and known is not None else ()
    absent = removed - {*whole, *added}
    if absent:
        what = "a fault that is not there cannot be taken away"
        limit = ", ".join([*whole, *sorted(added)]) or "no fault is active"
        raise ConfigError(what, value=", ".join(sorted(absent)), limit=limit, source=words)
    how: dict[str, Any] = {"profile": said.profile, "recipe": recipe, "seed": said.seed}
    found = request(target, settings=settings, faults=whole, **how)
    active, source = tuple(sorted({*whole, *added} - removed)), f"{words} {said}".strip()
    return RunSpec(found, active, pipeline, own, name=found.scenario.name, source=source)
