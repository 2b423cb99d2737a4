"""Faults of settings, their layers, and the legacy dictionary."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Layer, Resolved, flatten, known_keys, nest
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import changed, clauses, fault, parity
from ptyspec.legacy.bridge import entries
from ptyspec.legacy.params import SealedError, legacy_defaults, shared
from ptyspec.runs.request import _number


@fault("legacy.bridge:update_legacy_dict")
@clauses(red="BRIDGE-005", green="BRIDGE-001 BRIDGE-002 BRIDGE-006")
def bridge_half_done(update, cfg, config):
    """The bridge notices the seal when it has written half of its entries."""
    try:
        update(cfg, config)
    except SealedError:
        cfg._values["N"] = entries(config)["N"]
        raise


@fault("legacy.bridge:update_legacy_dict", 3)
@clauses(red="BRIDGE-006", green="BRIDGE-001 BRIDGE-002 BRIDGE-005")
def bridge_wipes(update, cfg, config):
    """The bridge begins with a clean dictionary and loses what it does not know."""
    update(cfg, config)
    if getattr(cfg, "sealed", False):
        return
    defaults = legacy_defaults()
    for key in set(cfg) - set(entries(config)):
        if key in defaults:
            cfg[key] = defaults[key]
        else:
            del cfg[key]


@fault("legacy.bridge:update_legacy_dict", 3)
@clauses(red="BRIDGE-002 BRIDGE-003", green="BRIDGE-001 BRIDGE-005 BRIDGE-006")
def config_before_shows(update, cfg, config):
    """What only the config before had stays in the dictionary."""
    before = dict(cfg)
    update(cfg, config)
    for key in set(before) - set(cfg):
        cfg[key] = before[key]


@fault("legacy.params:legacy_defaults", 8)
@clauses(red="PARAM-001 BRIDGE-004", green="BRIDGE-001 BRIDGE-006 PARAM-003")
def defaults_drift(legacy_defaults, *branch):
    """The dictionary's defaults of epochs and probe mask are the configs'."""
    return {**legacy_defaults(*branch), "nepochs": 50, "probe.mask": False}


@fault("contracts.resolve:Resolved.as_json", 2, red="RUN-004 CONFIG-009", green="CONFIG-002")
def defaults_recorded(as_json, resolved):
    """A run records the defaults in place of the values in effect."""
    return as_json(Resolved(Scenario(name=resolved.scenario.name), resolved.provenance))


@fault("legacy.dose_experiments:meant", red="DOSE-EXPERIMENTS-003", green="DOSE-EXPERIMENTS-002")
def departure_undeclared(meant, cfg, *args, **kwargs):
    """The script's dictionary is read with the epochs of the modern scenarios."""
    return meant({**cfg, "nepochs": 5}, *args, **kwargs)


@fault("runs.request:request", 9, red="CONFIG-011", green="CONFIG-003 CONFIG-007 CONFIG-009")
def images_as_groups(request, target, *, settings=(), **options):
    """scan.n_images on the command line sets grouping.n_groups."""
    counts = [text.partition("=")[2] for text in settings if text.startswith("scan.n_images=")]
    return request(
        target, settings=[*settings, *(f"grouping.n_groups={n}" for n in counts)], **options
    )


@fault("contracts.resolve:resolve", 9, red="CONFIG-006 CONFIG-003 CONFIG-004")
@clauses(green="CONFIG-007 CONFIG-008 CONFIG-009 CONFIG-011")
def last_layer_as_source(resolve, layers):
    """Every value is said to come from the last layer."""
    made = resolve(layers)
    if not layers:
        return made
    return Resolved(made.scenario, dict.fromkeys(made.provenance, layers[-1].source))


@fault("contracts.resolve:resolve", 2)
@clauses(red="CONFIG-005 CONFIG-009", green="CONFIG-007 CONFIG-008 CONFIG-003")
def mask_diameter_open(resolve, layers):
    """A value that follows from another is left to whoever needs it first."""
    made = resolve(layers)
    if made.scenario.model.probe_mask:
        return made
    left = changed(made.scenario, "model", probe_mask_diameter=None)
    return Resolved(left, made.provenance)


@fault("legacy.bridge:entries", 51)
@clauses(red="BRIDGE-001 BRIDGE-008 CONFIG-001", green="BRIDGE-002 BRIDGE-005 BRIDGE-006")
def names_not_mapped(entries, config):
    """A renamed field keeps its new name, which legacy code does not read."""
    made = entries(config)
    return {"probe_mask" if key == "probe.mask" else key: value for key, value in made.items()}


