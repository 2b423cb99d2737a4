"""A profile of the legacy dictionary as a subject: `legacy:main`, `legacy:dose`, `legacy:dose:mae`.

`legacy:main` is the dictionary's defaults; `legacy:dose` is what the script of dose_experiments makes of those of its
branch, by running its `init` and `execute` on copies, never by reading its source. So a value is known by who wrote it,
and one inside a branch that was not taken cannot look effective (EVID-003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import UnknownNameError
from ptyspec.legacy.bridge import SCENARIO_NAMES
from ptyspec.legacy.dose_experiments import DEPARTURES, conditional, execute, loss_modes, meant
from ptyspec.legacy.effective import SOURCE, resolved_of
from ptyspec.legacy.params import legacy_defaults
from ptyspec.runs.run_spec import RunSpec

PROFILES: dict[str, str | None] = {
    "legacy:main": None,
    "legacy:dose": "nll",
    "legacy:dose:mae": "mae",
}
"""The mode of `init` that is executed; None: the defaults alone."""
DEFAULT = "legacy default"
REFUSED_DEFAULT = "probe.big"
"""Among the defaults of the dictionary this one means no run here (BRIDGE-009)."""
LOSS_KEYS = ("mae_weight", "nll_weight")
OF_OBJECT = {"object.kind": "data_source", "object.phase": "set_phi"}


@dataclass(frozen=True)
class Captured:
    """A dictionary as it was after the code that fills it had run, and who wrote each entry."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]


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
    mode, modes = PROFILES[target], loss_modes()
    if mode is None:
        values = legacy_defaults("main")
        return Captured(values, dict.fromkeys(values, DEFAULT))
    values, executed = dict(modes[mode].effective), dict[str, Any]()
    sources = dict.fromkeys(values, DEFAULT)
    sources |= dict.fromkeys(modes[mode].assigned, f"{SOURCE}: init")
    execute(values)
    execute(executed)
    sources |= dict.fromkeys(executed, f"{SOURCE}: execute")
    for key in conditional(modes):
        takers = [name for name in modes if key in modes[name].assigned]
        branches = ", ".join(f"conditional branch loss_fn={name}" for name in takers)
        sources[key] = branches if mode in takers else f"{sources[key]}; {branches} not taken"
    return Captured(values, sources)


def legacy_subject(target: str) -> RunSpec:
    """Return what `legacy:main`, `legacy:dose` or `legacy:dose:mae` means; raises UnknownNameError.

    No dictionary that anybody else sees is read or written.
    """
    found = captured(target)
    applied, mode = _applied(target), PROFILES[target]
    if mode is None:
        # Its code makes the disk that probe_scale describes.
        added = {"label": "legacy_defaults", "probe.kind": "ideal"}
        said = {key: value for key, (value, _) in applied.items()} | added
        resolved = resolved_of({**found.values, **said})
    else:
        name = "dose_experiments" if mode == "nll" else f"dose_experiments_{mode}"
        resolved = meant(found.values, name)

    def source(setting: str, told: str) -> str:
        key = OF_OBJECT.get(setting, SCENARIO_NAMES.get(setting, setting))
        key = LOSS_KEYS[0] if setting == "training.loss" else key
        if key in applied:
            return f"departure from the dictionary: {applied[key][1]}"
        if found.values.get(key) is not None and setting != "name":
            return found.sources[key]
        return "legacy code, without an entry" if told == SOURCE else told

    sources = {key: source(key, told) for key, told in resolved.provenance.items()}
    return RunSpec(
        Resolved(resolved.scenario, sources),
        name=target,
        kind="legacy",
        source=target,
        dictionary=found.values,
    )


READERS = {"legacy": legacy_subject}
"""How `run_spec` reads what names a profile."""


def departures(subject: RunSpec) -> dict[str, tuple[Any, str]]:
    """Return the entries in which a profile's settings are declared to differ from its dictionary: our value, and why."""
    return _applied(subject.source) if subject.source in PROFILES else {}


def _applied(target: str) -> dict[str, tuple[Any, str]]:
    return DEPARTURES if PROFILES[target] else {REFUSED_DEFAULT: DEPARTURES[REFUSED_DEFAULT]}


def entry_sources(subject: RunSpec) -> dict[str, str]:
    """Return who wrote each entry of a subject's dictionary, as far as is known."""
    known = captured(subject.source).sources if subject.source in PROFILES else {}
    return {key: known.get(key, SOURCE) for key in subject.dictionary or {}}
