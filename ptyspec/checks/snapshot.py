"""Settings that somebody wrote to a JSON file, as a subject: the investigation's snapshot, or a run's scenario.json.

The snapshot holds `run_params`, a list `scenarios` of {name, defaults, inputs}, and perhaps `custom_probe_path`. What
its runner did with it is a second reading: it looked a flag up in `inputs`, found the key with a null, and never
reached `defaults`. `flags` gives both readings; the settings are those of the first (CONFIG-004).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.checks.subject import Subject
from ptyspec.contracts.resolve import Layer, Resolved, nest, resolve
from ptyspec.errors import ConfigError, InputFileError, UnknownNameError
from ptyspec.files.jsonfile import read_json
from ptyspec.legacy.configs import UpstreamModel

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
COUNTED = ("base_total_images",)
"""Times gridsize squared: frames of the scan."""
ASIDE = {
    "reassemble_M": "no central crop: every illuminated pixel of a patch is stitched by its weight",
    "custom_probe_path": "that file is not public: a synthetic probe of its recorded statistics stands for it",
}
"""Entries without a counterpart, and why."""
NO_SETTING = ("collected_at", "derived_counts", "paths")
ONE_VALUE = {
    "probe_big": (True, "the reference pipeline always models what the probe's tails illuminate")
}
"""Entries of which this project knows one value alone."""
PROBES = {"custom": "custom", "idealized": "ideal"}
SCENARIO_KEYS = {"name", "defaults", "inputs", "group_count", "neighbor_count", *ASIDE, *NO_SETTING}


def snapshot_subject(target: str) -> Subject:
    """Return what `FILE.json` or `FILE.json#NAME` means.

    Raises InputFileError for a file that is neither, UnknownNameError naming its scenarios where none or several
    could be meant, and ConfigError naming a key that nobody knows.
    """
    file, _, name = target.partition("#")
    path = Path(file).expanduser()
    content = read_json(path)
    if not isinstance(content, Mapping) or not ({"values", "scenarios"} & set(content)):
        raise InputFileError(
            "neither a snapshot nor a run's scenario.json",
            value=path,
            limit="an object with `scenarios`, or `values`",
            next_step="name a snapshot, a scenario.json, or a scenario .yaml",
        )
    if "values" in content:
        return _recorded(path, name, content)
    document = chosen(content, name, path)
    found = document["scenario"]["name"]
    return Subject(
        translated(document, str(path)),
        name=found,
        kind="snapshot",
        source=f"{path}#{found}",
        document=document,
    )


def chosen(content: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """Return the snapshot with one of its scenarios: the one of this name, or the only one."""
    rows = content["scenarios"]
    if (
        not isinstance(rows, Sequence)
        or not rows
        or not all(isinstance(row, Mapping) and "name" in row for row in rows)
    ):
        raise InputFileError(
            "the snapshot holds no scenarios",
            value=path,
            limit="a list of {name, defaults, inputs}",
            next_step="collect it again",
        )
    _known(content, {"run_params", "scenarios", *ASIDE, *NO_SETTING}, str(path))
    names = [str(row["name"]) for row in rows]
    if (name and name not in names) or (not name and len(names) > 1):
        raise UnknownNameError(
            f"the snapshot has no scenario {name}"
            if name
            else "the snapshot has several scenarios",
            value=name or None,
            limit=", ".join(names),
            source=path,
            next_step=f"{path}#{names[0]}",
        )
    row = rows[names.index(name) if name else 0]
    others = {key: content[key] for key in ASIDE if key in content}
    return {"run_params": dict(content.get("run_params") or {}), "scenario": dict(row), **others}


def translated(document: Mapping[str, Any], source: str) -> Resolved:
    """Return the scenario that a snapshot means: inputs before defaults before run_params, and a null is no input."""
    return resolve([RUNNER, *layers(document, source)])


def layers(document: Mapping[str, Any], source: str) -> list[Layer]:
    """Return the snapshot's layers in rank, each with its place in the file; raises ConfigError for an unknown key."""
    row, common = document["scenario"], document["run_params"]
    _known(row, SCENARIO_KEYS, source)
    own = {key: row[key] for key in ("group_count", "neighbor_count") if row.get(key) is not None}
    parts = [
        ("run_params", common, (*RUN_PARAMS, *COUNTED, *ASIDE)),
        ("scenario", own, tuple(RUN_PARAMS)),
    ]
    parts += [
        (name, row.get(name) or {}, (*INPUTS, *RUN_PARAMS, "name", *ASIDE))
        for name in ("defaults", "inputs")
    ]
    made = []
    for name, values, known in parts:
        _known(values, known, f"{source}: {name}")
        made.append(Layer(f"{source}: {name}", nest(_settings(values))))
    flat = {**common, **_said(row)}
    frames = flat.get("base_total_images")
    if frames is not None:
        gridsize = flat.get("gridsize") or 1
        made.insert(
            1,
            Layer(
                f"{source}: base_total_images x gridsize^2",
                {"scan": {"n_images": frames * gridsize**2}},
            ),
        )
    return [Layer(source, {"name": row["name"]}), *made]