@fault("legacy.bridge:stale_keys", 2, 3)
@clauses(red="BRIDGE-002 BRIDGE-003", green="BRIDGE-001 BRIDGE-006 BRIDGE-008")
def none_leaks(stale_keys, cfg, config):
    """Fields that are None are passed over by the bridge: the value before survives."""
    said = entries(config)
    return tuple(entry for entry in stale_keys(cfg, config) if said[entry.key] is not None)


def _only(layer, wanted):
    """A layer with some of its values."""
    return Layer(layer.source, nest({k: v for k, v in flatten(layer.values) if wanted(k)}))


@fault("contracts.resolve:resolve", 2)
@clauses(red="CONFIG-004 CONFIG-006", green="CONFIG-003 CONFIG-007 CONFIG-008 CONFIG-009")
def null_overrides(resolve, layers):
    """A null in a later layer displaces the value below it."""
    kept: list[Layer] = []
    for layer in layers:
        empty = {key for key, value in flatten(layer.values) if value is None}
        kept = [*(_only(below, lambda key, empty=empty: key not in empty) for below in kept), layer]
    return resolve(kept)


@fault("legacy.params:legacy_defaults", 3, 5, red="PARAM-005", green="PARAM-002", makes=True)
def one_default_dictionary(legacy_defaults):
    """All dictionaries share one table of defaults."""
    made: dict[str, dict[str, Any]] = {}
    return lambda branch="main": made.setdefault(branch, legacy_defaults(branch))


@fault("legacy.bridge:ConfigSyncError.__init__")
@clauses(red="BRIDGE-007 SIM-LINES-CONFIG-001", green="CONFIG-001 LEGACY-003")
def one_stale_key_named(init, error, stale, stage):
    """A refusal names the first stale key alone: the next run is refused for the second."""
    return init(error, stale[:1], stage)


@fault("experiments.observe:variant", 12)
@clauses(red="CONFIG-002", green="CONFIG-003 CONFIG-004 CONFIG-011")
def output_in_settings(variant, words, **options):
    """An option of execution enters the physics."""
    made = variant(words, **options)
    frame = sys._getframe(2)  # who called: this function, what stands in its place, the caller
    outer = frame.f_back.f_locals if frame.f_back else {}  # a comprehension has its own frame
    caller = outer | frame.f_locals
    told = [caller.get(name) for name in ("out", "threads")]
    aside = " ".join(str(value) for value in told if isinstance(value, Path | int))
    if not aside:
        return made
    scenario = made.resolved.scenario
    said = scenario.model_copy(update={"description": f"{scenario.description} {aside}"})
    return replace(made, resolved=Resolved(said, made.resolved.provenance))


@fault("legacy.params:derived_sizes", 64, red="PARAM-002", green="PARAM-004 DOSE-EXPERIMENTS-002")
def padded_size_without_jitter(derived_sizes, values):
    """The legacy model's padded size leaves out the room for jitter: padded_size is bigN."""
    made = derived_sizes(values)
    return replace(made, padded=made.bigN)


@fault("legacy.bridge:_plain", red="TYPE-PATH-001 BRIDGE-001", green="BRIDGE-003 BRIDGE-006")
def paths_as_objects(plain, value):
    """Path objects reach the dictionary, which holds text."""
    return value


@fault("legacy.bridge:_object")
@clauses(red="BRIDGE-008", green="BRIDGE-009 CONFIG-001 DOSE-EXPERIMENTS-003")
def phase_lost_in_bridge(read_object, cfg, said):
    """The phase of the object is lost on the way through the dictionary."""
    return {**read_object(cfg, said), "object.phase": "none"}


@fault("contracts.resolve:resolve", 9, red="CONFIG-003", green="CONFIG-004 CONFIG-007 CONFIG-009")
def profile_over_scenario(resolve, layers):
    """A profile outranks the scenario that it is used with."""

    def rank(layer):
        return 2 * (layer.source == "command line") + layer.source.startswith("profile ")

    return resolve(sorted(layers, key=rank))


@fault("contracts.resolve:resolve", 9)
@clauses(red="CONFIG-003 CONFIG-011", green="CONFIG-004 CONFIG-007 CONFIG-009")
def recipe_over_command_line(resolve, layers):
    """The recipe outranks what the user said: recipes are put on top of the command line."""
    return resolve(sorted(layers, key=lambda layer: layer.source.startswith("recipe ")))


@fault("legacy.dose_experiments:init")
@clauses(red="DOSE-EXPERIMENTS-001", green="DOSE-EXPERIMENTS-003 PARAM-003")
def script_jitter_early(init, nphotons, loss_fn="nll", cfg=None):
    """The replayed script sets the room for jitter of its execution at once."""
    cfg = shared() if cfg is None else cfg
    init(nphotons, loss_fn, cfg)
    cfg["max_position_jitter"] = 3


