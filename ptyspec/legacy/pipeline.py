"""The legacy pipeline: the modern stages, fed from the global dictionary at call time.

Guarantees (specs/spec-config-bridge.md): every stage looks at the dictionary before it does any work and refuses one that
differs from the declared config (CONFIG-001); on a dictionary that says what the config says, every stage gives what
the reference gives (LEGACY-001, LEGACY-002); told to observe, it runs on with what the dictionary says and keeps the
stale entries (LEGACY-004).
"""

import hashlib
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import ptyspec
from ptyspec.contracts.bundles import (
    Array,
    Container,
    Patches,
    RawScan,
    Reconstruction,
    array_digest,
)
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError
from ptyspec.legacy.bridge import (
    ABSENT,
    SOURCE,
    ConfigSyncError,
    StaleKey,
    scenario_of,
    stale_keys,
    update_legacy_dict,
)
from ptyspec.legacy.params import RUN_TIME, Parameters
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Session, Trained, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.record import StageNote
from ptyspec.runs.store import source_digest

SOURCES = tuple(f"legacy/{name}.py" for name in ("pipeline", "bridge", "params"))
"""What decides what a legacy run computes, beside the stages themselves."""


class LegacyPipeline:
    """Eight stages that read `cfg` whenever they are called.

    - cfg: the dictionary. None: one of its own, which each stage bridges the declared scenario into first, as a right
      runner does; with a dictionary that is given, bridging is the caller's part.
    - strict: refuse a stale dictionary (ConfigSyncError); otherwise run on with it.
    - observed: the stale entries that each stage ran on, by stage; empty for a stage that met none.
    """

    def __init__(self, cfg: MutableMapping[str, Any] | None = None, *, strict: bool = True) -> None:
        self.bridges = cfg is None
        self.cfg: MutableMapping[str, Any] = Parameters() if cfg is None else cfg
        self.strict = strict
        self.observed: dict[str, tuple[StaleKey, ...]] = {}
        self._stages = ReferencePipeline()

    @property
    def name(self) -> str:
        """`legacy`; with a dictionary that it only observes, also what that dictionary says (LEGACY-005)."""
        if self.strict or self.bridges:
            return "legacy"
        # Run-time entries are left out: stages rewrite those.
        said = {key: repr(_plain(value)) for key, value in self.cfg.items() if key not in RUN_TIME}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        return f"legacy-observed-{digest}"

    @property
    def code_version(self) -> str:
        """The sources that stand between the dictionary and the stages; enters the key of stored runs."""
        return source_digest(Path(ptyspec.__file__).parent, SOURCES)

    def annotate(self, note: StageNote) -> None:
        """Write down whether the dictionary said what the config said, each stale entry, and the scale it holds."""
        stale = self.observed.get(note.name, ())
        note.write({"synchronised": not stale} | {f"stale.{entry.key}": True for entry in stale})
        if note.name in {"normalize", "train", "infer"}:
            note.write({"intensity_scale": self.cfg["intensity_scale"]})

    def simulate(self, scenario: Scenario) -> RawScan:
        """Stage 1, as the dictionary has it."""
        return self._stages.simulate(self._enter("simulate", scenario))

    def split(self, scenario: Scenario, scan: RawScan) -> TrainTest:
        """Stage 2, as the dictionary has it."""
        return self._stages.split(self._enter("split", scenario), scan)

    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        """Stage 3, as the dictionary has it."""
        return self._stages.group(self._enter("group", scenario), halves)

    def normalize(self, scenario: Scenario, groups: GroupedTrainTest) -> Containers:
        """Stage 4; leaves the intensity scale and the probe of the training split in the dictionary."""
        made = self._stages.normalize(self._enter("normalize", scenario), groups)
        self.cfg.update(run_time_entries(made.train))
        return made

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Stage 5 on data of the scale and probe that the dictionary holds; the model keeps that scale."""
        told = self._enter("train", scenario, containers.train)
        data = Containers(*(_as_told(self.cfg, one) for one in (containers.train, containers.test)))
        trained, scale = self._stages.train(told, data, session), _scale(self.cfg)

        def predict(weights: list[Array], container: Container) -> Patches:
            return trained.predict(weights, self._shown(container, scale))

        return replace(trained, predict=predict)

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        """Stage 6 on data of the scale and probe that the dictionary holds now."""
        told = self._enter("infer", scenario, container)
        return self._stages.infer(told, trained, _as_told(self.cfg, container))

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        """Stage 7, as the dictionary has it."""
        return self._stages.stitch(self._enter("stitch", scenario), patches)

    def score(
        self, scenario: Scenario, scan: RawScan, reconstruction: Reconstruction
    ) -> dict[str, Any]:
        """Stage 8, as the dictionary has it."""
        return self._stages.score(self._enter("score", scenario), scan, reconstruction)

    def _enter(self, stage: str, scenario: Scenario, data: Container | None = None) -> Scenario:
        """Return what the dictionary says, once it was compared with what was declared and with the data at hand."""
        if self.bridges:
            update_legacy_dict(self.cfg, scenario)
            self.cfg.update({} if data is None else run_time_entries(data))
        stale = stale_keys(self.cfg, scenario)
        stale += () if data is None else stale_run_time(self.cfg, data)
        if stale and self.strict:
            raise ConfigSyncError(stale, stage)
        self.observed[stage] = tuple(dict.fromkeys((*self.observed.get(stage, ()), *stale)))
        return scenario_of(self.cfg)

    def _shown(self, container: Container, model_scale: float) -> Container:
        """The data as the model sees them: multiplied by the dictionary's scale now, divided by the one it was built with.

        Upstream the first factor stands in the data and the second in the first layer (facts 3.5).
        """
        held = _scale(self.cfg)
        if held == model_scale:
            return container
        if self.strict:
            stale = StaleKey("intensity_scale", held, model_scale, "model")
            raise ConfigSyncError((stale,), "infer")
        return container.model_copy(update={"gain": container.gain * held / model_scale})


def run_time_entries(container: Container) -> dict[str, Any]:
    """Return what normalisation leaves in the dictionary: the probe, and the scale of the gained input, s/g.

    In the unit of legacy code counts = (intensity_scale x g X)^2; for normalised data it is about
    sqrt(nphotons)/(N/2).
    """
    return {"intensity_scale": container.scale / container.gain, "probe": container.probe}


def stale_run_time(cfg: Mapping[str, Any], container: Container) -> tuple[StaleKey, ...]:
    """Return the run-time entries that are not those of this data; a probe is shown by its digest."""
    found = []
    for key, wanted in run_time_entries(container).items():
        held, expected = _plain(cfg.get(key, ABSENT)), _plain(wanted)
        if held != expected:
            found.append(StaleKey(key, held, expected, "data"))
    return tuple(found)


def _as_told(cfg: Mapping[str, Any], container: Container) -> Container:
    """The data under the dictionary's scale and probe; untouched where these are its own."""
    if not stale_run_time(cfg, container):
        return container
    probe = cfg.get("probe", container.probe)
    changes = {"probe": probe, "probe_digest": array_digest(probe)}
    return container.model_copy(update=changes | {"scale": _scale(cfg) * container.gain})


def _scale(cfg: Mapping[str, Any]) -> float:
    held = cfg.get("intensity_scale")
    if not isinstance(held, float | int) or not held > 0:
        what = "the legacy dictionary's intensity_scale cannot be used"
        step = "run the stage normalize, which writes it"
        raise ConfigError(what, value=held, limit="> 0", source=SOURCE, next_step=step)
    return float(held)


def _plain(value: object) -> object:
    return f"array {array_digest(value)}" if isinstance(value, np.ndarray) else value
