"""Stage 6: patches from a trained generator."""

from ptyspec.contracts.bundles import Container, Patches, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ProbeError
from ptyspec.pipeline.protocol import Trained


def infer(scenario: Scenario, trained: Trained, container: Container) -> Patches:
    """Return object patches of every group in the absolute gauge; deterministic, no draw is made.

    Raises ProbeError when the container's probe is not the array it was normalised with.
    """
    if array_digest(container.probe) != container.probe_digest:
        what = "the probe changed between normalisation and inference"
        step = "normalise again with this probe"
        limit = container.probe_digest
        value = array_digest(container.probe)
        raise ProbeError(what, value=value, limit=limit, source="container", next_step=step)
    return trained.predict(trained.weights, container)