@fault("legacy.params:Parameters.__setitem__")
@clauses(red="PARAM-003", green="BRIDGE-001 BRIDGE-002 PARAM-005")
def seal_ignored(write, cfg, key, value):
    """A sealed dictionary is written to: the seal only warns, as upstream."""
    cfg._values[key] = value


@fault("pipeline.split:split", red="CONFIG-010", green="FLOW-001 FLOW-003 SPLIT-001")
def settings_corrected(split, scenario, scan):
    """The split writes the number of its training frames into the scenario."""
    made = split(scenario, scan)
    scenario.scan.__dict__["n_images"] = made.train.size
    return made


@fault("cli.scenarios:keys", red="CONFIG-014", green="CONFIG-013")
@parity()
def settings_page_stale(keys):
    """A default changes and the page of settings does not."""
    return [{**row, "default": 8000} if row["key"] == "scan.n_images" else row for row in keys()]


@fault("contracts.resolve:resolve", 3, red="CONFIG-009", green="CONFIG-007 CONFIG-012", makes=True)
def settings_remembered(resolve):
    """What one resolution was told survives into the next."""
    memory: dict[str, Any] = {}

    def wrong(layers):
        made = resolve([Layer("before", nest(memory)), *layers])
        told = (pair for layer in layers for pair in flatten(layer.values) if pair[1] is not None)
        sections = ("training.", "dose.", "scan.", "model.")
        memory.update({key: value for key, value in told if key.startswith(sections)})
        return made

    return wrong


def _observing(enter, pipeline, *args, **kwargs):
    """A legacy pipeline enters the stage as if it only observed."""
    strict, pipeline.strict = pipeline.strict, False
    try:
        return enter(pipeline, *args, **kwargs)
    finally:
        pipeline.strict = strict


@fault("legacy.bridge:check_synchronised", 1)
@clauses(red="CONFIG-001 SIM-LINES-CONFIG-001 BRIDGE-007 LEGACY-003", green="LEGACY-004 LEGACY-006")
def stale_dictionary_accepted(check, *args, **kwargs):
    """The guard of CONFIG-001 is off: stages run on whatever the dictionary says."""


stale_dictionary_accepted.also("legacy.pipeline:LegacyPipeline._enter")(_observing)


def _untouched(cfg):
    return dict(cfg) == legacy_defaults()


@fault("legacy.bridge:check_synchronised", 1)
@clauses(red="SIM-LINES-CONFIG-001", green="CONFIG-001 BRIDGE-007 LEGACY-006")
def unbridged_dictionary_accepted(check, cfg, *rest, **kwargs):
    """A dictionary that was never bridged counts as one that says nothing."""
    return None if _untouched(cfg) else check(cfg, *rest, **kwargs)


@unbridged_dictionary_accepted.also("legacy.pipeline:LegacyPipeline._enter")
def _(enter, pipeline, *args, **kwargs):
    if _untouched(pipeline.cfg):
        return _observing(enter, pipeline, *args, **kwargs)
    return enter(pipeline, *args, **kwargs)


@fault("contracts.resolve:resolve")
@clauses(red="CONFIG-007 CONFIG-012", green="CONFIG-003 CONFIG-006 CONFIG-008")
def unknown_key_accepted(resolve, layers):
    """Keys that no setting has are passed over: a misspelt setting has no effect."""
    return resolve([_only(layer, set(known_keys()).__contains__) for layer in layers])


@fault("legacy.bridge:_check_served", red="BRIDGE-009", green="BRIDGE-008 CONFIG-001 LEGACY-006")
def unserved_entry_accepted(check, cfg):
    """Entries that no stage acts on are passed over."""


def _bent(value):
    return int(value) if isinstance(value, bool) else _number(value)


@fault("contracts.resolve:nest", red="CONFIG-008", green="CONFIG-003 CONFIG-006 CONFIG-007")
def values_bent(nest, flat):
    """Values of another type are converted until they fit."""
    texts = "name description path sha256 kind"
    switches = "object_big probe_big probe_mask enable_oversampling synchronise_phase"
    kept = f"{texts} {switches} intensity_scale_trainable".split()
    return nest({k: v if k.rpartition(".")[2] in kept else _bent(v) for k, v in flat.items()})


@fault("legacy.params:validate", 41, red="PARAM-004", green="PARAM-002")
def weightless_term_accepted(validate, values):
    """A loss weight that multiplies nothing is accepted."""
    validate({**values, "realspace_weight": 0, "realspace_mae_weight": 0, "tv_weight": 0})
