"""A small normalised scan with an untrained network: what training and inference are timed on."""

from __future__ import annotations

from ptyspec.contracts.bundles import Container
from ptyspec.contracts.scenario import Scenario
from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.pipeline.protocol import Containers
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.pipeline.train import build_model, canvas_side
from ptyspec.runs.request import request

CASES = (
    ("gs1_custom", "reference"),
    ("gs2_custom", "reference"),
    ("gs1_custom", "cnn"),
    ("gs2_custom", "cnn"),
)
"""Scenario and recipe."""


def prepared(name: str, recipe: str, patches: int) -> tuple[Scenario, Containers]:
    """Return scenario and containers of `patches` patches a split, at the standard profile's density."""
    members = 4 if name.startswith("gs2") else 1
    sizes = [
        f"scan.n_images={max(800, 2 * patches // members)}",
        f"grouping.n_groups={patches // members}",
    ]
    scenario = request(name, recipe=recipe, settings=["object.size=248", *sizes]).scenario
    pipeline = ReferencePipeline()
    groups = pipeline.group(scenario, pipeline.split(scenario, pipeline.simulate(scenario)))
    return scenario, pipeline.normalize(scenario, groups)


def network(scenario: Scenario, containers: Containers) -> tuple[Reconstructor, Container]:
    """Return an untrained network and the groups it is to reconstruct."""
    return build_model(
        scenario, containers.train, canvas_side(scenario, containers)
    ), containers.test
