"""The run key: everything that can change data is in it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.contracts.resolve import Layer, Resolved, flatten, known_keys, resolve
from ptyspec.files.scan_file import write_scan
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request
from ptyspec.runs.run import key_of
from ptyspec.spec.checks import Check
from tests.walks import small

CONTENT = [key for key in known_keys() if key not in ("name", "description")]


def other(value: Any) -> Any:
    """Some other value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}x"
    return (*value, 1) if isinstance(value, tuple) else value + 1


def changed(resolved: Resolved, key: str) -> Resolved:
    """The same settings with one replaced, whether or not anybody would accept it."""
    section, _, name = key.partition(".")
    part = getattr(resolved.scenario, section)
    part = part.model_copy(update={name: other(getattr(part, name))})
    return Resolved(resolved.scenario.model_copy(update={section: part}), resolved.provenance)


@pytest.mark.clause("STORE-001")
@pytest.mark.parametrize(
    "key",
    [pytest.param(key, id=key.replace(".", "-").replace("_", "-").lower()) for key in CONTENT],
)
def test_every_setting_is_part_of_the_key(key: str, clause: Check) -> None:
    clause.holds(
        key_of(changed(small(), key)) != key_of(small()), f"another {key} gives another key"
    )


class OtherPipeline(ReferencePipeline):
    name = "other"


@pytest.mark.clause("STORE-001")
def test_a_pipeline_of_another_name_has_other_keys(clause: Check) -> None:
    clause.holds(
        key_of(small(), OtherPipeline()) != key_of(small()), "another pipeline gives another key"
    )


@pytest.mark.clause("STORE-001")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TF_NUM_INTRAOP_THREADS", "7"),
        ("OMP_NUM_THREADS", "7"),
        ("TF_ENABLE_ONEDNN_OPTS", "0"),
        ("KERAS_BACKEND", "jax"),
    ],
    ids=["intra", "omp", "onednn", "backend"],
)
def test_threads_and_backend_are_part_of_the_key(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, clause: Check
) -> None:
    before = key_of(small())
    monkeypatch.setenv(variable, value)
    clause.holds(key_of(small()) != before, f"{variable}={value} gives another key")


@pytest.mark.clause("STORE-001")
def test_a_file_of_other_content_under_the_same_name_has_another_key(
    tmp_path: Path, clause: Check
) -> None:
    scan, path = ReferencePipeline().simulate(small().scenario), tmp_path / "scan.npz"
    keys = []
    for frames in (
        scan.diff3d,
        scan.diff3d[::-1].copy(),
    ):  # equal in shape, energy and every summary
        write_scan(path, scan.model_copy(update={"diff3d": frames}))
        keys.append(key_of(request(str(path), settings=["dose.nphotons=1e6"])))
    clause.holds(keys[0] != keys[1], "frames in another order give another key")


@pytest.mark.clause("STORE-002")
def test_names_order_and_sources_are_not_part_of_the_key(clause: Check) -> None:
    made = small()
    flat = dict(flatten(made.scenario.model_dump()))
    parts: dict[str, Any] = {}
    for key in reversed(flat):
        section, _, name = key.partition(".")
        if name:
            parts.setdefault(section, {})[name] = flat[key]
    again = resolve(
        [Layer("elsewhere", {**parts, "description": "the same in other words", "name": "renamed"})]
    )
    clause.holds(again.provenance != made.provenance, "the values came from elsewhere")
    clause.equal(key_of(again), key_of(made), "key")
