"""CONFIG-001 broken on purpose: each known way, on a scenario of seconds, and what it does to shapes, scale, loss and object.

`python -m benchmarks legacy` measures all of them; docs/legacy.md shows the table.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import Config, entries, scenario_of, update_legacy_dict
from ptyspec.legacy.params import Parameters, UpstreamModel, UpstreamTraining
from ptyspec.legacy.pipeline import LegacyPipeline, run_time_entries
from ptyspec.physics.level import scan_energy
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.runs.record import stage
from ptyspec.runs.request import request
from ptyspec.runs.walk import Walk

SMALL = (
    "model.N=32",
    "object.size=96",
    "scan.n_images=80",
    "grouping.n_groups=40",
    "training.nepochs=4",
    "model.stages=1",
    "model.filters=[8]",
)
LARGER = ("model.N=64", "object.size=128", *SMALL[2:])
"""Upstream's configs know no frames below 64 pixels."""
Dictionary = MutableMapping[str, Any]
Change = Callable[[Dictionary], None]


@dataclass(frozen=True)
class Violation:
    """One way to break the rule.

    - declared: what the runner means to run; dictionary: what it hands to the stages instead.
    - before: what happens to the dictionary just before a stage; earlier: the config before, where there was one.
    """

    story: str
    declared: Callable[[], Scenario]
    dictionary: Callable[[], Parameters]
    before: Mapping[str, Change] = field(default_factory=dict)
    earlier: Callable[[], Scenario] | None = None


@dataclass(frozen=True)
class Walked:
    """What a walk through the stages came to; `error` where it did not reach the end."""

    shape: tuple[int, ...] = ()
    scale: float | None = None
    loss: float | None = None
    deviance: float | None = None
    object: Array | None = None
    scalar: float | None = None
    error: Exception | None = None
    stage: str = ""


def update_as_upstream(cfg: Dictionary, config: Config) -> None:
    """Bridge as upstream does: a field that is None is skipped, so that the entry of the config before stays (facts 2.3)."""
    cfg.update({key: value for key, value in entries(config).items() if value is not None})


class _Disturbed(Walk):
    """A walk before each of whose stages something may happen."""

    def __init__(
        self, pipeline: Pipeline, scenario: Scenario, before: Mapping[str, Callable[[], None]]
    ) -> None:
        super().__init__(pipeline, scenario, recording=False)
        self.before = before

    def work(self, name: str, *given: Any) -> Any:
        """Run one stage; `at` names it where it breaks."""
        self.at = name
        if name in self.before:
            self.before[name]()
        with stage(name):
            return super().work(name, *given)


def walk(
    pipeline: Pipeline, scenario: Scenario, before: Mapping[str, Callable[[], None]] | None = None
) -> Walked:
    """Walk the stages without controls and report; `before` is called just before the stage of its name."""
    there = _Disturbed(pipeline, scenario, before or {})
    try:
        stitched = there.reconstruction
        scores = there.work("score", there.halves.test, stitched)
    except Exception as error:  # whatever it is, it is the finding
        return Walked(_shape(there), error=error, stage=there.at)
    data, scale = there.containers.train, there.containers.train.scale
    if isinstance(pipeline, LegacyPipeline):
        # As the last stage had it: the dictionary's, in the gauge of the ungained amplitude.
        scale = float(pipeline.cfg["intensity_scale"] * data.gain)
    loss: Any = there.trained.history.epochs[-1].metrics["loss"]
    deviance = loss * scan_energy(data.groups.scan) * scale**2
    scalar = scores["amplitude"]["least_squares_scalar"]
    return Walked(_shape(there), scale, loss, deviance, stitched.object, scalar)


def _shape(there: Walk) -> tuple[int, ...]:
    """Shape of the training groups' diffraction, (B, N, N, C)."""
    if not there.has("groups"):
        return ()
    part = there.groups.train
    return (part.size, part.scan.N, part.scan.N, part.C)


