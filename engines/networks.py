"""This project's networks as black boxes: each recipe, trained on the scan that is asked about."""

from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.checks.box import SCENE
from ptyspec.contracts.bundles import Array
from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.apply import applied
from ptyspec.pipeline.box import Scan
from ptyspec.pipeline.boxes import Network
from ptyspec.pipeline.protocol import GroupedTrainTest, Trained
from ptyspec.runs.request import recipe_faults, request

GROUPS = 200
EPOCHS = 2
"""Times a recipe's epochs, which are meant for 1,000 groups: two fifths of its steps, for each of 25 questions."""
SECTIONS = ("model", "training", "inference", "grouping", "seeds")


class Reference(Network):
    """A recipe, without the truth of any object; one that is wrong on purpose runs with its faults."""

    recipe = "reference"

    def __init__(self) -> None:
        self.faults = recipe_faults(self.recipe)
        told = (*SCENE, f"grouping.n_groups={GROUPS}")
        made = request("gs1_custom", recipe=self.recipe, settings=told, faults=self.faults)
        own = dict(flatten(made.scenario.model_dump(include=set(SECTIONS))))
        self.settings = {**own, "training.nepochs": EPOCHS * made.scenario.training.nepochs}

    def fit(
        self, scans: Sequence[Scan], settings: Mapping[str, Any]
    ) -> tuple[Scenario, GroupedTrainTest, Trained]:
        """Train."""
        with applied(*self.faults):
            return super().fit(scans, settings)

    def reconstruct(
        self, scan: Scan, model: tuple[Scenario, GroupedTrainTest, Trained]
    ) -> tuple[Array, tuple[float, float]]:
        """Reconstruct."""
        with applied(*self.faults):
            return super().reconstruct(scan, model)


class Cnn(Reference):
    """The U-Net."""

    recipe = "cnn"


class January(Reference):
    """What the investigation ran with, with its faults."""

    recipe = "january"
