"""This project's own reconstructions as black boxes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.resolve import nest
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError
from ptyspec.physics.iterative import reconstruct
from ptyspec.pipeline.box import Scan, raw_of
from ptyspec.pipeline.protocol import GroupedTrainTest, Session, Trained, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline


class RPIE:
    """The iterative reference: regularised PIE with momentum, fixed probe."""

    name = "rpie"
    settings: ClassVar[dict[str, Any]] = {"sweeps": 30, "alpha": 0.1, "seed": 0}
    seed = "seed"
    untrained: ClassVar[dict[str, Any]] = {"sweeps": 0}

    def reconstruct(
        self, scan: Scan, settings: Mapping[str, Any]
    ) -> tuple[Array, tuple[float, float]]:
        """Return object and origin in the gauge of the probe, NaN where no light fell."""
        made = reconstruct(raw_of(scan), **settings)
        return made.object, made.origin


class Network:
    """A network of this project by the stages of the reference; fitted to the first scan, without its truth.

    Its settings are those of a scenario, by dotted key; the size of the frames is the scan's.
    """

    name = "network"
    settings: ClassVar[dict[str, Any]] = {"training.nepochs": 30, "seeds.training": 0}
    seed = "seeds.training"
    pipeline: ClassVar[ReferencePipeline] = ReferencePipeline()

    def fit(
        self, scans: Sequence[Scan], settings: Mapping[str, Any]
    ) -> tuple[Scenario, GroupedTrainTest, Trained]:
        """Return the scenario, its training groups and the trained generator."""
        if len(scans) != 1:
            what, step = "this network is fitted to one scan", "put the frames into one scan"
            raise ConfigError(what, value=len(scans), limit="1", source="fit", next_step=step)
        scan = raw_of(scans[0])
        size = {"model.N": scan.probeGuess.shape[-1]}
        scenario = Scenario.model_validate(nest({"name": self.name, **settings, **size}))
        groups = self.pipeline.group(scenario, TrainTest(scan, scan))
        containers = self.pipeline.normalize(scenario, groups)
        return scenario, groups, self.pipeline.train(scenario, containers, Session())

    def reconstruct(
        self, scan: Scan, model: tuple[Scenario, GroupedTrainTest, Trained]
    ) -> tuple[Array, tuple[float, float]]:
        """Return object and origin; gain, scale and a0 are those of the training scan."""
        scenario, former, trained = model
        raw = raw_of(scan)
        test = self.pipeline.group(scenario, TrainTest(raw, raw)).test
        groups = GroupedTrainTest(train=former.train, test=test)
        container = self.pipeline.normalize(scenario, groups).test
        patches = self.pipeline.infer(scenario, trained, container)
        made = self.pipeline.stitch(scenario, patches)
        return made.object, made.origin
