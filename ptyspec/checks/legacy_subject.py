"""A profile of the legacy dictionary as a subject: `legacy:main`, `legacy:dose`, `legacy:dose:mae`.

`legacy:main` is the dictionary's defaults; `legacy:dose` is what the script of dose_experiments makes of those of its
branch, by running its `init` and `execute` on a copy in which every write is noted, never by reading its source. So a
value is known by who wrote it, and one inside a branch that was not taken cannot look effective (EVID-003).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import UnknownNameError
from ptyspec.legacy.bridge import SCENARIO_NAMES
from ptyspec.legacy.dose_experiments import (
    DEPARTURES,
    conditional,
    execute,
    init,
    loss_modes,
    meant,
)
from ptyspec.legacy.effective import SOURCE, resolved_of
from ptyspec.legacy.params import Branch, legacy_defaults
from ptyspec.runs.run_spec import RunSpec

PROFILES: dict[str, tuple[Branch, str | None]] = {
    "legacy:main": ("main", None),
    "legacy:dose": ("dose", "nll"),
    "legacy:dose:mae": ("dose", "mae"),
}
"""Branch of the defaults, and the mode of `init` that is executed on them."""
DEFAULT = "legacy default"
WITHOUT = "legacy code, without an entry"
DEPARTURE = "departure from the dictionary"
DOSE = 1e9
"""Photons a frame, recorded (facts 5.3)."""
REFUSED_DEFAULT = "probe.big"
"""Among the defaults of the dictionary this one means no run here (BRIDGE-009)."""
LOSS_KEYS = ("mae_weight", "nll_weight")


@dataclass(frozen=True)
class Captured:
    """A dictionary as it was after the code that fills it had run, and who wrote each entry."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]


class _Noted(dict[str, Any]):
    """A dictionary that knows which keys were written since it was made."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.written: list[str] = []

    def __setitem__(self, key: str, value: Any) -> None:
        self.written.append(key)
        super().__setitem__(key, value)


def captured(target: str) -> Captured:
    """Return a profile's dictionary, filled by execution on a copy; raises UnknownNameError."""
    if target not in PROFILES:
        raise UnknownNameError(
            "there is no such profile of the legacy dictionary",
            value=target,
            limit=", ".join(PROFILES),
            source="command line",
            next_step="name one of these",
        )
    branch, mode = PROFILES[target]
    noted = _Noted(deepcopy(legacy_defaults(branch)))
    sources = dict.fromkeys(noted, DEFAULT)
    if mode is not None:
        init(DOSE, mode, noted)
        sources |= dict.fromkeys(noted.written, f"{SOURCE}: init")
        noted.written.clear()
        execute(noted)
        sources |= dict.fromkeys(noted.written, f"{SOURCE}: execute")
        modes = loss_modes()
        for key in conditional(modes):
            takers = [name for name in modes if key in modes[name].assigned]
            branches = ", ".join(f"conditional branch loss_fn={name}" for name in takers)
            sources[key] = branches if mode in takers else f"{sources[key]}; {branches} not taken"
    return Captured(deepcopy(dict(noted)), sources)


def legacy_subject(target: str) -> RunSpec:
    """Return what `legacy:main`, `legacy:dose` or `legacy:dose:mae` means; raises UnknownNameError.

    No dictionary that anybody else sees is read or written.
    """
    found = captured(target)
    mode = PROFILES[target][1]
    if mode is None:
        applied = {REFUSED_DEFAULT: DEPARTURES[REFUSED_DEFAULT]}
        # Its code makes the disk that probe_scale describes.
        added = {"label": "legacy_defaults", "probe.kind": "ideal"}
        made = resolved_of({**found.values, REFUSED_DEFAULT: applied[REFUSED_DEFAULT][0], **added})
    else:
        applied = DEPARTURES
        made = meant(
            found.values, "dose_experiments" if mode == "nll" else f"dose_experiments_{mode}"
        )
    sources = {key: _source(key, source, found, applied) for key, source in made.provenance.items()}
    return RunSpec(
        Resolved(made.scenario, sources),
        name=target,
        kind="legacy",
        source=target,
        dictionary=found.values,
    )


def departures(subject: RunSpec) -> dict[str, tuple[Any, str]]:
    """Return the entries in which a profile's settings are declared to differ from its dictionary: our value, and why."""
    if subject.source not in PROFILES:
        return {}
    mode = PROFILES[subject.source][1]
    return DEPARTURES if mode else {REFUSED_DEFAULT: DEPARTURES[REFUSED_DEFAULT]}


def entry_sources(subject: RunSpec) -> dict[str, str]:
    """Return who wrote each entry of a subject's dictionary, as far as is known."""
    values, defaults = subject.dictionary or {}, legacy_defaults()
    if subject.source in PROFILES:
        known = captured(subject.source).sources
        return {key: known.get(key, SOURCE) for key in values}
    return {
        key: DEFAULT if key in defaults and defaults[key] == value else SOURCE
        for key, value in values.items()
    }


def _source(setting: str, source: str, found: Captured, applied: Mapping[str, Any]) -> str:
    key = SCENARIO_NAMES.get(setting, setting)
    if key in applied:
        return DEPARTURE
    if setting == "training.loss":
        return found.sources[LOSS_KEYS[0]]
    if setting in {"object.kind", "object.phase"}:
        return found.sources["data_source" if setting == "object.kind" else "set_phi"]
    if found.values.get(key) is not None and setting != "name":
        return found.sources[key]
    return WITHOUT if source == SOURCE else source
