"""From the user's words to a resolved scenario: name or file, profile, recipe, seed, single settings.

Layers, later ones win: the shipped defaults, the profile, the recipe, the scenario (or what a measured file says of
itself), the command line. A null never overrides.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ptyspec.contracts.resolve import Layer, Resolved, flatten, nest, resolve
from ptyspec.contracts.scenario import ScanSpec
from ptyspec.errors import ConfigError, InputFileError, UnknownNameError
from ptyspec.files.disk import sha256_of
from ptyspec.runs.environment import active_faults

DEFAULT_PROFILE, DEFAULT_RECIPE = "standard", "reference"
FOLDER: Any = files("ptyspec.scenarios")
TEXTS = {".yaml", ".yml"}
MENDS = ("hot_pixels", "drop_frames", "centre", "orientation")
"""Settings of `scan` that change what a measured scan holds."""
FILES = {
    "probe.path": "probe.sha256",
    "scan.positions": "scan.positions_sha256",
    "scan.mask": "scan.mask_sha256",
}
"""Settings that name a file beside the scan, and where its digest is kept."""
SEEDED = ("object", "scan", "noise", "split", "grouping", "training")
"""Seeds that `--seed` sets; the probe keeps its own, as it would at a beamline."""


def request(
    target: str,
    *,
    profile: str | None = None,
    recipe: str | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
    faults: Collection[str] = (),
) -> Resolved:
    """Return the scenario that the words mean; `settings` are KEY=VALUE with dotted keys.

    A recipe that is wrong on purpose is refused unless its faults are active, or among `faults`: the caller will apply
    those.

    `target` is a shipped scenario's name, a scenario file (.yaml, .yml) or a scan in a file of any name. Raises
    UnknownNameError, ConfigError or InputFileError.
    """
    changes = {} if seed is None else {f"seeds.{name}": seed for name in SEEDED}
    told = Layer("command line", nest(changes | dict(_setting(text) for text in settings)))
    measured = target not in scenario_names() and _is_scan(Path(target))
    layers = _measured(target, profile, told) if measured else [_scenario(target)]
    said = _said(*layers, told)
    gridsize = said.get("model.gridsize", 1)
    # What is no gridsize is left to `resolve` to refuse.
    size = gridsize if isinstance(gridsize, int) else 1
    parts = ("all", f"gs{size}", str(said.get("scan.kind", "")))
    recipes = _section("_recipes.yaml", recipe or DEFAULT_RECIPE, parts, "recipe")
    # Without its faults a recipe that is wrong on purpose would be another one, and nobody would know.
    wrong = recipe_faults(recipe or DEFAULT_RECIPE)
    if absent := [name for name in wrong if name not in {*active_faults(), *faults}]:
        what = f"recipe {recipe} is wrong on purpose, and faults of it are not active"
        step = f"ptyspec run SCENARIO --recipe {recipe}, or ptyspec.run in Python"
        raise ConfigError(what, value=", ".join(absent), source="recipe", next_step=step)
    profiles = []
    if measured:
        # A recipe's epochs are meant for 1,000 groups: a smaller file gets as many steps in more.
        epochs = _said(*recipes).get("training.nepochs", 1)  # none for a gridsize that is refused
        enough = max(epochs, round(epochs * 1000 / layers[0].values["grouping"]["n_groups"]))
        source = f"{layers[0].source}, as many steps as at 1,000 groups"
        layers.append(Layer(source, {"training": {"nepochs": enough}}))
    else:
        profiles = _section("_profiles.yaml", profile or DEFAULT_PROFILE, parts, "profile")
    for key, digest in FILES.items():
        if path := said.get(key):
            told_by = nest({digest: sha256_of(Path(path))})
            layers.append(Layer(f"file {path}", told_by))
    return resolve([*profiles, *recipes, *layers, told])


def scenario_names() -> list[str]:
    """Names of the shipped scenarios."""
    names = (path.name for path in FOLDER.iterdir())
    return sorted(name[:-5] for name in names if name.endswith(".yaml") and name[0] != "_")


def profile_names() -> list[str]:
    """Names of the profiles."""
    return list(_load("_profiles.yaml"))


def recipe_names() -> list[str]:
    """Names of the recipes."""
    return list(_load("_recipes.yaml"))


def recipe_faults(name: str) -> tuple[str, ...]:
    """Faults that a recipe is run with; none for one that is right. Raises UnknownNameError."""
    return tuple(_entry("_recipes.yaml", name, "recipe").get("faults", ()))


def _load(name: str) -> dict[str, Any]:
    """A copy of a shipped document's values: whoever changes it changes nobody else's."""
    return deepcopy(_parsed(name))


@cache
def _parsed(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))


def _entry(file: str, name: str, kind: str) -> dict[str, Any]:
    known = _load(file)
    if name not in known:
        what, limit = f"no {kind} is called {name}", ", ".join(known)
        raise UnknownNameError(what, value=name, limit=limit, source=f"--{kind}")
    return dict(known[name])


def _section(file: str, name: str, parts: Sequence[str], kind: str) -> list[Layer]:
    known = _entry(file, name, kind)
    return [Layer(f"{kind} {name}", known[part]) for part in parts if known.get(part)]


def _is_scan(path: Path) -> bool:
    """Tell whether a target is the file of a scan: by its content, and by its name only where there is no file."""
    from ptyspec.files.formats import is_scan

    if path.is_file():
        return path.suffix not in TEXTS or is_scan(path)
    return path.suffix.lower() in {".npz", ".npy", ".cxi", ".h5", ".hdf5", ".mat", ".ptyd", ".nxs"}


def _scenario(target: str) -> Layer:
    if target in scenario_names():
        return Layer(f"scenario {target}", _load(f"{target}.yaml"))
    path = Path(target)
    if path.suffix not in TEXTS:
        what = f"no scenario is called {target}, and no file"
        step = "give one of these names, a scenario .yaml, or the file of a scan"
        limit, source = ", ".join(scenario_names()), "command line"
        raise UnknownNameError(what, value=target, limit=limit, source=source, next_step=step)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = "the scenario file cannot be read"
        raise InputFileError(what, value=error, source=path) from error
    if not isinstance(values, dict):
        what = "a scenario file holds a mapping of keys"
        raise ConfigError(what, value=type(values).__name__, source=path)
    return Layer(str(path), {"name": _name(path.stem), **values})


def _measured(target: str, profile: str | None, told: Layer) -> list[Layer]:
    """Read the scan once to learn its size, gridsize and whether its object is known."""
    from ptyspec.files.scan_file import read_stated
    from ptyspec.files.stated import stated_in
    from ptyspec.physics.level import scan_energy
    from ptyspec.pipeline.mend import mend

    if profile is not None:
        what = "a profile fixes simulated data; a measured scan has its own"
        step = "leave out --profile; use --set grouping.n_groups=N for fewer groups"
        raise ConfigError(what, value=profile, source="--profile", next_step=step)
    path, said = Path(target).resolve(), _said(told)
    scan = read_stated(path, stated_in(said))
    own = {key: said[f"scan.{key}"] for key in MENDS if f"scan.{key}" in said}
    with suppress(ValidationError):  # nonsense is refused with everything else, under its key
        scan = mend(scan, ScanSpec.model_validate({"kind": "measured", **own}))
    photons = scan.scale**2 * scan_energy(scan)
    known = scan.objectGuess is not None
    # Nonsense is refused with everything else, under its key.
    stated = scan.metadata.get("gridsize")
    facts = {
        "name": _name(path.stem),
        "description": f"measured scan {path.name}",
        "object.kind": "measured",
        "probe": {"kind": "measured", "refine_sweeps": 0 if known else 30},
        "scan": {"kind": "measured", "n_images": scan.size},
        "scan.path": str(path),
        "scan.sha256": sha256_of(path, scan.metadata.get("linked")),
        # None at all is left to the first look at the scan, which says why.
        "dose": {"nphotons": photons or 1.0, "noise": "measured"},
        "split.kind": "spatial" if known else "none",
        "grouping.n_groups": scan.size // 2 if known else scan.size,
        "grouping.neighbor_count": 6,
        "model": {"N": scan.N, "gridsize": 2 if stated is None else stated},
        "inference.iterative_alpha": 0.1 if known else 1.0,
    }
    return [Layer(f"file {path.name}", nest(dict(flatten(facts))))]


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        what = "a setting is written KEY=VALUE"
        raise ConfigError(what, value=text, source="--set", next_step="e.g. dose.nphotons=1e5")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError as error:
        what = "the value of a setting cannot be read"
        raise ConfigError(what, value=text, source="--set") from error
    return key.strip(), _number(parsed)


def _number(value: Any) -> Any:
    """YAML reads 1e5 as text and 2.0 as a fraction; a user means numbers, whole where they are whole."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _said(*layers: Layer) -> dict[str, Any]:
    """The values that layers have, by dotted key; a later layer wins, and a null says nothing."""
    pairs = (pair for layer in layers for pair in flatten(layer.values))
    return {key: value for key, value in pairs if value is not None}


def _name(stem: str) -> str:
    """A file's name as a scenario's name."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", stem)
    return plain[:64].lstrip("_.-") or "scan"