def flags(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the snapshot says of each probe flag by both readings.

    `intended`: the input, else the default. `runner`: what the investigation's runner took: the input where the key is
    there at all, and for a null then the config's own default. `null`: whether the input is a null.
    """
    row, config = document["scenario"], UpstreamModel()
    inputs, defaults = row.get("inputs") or {}, row.get("defaults") or {}
    found = {}
    for key in ("probe_big", "probe_mask"):
        own = getattr(config, key)
        looked_up = inputs[key] if key in inputs else defaults.get(key)
        intended = next(
            (part[key] for part in (inputs, defaults) if part.get(key) is not None), own
        )
        taken = own if looked_up is None else looked_up
        found[key] = {
            "intended": intended,
            "runner": taken,
            "null": key in inputs and inputs[key] is None,
            "leaks": intended != taken,
        }
    return found


def aside(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries that have no counterpart here, each with its value and why."""
    said = _said(document["scenario"])
    flat = {**document, **document["run_params"], **document["scenario"], **said}
    found = {key: {"value": flat[key], "why": why} for key, why in ASIDE.items() if key in flat}
    for key, (only, why) in ONE_VALUE.items():
        if said.get(key, only) != only:
            found[key] = {"value": said[key], "why": why}
    return found


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults and inputs together; a null says nothing."""
    parts = (row.get("defaults") or {}, row.get("inputs") or {})
    return {key: value for part in parts for key, value in part.items() if value is not None}


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if key in ONE_VALUE and value is not None and value != ONE_VALUE[key][0]:
            continue  # told by `aside`
        if key == "probe_mode" and value is not None:
            value = PROBES.get(value, value)
        if key == "buffer" and isinstance(value, float) and value.is_integer():
            value = int(value)
        flat |= dict.fromkeys({**RUN_PARAMS, **INPUTS}.get(key, ()), value)
    return flat


def _known(values: Mapping[str, Any], known: Collection[str], source: str) -> None:
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), n=1)
            raise ConfigError(
                f"unknown key {key}",
                value=values[key],
                source=source,
                next_step=f"did you mean {near[0]}?"
                if near
                else f"known: {', '.join(sorted(known))}",
            )


def _recorded(path: Path, name: str, content: Mapping[str, Any]) -> Subject:
    """A run's scenario.json, each value with the source that was recorded."""
    rows = content["values"]
    if not isinstance(rows, Mapping) or not all(
        isinstance(row, Mapping) and "value" in row for row in rows.values()
    ):
        raise InputFileError(
            "no scenario.json of a run",
            value=path,
            limit="values: {KEY: {value, source}}",
            next_step="restore the file, or run it again",
        )
    found = resolve([Layer(str(path), nest({key: row["value"] for key, row in rows.items()}))])
    if name and name != found.scenario.name:
        raise UnknownNameError(
            f"the file holds no scenario {name}",
            value=name,
            limit=found.scenario.name,
            source=path,
            next_step=f"{path}#{found.scenario.name}",
        )
    sources = {key: rows.get(key, {}).get("source", "default") for key in found.provenance}
    resolved = Resolved(found.scenario, sources)
    return Subject(resolved, name=found.scenario.name, kind="snapshot", source=str(path))