def bound(before: Mapping[str, Change], cfg: Dictionary) -> dict[str, Callable[[], None]]:
    """Return the changes before each stage as calls that change `cfg`."""
    return {name: partial(change, cfg) for name, change in before.items()}


def _scenario(target: str, *settings: str, data: tuple[str, ...] = SMALL) -> Scenario:
    return request(target, profile="quick", settings=[*data, *settings]).scenario


def _bridged(*configs: Config) -> Parameters:
    cfg = Parameters()
    for config in configs:
        update_legacy_dict(cfg, config)
    return cfg


def _set(key: str, value: Any) -> Change:
    return lambda cfg: cfg.update({key: value})


def _normalised_before(cfg: Dictionary) -> None:
    """Another data set of a tenth of the photons went through normalisation, and its entries stay."""
    other = Walk(LegacyPipeline(), _scenario("gs1_custom", "dose.nphotons=1e8"), recording=False)
    cfg.update(run_time_entries(other.containers.train))


def _upstream(diameter: int | None) -> UpstreamTraining:
    """A config of upstream's own kind on a masked probe; None means half of N."""
    model = UpstreamModel(
        N=64,
        gridsize=1,
        n_filters_scale=1,
        amp_activation="softplus",
        probe_mask=True,
        probe_mask_diameter=diameter,
    )
    return UpstreamTraining(
        model=model,
        train_data_file=Path("scan.npz"),
        nepochs=4,
        n_groups=40,
        intensity_scale_trainable=False,
    )


def _leaked() -> Parameters:
    cfg = _bridged(_scenario("gs1_custom", data=LARGER))
    for diameter in (16, None):
        update_as_upstream(cfg, _upstream(diameter))
    return cfg


def _gs1() -> Scenario:
    return _scenario("gs1_custom")


def _gs2(gridsize: int = 2) -> Scenario:
    scenario = _scenario("gs2_custom", "seeds.object=7", "dose.nphotons=1e8")
    return scenario.model_copy(
        update={"model": scenario.model.model_copy(update={"gridsize": gridsize})}
    )


VIOLATIONS: dict[str, Violation] = {
    "never-bridged": Violation("the runner leaves the bridge out", _gs1, Parameters),
    "stale-gridsize": Violation(
        "gridsize is that of the config before, all the way",
        _gs2,
        lambda: _bridged(_gs2(), _gs2(gridsize=1)),
    ),
    "too-few-members": Violation(
        "gridsize is stale while groups are formed (1 for 2), and right from then on",
        _gs2,
        lambda: _bridged(_gs2()),
        {"group": _set("gridsize", 1), "normalize": _set("gridsize", 2)},
    ),
    "too-many-members": Violation(
        "gridsize is stale while groups are formed (2 for 1), and right from then on",
        _gs1,
        lambda: _bridged(_gs1()),
        {"group": _set("gridsize", 2), "normalize": _set("gridsize", 1)},
    ),
    "stale-scale": Violation(
        "the scale is that of data normalised later, in training and inference alike",
        _gs1,
        lambda: _bridged(_gs1()),
        {"train": _normalised_before},
    ),
    "stale-scale-in-inference": Violation(
        "other data are normalised between training and inference",
        _gs1,
        lambda: _bridged(_gs1()),
        {"infer": _normalised_before},
    ),
    "none-leak": Violation(
        "a mask diameter that the config leaves open is the one of the config before",
        # What the config without a diameter means when it is bridged into a fresh dictionary.
        lambda: scenario_of(_bridged(_scenario("gs1_custom", data=LARGER), _upstream(None))),
        _leaked,
    ),
    "order-of-two": Violation(
        "a second config runs on the dictionary of the first",
        _gs2,
        lambda: _bridged(_gs1()),
        earlier=_gs1,
    ),
}
"""Every violation that the investigation met, by its slug."""
