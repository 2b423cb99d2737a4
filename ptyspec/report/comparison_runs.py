"""Which finished runs the user means: folders, keys, or the words of a run that is already in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ptyspec.checks.subject import KEY_DIGITS, Words, kind_of, subject
from ptyspec.contracts.arrays import Array
from ptyspec.errors import ConfigError, InputFileError
from ptyspec.experiments.variant import COMMA, Variant, variant
from ptyspec.faults.apply import applied
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.produce import key_of
from ptyspec.runs.request import recipe_faults, recipe_names
from ptyspec.runs.store import RunStore
from ptyspec.scores import headline as scores


@dataclass(frozen=True)
class Compared:
    """One finished run under the name that tables and figures give it."""

    name: str
    run: FinishedRun

    @cached_property
    def truth(self) -> Array | None:
        """The known object (H, W) complex64 that the run was scored against, or None."""
        if not scores.has_truth(self.run.metrics):
            return None
        with NpzArchive(self.run.folder / "scan.npz") as archive:
            return archive.read("objectGuess") if "objectGuess" in archive else None

    @cached_property
    def object_id(self) -> str | None:
        """What names the object: a digest of the truth's values, else that of the measured file; None if neither."""
        if self.truth is not None:
            return hashlib.sha256(
                np.ascontiguousarray(self.truth).tobytes() + str(self.truth.shape).encode()
            ).hexdigest()
        return self.run.resolved.scenario.scan.sha256 or None


def runs(targets: Sequence[str], words: Words, store: RunStore | None = None) -> list[Compared]:
    """Return the runs under names that differ; nothing is run for it.

    A target is a run's folder, the first eight digits of its key, or the words of a variant (SCENARIO or FILE, with
    `:WORD,WORD` behind it), to which `words` apply. Raises ConfigError where fewer than two runs, or one run twice, are
    named, and InputFileError for a run that is not finished or whose files are damaged.
    """
    shelf = store or RunStore()
    folders = [_folder(target, words, shelf) for target in targets]
    if len(folders) < 2:
        raise ConfigError(
            "a comparison takes two runs or more",
            value=len(folders),
            source="command line",
            next_step="ptyspec compare RUN RUN: folders, keys, or scenarios that are finished",
        )
    twice = [target for place, target in enumerate(targets) if folders[place] in folders[:place]]
    if twice:
        raise ConfigError(
            "the same run is named twice",
            value=", ".join(twice),
            source="command line",
            next_step="name runs that differ; a profile or seed of its own: SCENARIO:KEY=VALUE, or the run's folder",
        )
    return [
        Compared(name, FinishedRun(folder))
        for name, folder in zip(_names(folders), folders, strict=True)
    ]


def _names(folders: Sequence[Path]) -> Iterator[str]:
    """Scenario and the key's first digits (or the folder's name), numbered where two would be equal."""
    taken: dict[str, int] = {}
    for folder in folders:
        name = f"{FinishedRun(folder).resolved.scenario.name}@{folder.name[:KEY_DIGITS]}"
        taken[name] = taken.get(name, 0) + 1
        yield name if taken[name] == 1 else f"{name}#{taken[name]}"


def _folder(target: str, words: Words, store: RunStore) -> Path:
    kind = kind_of(target, store)
    if kind == "run":
        found = subject(target, store=store).folder
        assert found is not None  # what made it a run
        return found.resolve()
    if kind != "scenario":
        raise ConfigError(
            f"a {kind} holds settings and no run",
            value=target,
            source="command line",
            next_step=f"compare its settings with `ptyspec audit params {target} ...`",
        )
    meant = _variant(target, words)
    for key in _keys(meant):
        folder = store.find(key)
        if folder is not None:
            return folder.resolve()
    raise InputFileError(
        "no finished run of this is in the store",
        value=f"{target} {words}".strip(),
        limit="made by the present code",
        source=store.root / "runs",
        next_step=f"{_command(target, words)} (then again), or name a run's folder",
    )


def _command(target: str, words: Words) -> str:
    """The command that makes this run: a variant's words as options, its own faults through the environment."""
    name, _, rest = target.partition(":")
    own = [word for word in COMMA.split(rest) if word]
    options = [
        f"--recipe {word}" if word in recipe_names() else f"--set {word}"
        for word in own
        if word in recipe_names() or "=" in word
    ]
    faults = [word for word in own if word not in recipe_names() and "=" not in word]
    return " ".join(
        [
            *([f"PTYSPEC_FAULT={','.join(faults)}"] if faults else []),
            "ptyspec run",
            name,
            *options,
            str(words),
        ]
    ).strip()


def _variant(target: str, words: Words) -> Variant:
    """The variant's words with the command's options; a recipe of its own wins over `--recipe`."""
    recipe = words.recipe
    if recipe and not any(word in recipe_names() for word in COMMA.split(target.partition(":")[2])):
        target = f"{target}{',' if ':' in target else ':'}{recipe}"
    return variant(target, profile=words.profile, seed=words.seed, settings=words.settings)


def _keys(meant: Variant) -> Iterator[str]:
    """Names under which the store may keep it: faults are active in the order of a variant, or of their recipe."""
    orders = [meant.faults, *(recipe_faults(name) for name in recipe_names())]
    for faults in dict.fromkeys(order for order in orders if set(order) == set(meant.faults)):
        with applied(*faults):
            yield key_of(meant.resolved)
