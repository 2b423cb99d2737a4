"""A pipeline in a process of its own: each way to fail has words of its own, and the next question is answered."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.box import Box
from ptyspec.checks.judge import judge
from ptyspec.errors import ConfigError, GroupingError, ProcessError, RefusedError
from ptyspec.pipeline.box import Scan
from ptyspec.runs import process as door
from ptyspec.runs.limits import Limits
from ptyspec.runs.pipelines import maker
from ptyspec.runs.private_folder import private_folder, remove
from ptyspec.runs.remote import RemoteBox, connect
from ptyspec.spec.finding import State
from tests import child

SCRIPT = Path(__file__).parents[1] / "doors" / "misbehaving.py"
COMMAND = shlex.join([sys.executable, str(SCRIPT)])
ENDS = {
    "exit": "it ended with exit code 3",
    "shell": "ended by signal 11 (SIGSEGV, segmentation fault)",
    "segfault": "ended by signal 11 (SIGSEGV, segmentation fault)",
    "killed": "ended by signal 9 (SIGKILL, killed, as the system does where memory is short)",
    "memory": "it held 0.4",
    "garbage": "it wrote no JSON to stdout: 'loading weights ...'",
    "list": "it wrote no JSON to stdout: '[1, 2]'",
    "half": "it ended with exit code 0; it wrote no JSON to stdout: '{\"ok\": tr'",
    "no-ok": "has no `ok`",
    "progress": "its progress is not [done, total, note]",
}
"""After any of these the process is started anew."""
UNUSABLE = {
    "no-file": "the file lacks object",
    "other-keys": "the file lacks object\n  value: origin, image",
    "objects": "object is a pickled object array",
    "truncated": "no NPZ archive, or it is truncated",
    "text": "no NPZ archive, or it is truncated",
    "huge": "the archive is damaged",
    "no-memory": "ran out of memory",
}
"""After any of these the process goes on."""


@pytest.fixture(scope="module")
def box() -> Iterator[RemoteBox]:
    made = maker(f"cmd:{COMMAND}", Limits(seconds=20, memory=350e6))()
    yield made
    made.close()


@pytest.fixture(scope="module")
def scan() -> Scan:
    rng = np.random.default_rng(0)
    frames = rng.poisson(5, (6, 4, 4)).astype(">f4")
    return Scan(frames, rng.random((6, 2)), np.ones((4, 4), np.complex64), 10.0)


def ask(box: RemoteBox, scan: Scan, how: str) -> Any:
    return box.reconstruct(scan, {"how": how})


def quick(box: RemoteBox, seconds: float) -> Limits:
    return Limits(seconds=seconds, memory=box.process.limits.memory)


@pytest.mark.parametrize("how", ENDS)
def test_each_end_has_its_words_and_the_next_question_is_answered(
    box: RemoteBox, scan: Scan, how: str
) -> None:
    with pytest.raises(ProcessError) as told:
        ask(box, scan, how)
    assert ENDS[how] in str(told.value)
    lives = box.process.lives
    assert ask(box, scan, "well")[0].shape == (4, 4)
    assert box.process.lives == lives + 1


@pytest.mark.parametrize("how", UNUSABLE)
def test_an_answer_that_cannot_be_used_says_why(box: RemoteBox, scan: Scan, how: str) -> None:
    lives = box.process.lives
    with pytest.raises(ProcessError) as told:
        ask(box, scan, how)
    assert UNUSABLE[how] in str(told.value)
    ask(box, scan, "well")
    assert box.process.lives in (lives, lives + 1)


def test_an_answer_of_more_than_the_memory_is_not_read(
    box: RemoteBox, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box.process, "limits", Limits(memory=100))
    monkeypatch.setattr(door, "WATCHED", False)
    with pytest.raises(ProcessError, match="need more memory than is allowed"):
        ask(box, scan, "well")


@pytest.mark.parametrize("how", ["hang", "closed"])
def test_a_process_that_hangs_is_ended_after_its_time(
    box: RemoteBox, scan: Scan, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(box, scan, "well")
    monkeypatch.setattr(box.process, "limits", quick(box, 0.3))
    words = {"hang": "no answer within 0.3 s", "closed": "it closed its stdout and goes on"}[how]
    with pytest.raises(ProcessError, match=words):
        ask(box, scan, how)


def test_what_it_wrote_to_stderr_is_in_the_error(box: RemoteBox, scan: Scan) -> None:
    with pytest.raises(ProcessError, match="it wrote to stderr: the last words"):
        ask(box, scan, "exit")


def test_an_endless_line_is_cut(
    box: RemoteBox, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(box, scan, "well")
    monkeypatch.setattr(door, "LONGEST", 5)
    with pytest.raises(ProcessError, match="without a line's end"):
        ask(box, scan, "half")


def test_a_second_answer_is_not_taken_for_the_next_one(box: RemoteBox, scan: Scan) -> None:
    with pytest.raises(ProcessError):
        ask(box, scan, "twice")
    with pytest.raises(ProcessError, match="without being asked"):
        ask(box, scan, "well")
    ask(box, scan, "well")


def test_an_error_that_it_answers_is_a_refusal(box: RemoteBox, scan: Scan) -> None:
    with pytest.raises(RefusedError, match="ValueError: too few frames"):
        ask(box, scan, "refused")


def test_an_error_of_this_package_comes_back_as_itself(box: RemoteBox, scan: Scan) -> None:
    with pytest.raises(GroupingError, match="too few\n  value: 3"):
        ask(box, scan, "typed")


def test_progress_is_passed_on(box: RemoteBox, scan: Scan) -> None:
    heard: list[tuple[int, int, str]] = []
    box.process.ask(
        "reconstruct",
        {"scan": scan},
        settings={"how": "steps"},
        progress=lambda *told: heard.append(told),
    )
    assert heard == [(1, 2, "half of it")]


def test_settings_that_are_no_json_are_named_and_the_process_goes_on(
    box: RemoteBox, scan: Scan
) -> None:
    ask(box, scan, "well")
    lives = box.process.lives
    with pytest.raises(ConfigError, match="`reconstruct` cannot be written as JSON"):
        box.reconstruct(scan, {"how": object()})
    ask(box, scan, "well")
    assert box.process.lives == lives


def test_after_three_ends_in_a_row_it_is_asked_no_more(scan: Scan) -> None:
    box = connect(COMMAND)
    assert isinstance(box, RemoteBox)
    try:
        for _ in range(3):
            with pytest.raises(ProcessError, match="exit code 3"):
                ask(box, scan, "exit")
        with pytest.raises(ProcessError, match=r"3 times in a row.*exit code 3"):
            ask(box, scan, "well")
        assert box.process.lives == 3
    finally:
        box.close()


HELLO = "import sys; sys.stdin.readline(); print({!r}, flush=True); sys.stdin.read()"
STARTS = {
    "no-such-program": ("ptyspec-no-such-program", "there is no such program"),
    "no-words": ("", "it is empty"),
    "ends": ("import sys; sys.exit('no module named lab')", "no module named lab"),
    "prints": ("print('hello', flush=True); input()", "no JSON to stdout: 'hello'"),
    "hangs": ("import time; time.sleep(60)", "it hangs: no answer within 1 s"),
    "version": (HELLO.format('{"protocol": 7}'), "version 7 of the protocol, and this is 1"),
    "door": (HELLO.format('{"protocol": 1, "door": "back"}'), "`door` is 'back'"),
    "name": (HELLO.format('{"protocol": 1, "door": "box"}'), "`name` is no text"),
    "stages": (
        HELLO.format('{"protocol": 1, "door": "stages", "name": "a", "stages": ["sing"]}'),
        r"`stages` is ['sing']",
    ),
    "seed": (
        HELLO.format('{"protocol": 1, "door": "box", "name": "a", "seed": "s"}'),
        "`seed` names 's'",
    ),
}


@pytest.mark.parametrize("case", STARTS)
def test_a_bad_start_is_named_and_leaves_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, words = STARTS[case]
    command = code if case.startswith("no-") else shlex.join([sys.executable, "-S", "-c", code])
    with pytest.raises(ProcessError) as told:
        maker(f"cmd:{command}", Limits(seconds=1 if case == "hangs" else 20))()
    assert words in str(told.value)
    assert told.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_code_that_changed_between_two_starts_is_noticed(tmp_path: Path) -> None:
    """Stale code: half of the answers would be those of the old one."""
    script = tmp_path / "lab.py"
    said = '{{"protocol": 1, "door": "box", "name": "lab", "code": "{}"}}'
    script.write_text(HELLO.format(said.format("old")))
    box = connect(shlex.join([sys.executable, "-S", str(script)]))
    try:
        script.write_text(HELLO.format(said.format("new")))
        box.process._running.kill()
        box.process._running.wait()
        with pytest.raises(ProcessError, match="another pipeline than at its first start: code"):
            box.process.start()
    finally:
        box.close()


@pytest.mark.parametrize("limit", [{"seconds": 0}, {"seconds": -1}, {"memory": 0.0}])
def test_a_limit_is_positive(limit: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="a limit must be positive"):
        Limits(**limit)


WAITS = """
    import sys, tempfile
    from ptyspec.runs.remote import connect
    import numpy as np
    from ptyspec.pipeline.box import Scan
    box = connect(sys.argv[1])
    print(box.process._running.pid, flush=True)
    scan = Scan(np.ones((2, 4, 4)), np.ones((2, 2)), np.ones((4, 4), np.complex64), 1.0)
    box.reconstruct(scan, {"how": "hang"})
