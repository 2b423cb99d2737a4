"""Stage 4: the numbers that condition network input, all from the training split (NORMALIZATION-001)."""

from __future__ import annotations

from ptyspec.contracts.bundles import Container, GroupedScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.scale import loader_gain, mean_energy, rms_amplitude
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest


def normalize(scenario: Scenario, groups: GroupedTrainTest) -> Containers:
    """Return both splits with the training split's gain g, scale s and rms amplitude a0.

    g conditions the network's input and never enters loss or object; the test split does not get a gain of its own.
    """
    scan = groups.train.scan
    energy = mean_energy(scan.diff3d)
    gain, a0 = loader_gain(energy, scan.N), rms_amplitude(energy, scan.probeGuess)

    def contain(part: GroupedScan) -> Container:
        return Container(
            groups=part,
            gain=gain,
            scale=scan.scale,
            a0=a0,
            probe=scan.probeGuess,
            coarse=trivial_estimate(part.scan, scenario.inference.min_coverage),
            probe_digest=array_digest(scan.probeGuess),
            split=part.split,
            seed=scenario.seeds.grouping,
        )

    return Containers(contain(groups.train), contain(groups.test))
