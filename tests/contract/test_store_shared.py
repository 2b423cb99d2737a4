"""What processes that share a run do to the store at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from ptyspec.runs.store import RunStore

AT_ONCE = 4


def test_all_who_share_a_run_may_remove_its_checkpoints_at_once(tmp_path: Path) -> None:
    store, start = RunStore(tmp_path), Barrier(AT_ONCE)

    def forget(key: str) -> None:
        start.wait()
        store.forget_checkpoints(key)

    with ThreadPoolExecutor(AT_ONCE) as together:
        for attempt in range(20):
            key = f"run{attempt}"
            for number in range(50):
                (store.checkpoint_folder(key) / f"epoch{number}").write_text("state")
            for done in [together.submit(forget, key) for _ in range(AT_ONCE)]:
                done.result()
    assert list((tmp_path / "checkpoints").iterdir()) == []