"""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_ctrl_c_ends_the_process_and_removes_its_folder(tmp_path: Path) -> None:
    running = child.start(WAITS, COMMAND, TMPDIR=str(tmp_path))
    assert running.stdout is not None
    pid = int(running.stdout.readline())
    assert len(list(tmp_path.iterdir())) == 1
    running.send_signal(signal.SIGINT)
    _, _, err = child.finish(running)
    assert "KeyboardInterrupt" in err
    assert gone(pid)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, kept = private_folder(), private_folder()
    door_lock = next(iter(left.iterdir()))
    assert left.stat().st_mode & 0o077 == 0
    # As the system does when a program is killed: its locks are given up, its files stay.
    from ptyspec.runs import private_folder as folders

    os.close(folders._held.pop(left))
    assert door_lock.exists()
    new = private_folder()
    assert not left.exists()
    assert kept.exists()
    for folder in (kept, new):
        remove(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_is_an_error_of_its_clause_and_the_next_one_is_judged(
    box: RemoteBox, scan: Scan
) -> None:
    """It must not be taken for a refusal: whoever crashes has refused nothing."""
    ways = iter(["well", "exit", "refused", "well"])

    def reconstruct(scan: Scan, settings: Any) -> Any:
        return ask(box, scan, next(ways))

    asked = Box(reconstruct, np.ones((8, 8), np.complex64), scan, 1e5)
    found = judge(asked, {"RECON-039", "RECON-040", "RECON-041"})
    states = {one.clause: one.state for one in found}
    assert states == {
        "RECON-039": State.ERROR,
        "RECON-040": State.PASSED,
        "RECON-041": State.FAILED,
    }
    assert "exit code 3" in found[0].observed
