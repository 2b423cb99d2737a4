"""What can be audited: a scenario, a finished run, a snapshot, or a profile of the legacy dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import ConfigError, UnknownNameError
from ptyspec.runs.finished_run import SCENARIO_FILE, FinishedRun
from ptyspec.runs.request import request, scenario_names
from ptyspec.runs.store import RunStore

Kind = Literal["scenario", "run", "snapshot", "legacy"]
KEY_DIGITS = 8
"""So many leading digits of a run's key name it."""


@dataclass(frozen=True)
class Subject:
    """One side of an audit: its name in tables, where it came from, and its effective settings."""

    name: str
    kind: Kind
    source: str
    resolved: Resolved
    folder: Path | None = None
    """The finished run that is meant; None: the run that the settings give."""
    dictionary: Mapping[str, Any] | None = None
    """The legacy dictionary that the settings were taken from."""
    document: Mapping[str, Any] | None = None
    """The investigation's snapshot that they were taken from: `run_params` and one of its scenarios."""

    def as_json(self) -> dict[str, str]:
        """Return what identifies it."""
        return {"name": self.name, "kind": self.kind, "source": self.source}


@dataclass(frozen=True)
class Words:
    """What the user said besides the target, as in `ptyspec run`."""

    profile: str | None = None
    recipe: str | None = None
    seed: int | None = None
    settings: Sequence[str] = ()

    @property
    def any(self) -> bool:
        """True where anything was said."""
        return bool(str(self))

    def __str__(self) -> str:
        named = {"--profile": self.profile, "--recipe": self.recipe, "--seed": self.seed}
        said = [f"{option} {value}" for option, value in named.items() if value is not None]
        return " ".join([*said, *(f"--set {setting}" for setting in self.settings)])


def subject(target: str, words: Words | None = None, store: RunStore | None = None) -> Subject:
    """Return the subject that `target` names.

    A run's folder or the first eight digits of its key; `legacy:main`, `legacy:dose` or `legacy:dose:mae`;
    a snapshot `FILE.json` or `FILE.json#NAME`; otherwise what `ptyspec run` takes, with the user's words. Raises
    UnknownNameError, ConfigError (words where they cannot be heeded) and InputFileError.
    """
    said, shelf = words or Words(), store or RunStore()
    kind = kind_of(target, shelf)
    if kind == "scenario":
        resolved = request(
            target, profile=said.profile, recipe=said.recipe, seed=said.seed, settings=said.settings
        )
        return Subject(resolved.scenario.name, kind, f"{target} {said}".strip(), resolved)
    if said.any:
        raise ConfigError(
            f"a {kind} has its settings already",
            value=target,
            source="--profile, --recipe, --seed, --set",
            next_step="leave these options out, or name a scenario",
        )
    if kind == "legacy":
        from ptyspec.checks.legacy_subject import legacy_subject

        return legacy_subject(target)
    if kind == "snapshot":
        from ptyspec.checks.snapshot import snapshot_subject

        return snapshot_subject(target)
    folder = _run_folder(target, shelf)
    assert folder is not None  # what made it a run
    run = FinishedRun(folder)
    return Subject(
        f"{run.resolved.scenario.name}@{folder.name[:KEY_DIGITS]}",
        kind,
        str(folder),
        run.resolved,
        folder,
    )


def subjects(
    targets: Sequence[str], words: Words | None = None, store: RunStore | None = None
) -> list[Subject]:
    """Return all of them, under names that differ: `#2` marks the second of a name.

    Words are for the scenarios among them; ConfigError where there is none.
    """
    shelf = store or RunStore()
    kinds = [kind_of(target, shelf) for target in targets]
    heed = "scenario" if "scenario" in kinds else None
    found = [
        subject(target, words if heed is None or kind == heed else None, shelf)
        for target, kind in zip(targets, kinds, strict=True)
    ]
    names = [made.name for made in found]
    return [
        made
        if names.index(made.name) == at
        else replace(made, name=f"{made.name}#{names[: at + 1].count(made.name)}")
        for at, made in enumerate(found)
    ]


def kind_of(target: str, store: RunStore) -> Kind:
    """Return what kind of subject these words mean; a shipped scenario's name is that, whatever the folder holds."""
    if target in scenario_names():
        return "scenario"
    if _run_folder(target, store) is not None:
        return "run"
    if target.partition(":")[0] == "legacy":
        return "legacy"
    return "snapshot" if Path(target.partition("#")[0]).suffix == ".json" else "scenario"


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
    raise UnknownNameError(
        "no finished run has this key"
        if not found
        else "several finished runs begin with this key",
        value=target,
        limit="one",
        source=store.root / "runs",
        next_step="give the run's folder, or more digits of its key",
    )
