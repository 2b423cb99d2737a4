"""The options that several commands share, one type each, and how a shell completes names."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from ptyspec.errors import PtyspecError


def _completer(
    module: str, function: str = "names", spelled: Callable[[str], str] = str
) -> Callable[[str], list[str]]:
    """What completes names of a module, which is loaded when it is asked; what cannot be read completes nothing."""

    def complete(incomplete: str) -> list[str]:
        with suppress(PtyspecError):
            known = getattr(import_module(f"ptyspec.{module}"), function)()
            return [name for name in known if name.startswith(spelled(incomplete))]
        return []

    return complete


scenario_targets = _completer("runs.request", "scenario_names")
"""A shipped scenario; anything else is left to the shell, which knows files."""
profiles = _completer("runs.request", "profile_names")
recipes = _completer("runs.request", "recipe_names")
faults = _completer("faults.catalogue")
clauses = _completer("spec.clause", "specification", str.upper)
hypotheses = _completer("experiments.registry", spelled=str.upper)


def audit_words(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a kind of audit as the first word, then scenarios."""
    from ptyspec.checks.registry import KINDS

    kinds = () if ctx.params.get("words") else KINDS
    known = [kind for kind in kinds if kind.startswith(incomplete)]
    return known + scenario_targets(incomplete)


def variants(incomplete: str) -> list[str]:
    """Complete a scenario and, behind its colon, recipes and faults; after a comma the next one."""
    target, colon, rest = incomplete.partition(":")
    if not colon:
        return scenario_targets(target)
    before, comma, last = rest.rpartition(",")
    return [f"{target}:{before}{comma}{name}" for name in [*recipes(last), *faults(last)]]


Complete = Callable[..., list[str]] | None


def option(
    metavar: str | None, text: str, *names: str, complete: Complete = None, **how: Any
) -> Any:
    """Return an option that takes a value; `names`: its own where they are not the parameter's."""
    return typer.Option(*names, metavar=metavar, help=text, autocompletion=complete, **how)


def changes(given: Mapping[str, Any]) -> list[str]:
    """Return what a command's options say of a measured scan, as KEY=VALUE; `given`: its values by parameter."""
    from ptyspec.files.stated import SETTINGS
    from ptyspec.runs.request import MENDS

    keys = SETTINGS | {name: f"scan.{name}" for name in MENDS} | SHORT
    return [
        f"{keys[name]}={one}" for name, one in given.items() if name in keys and one is not None
    ]


SHORT = {"refine": "inference.refine", "gridsize": "model.gridsize"}
"""Settings that `run` has an option for."""


def flag(name: str, text: str) -> Any:
    """Return an option that is there or not."""
    return typer.Option(name, help=text)


def argument(metavar: str | None, text: str, complete: Complete = None) -> Any:
    """Return an argument."""
    return typer.Argument(metavar=metavar, help=text, autocompletion=complete)


Profile = Annotated[
    str | None, option("NAME", "How much data: quick, stable, standard or full.", complete=profiles)
]
Recipe = Annotated[
    str | None,
    option(
        "NAME", "How to train: reference, cnn, or january (wrong on purpose).", complete=recipes
    ),
]
Seed = Annotated[int | None, option("N", "One seed for every source of randomness.", min=0)]
Setting = Annotated[
    list[str] | None,
    option("KEY=VALUE", "Change one setting; keys: `ptyspec scenarios --keys`.", "--set"),
]
Measured = Annotated[
    str | None, option("KIND", "What a file without a statement holds: amplitude or counts.")
]
Probe = Annotated[Path | None, option("FILE", "The probe of a measured file that holds none.")]
Positions = Annotated[
    Path | None, option("FILE", "Positions of a scan that holds none: a product, .npy, .npz, .csv.")
]
Units = Annotated[str | None, option("UNIT", "Of the positions: px, m, mm, um, nm, A or pm.")]
Shape = Annotated[str | None, option("ROWSxCOLUMNS", "Of a raster scan, the column fastest.")]
Step = Annotated[str | None, option("LENGTH", "Step of a raster scan: 5px, 0.4nm.")]
ObjectPixel = Annotated[
    str | None, option("LENGTH", "Size of an object pixel, where the file gives none: 20nm.")
]
Particle = Annotated[
    str | None, option("KIND", "What has the energy that the file states: photon or electron.")
]
HotPixels = Annotated[
    str | None,
    option("find|keep", "Mask hot and dead pixels of a file that matter (default), or keep them."),
]
DropFrames = Annotated[
    str | None,
    option("auto|none|ROWS", "Leave out frames out of family (default), none, or rows: 3,17."),
]
Centre = Annotated[
    str | None,
    option("keep|auto|X,Y", "Zero frequency: the middle (default), found, or column and row."),
]
Orientation = Annotated[
    str | None,
    option("WORD", "Positions: as-is (default), auto, x, y, xy, swap, swap-x, swap-y, swap-xy."),
]
Processes = Annotated[int, option("N", "Runs at a time.", "-n", min=1)]
Seconds = Annotated[
    float | None, option("S", "Longest time of one answer of a process (default: 600).")
]
Memory = Annotated[
    float | None,
    option("GB", "Most memory of a process (default: three quarters of this machine's)."),
]
Strict = Annotated[bool, flag("--strict", "Exit with 1 or 4 where something is wrong.")]
Root = Annotated[Path | None, option("DIR", "The checkout; otherwise that of this installation.")]
Json = Annotated[bool, flag("--json", "Print one JSON document and nothing else.")]
Debug = Annotated[bool, flag("--debug", "Show tracebacks of errors.")]
