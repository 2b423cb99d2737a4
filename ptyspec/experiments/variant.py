"""A pipeline as it is run: a scenario, the faults that are active meanwhile, and who walks the stages.

Said in words: TARGET[:WORD,WORD...], each word a recipe, a fault to add, -FAULT to take away, KEY=VALUE, or
pipeline=MODULE:ATTR; for example `gs1_ideal:january,-gain-kept,training.nepochs=30`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Layer, Resolved, flatten, nest, resolve
from ptyspec.errors import ConfigError, UnknownNameError
from ptyspec.faults import catalogue
from ptyspec.faults.apply import applied
from ptyspec.runs.request import recipe_faults, recipe_names, request

REFERENCE = "reference"
FAULT, PIPELINE = "fault.", "pipeline"
COMMA = re.compile(r",(?![^\[]*\])")
"""A comma that does not stand inside a list, as in model.filters=[8,16]."""


@dataclass(frozen=True)
class Variant:
    """One side of an experiment; equal settings are equal variants, whatever their words."""

    resolved: Resolved
    faults: tuple[str, ...] = ()
    pipeline: str = REFERENCE

    def settings(self) -> dict[str, Any]:
        """Return everything that can make two variants differ: dotted keys, `fault.ID`: True, `pipeline`."""
        values = dict(flatten(self.resolved.scenario.model_dump(mode="json")))
        named = {key: value for key, value in values.items() if key not in ("name", "description")}
        return named | {f"{FAULT}{name}": True for name in self.faults} | {PIPELINE: self.pipeline}

    def with_settings(self, settings: Mapping[str, Any]) -> Variant:
        """Return the variant that has exactly these settings; raises ConfigError where they do not go together.

        A fault that is missing, None or False is not active.
        """
        faults = tuple(
            sorted(
                key.removeprefix(FAULT)
                for key, on in settings.items()
                if key.startswith(FAULT) and on
            )
        )
        for name in faults:
            catalogue.fault(name)
        own = {
            key: value
            for key, value in settings.items()
            if not key.startswith(FAULT) and key != PIPELINE
        }
        named = own | {"name": self.resolved.scenario.name}
        return Variant(
            resolve([Layer("variant", nest(named))]), faults, str(settings.get(PIPELINE, REFERENCE))
        )


def variant(
    words: str,
    *,
    profile: str | None = None,
    recipe: str | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
) -> Variant:
    """Return what the words mean; a word's own recipe and KEY=VALUE win over `recipe` and `settings`.

    Raises UnknownNameError for a word that is no recipe and no fault, and what `request` raises.
    """
    target, _, rest = (words, "", "") if Path(words).exists() else words.partition(":")
    own, added, removed, pipeline = list[str](), list[str](), set[str](), REFERENCE
    for word in filter(None, COMMA.split(rest)):
        if word.startswith("pipeline="):
            pipeline = word.removeprefix("pipeline=")
        elif "=" in word:
            own.append(word)
        elif word in recipe_names():
            recipe = word
        elif word.startswith("-"):
            removed.add(catalogue.fault(word[1:]).id)
        elif word in catalogue.names():
            added.append(word)
        else:
            raise UnknownNameError(
                f"{word} is neither a recipe nor a fault",
                value=words,
                limit=", ".join(recipe_names()),
                source="variant",
                next_step="a word is a recipe, a fault (ptyspec faults list), -FAULT, or KEY=VALUE",
            )
    whole = recipe_faults(recipe) if recipe else ()
    absent = removed - {*whole, *added}
    if absent:
        raise ConfigError(
            "a fault that is not there cannot be taken away",
            value=", ".join(sorted(absent)),
            limit=", ".join([*whole, *added]) or "no fault is active",
            source=words,
        )
    with applied(*whole):  # its recipe is refused without them
        found = request(
            target, profile=profile, recipe=recipe, seed=seed, settings=[*settings, *own]
        )
    return Variant(found, tuple(sorted({*whole, *added} - removed)), pipeline)
