"""Process | process and 1 | 2 threads: equal settings give equal bits, other threads the same object (design 12)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.threads import usable_cpus
from ptyspec.spec.checks import Check
from tests import child
from tests.evidence import evidence
from tests.tiny_runs import SHALLOW, object_of

pytestmark = pytest.mark.expensive

TRAIN = """
import sys
from pathlib import Path
from ptyspec.runs.threads import set_threads
set_threads(int(sys.argv[2]))
from ptyspec.faults.apply import from_environment
from_environment()
from ptyspec.runs.store import RunStore
from ptyspec.runs.run import produce
from tests.tiny_runs import tiny
print(produce(tiny("gs2_custom", *sys.argv[3:]), store=RunStore(Path(sys.argv[1]))))
"""


COUNTS = {"one": 1, "two": 2, "two-again": 2}


def make(folder: Path) -> None:
    """The same run by three processes, two of them with two threads, each in a store of its own."""
    for name, count in COUNTS.items():
        with TemporaryDirectory() as store:
            code, out, err = child.run(TRAIN, store, count, *SHALLOW, PYTHONPATH=str(child.ROOT))
            assert code == 0, err
            assert "oneDNN" not in err  # a user sees no lines of the framework
            shutil.copytree(out.splitlines()[-1], folder / name)


@pytest.fixture(scope="module")
def objects(request: pytest.FixtureRequest) -> Iterator[dict[str, Array]]:
    with evidence(request, make) as folder:
        for name, count in COUNTS.items():
            assert read_json(folder / name / "environment.json")["threads"]["intra"] == count
        yield {name: object_of(folder / name) for name in COUNTS}


@pytest.mark.clause("DET-001")
def test_two_processes_with_equal_settings_make_the_same_bytes(
    objects: dict[str, Array], clause: Check
) -> None:
    clause.equal(objects["two-again"], objects["two"], "object made by another process")


@pytest.mark.clause("DET-004")
@pytest.mark.skipif(
    usable_cpus() < 2, reason="one CPU: there are no two threads to compare with one"
)
def test_one_thread_and_two_make_the_same_object_if_not_the_same_bytes(
    objects: dict[str, Array], clause: Check
) -> None:
    clause.close(objects["two"], objects["one"], "object made with two threads")
