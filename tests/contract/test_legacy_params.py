"""The legacy dictionary: recorded defaults, sizes that follow from them, a seal that is honoured."""

from __future__ import annotations

from typing import Any

import pytest

from ptyspec.errors import ConfigError
from ptyspec.legacy.params import (
    RUN_TIME,
    Parameters,
    SealedError,
    derived_sizes,
    legacy_defaults,
    shared,
    validate,
)
from ptyspec.spec.checks import Check
from tests import child

RECORDED = {
    "N": 128,
    "offset": 4,
    "gridsize": 2,
    "outer_offset_train": None,
    "outer_offset_test": None,
    "batch_size": 16,
    "nepochs": 60,
    "n_filters_scale": 2,
    "output_prefix": "outputs",
    "big_gridsize": 10,
    "max_position_jitter": 10,
    "sim_jitter_scale": 0.0,
    "default_probe_scale": 0.7,
    "mae_weight": 0,
    "nll_weight": 1,
    "tv_weight": 0,
    "realspace_mae_weight": 0,
    "realspace_weight": 0,
    "nphotons": 1e9,
    "nimgs_train": 9,
    "nimgs_test": 3,
    "data_source": "generic",
    "probe.trainable": False,
    "intensity_scale.trainable": False,
    "positions.provided": False,
    "object.big": True,
    "probe.big": False,
    "probe_scale": 10.0,
    "set_phi": False,
    "probe.mask": True,
    "pad_object": True,
    "model_type": "pinn",
    "label": "",
    "size": 392,
    "amp_activation": "sigmoid",
    "h5_path": "wts.h5",
    "npseed": 42,
    "debug": True,
    "gaussian_smoothing_sigma": 0.0,
    "use_xla_translate": True,
}
"""Read off the upstream source, in its order; `dose` differs in two."""
DOSE = {"N": 64, "data_source": "lines"}


@pytest.mark.clause("PARAM-001")
@pytest.mark.parametrize("branch", ["main", "dose"])
def test_a_fresh_dictionary_holds_the_recorded_keys_with_the_recorded_defaults(
    clause: Check, branch: Any
) -> None:
    wanted = RECORDED | (DOSE if branch == "dose" else {})
    clause.equal(dict(Parameters(branch)), wanted, f"defaults of {branch}")
    clause.equal(
        {k: type(v) for k, v in Parameters(branch).items()},
        {k: type(v) for k, v in wanted.items()},
        "types",
    )


@pytest.mark.clause("PARAM-002")
@pytest.mark.parametrize(
    ("N", "gridsize", "big", "padding", "padded"),
    [
        pytest.param(64, 1, 64, 10, 74, id="gs1-n64"),
        pytest.param(64, 2, 68, 14, 78, id="gs2-n64"),
        pytest.param(128, 1, 128, 10, 138, id="gs1-n128"),
        pytest.param(128, 2, 132, 14, 142, id="gs2-n128"),
    ],
)
def test_the_sizes_inside_the_model_are_the_recorded_ones(
    clause: Check, N: int, gridsize: int, big: int, padding: int, padded: int
) -> None:
    sizes = derived_sizes(legacy_defaults() | {"N": N, "gridsize": gridsize})
    clause.equal(
        (sizes.bigN, sizes.padding, sizes.padded), (big, padding, padded), "bigN, padding, padded"
    )


@pytest.mark.clause("PARAM-002")
def test_the_jitter_belongs_to_the_canvas(clause: Check) -> None:
    near, far = (
        derived_sizes(legacy_defaults() | {"max_position_jitter": jitter}) for jitter in (0, 10)
    )
    clause.equal((near.bigN, near.padded + 10), (far.bigN, far.padded), "sizes at jitter 0 and 10")


@pytest.mark.clause("PARAM-003")
@pytest.mark.parametrize("key", ["gridsize", "probe.mask", "another-key"])
def test_a_sealed_dictionary_refuses_a_write_and_keeps_its_value(clause: Check, key: str) -> None:
    cfg = Parameters()
    cfg.seal()
    before = dict(cfg)
    with pytest.raises(SealedError, match=key):
        cfg[key] = 3
    clause.equal(dict(cfg), before, "dictionary after the refused write")


