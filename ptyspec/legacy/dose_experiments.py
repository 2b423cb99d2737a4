"""dose_experiments: what its script writes into the legacy dictionary, and what that dictionary means to our stages.

The script's values come about by running `init` and `execute`, here as there; nobody reads them off the source. A
branch that was not taken looks like a setting to whoever does: the investigation reported an inverted loss in this way
and took it back (DOSE-EXPERIMENTS-002).
"""

import sys
from collections.abc import Mapping, MutableMapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import ConfigError
from ptyspec.legacy.bridge import resolved_of
from ptyspec.legacy.params import derived_sizes, legacy_defaults, shared
from ptyspec.physics.nested import nested_lattice

LOSS_FUNCTIONS = ("nll", "mae")
DEPARTURES: dict[str, tuple[Any, str]] = {
    "probe.big": (
        True,
        "switched off, it leaves the object under the probe's tails at zero; no stage here does that",
    ),
    "intensity_scale.trainable": (
        False,
        "recorded as True, and no recorded run ever moved it: an exact gauge",
    ),
    "amp_activation": (
        "cartesian",
        "a sigmoid ends at 1, which the label gauge alone made enough: heads end at a0 x 1 here",
    ),
    "npseed": (
        1,
        "the grid simulation seeds training images with 1 and test images with 2, whatever npseed says",
    ),
}
"""Entries in which our scenarios depart from the script's dictionary: our value, and why."""


@dataclass(frozen=True)
class LossMode:
    """One mode of `init`, executed.

    - assigned: what the mode wrote, and nothing that it found.
    - effective: the whole dictionary afterwards.
    """

    assigned: Mapping[str, Any]
    effective: Mapping[str, Any]


def init(
    nphotons: float, loss_fn: str = "nll", cfg: MutableMapping[str, Any] | None = None
) -> None:
    """Write the experiment into `cfg` (default: this process's dictionary), as the recorded script does.

    `nll` leaves the loss weights as they are, so that it means the likelihood in a fresh dictionary only: after `mae`
    in the same dictionary it is still `mae` (the script does so; `loss_modes` starts from a copy each time). Raises
    ConfigError for another loss before anything is written.
    """
    if loss_fn not in LOSS_FUNCTIONS:
        what, limit = "dose_experiments knows no such loss", " or ".join(LOSS_FUNCTIONS)
        step = "give one of these"
        raise ConfigError(what, value=loss_fn, limit=limit, source="loss_fn", next_step=step)
    cfg = shared() if cfg is None else cfg
    cfg["data_source"] = "lines"
    cfg["set_phi"] = False
    cfg["nphotons"] = nphotons
    cfg["N"] = 64
    cfg["gridsize"] = 2
    cfg["offset"] = 4
    cfg["outer_offset_train"] = 8
    cfg["outer_offset_test"] = 20
    cfg["nimgs_train"] = 2
    cfg["nimgs_test"] = 2
    cfg["max_position_jitter"] = 10
    cfg["object.big"] = True
    cfg["probe.big"] = False
    cfg["probe.mask"] = True
    cfg["probe.trainable"] = False
    cfg["default_probe_scale"] = 0.7
    cfg["probe_scale"] = 10.0
    cfg["n_filters_scale"] = 2
    cfg["batch_size"] = 16
    cfg["nepochs"] = 60
    cfg["intensity_scale.trainable"] = True
    if loss_fn == "mae":
        cfg["mae_weight"] = 1.0
        cfg["nll_weight"] = 0.0


def execute(cfg: MutableMapping[str, Any]) -> None:
    """Write what the routine that runs the experiment changes after `init` said 10: less room for jitter in the canvas.

    max_position_jitter sizes the canvas and moves no position; positions are moved by sim_jitter_scale, which is 0.
    """
    cfg["max_position_jitter"] = 3


def loss_modes(nphotons: float = 1e9, base: Mapping[str, Any] | None = None) -> dict[str, LossMode]:
    """Return every mode of `init` by its name, each executed on a copy of `base` (default: fresh dose defaults).

    Neither `base` nor any other dictionary changes.
    """
    found = {}
    for loss_fn in LOSS_FUNCTIONS:
        assigned: dict[str, Any] = {}
        effective = deepcopy(dict(legacy_defaults("dose") if base is None else base))
        init(nphotons, loss_fn, assigned)
        init(nphotons, loss_fn, effective)
        found[loss_fn] = LossMode(assigned, effective)
    return found


def conditional(modes: Mapping[str, LossMode]) -> list[str]:
    """Return the entries that only some of the modes write, or that they write differently."""
    written = [mode.assigned for mode in modes.values()]
    keys, unset = sorted({key for one in written for key in one}), object()
    return [key for key in keys if len({repr(one.get(key, unset)) for one in written}) > 1]


def meant(cfg: Mapping[str, Any], name: str = "dose_experiments") -> Resolved:
    """Return the scenario that the script's dictionary means: grid simulation on nested lattices, all groups.

    Leaves `cfg` as it is. What legacy code does without an entry (kind of scan, split, groups, gauge) is added, and
    DEPARTURES are applied. The canvas is the dictionary's padded size, up to the next even number, so that whole-pixel
    offsets stay whole pixels on it; sim_jitter_scale is taken for the largest displacement (its distribution is not
    recorded, its value is 0). Raises ConfigError where the dictionary means no run.
    """
    said = dict(cfg) | {key: value for key, (value, _) in DEPARTURES.items()}
    padded = derived_sizes(cfg).padded
    said |= {
        "label": name,
        "scan.kind": "nested",
        "split.kind": "image",
        "grouping.kind": "lattice",
        "object.gauge": "label",
        "probe.kind": "ideal",
        "scan.jitter": cfg["sim_jitter_scale"],
        "model.canvas": padded + padded % 2,
    }
    scenario = resolved_of(said).scenario
    # All frames, and all groups of the training split, that fit on the images.
    unlimited = scenario.scan.model_copy(update={"n_images": sys.maxsize})
    image = nested_lattice(unlimited, scenario.object, scenario.model).image
    train = int((image < scenario.object.images_train).sum())
    counts = {"scan.n_images": len(image), "n_groups": train // scenario.members}
    return resolved_of(said | counts)
