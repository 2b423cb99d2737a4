"""Settings in a JSON file, as a subject: the investigation's snapshot, or a run's scenario.json.

The snapshot holds `run_params`, a list `scenarios` of {name, defaults, inputs}, and perhaps
`custom_probe_path`. What its runner did with it is a second reading: it looked a flag up in `inputs`,
found the key with a null, and never reached `defaults`. `flags` gives both readings; the settings are
those of the first (CONFIG-004).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Layer, Resolved, nest, resolve
from ptyspec.errors import ConfigError, InputFileError, UnknownNameError
from ptyspec.files.jsonfile import read_json
from ptyspec.legacy.configs import UpstreamModel
from ptyspec.runs.run_spec import RunSpec

RUNNER = Layer(
    "default of the investigation's runner", {"training": {"nepochs": 5, "batch_size": 16}}
)
"""What its snapshots leave to the command line of the runner (facts 5.1)."""
RUN_PARAMS = {
    "N": ("model.N",),
    "group_count": ("grouping.n_groups",),
    "neighbor_count": ("grouping.neighbor_count",),
    "nphotons": ("dose.nphotons",),
    "object_seed": ("seeds.object",),
    "object_size": ("object.size",),
    "sim_seed": ("seeds.scan", "seeds.noise"),
    "split_fraction": ("split.fraction",),
    "buffer": ("scan.buffer",),
    "nepochs": ("training.nepochs",),
    "batch_size": ("training.batch_size",),
}
"""Names of the snapshot, as settings of a scenario."""
INPUTS = {
    "gridsize": ("model.gridsize",),
    "probe_mode": ("probe.kind",),
    "probe_scale": ("model.probe_scale",),
    "probe_mask": ("model.probe_mask",),
    "probe_big": ("model.probe_big",),
}
COUNTED = "base_total_images"
"""Times gridsize squared: frames of the scan."""
ASIDE = {
    "reassemble_M": "no central crop: every illuminated pixel of a patch is stitched by its weight",
    "custom_probe_path": "that file is not public: a synthetic probe of its recorded statistics stands for it",
}
"""Entries without a counterpart, and why."""
NO_SETTING = ("collected_at", "derived_counts", "paths")
TAILS = "the reference pipeline always models what the probe's tails illuminate"
"""Why `probe_big` False has no counterpart."""
PROBES = {"custom": "custom", "idealized": "ideal"}
SCENARIO_KEYS = {"name", "defaults", "inputs", "group_count", "neighbor_count", *ASIDE, *NO_SETTING}


def snapshot_subject(target: str) -> RunSpec:
    """Return what `FILE.json` or `FILE.json#NAME` means.

    Raises InputFileError for a file that is neither, UnknownNameError naming its scenarios where none
    or several could be meant, and ConfigError naming a key that nobody knows.
    """
    file, _, name = target.partition("#")
    path = Path(file).expanduser()
    content = read_json(path)
    if isinstance(content, Mapping) and "values" in content:
        return _recorded(path, name, content)
    if not isinstance(content, Mapping) or "scenarios" not in content:
        limit = "an object with `scenarios`, or `values`"
        raise _damaged("neither a snapshot nor a run's scenario.json", path, limit)
    document = _chosen(content, name, path)
    scenario = document["scenario"]["name"]
    return RunSpec(
        resolve([RUNNER, *_layers(document, str(path))]),
        name=scenario,
        kind="snapshot",
        source=f"{path}#{scenario}",
        document=document,
    )


def _damaged(
    message: str,
    path: Path,
    limit: str,
    next_step: str = "name a snapshot, a scenario.json, or a scenario .yaml",
) -> InputFileError:
    return InputFileError(message, value=path, limit=limit, next_step=next_step)


def _chosen(content: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """The snapshot with one of its scenarios: the one of this name, or the only one."""
    rows = content["scenarios"]
    named = isinstance(rows, list) and all(
        isinstance(row, Mapping) and "name" in row for row in rows
    )
    if not rows or not named:
        raise _damaged(
            "the snapshot holds no scenarios",
            path,
            "a list of {name, defaults, inputs}",
            "collect it again",
        )
    _known(content, {"run_params", "scenarios", *ASIDE, *NO_SETTING}, str(path))
    by_name: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        by_name.setdefault(str(row["name"]), row)
    if not name and len(rows) > 1:
        raise _unnamed("the snapshot has several scenarios", name, by_name, path)
    if name and name not in by_name:
        raise _unnamed(f"the snapshot has no scenario {name}", name, by_name, path)
    row = by_name[name] if name else rows[0]
    others = {key: content[key] for key in ASIDE if key in content}
    return {"run_params": dict(content.get("run_params") or {}), "scenario": dict(row), **others}


def _unnamed(message: str, name: str, names: Collection[str], path: Path) -> UnknownNameError:
    return UnknownNameError(
        message,
        value=name or None,
        limit=", ".join(names),
        source=path,
        next_step=f"{path}#{next(iter(names))}",
    )


def _layers(document: Mapping[str, Any], source: str) -> list[Layer]:
    """The snapshot's layers in rank: inputs before defaults before run_params; a null is no input."""
    row, common = document["scenario"], document["run_params"]
    _known(row, SCENARIO_KEYS, source)
    own = {key: row[key] for key in ("group_count", "neighbor_count") if row.get(key) is not None}
    settings = {*INPUTS, *RUN_PARAMS, "name", *ASIDE}
    parts = {
        "run_params": (common, {*RUN_PARAMS, COUNTED, *ASIDE}),
        "scenario": (own, set(RUN_PARAMS)),
        "defaults": (row.get("defaults") or {}, settings),
        "inputs": (row.get("inputs") or {}, settings),
    }
    layers = [Layer(source, {"name": row["name"]})]
    for name, (values, known) in parts.items():
        _known(values, known, f"{source}: {name}")
        layers.append(Layer(f"{source}: {name}", nest(_settings(values))))
    flat = {**common, **_said(row)}
    if (frames := flat.get(COUNTED)) is not None:
        counted = {"scan": {"n_images": frames * (flat.get("gridsize") or 1) ** 2}}
        layers.insert(2, Layer(f"{source}: {COUNTED} x gridsize^2", counted))
    return layers


