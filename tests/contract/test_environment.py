"""What a run writes down about its surroundings, and the threads it fixes before it starts."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import ptyspec
from ptyspec.errors import ConfigError
from ptyspec.files.jsonfile import to_json
from ptyspec.runs import environment as module
from ptyspec.runs.environment import environment, fingerprint
from ptyspec.runs.threads import current_threads, default_threads, set_threads, usable_cpus

KEYS = {
    "schema_version",
    "time",
    "versions",
    "backend",
    "threads",
    "onednn",
    "cpu",
    "platform",
    "seeds",
    "commit",
    "faults",
}
SETTINGS = {
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
}


def run(code: str, **variables: str) -> dict[str, object]:
    """Run code in a fresh interpreter without this one's thread settings; it prints one JSON object."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in SETTINGS | {"PTYSPEC_THREADS"}
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.clause("RUN-005")
def test_the_record_names_all_that_changes_bits() -> None:
    found = environment({"object": 42, "noise": 7})
    assert set(found) == KEYS
    assert found["seeds"] == {"object": 42, "noise": 7}
    assert found["versions"]["numpy"] == version("numpy")
    assert set(found["versions"]) >= {"keras", "tensorflow", "jax", "torch"}  # None where absent
    assert found["versions"]["scipy"] == version("scipy")
    assert found["threads"] == {name: current_threads()[name] for name in ("intra", "inter", "omp")}
    assert found["cpu"]["level"]
    assert json.loads(to_json(found)) == found


def test_reading_versions_imports_no_library() -> None:
    code = (
        "import sys, json; from ptyspec.runs.environment import environment; environment({});"
        "print(json.dumps({'heavy': [m for m in ('numpy', 'scipy', 'keras', 'tensorflow') if m in sys.modules]}))"
    )
    assert run(code) == {"heavy": []}


@pytest.mark.clause("RUN-005")
def test_the_fingerprint_changes_with_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    one = fingerprint()
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    assert fingerprint() != one
    assert "tensorflow" in one


@pytest.mark.clause("RUN-005")
@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("fpu sse2", "x86-64-v1"),
        ("ssse3 sse4_1 sse4_2 popcnt", "x86-64-v2"),
        ("ssse3 avx2 fma bmi1 bmi2 movbe", "x86-64-v3"),
        ("avx2 fma bmi1 bmi2 movbe avx512f avx512bw avx512cd avx512dq avx512vl", "x86-64-v4"),
    ],
    ids=["v1", "v2", "v3", "v4"],
)
def test_the_feature_level_follows_from_the_flags(
    monkeypatch: pytest.MonkeyPatch, flags: str, level: str
) -> None:
    monkeypatch.setattr(module, "_cpuinfo", lambda: {"flags": flags, "model name": "a processor"})
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    found = module.cpu.__wrapped__()
    assert (found["level"], found["model"]) == (level, "a processor")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository that holds one committed ptyspec/__init__.py."""
    source = tmp_path / "ptyspec" / "__init__.py"
    source.parent.mkdir()
    source.write_text("first")
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    monkeypatch.setattr(ptyspec, "__file__", str(source))
    return tmp_path


@pytest.mark.clause("RUN-005")
def test_the_commit_is_named_and_says_when_the_code_was_changed(checkout: Path) -> None:
    clean = module.commit.__wrapped__()
    assert re.fullmatch(r"[0-9a-f]{40}", clean or "")
    (checkout / "ptyspec" / "__init__.py").write_text("second")
    assert module.commit.__wrapped__() == f"{clean}-dirty"


def test_a_package_installed_inside_somebody_elses_checkout_has_no_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ptyspec, "__file__", str(checkout / "site-packages" / "ptyspec" / "__init__.py")
    )
    (checkout / "site-packages").mkdir()
    assert module.commit.__wrapped__() is None


@pytest.mark.clause("DET-006")
def test_threads_reach_blas_and_tensorflow_before_they_load() -> None:
    code = (
        "import json; from ptyspec.runs.threads import set_threads, current_threads; set_threads(1, 1);"
        "import numpy, threadpoolctl;"
        "pools = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()];"
        "print(json.dumps({'pools': sorted(set(pools)), **current_threads()}))"
    )
    assert run(code) == {
        "pools": [1],
        "intra": 1,
        "inter": 1,
        "omp": 1,
        "onednn": "default",
        "backend": "tensorflow",
    }


@pytest.mark.clause("DET-006")
def test_threads_reach_a_numpy_that_is_already_loaded() -> None:
    code = (
        "import json, numpy, threadpoolctl; from ptyspec.runs.threads import set_threads;"
        "before = [p['num_threads'] for p in threadpoolctl.threadpool_info()]; set_threads(1);"
        "after = [p['num_threads'] for p in threadpoolctl.threadpool_info()];"
        "print(json.dumps({'before': before, 'after': after}))"
    )
    found = run(code, OPENBLAS_NUM_THREADS="2")
    assert found == {"before": [2], "after": [1]} or usable_cpus() == 1


@pytest.mark.clause("DET-006")
def test_a_loaded_tensorflow_refuses_other_threads_and_accepts_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {name: os.environ.get(name) for name in SETTINGS}
    monkeypatch.setitem(sys.modules, "tensorflow", json)  # any module stands for a loaded one
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "2")
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "1")
    with pytest.raises(
        ConfigError, match=r"already imported[\s\S]*TF_NUM_INTRAOP_THREADS=2[\s\S]*PTYSPEC_THREADS"
    ):
        set_threads(3, 1)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "2"
    assert os.environ.get("OMP_NUM_THREADS") == before["OMP_NUM_THREADS"], (
        "nothing may change when it refuses"
    )


@pytest.mark.parametrize(
    ("intra", "inter"), [(0, 1), (1, 0), (-2, 1)], ids=["intra-0", "inter-0", "negative"]
)
def test_thread_counts_start_at_one(intra: int, inter: int) -> None:
    with pytest.raises(ConfigError, match=">= 1"):
        set_threads(intra, inter)


def test_the_default_is_two_threads_or_what_the_machine_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PTYSPEC_THREADS", raising=False)
    assert default_threads() == min(2, usable_cpus())
    monkeypatch.setenv("PTYSPEC_THREADS", "5")
    assert default_threads() == 5


@pytest.mark.parametrize(
    "value", ["0", "two", "-1", "1.5", ""], ids=["zero", "word", "negative", "fraction", "empty"]
)
def test_a_thread_count_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PTYSPEC_THREADS", value)
    with pytest.raises(ConfigError, match="PTYSPEC_THREADS"):
        default_threads()