@pytest.mark.clause("PARAM-003")
def test_a_sealed_dictionary_refuses_a_removal(clause: Check) -> None:
    cfg = Parameters()
    cfg.seal()
    with pytest.raises(SealedError, match="N cannot change"):
        del cfg["N"]
    clause.equal(cfg["N"], 128, "N after the refused removal")


@pytest.mark.clause("PARAM-003")
def test_there_is_no_way_around_the_seal(clause: Check) -> None:
    cfg: Any = Parameters()
    cfg.seal()
    with pytest.raises((SealedError, TypeError)):
        cfg |= {"N": 64}
    clause.equal(cfg["N"], 128, "N after the refused merge")


@pytest.mark.clause("PARAM-003")
@pytest.mark.parametrize("key", sorted(RUN_TIME))
def test_what_stages_write_while_they_run_passes_the_seal(clause: Check, key: str) -> None:
    cfg = Parameters()
    cfg.seal()
    cfg[key] = 1.5
    clause.equal(cfg[key], 1.5, key)


@pytest.mark.clause("PARAM-004")
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        pytest.param({"data_source": "line"}, "data_source", id="misspelt-source"),
        pytest.param({"N": 66}, "N", id="not-divisible-by-4"),
        pytest.param({"N": 0}, "N", id="no-pixel"),
        pytest.param({"gridsize": 0}, "gridsize", id="no-member"),
        pytest.param({"realspace_mae_weight": 0.5}, "realspace_mae_weight", id="part-of-nothing"),
        pytest.param({"tv_weight": 0.5}, "tv_weight", id="variation-of-nothing"),
        pytest.param({"realspace_weight": 0.1}, "realspace_weight", id="weight-without-a-part"),
    ],
)
def test_a_value_that_no_stage_can_use_is_refused_by_its_name(
    changes: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigError, match=f"dictionary's {key} "):
        validate(legacy_defaults() | changes)


@pytest.mark.clause("PARAM-004")
@pytest.mark.parametrize(
    "changes",
    [{}, {"realspace_weight": 0.1, "tv_weight": 1}, {"data_source": "V"}],
    ids=["defaults", "both", "source"],
)
def test_usable_values_are_accepted(clause: Check, changes: dict[str, Any]) -> None:
    validate(legacy_defaults() | changes)
    clause.holds(True, "no usable value is refused")


@pytest.mark.clause("PARAM-005")
def test_two_dictionaries_share_nothing(clause: Check) -> None:
    first, second = Parameters(), Parameters()
    first["N"], first["mine"] = 32, [1]
    clause.equal(dict(second), legacy_defaults(), "a dictionary beside one that was written to")
    legacy_defaults()["N"] = 32
    clause.equal(Parameters()["N"], 128, "N of a fresh dictionary")
    clause.holds(
        shared() is shared() and dict(shared()) == legacy_defaults(), "the process's own dictionary"
    )


@pytest.mark.clause("PARAM-005")
def test_importing_the_legacy_side_creates_no_dictionary_and_draws_nothing(clause: Check) -> None:
    code = """
        import random, sys
        before = random.getstate()
        import numpy as np
        drawn = np.random.get_state()[1].tobytes()
        import ptyspec.legacy.bridge, ptyspec.legacy.params
        from ptyspec.legacy import params
        mutable = [name for module in list(sys.modules.values()) if module.__name__.startswith("ptyspec.legacy")
                   for name, value in vars(module).items() if isinstance(value, params.Parameters)]
        print(mutable, params.shared.cache_info().currsize, random.getstate() == before,
              np.random.get_state()[1].tobytes() == drawn)
    """
    clause.equal(
        child.run(code)[:2],
        (0, "[] 0 True True\n"),
        "dictionaries, shared ones, generators unchanged",
    )
