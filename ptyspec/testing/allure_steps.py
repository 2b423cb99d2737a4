"""The stages of a run as lines to read down: what each did to the numbers, beside the stage before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ptyspec.contracts.records import StageRecord

CHAIN = {
    "split": ("train.diff3d", "diff3d"),
    "normalize": ("train.network_input", "train.amplitude"),
    "infer": ("patches", "object"),
    "stitch": ("object", "patches"),
}
"""Of each stage the array whose mean modulus is set beside that of an earlier one (its own first)."""
NUMBERS = {
    "simulate": ("scale",),
    "split": ("train.frames", "test.frames"),
    "group": ("train.groups", "test.groups"),
    "normalize": ("gain",),
    "train": ("loss", "best_epoch"),
    "stitch": ("covered_pixels",),
    "score": ("mean_ratio", "highpass_pearson_r"),
}


def headlines(stages: Sequence[StageRecord]) -> Iterator[tuple[StageRecord, str]]:
    """Yield each stage with its line: `normalize · gain 0.56 · mean train.network_input / train.amplitude 0.56`."""
    known: dict[str, float] = {}
    for stage in stages:
        own = {name: stats.mean for name, stats in stage.arrays.items() if stats.mean is not None}
        words = [stage.name, *_numbers(stage)]
        if stage.name in CHAIN:
            mine, theirs = CHAIN[stage.name]
            below = own.get(theirs, known.get(theirs))
            if mine in own and below:
                words.append(f"mean {mine} / {theirs} {own[mine] / below:.4g}")
        known |= {name: value for name, value in own.items() if name not in known}
        yield stage, " · ".join([*words, *_alarms(stage), f"{stage.seconds:.2g} s"])


def facts(stage: StageRecord) -> Iterator[str]:
    """Yield a line an array, a number and a flag of a stage."""
    for name, array in stage.arrays.items():
        mean = "no finite value" if array.mean is None else f"mean {array.mean:.6g}"
        yield f"{name}: {array.dtype}{list(array.shape)}, {mean}, {array.nan_count} NaN"
    for name, value in {**stage.numbers, **stage.flags}.items():
        yield (
            f"{name}: {value:.6g}"
            if not isinstance(value, bool)
            else f"{name}: {'yes' if value else 'no'}"
        )
    yield f"peak memory: {stage.peak_rss_mb:.0f} MB"


def _numbers(stage: StageRecord) -> list[str]:
    found = ((name, stage.numbers.get(name)) for name in NUMBERS.get(stage.name, ()))
    return [f"{name.replace('_', ' ')} {value:.4g}" for name, value in found if value is not None]


def _alarms(stage: StageRecord) -> list[str]:
    """What is wrong with a stage at a glance: NaN, a canvas that does not hold the groups, a loss that is not finite."""
    nan = sum(
        stats.nan_count
        for name, stats in stage.arrays.items()
        if name != "object" or stage.name != "stitch"
    )
    bad = {"fits_canvas": False, "finite": False, "has_nan": True}
    told = [
        f"{name} {'yes' if value else 'NO'}"
        for name, value in stage.flags.items()
        if bad.get(name) is value
    ]
    return [*([f"{nan} NaN"] if nan else []), *told]
