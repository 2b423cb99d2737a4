"""The catalogue: a file a stage, a function a fault; loaded when it is asked for."""

from functools import cache
from importlib import import_module
from pathlib import Path

import yaml

from ptyspec.errors import UnknownNameError
from ptyspec.faults.fault import Fault

HERE = Path(__file__).parent


@cache
def _faults() -> dict[str, Fault]:
    """Every fault by its id, in order."""
    files = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "__init__")
    modules = [vars(import_module(f"{__name__}.{name}")) for name in files]
    faults = [one for module in modules for one in module.values() if isinstance(one, Fault)]
    return {one.id: one for one in sorted(faults, key=lambda one: one.id)}


def names() -> tuple[str, ...]:
    """Return the ids of all faults, in order."""
    return tuple(_faults())


def fault(name: str) -> Fault:
    """Return one fault; raises UnknownNameError."""
    if name not in _faults():
        what = f"no fault is called {name}"
        step = "ptyspec faults list"
        limit = ", ".join(names())
        source = "PTYSPEC_FAULT or command line"
        raise UnknownNameError(what, value=name, limit=limit, source=source, next_step=step)
    return _faults()[name]


def catalogue() -> tuple[Fault, ...]:
    """Return all faults."""
    return tuple(_faults().values())


def sets() -> dict[str, tuple[str, ...]]:
    """Return the sets of faults that recipes carry, by the recipe's name."""
    text = (HERE.parents[1] / "scenarios" / "_recipes.yaml").read_text(encoding="utf-8")
    recipes = {name: recipe or {} for name, recipe in yaml.safe_load(text).items()}
    return {name: tuple(one["faults"]) for name, one in recipes.items() if one.get("faults")}
