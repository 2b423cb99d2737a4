"""Shell completion of names, from documents and file names alone: nothing heavy is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable

import typer


def _begin(known: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in known if name.startswith(incomplete)]


def scenario_targets(incomplete: str) -> list[str]:
    """Complete a shipped scenario; anything else is left to the shell, which knows files."""
    from ptyspec.runs.request import scenario_names

    return _begin(scenario_names(), incomplete)


def profiles(incomplete: str) -> list[str]:
    """Complete a profile."""
    from ptyspec.runs.request import profile_names

    return _begin(profile_names(), incomplete)


def recipes(incomplete: str) -> list[str]:
    """Complete a recipe."""
    from ptyspec.runs.request import recipe_names

    return _begin(recipe_names(), incomplete)


def clauses(incomplete: str) -> list[str]:
    """Complete a clause id, in either case; documents that cannot be read complete nothing."""
    from ptyspec.spec.clause import SpecError, specification

    try:
        return _begin(specification(), incomplete.upper())
    except SpecError:
        return []


def audit_words(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a kind of audit as the first word, then scenarios."""
    from ptyspec.checks.registry import KINDS

    first = not ctx.params.get("words")
    return _begin(KINDS if first else (), incomplete) + scenario_targets(incomplete)


def faults(incomplete: str) -> list[str]:
    """Complete a fault."""
    from ptyspec.faults.catalogue import names

    return _begin(names(), incomplete)


def hypotheses(incomplete: str) -> list[str]:
    """Complete the id of a hypothesis, in either case."""
    from ptyspec.experiments.registry import names

    return _begin(names(), incomplete.upper())


def variants(incomplete: str) -> list[str]:
    """Complete a scenario and, behind its colon, recipes and faults; after a comma the next one."""
    target, colon, rest = incomplete.partition(":")
    if not colon:
        return scenario_targets(target)
    before, comma, last = rest.rpartition(",")
    return [f"{target}:{before}{comma}{name}" for name in [*recipes(last), *faults(last)]]
