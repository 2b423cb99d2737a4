"""The run store: made once, whole or absent, shared by processes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import OutputExistsError, OutputFileError
from ptyspec.files.disk import check_output, publish
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.store import RunStore, code_version, default_root, run_key
from ptyspec.spec.checks import Check

VALUES = Scenario(name="one").model_dump(mode="json")
THREADS = {"intra": 2, "inter": 1}


def fill(folder: Path) -> None:
    write_json(folder / "scenario.json", {"name": "one"})
    (folder / "figures").mkdir()
    (folder / "figures" / "frc.png").write_bytes(b"png")


def never(folder: Path) -> None:
    raise AssertionError(f"nothing may be made in {folder}")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


MAKE_SLOWLY = """
    import sys, time
    from pathlib import Path
    from ptyspec.runs.store import RunStore
    root, key, seconds, log = sys.argv[1:]
    def make(folder):
        (folder / "scenario.json").write_text("{}")
        with open(log, "a") as stream:
            stream.write("made\\n")
        print("making", flush=True)
        time.sleep(float(seconds))
    print(RunStore(Path(root)).get_or_make(key, make), flush=True)
"""


@pytest.mark.clause("STORE-003")
def test_a_run_is_made_once_and_found_afterwards(store: RunStore) -> None:
    assert store.find("k") is None
    made = store.get_or_make("k", fill)
    assert store.get_or_make("k", never) == made == store.find("k")
    assert read_json(made / "scenario.json") == {"name": "one"}
    assert not list((store.root / "partial").iterdir())


@pytest.mark.clause("STORE-003")
def test_a_run_of_a_similar_key_answers_no_other_request(store: RunStore) -> None:
    store.get_or_make("0123abcd", fill)
    for other in ("0123abce", "0123", "0123abcd0"):
        assert store.find(other) is None


@pytest.mark.clause("STORE-008")
def test_the_checkpoints_of_a_run_are_no_other_runs(store: RunStore) -> None:
    first, other = store.checkpoint_folder("0123abcd"), store.checkpoint_folder("0123abce")
    (first / "training.npz").write_bytes(b"state")
    assert not list(other.iterdir())
    store.forget_checkpoints("0123abce")
    assert (first / "training.npz").exists()


@pytest.mark.clause("STORE-004")
@pytest.mark.parametrize(
    "error", [ValueError("bad"), KeyboardInterrupt()], ids=["error", "interrupt"]
)
def test_a_run_that_breaks_leaves_nothing_and_can_be_made_again(
    store: RunStore, error: BaseException
) -> None:
    def broken(folder: Path) -> None:
        fill(folder)
        raise error

    with pytest.raises(type(error)):
        store.get_or_make("k", broken)
    assert store.find("k") is None
    assert not list((store.root / "partial").iterdir())
    assert (store.get_or_make("k", fill) / "scenario.json").is_file()


@pytest.mark.clause("STORE-004")
def test_a_killed_process_leaves_nothing_that_looks_finished(
    store: RunStore, tmp_path: Path
) -> None:
    process = python(MAKE_SLOWLY, str(store.root), "killed", "60", str(tmp_path / "log"))
    assert process.stdout is not None
    assert process.stdout.readline() == "making\n"
    orphan = next((store.root / "partial").iterdir())
    assert (orphan / "scenario.json").is_file()
    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert store.find("killed") is None
    store.get_or_make("other", fill)  # any later run sweeps what the dead process left
    assert not orphan.exists()
    assert (store.get_or_make("killed", fill) / "figures" / "frc.png").is_file()


@pytest.mark.clause("STORE-005")
def test_a_run_in_progress_elsewhere_is_not_swept(store: RunStore, tmp_path: Path) -> None:
    process = python(MAKE_SLOWLY, str(store.root), "slow", "1.0", str(tmp_path / "log"))
    assert process.stdout is not None
    assert process.stdout.readline() == "making\n"
    store.get_or_make("quick", fill)
    assert any((store.root / "partial").glob("slow.*"))
    process.communicate()
    assert process.returncode == 0
    assert store.find("slow") is not None


@pytest.mark.clause("STORE-005")
def test_processes_that_want_the_same_run_share_one(store: RunStore, tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [python(MAKE_SLOWLY, str(store.root), "shared", "0.7", str(log)) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0].splitlines()[-1] for process in processes]
    assert outputs == [str(store.root / "runs" / "shared")] * 3
    assert log.read_text() == "made\n"


@pytest.mark.clause("STORE-005")
def test_whoever_waits_is_told_once(store: RunStore) -> None:
    started, waiting = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        started.set()
        waiting.wait(10)
        fill(folder)

    def on_wait() -> None:
        told.append("waiting")
        waiting.set()

    told: list[str] = []
    maker = threading.Thread(target=store.get_or_make, args=("k", slow))
    maker.start()
    started.wait(10)
    store.get_or_make("k", never, on_wait=on_wait)
    maker.join()
    assert told == ["waiting"]


def test_a_run_may_need_another_run(store: RunStore) -> None:
    def outer(folder: Path) -> None:
        inner = store.get_or_make("inner", fill)
        assert folder.is_dir(), "making the inner run swept the outer one away"
        write_json(folder / "scenario.json", {"from": inner.name})

    assert read_json(store.get_or_make("outer", outer) / "scenario.json") == {"from": "inner"}


@pytest.mark.clause("STORE-004")
@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no device that is always full"
)
def test_a_full_disk_is_said_plainly_and_leaves_nothing(store: RunStore) -> None:
    def overflow(folder: Path) -> None:
        fill(folder)
        with open("/dev/full", "wb") as stream:
            stream.write(b"x" * 100_000)

    with pytest.raises(OutputFileError, match=r"disk is full[\s\S]*MB free[\s\S]*PTYSPEC_HOME"):
        store.get_or_make("k", overflow)
    assert store.find("k") is None
    assert not list((store.root / "partial").iterdir())


def test_a_store_that_cannot_be_created_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputFileError, match=r"cannot be created[\s\S]*PTYSPEC_HOME"):
        RunStore(tmp_path / "file" / "store").get_or_make("k", never)


@pytest.mark.clause("STORE-009")
def test_checkpoints_outlive_an_interrupted_run(store: RunStore) -> None:
    def interrupted(folder: Path) -> None:
        (store.checkpoint_folder("k") / "epoch").write_text("3")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get_or_make("k", interrupted)
    assert (store.checkpoint_folder("k") / "epoch").read_text() == "3"
    store.forget_checkpoints("k")
    assert not list(store.checkpoint_folder("k").iterdir())


def test_the_store_lies_where_ptyspec_home_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    assert RunStore().root == tmp_path
    monkeypatch.delenv("PTYSPEC_HOME")
    assert default_root() == Path.home() / ".cache" / "ptyspec"


def changed(**values: object) -> dict[str, object]:
    return {**VALUES, **values}


@pytest.mark.clause("STORE-002")
def test_the_key_ignores_name_description_and_nesting() -> None:
    flat = {"object.kind": "lines", "seeds.noise": 1, "name": "x"}
    nested = {"description": "text", "seeds": {"noise": 1}, "object": {"kind": "lines"}}
    assert run_key(flat, "c", THREADS) == run_key(nested, "c", THREADS)
    assert run_key(changed(name="two", description="other"), "c", THREADS) == run_key(
        VALUES, "c", THREADS
    )


@pytest.mark.clause("STORE-001")
@pytest.mark.parametrize(
    ("values", "code", "threads"),
    [
        (changed(dose={"nphotons": 1e8, "noise": "poisson"}), "c", THREADS),
        (changed(seeds={**VALUES["seeds"], "noise": 43}), "c", THREADS),
        (VALUES, "d", THREADS),
        (VALUES, "c", {"intra": 1, "inter": 1}),
    ],
    ids=["setting", "seed", "code", "threads"],
)
def test_the_key_changes_with_whatever_can_change_the_result(
    values: dict[str, object], code: str, threads: dict[str, int | str]
) -> None:
    assert run_key(values, code, threads) != run_key(VALUES, "c", THREADS)


@pytest.mark.clause("STORE-001")
@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("physics/scale.py", True),
        ("seeds.py", True),
        ("report/figures.py", False),
        ("physics/notes.txt", False),
    ],
    ids=["stage", "seeds", "report", "no-source"],
)
def test_the_code_version_covers_the_stages_sources_and_nothing_else(
    tmp_path: Path, path: str, changes: bool
) -> None:
    from ptyspec.runs.store import STAGE_SOURCES, source_digest

    for name in ("physics/scale.py", "seeds.py", "report/figures.py", "physics/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("first")
    before = source_digest(tmp_path, STAGE_SOURCES)
    (tmp_path / path).write_text("other")  # as long as before
    assert (source_digest(tmp_path, STAGE_SOURCES) != before) is changes


@pytest.mark.clause("STORE-003")
def test_the_code_version_is_the_same_in_another_process() -> None:
    process = python("from ptyspec.runs.store import code_version; print(code_version())")
    assert process.communicate()[0].strip() == code_version()


@pytest.mark.clause("STORE-003")
def test_publishing_copies_the_whole_run(store: RunStore, tmp_path: Path) -> None:
    run = store.get_or_make("k", fill)
    out = tmp_path / "new" / "result"
    assert publish(run, out) == out
    assert (out / "figures" / "frc.png").read_bytes() == b"png"
    (out / "scenario.json").write_text("mine now")
    assert read_json(run / "scenario.json") == {"name": "one"}, (
        "the published copy must not reach into the store"
    )
    assert [path.name for path in out.parent.iterdir()] == ["result"]


@pytest.mark.clause("STORE-006")
def test_publishing_never_overwrites_unasked(store: RunStore, tmp_path: Path) -> None:
    run, out = store.get_or_make("k", fill), tmp_path / "out"
    out.mkdir()
    publish(run, out)  # an empty folder is free
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="--force") as caught:
        publish(run, out)
    assert caught.value.details["value"] == out
    assert (out / "notes.txt").read_text() == "mine"
    publish(run, out, force=True)
    assert not (out / "notes.txt").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.clause("STORE-006")
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_force_replaces_runs_only(store: RunStore, tmp_path: Path, kind: str) -> None:
    run, out = store.get_or_make("k", fill), tmp_path / "thesis"
    precious = out if kind == "file" else out / "chapter.tex"
    precious.parent.mkdir(exist_ok=True)
    precious.write_text("years of work")
    with pytest.raises(OutputExistsError, match=r"something else than a run|is a file"):
        publish(run, out, force=True)
    with pytest.raises(OutputExistsError):
        check_output(out, force=True)
    assert precious.read_text() == "years of work"


@pytest.mark.clause("STORE-006", "STORE-004")
def test_a_full_disk_while_publishing_keeps_the_earlier_run(
    clause: Check, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, out = store.get_or_make("k", fill), tmp_path / "out"
    publish(run, out)
    (out / "mark").write_text("earlier")

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OutputFileError, match="disk is full"):
        publish(run, out, force=True)
    clause("STORE-006").equal((out / "mark").read_text(), "earlier", "the earlier run")
    parts = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    clause("STORE-004").equal(parts, [], "parts of a run")


@pytest.mark.clause("STORE-006")
def test_a_run_that_cannot_take_its_place_gives_it_back_to_the_earlier_one(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, out = store.get_or_make("k", fill), tmp_path / "out"
    publish(run, out)
    (out / "mark").write_text("earlier")
    rename = Path.rename

    def refuse_the_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(OSError, match=str(out)):
        publish(run, out, force=True)
    assert (out / "mark").read_text() == "earlier"


def test_runs_can_be_read_by_others(store: RunStore, tmp_path: Path) -> None:
    run = store.get_or_make("k", fill)
    for folder in (run, publish(run, tmp_path / "out")):
        assert folder.stat().st_mode & 0o055 == 0o055
        assert json.loads((folder / "scenario.json").read_text()) == {"name": "one"}
