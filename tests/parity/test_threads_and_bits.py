"""Process | process and 1 | 2 threads: equal settings give equal bits, other threads the same object (design 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.contracts.arrays import Array
from ptyspec.io.jsonfile import read_json
from ptyspec.io.store import RunStore
from ptyspec.observe.threads import usable_cpus
from ptyspec.spec.checks import Check
from tests import child
from tests.tiny_runs import SHALLOW, object_of

TRAIN = """
import sys
from pathlib import Path
from ptyspec.observe.threads import set_threads
set_threads(int(sys.argv[2]))
from ptyspec.io.store import RunStore
from ptyspec.pipeline.produce import produce
from tests.tiny_runs import tiny
print(produce(tiny("gs2_custom", *sys.argv[3:]), store=RunStore(Path(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Array]:
    """The same run by three processes, two of them with two threads; the store may have two of the runs already."""
    shared, fresh = RunStore().root, tmp_path_factory.mktemp("store")
    wanted = {"one": (shared, 1), "two": (shared, 2), "two again": (fresh, 2)}
    found = {}
    for name, (store, count) in wanted.items():
        code, out, err = child.run(TRAIN, store, count, *SHALLOW, PYTHONPATH=str(child.ROOT))
        assert code == 0, err
        folder = Path(out.splitlines()[-1])
        assert read_json(folder / "environment.json")["threads"]["intra"] == count
        found[name] = object_of(folder)
    return found


@pytest.mark.clause("DET-001")
def test_two_processes_with_equal_settings_make_the_same_bytes(objects: dict[str, Array], clause: Check) -> None:
    clause.equal(objects["two again"], objects["two"], "object made by another process")


@pytest.mark.clause("DET-004")
@pytest.mark.skipif(usable_cpus() < 2, reason="one CPU: there are no two threads to compare with one")
def test_one_thread_and_two_make_the_same_object_if_not_the_same_bytes(
    objects: dict[str, Array], clause: Check
) -> None:
    clause.close(objects["two"], objects["one"], "object made with two threads")
