"""Stage 7: patches to the object."""

from ptyspec.contracts.bundles import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics import stitch as physics


def stitch(scenario: Scenario, patches: Patches) -> Reconstruction:
    """Return the object on the canvas of its absolute positions; uncovered pixels are NaN."""
    settings = scenario.inference
    return physics.stitch(
        patches, synchronise=settings.synchronise_phase, min_coverage=settings.min_coverage
    )
