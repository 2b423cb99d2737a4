"""Saved | loaded: training state on disk is complete or refused (design 6)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.records import EpochRecord
from ptyspec.errors import InputFileError
from ptyspec.pipeline import checkpoint
from tests.tiny_runs import same


def state(epoch: int = 2) -> checkpoint.State:
    draws = np.random.default_rng(epoch)
    weights, optimizer, best = (
        [draws.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (2,), ())]
        for _ in range(3)
    )
    record = EpochRecord(
        epoch=1,
        learning_rate=1e-3,
        seconds=0.125,
        finite=True,
        metrics={"loss": 0.5, "val_loss": None},
    )
    return checkpoint.State(epoch, weights, optimizer, best, 1, (record,))


@pytest.mark.clause("STORE-007")
def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    saved = state()
    assert checkpoint.save(tmp_path, saved) == tmp_path / checkpoint.NAME
    loaded = checkpoint.load(tmp_path)
    assert loaded is not None
    for kind in ("weights", "optimizer", "best"):
        assert same(getattr(loaded, kind), getattr(saved, kind))
    assert (loaded.epoch, loaded.best_epoch, loaded.records) == (
        saved.epoch,
        saved.best_epoch,
        saved.records,
    )


@pytest.mark.clause("STORE-007")
def test_more_than_ten_arrays_keep_their_order(tmp_path: Path) -> None:
    arrays = [np.full(1, i) for i in range(12)]
    checkpoint.save(tmp_path, checkpoint.State(1, arrays, arrays, arrays, 1, state().records))
    loaded = checkpoint.load(tmp_path)
    assert loaded is not None
    assert [int(a[0]) for a in loaded.weights] == list(range(12))


def test_where_nothing_was_saved_there_is_no_state(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path) is None


def whole(folder: Path) -> bytes:
    return checkpoint.save(folder, state()).read_bytes()


def edited(folder: Path, **changes: object) -> None:
    with np.load(checkpoint.save(folder, state())) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["state"])) | changes
    kept = {key: value for key, value in head.items() if value is not None}
    np.savez(folder / checkpoint.NAME, **(arrays | {"state": np.array(json.dumps(kept))}))


DAMAGE = {
    "empty": lambda folder: (folder / checkpoint.NAME).write_bytes(b""),
    "half": lambda folder: (folder / checkpoint.NAME).write_bytes(
        whole(folder)[: len(whole(folder)) // 2]
    ),
    "flipped": lambda folder: (folder / checkpoint.NAME).write_bytes(
        whole(folder).replace(state().weights[0].tobytes(), bytes(48))
    ),
    "text": lambda folder: (folder / checkpoint.NAME).write_text("hello"),
    "one-array": lambda folder: np.save((folder / checkpoint.NAME).open("wb"), np.zeros(3)),
    "pickled": lambda folder: np.savez(
        folder / checkpoint.NAME, state=np.array([{"epoch": 1}], object)
    ),
    "no-state": lambda folder: np.savez(folder / checkpoint.NAME, weights_0000=np.zeros(3)),
    "not-json": lambda folder: np.savez(folder / checkpoint.NAME, state=np.array("{")),
    "no-epoch": lambda folder: edited(folder, epoch=None),
    "no-records": lambda folder: edited(folder, records=None),
    "bad-record": lambda folder: edited(folder, records=[{"epoch": "one"}]),
}


@pytest.mark.clause("STORE-008")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_refused_by_name_with_the_way_out(
    damage: str, tmp_path: Path
) -> None:
    DAMAGE[damage](tmp_path)
    with pytest.raises(InputFileError) as error:
        checkpoint.load(tmp_path)
    assert str(tmp_path / checkpoint.NAME) in str(error.value)
    assert "without --resume" in str(error.value)


@pytest.mark.clause("STORE-008")
def test_a_save_that_fails_leaves_the_earlier_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(tmp_path, state(1))

    def breaks(file: object, **arrays: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", breaks)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, state(2))
    loaded = checkpoint.load(tmp_path)
    assert loaded is not None
    assert loaded.epoch == 1
    assert [p.name for p in tmp_path.iterdir()] == [checkpoint.NAME]
