"""The reference pipeline: the stages of this folder behind the protocol."""

from typing import Any

from ptyspec.contracts.bundles import Container, Patches, RawScan, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline import group, infer, normalize, score, simulate, split, stitch
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Session, Trained, TrainTest


class ReferencePipeline:
    """Stateless; each method is the function of the same name in its own file."""

    name = "reference"

    def simulate(self, scenario: Scenario) -> RawScan:
        """See simulate.py."""
        return simulate.simulate(scenario)

    def split(self, scenario: Scenario, scan: RawScan) -> TrainTest:
        """See split.py."""
        return split.split(scenario, scan)

    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        """See group.py."""
        return group.group(scenario, halves)

    def normalize(self, scenario: Scenario, groups: GroupedTrainTest) -> Containers:
        """See normalize.py."""
        return normalize.normalize(scenario, groups)

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """See train.py, which imports Keras: MissingPackageError says where that is not installed."""
        from ptyspec.pipeline.train import train

        return train(scenario, containers, session)

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        """See infer.py."""
        return infer.infer(scenario, trained, container)

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        """See stitch.py."""
        return stitch.stitch(scenario, patches)

    def score(
        self, scenario: Scenario, scan: RawScan, reconstruction: Reconstruction
    ) -> dict[str, Any]:
        """See score.py."""
        return score.score(scenario, scan, reconstruction)
