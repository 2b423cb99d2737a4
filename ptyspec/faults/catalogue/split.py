"""Faults of the stage `split`: the division into training and test frames."""

import numpy as np

from ptyspec.faults.fault import changed, clauses, fault
from ptyspec.pipeline.protocol import TrainTest


@fault("pipeline.split:split", red="SPLIT-005 FLOW-005", green="SPLIT-001 SPLIT-004 SPLIT-006")
def empty_part_filled(split, scenario, scan):
    """A part that would be empty gets one frame of the other, without a word."""
    count = round(scenario.split.fraction * scan.size)
    if scenario.split.kind in ("none", "image") or 0 < count < scan.size or scan.size < 2:
        return split(scenario, scan)
    count = min(max(count, 1), scan.size - 1)
    return split(changed(scenario, "split", fraction=count / scan.size), scan)


@fault("pipeline.split:split", red="SPLIT-001", green="SPLIT-003 SPLIT-004 SPLIT-005 SPLIT-006")
def fraction_of_test(split, scenario, scan):
    """split.fraction is the share that tests."""
    return split(changed(scenario, "split", fraction=1.0 - scenario.split.fraction), scan)


@fault("pipeline.split:split", 25)
@clauses(red="SPLIT-001 SPLIT-003", green="SPLIT-004 SPLIT-005 SPLIT-006 GROUP-004")
def frames_shared(split, scenario, scan):
    """Training and test share frames: the parts overlap by a few."""
    made = split(scenario, scan)
    if scenario.split.kind not in ("spatial", "random"):
        return made
    rows = split(scenario, scan.model_copy(update={"scan_index": np.arange(scan.size)}))
    last = rows.train.scan_index[-max(1, scan.size // 20) :]
    return TrainTest(made.train, scan.take(np.union1d(last, rows.test.scan_index)))


def _cut(scan, count):
    """The first frames train."""
    return TrainTest(scan.take(np.arange(count)), scan.take(np.arange(count, scan.size)))


@fault("pipeline.split:_by_image", red="SPLIT-006 SPLIT-005 SPLIT-002", green="SPLIT-003 SPLIT-004")
def image_cut_in_two(by_image, scan, images_train):
    """A split by image goes by the number of frames and cuts an image in two."""
    made = by_image(scan, images_train)
    return _cut(scan, max(1, min(scan.size - 1, made.train.size - 1)))


@fault("pipeline.split:split", 25)
@clauses(red="SPLIT-001 SPLIT-003 SPLIT-006 SPLIT-002", green="SPLIT-004 SPLIT-005")
def one_half_twice(split, scenario, scan):
    """One part of the split is used twice: the network is tested on what it was trained on."""
    made = split(scenario, scan)
    return TrainTest(made.train, made.train)


@fault("pipeline.split:split", 25, red="SPLIT-003", green="SPLIT-001 SPLIT-005 SPLIT-006")
def split_by_index(split, scenario, scan):
    """The spatial split goes by the order in the file, not by place."""
    made = split(scenario, scan)
    return _cut(scan, made.train.size) if scenario.split.kind == "spatial" else made


@fault("pipeline.split:split", 10, red="DET-002", green="SPLIT-001 SPLIT-003 SPLIT-005")
def split_seed_fixed(split, scenario, scan):
    """The random split is drawn with 42, whatever seed is declared."""
    return split(changed(scenario, "seeds", split=42), scan)


@fault("pipeline.split:split", red="SPLIT-004", green="SPLIT-001 SPLIT-003 SPLIT-006")
def split_where_none_was_asked(split, scenario, scan):
    """Without a split half of the scan is held out all the same."""
    kind = "spatial" if scenario.split.kind == "none" else scenario.split.kind
    return split(changed(scenario, "split", kind=kind), scan)
