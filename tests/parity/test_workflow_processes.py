"""One run beside several in one process, in another process, with other threads: the same bits, or the same object.

Three processes answer all of it: a person's first five lines, which make the wanted run alone, one that makes another
run before it, and one with another number of threads. The run store holds the wanted run as these cases' process made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.threads import current_threads, usable_cpus
from ptyspec.spec.checks import Check
from tests import child
from tests.evidence import evidence
from tests.tiny_runs import SHALLOW, SMALL, digest, object_of, stored

pytestmark = pytest.mark.expensive

FIVE_LINES = """
import ptyspec
run = ptyspec.run("gs1_custom", profile="quick", set=SETTINGS)
print(run)
run.plot().savefig("picture.png")
"""
BEFORE = """
import os
if "PTYSPEC_FAULT" in os.environ:  # a person's first import is `ptyspec`
    from ptyspec.faults.apply import from_environment
    from_environment()
os.chdir({folder!r})
"""
KEEP = """
import numpy
print(os.environ["TF_NUM_INTRAOP_THREADS"])
numpy.save("alone.npy", run.object)
"""

RUNS = """
import gc, json, random, sys
import numpy as np

from ptyspec.runs.threads import current_threads, set_threads
set_threads(int(sys.argv[1]))
from ptyspec.faults.apply import from_environment
from_environment()
drawn = random.getstate(), repr(np.random.get_state())
from ptyspec.networks.framework import keras  # TensorFlow draws when it is loaded: that is put back
import ptyspec.pipeline.train  # all that trains
kept = (random.getstate(), repr(np.random.get_state())) == drawn

from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.runs.record import peak_rss_mb
from ptyspec.runs.run import run
from tests.tiny_runs import SHALLOW, digest, tiny

WANTED = {
    "other": ("gs2_ideal", "training.nepochs=1", "inference.iterative_sweeps=1", "scan.buffer=16", "dose.nphotons=1e5",
              "model.filters=[4]", "model.probe_mask=true", "grouping.n_groups=32"),
    "wanted": ("gs1_custom",),
}
rows = []
for name in sys.argv[3:]:
    target, *settings = WANTED[name]
    result = run(tiny(target, *SHALLOW, *settings))
    made = digest(result.reconstruction.object)
    np.save(sys.argv[2], result.reconstruction.object)
    del result
    gc.collect()
    models = sum(isinstance(found, Reconstructor) for found in gc.get_objects())
    rows.append({"object": made, "peak": peak_rss_mb(), "models": models})
print(json.dumps({"kept": kept, "rows": rows, "threads": current_threads()["intra"]}))
"""


def here() -> int:
    """The threads of this process."""
    return int(current_threads()["intra"])


def ask(folder: Path) -> None:
    """What each process said, and the object that it made last."""
    alone, other = here(), 1 if here() > 1 else 2
    lists = {
        "after another": (alone, ["other", "wanted", "wanted", "wanted"]),
        "other threads": (other, ["wanted"]),
    }
    found = {"alone": first_lines(folder, alone)}
    for name, (count, runs) in lists.items():
        last = folder / f"{name}.npy"
        code, out, err = child.run(RUNS, count, last, *runs, PYTHONPATH=str(child.ROOT))
        assert code == 0, err
        assert "oneDNN" not in err  # a user sees no lines of the framework
        found[name] = json.loads(out.splitlines()[-1])
        assert found[name]["threads"] == count
    write_json(folder / "said.json", found)


def first_lines(folder: Path, threads: int) -> dict[str, str]:
    """What a person's first five lines say, in a folder that then holds the picture and the object."""
    lines = FIVE_LINES.replace("SETTINGS", repr([*SMALL, *SHALLOW]))
    with TemporaryDirectory() as home:
        code, out, err = child.run(
            BEFORE.format(folder=str(folder)) + lines + KEEP,
            PYTHONPATH=str(child.ROOT),
            PTYSPEC_HOME=home,
            PTYSPEC_THREADS=str(threads),
        )
    assert code == 0, err
    assert "oneDNN" not in err
    return {"out": out, "err": err}


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Iterator[Path]:
    with evidence(request, ask) as folder:
        yield folder


@pytest.fixture(scope="module")
def processes(told: Path) -> dict[str, dict[str, Any]]:
    return read_json(told / "said.json")


@pytest.fixture(scope="module")
def objects(told: Path) -> dict[str, Array]:
    """The wanted run's object, by process; `here`: of the run store, where this process looks for it."""
    made = {name: np.load(told / f"{name}.npy") for name in ("alone", "other threads")}
    return made | {"here": object_of(stored("gs1_custom", *SHALLOW))}


@pytest.mark.clause("DET-001")
def test_two_processes_with_equal_settings_make_the_same_bytes(
    objects: dict[str, Array], clause: Check
) -> None:
    clause.equal(objects["here"], objects["alone"], "object made by another process")


@pytest.mark.clause("DET-004")
@pytest.mark.skipif(
    usable_cpus() < 2, reason="one CPU: there are no two threads to compare with one"
)
def test_one_thread_and_two_make_the_same_object_if_not_the_same_bytes(
    objects: dict[str, Array], clause: Check
) -> None:
    clause.close(objects["alone"], objects["other threads"], "object made with two threads")


@pytest.mark.clause("DET-005")
def test_a_run_after_another_gives_the_bits_that_it_gives_alone(
    processes: dict[str, dict[str, Any]], objects: dict[str, Array], clause: Check
) -> None:
    alone = digest(objects["alone"])
    other, *wanted = (row["object"] for row in processes["after another"]["rows"])
    clause.equal(wanted, [alone] * 3, "objects of the wanted run")
    clause.holds(other != alone, "the run before it makes another object")


@pytest.mark.clause("TF-REPEATED-MODEL-OOM-001")
def test_repeated_trainings_need_no_more_memory_and_leave_no_model(
    processes: dict[str, dict[str, Any]], clause: Check
) -> None:
    rows = processes["after another"]["rows"]
    clause.equal([row["models"] for row in rows], [0] * 4, "models alive after each run")
    clause.within_ratio(
        rows[3]["peak"], rows[1]["peak"], "peak memory after the fourth run over the second"
    )


@pytest.mark.clause("ANTIPATTERN-001")
def test_importing_what_trains_draws_no_number(
    processes: dict[str, dict[str, Any]], clause: Check
) -> None:
    kept = [found["kept"] for name, found in processes.items() if name != "alone"]
    clause.equal(kept, [True, True], "global generators as they were")


def test_five_lines_give_a_picture(told: Path, processes: dict[str, dict[str, Any]]) -> None:
    said = processes["alone"]
    assert (told / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert said["out"].startswith("gs1_custom: ")
    assert said["out"].split()[-1] == str(here())  # it has set the threads by itself
    assert "train" in said["err"]
