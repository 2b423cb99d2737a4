"""The probes of hypotheses that can be wrong on purpose: what they are not, they refuse, and what they seek, they find."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ptyspec.errors import ConfigError
from ptyspec.experiments.observations import loss_wiring, split_gains, stale_dictionary


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda: loss_wiring.scale(1, "gs1_custom", wrong="upside-down"), id="wiring"),
        pytest.param(
            lambda: split_gains.gains(1, "gs1_custom", replay=True), id="scan-not-recorded"
        ),
        pytest.param(lambda: stale_dictionary.walked(1, "half-bridged"), id="violation"),
    ],
)
def test_what_a_probe_does_not_know_is_refused(asked: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match="limit: "):
        asked()


@pytest.mark.parametrize("lowest", [-2.2, 0.0, 1.39])
def test_the_scale_of_the_smallest_loss_is_found(lowest: float) -> None:
    found = loss_wiring.lowest(lambda at: (np.exp(at) - np.exp(lowest)) ** 2)
    assert found == pytest.approx(lowest, abs=1e-5)


@pytest.mark.parametrize(("scenario", "apart"), [("gs1_ideal", 0.0317), ("gs2_ideal", 0.0596)])
def test_the_recorded_scan_has_the_recorded_gains(scenario: str, apart: float) -> None:
    found = split_gains.gains(1, scenario, replay=True)
    assert 1 - found["train"] / found["test"] == pytest.approx(apart, rel=0.01)


@pytest.mark.parametrize("replay", [True, False], ids=["replayed", "own"])
def test_mixed_halves_have_the_frames_of_the_spatial_ones(replay: bool) -> None:
    """Gains are energies to the power -1/2: their mean energy is the same however a scan of two equal halves is cut."""
    cut = [split_gains.gains(1, "gs1_ideal", replay=replay, mixed=mixed) for mixed in (False, True)]
    energies = [found["train"] ** -2 + found["test"] ** -2 for found in cut]
    assert energies[0] == pytest.approx(energies[1], rel=1e-6)
    assert cut[0] != cut[1]