def flags(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the snapshot says of each probe flag by both readings.

    `intended`: the input, else the default. `runner`: what the investigation's runner took: the input
    where the key is there at all, and for a null then the config's own default. `null`: whether the
    input is a null.
    """
    row, config = document["scenario"], UpstreamModel()
    inputs, defaults = row.get("inputs") or {}, row.get("defaults") or {}
    readings = {}
    for key in ("probe_big", "probe_mask"):
        own = getattr(config, key)
        intended = _said(row).get(key, own)
        looked_up = {**defaults, **inputs}.get(key)
        runner = own if looked_up is None else looked_up
        readings[key] = {
            "intended": intended,
            "runner": runner,
            "null": key in inputs and inputs[key] is None,
            "leaks": intended != runner,
        }
    return readings


def aside(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries that have no counterpart here, each with its value and why."""
    flags = _said(document["scenario"])
    flat = {**document, **document["run_params"], **document["scenario"], **flags}
    rows = {key: {"value": flat[key], "why": why} for key, why in ASIDE.items() if key in flat}
    if not flags.get("probe_big", True):
        rows["probe_big"] = {"value": flags["probe_big"], "why": TAILS}
    return rows


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults and inputs together; a null says nothing."""
    parts = (row.get("defaults") or {}, row.get("inputs") or {})
    return {key: value for part in parts for key, value in part.items() if value is not None}


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if key == "probe_big" and value is not None and value is not True:
            continue  # told by `aside`
        if key == "probe_mode" and value is not None:
            value = PROBES.get(value, value)
        if key == "buffer" and isinstance(value, float) and value.is_integer():
            value = int(value)
        flat |= dict.fromkeys({**RUN_PARAMS, **INPUTS}.get(key, ()), value)
    return flat


def _known(values: Mapping[str, Any], known: Collection[str], source: str) -> None:
    for key in (key for key in values if key not in known):
        near = difflib.get_close_matches(key, known, n=1)
        next_step = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
        raise ConfigError(
            f"unknown key {key}", value=values[key], source=source, next_step=next_step
        )


def _recorded(path: Path, name: str, content: Mapping[str, Any]) -> RunSpec:
    """A run's scenario.json, each value with the source that was recorded."""
    rows = content["values"]
    whole = isinstance(rows, Mapping) and all(
        isinstance(row, Mapping) and "value" in row for row in rows.values()
    )
    if not whole:
        limit, again = "values: {KEY: {value, source}}", "restore the file, or run it again"
        raise _damaged("no scenario.json of a run", path, limit, again)
    resolved = resolve([Layer(str(path), nest({key: row["value"] for key, row in rows.items()}))])
    own = resolved.scenario.name
    if name and name != own:
        raise _unnamed(f"the file holds no scenario {name}", name, [own], path)
    sources = {key: rows.get(key, {}).get("source", "default") for key in resolved.provenance}
    return RunSpec(
        Resolved(resolved.scenario, sources), name=own, kind="snapshot", source=str(path)
    )
