"""Stage 2: which frames train and which are reconstructed."""

import numpy as np

from ptyspec.contracts.bundles import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import TooFewPointsError
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.seeds import generator


def split(scenario: Scenario, scan: RawScan) -> TrainTest:
    """Return disjoint frames: lower y trains and higher y tests (`spatial`), a random choice (`random`), or the
    frames of the first images against those of the others (`image`).

    With `none` both are the whole scan: without a truth there is nothing to hold out for. Raises
    TooFewPointsError when a part would be empty.
    """
    spec = scenario.split
    if spec.kind == "none":
        return TrainTest(scan, scan)
    if spec.kind == "image":
        return _by_image(scan, scenario.object.images_train)
    count = round(spec.fraction * scan.size)
    if not 0 < count < scan.size:
        value, limit = f"{count} of {scan.size} frames train", f"1 to {scan.size - 1}"
        raise _empty(
            value, limit, "split.fraction", "change split.fraction, or set split.kind=none"
        )
    if spec.kind == "spatial":
        order = np.argsort(scan.ycoords, kind="stable")
    else:
        order = generator(scenario.seeds.split, "random split").permutation(scan.size)
    return TrainTest(scan.take(np.sort(order[:count])), scan.take(np.sort(order[count:])))


def _empty(value: str, limit: str, source: str, step: str) -> TooFewPointsError:
    what = "one part of the split would be empty"
    return TooFewPointsError(what, value=value, limit=limit, source=source, next_step=step)


def _by_image(scan: RawScan, images_train: int) -> TrainTest:
    images = np.unique(scan.scan_index)
    if len(images) <= images_train:
        value = f"{len(images)} images in scan_index, {images_train} of them train"
        step = "lower object.images_train, or set split.kind to spatial, random or none"
        limit, source = f"more than {images_train} images", "object.images_train and the scan"
        raise _empty(value, limit, source, step)
    trains = np.isin(scan.scan_index, images[:images_train])
    return TrainTest(scan.take(np.flatnonzero(trains)), scan.take(np.flatnonzero(~trains)))
