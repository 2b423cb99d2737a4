"""Shell completion: scenarios, profiles, recipes, clauses, documents and tiers."""

from __future__ import annotations


def scenario_targets(incomplete: str) -> list[str]:
    """Complete a shipped scenario; anything else is left to the shell, which knows files."""
    from ptyspec.pipeline.request import scenario_names

    return [name for name in scenario_names() if name.startswith(incomplete)]


def profiles(incomplete: str) -> list[str]:
    """Complete a profile."""
    from ptyspec.pipeline.request import profile_names

    return [name for name in profile_names() if name.startswith(incomplete)]


def recipes(incomplete: str) -> list[str]:
    """Complete a recipe."""
    from ptyspec.pipeline.request import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


def clauses(incomplete: str) -> list[str]:
    """Complete a clause id; documents that cannot be read complete nothing."""
    from ptyspec.spec.clause import SpecError
    from ptyspec.spec.registry import specification

    try:
        return [name for name in specification() if name.startswith(incomplete.upper())]
    except SpecError:
        return []


def documents(incomplete: str) -> list[str]:
    """Complete the name of a document of the specification."""
    from ptyspec.spec.registry import folder

    return [path.name for path in sorted(folder().glob("*.md")) if path.name.startswith(incomplete)]


def tiers(incomplete: str) -> list[str]:
    """Complete a tier of tests."""
    from ptyspec.spec.tiers import TIERS

    return [name for name in TIERS if name.startswith(incomplete)]


def audit_words(incomplete: str) -> list[str]:
    """Complete a kind of audit, a scenario, or a profile of the legacy dictionary."""
    from ptyspec.audits.registry import KINDS

    known = [*KINDS, "legacy:main", "legacy:dose", "legacy:dose:mae"]
    return [name for name in known if name.startswith(incomplete)] + scenario_targets(incomplete)


def controls(incomplete: str) -> list[str]:
    """Complete a positive control of any audit."""
    from ptyspec.audits.registry import KINDS, module_of

    return [made.name for kind in KINDS for made in module_of(kind).CONTROLS if made.name.startswith(incomplete)]
