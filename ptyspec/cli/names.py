"""Shell completion: scenarios, profiles, recipes, clauses, documents and tiers."""

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
    """Complete a clause id; documents that cannot be read complete nothing."""
    from ptyspec.spec.clause import SpecError
    from ptyspec.spec.registry import specification

    try:
        return _begin(specification(), incomplete.upper())
    except SpecError:
        return []


def documents(incomplete: str) -> list[str]:
    """Complete the name of a document of the specification."""
    from ptyspec.spec.registry import folder

    return _begin(sorted(path.name for path in folder().glob("*.md")), incomplete)


def tiers(incomplete: str) -> list[str]:
    """Complete a tier of tests."""
    from ptyspec.spec.tiers import TIERS

    return _begin(TIERS, incomplete)


def audit_words(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a kind of audit as the first word (but with --all), then scenarios and profiles of the dictionary."""
    from ptyspec.checks.registry import KINDS

    first = not ctx.params.get("words") and not ctx.params.get("everything")
    known = [*(KINDS if first else ()), "legacy:main", "legacy:dose", "legacy:dose:mae"]
    return _begin(known, incomplete) + scenario_targets(incomplete)


def controls(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a positive control of the kind that was named, or of all."""
    from ptyspec.checks.registry import KINDS, module_of

    kinds = [word for word in ctx.params.get("words") or () if word in KINDS][:1] or KINDS
    return _begin((one.name for kind in kinds for one in module_of(kind).CONTROLS), incomplete)


def faults(incomplete: str) -> list[str]:
    """Complete a fault."""
    from ptyspec.faults.catalogue import names

    return _begin(names(), incomplete)


def hypotheses(incomplete: str) -> list[str]:
    """Complete the id of a hypothesis, in either case; only names of files are read."""
    from ptyspec.experiments.registry import names

    return _begin(names(), incomplete.upper())


def variants(incomplete: str) -> list[str]:
    """Complete a scenario and, behind its colon, recipes and faults; after a comma the next one."""
    target, colon, rest = incomplete.partition(":")
    if not colon:
        return scenario_targets(target)
    before, comma, last = rest.rpartition(",")
    return [f"{target}:{before}{comma}{name}" for name in [*recipes(last), *faults(last)]]


def symptoms(incomplete: str) -> list[str]:
    """Complete the number that is asked most, and clauses."""
    return _begin(["amplitude.mean_ratio<0.9"], incomplete) + clauses(incomplete)
