"""The catalogue: one small module a fault, named like it; loaded when it is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from ptyspec.errors import UnknownNameError
from ptyspec.faults.fault import Fault


@cache
def names() -> tuple[str, ...]:
    """Return the ids of all faults, in order."""
    files = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return tuple(sorted(name.replace("_", "-") for name in files if name != "__init__"))


@cache
def fault(name: str) -> Fault:
    """Return one fault; raises UnknownNameError."""
    if name not in names():
        raise UnknownNameError(
            f"no fault is called {name}",
            value=name,
            limit=", ".join(names()),
            source="PTYSPEC_FAULT or command line",
            next_step="ptyspec faults list",
        )
    found: Fault = import_module(f"{__name__}.{name.replace('-', '_')}").FAULT
    return found


def catalogue() -> tuple[Fault, ...]:
    """Return all faults."""
    return tuple(fault(name) for name in names())


def sets() -> dict[str, tuple[str, ...]]:
    """Return the sets of faults that recipes carry, by the recipe's name."""
    import yaml

    text = (Path(__file__).parents[2] / "scenarios" / "_recipes.yaml").read_text(encoding="utf-8")
    recipes = yaml.safe_load(text)
    return {
        name: tuple(recipe["faults"])
        for name, recipe in recipes.items()
        if (recipe or {}).get("faults")
    }
