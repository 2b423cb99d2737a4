"""The sections of report.md: the answer first, then what stands behind it."""

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.checks.finished_cause import twin_is_possible
from ptyspec.checks.verdict import Verdict
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.records import ArrayStats
from ptyspec.contracts.resolve import Resolved, flatten
from ptyspec.contracts.run import RunResult
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.scan_facts import ScanFacts
from ptyspec.render.table import Mark, Table, escape, facts_table, json_text, show
from ptyspec.report.lengths import lengths, resolution
from ptyspec.scores import headline as scores

# The amplitude correlation of the trivial baseline on lines objects is measured (SCORE-009).
KNOWN = """\
- Mean ratio: mean|reconstruction| / mean|truth| on covered pixels; 1 is right.
- Amplitude r alone proves little: the trivial baseline, which paints each patch with one \
constant, reaches 0.86 to 0.90 on lines objects{here}. Look at high-pass r and SSIM, \
and at the row of the untrained baseline for what training added.
- Complex NRMSE includes the phase (0 is perfect). FRC50: the spatial frequency, as a part \
of Nyquist, where the ring correlation first falls below 0.5; the last crossing is in \
metrics.json.
- A refined result counts only against the same number of sweeps from a flat start."""
MEASURED = """\
- R factor: Σ|A_predicted − A_measured| / ΣA_measured; smaller is better.
- Poisson deviance: about 1 a pixel for a perfect prediction of bright pixels, less where \
counts are few.
- Agreement is with the iterative reference, an independent algorithm on the same data. \
It is not a truth."""
HEADS = {
    "right": "The result is right",
    "doubtful": "The result is doubtful",
    "wrong": "The result is wrong",
    "incomplete": "The result cannot be judged",
}


def answer(result: RunResult, verdict: Verdict) -> list[str]:
    """Return the top of the report: the data, the verdict, and what it rests on."""
    clause = f" ({verdict.clause} at stage {verdict.stage})" if verdict.clause else ""
    cause = f" {_sentence(verdict.cause)}" if verdict.cause else ""
    lines = [what_was_made(result), "", f"**{HEADS[verdict.status]}**{clause}."]
    lines[-1] += f"{cause} {_sentence(verdict.sentence)}"
    if verdict.next_step and verdict.status != "right":
        lines += ["", f"Next: `{escape(verdict.next_step)}`"]
    return lines


def broken(verdict: Verdict) -> list[str]:
    """Return one line for each broken clause, the earliest stage first."""
    return [
        f"- **{row.clause}** at {row.stage}: {escape(row.what)}: {escape(row.observed)}; "
        f"expected {escape(row.expected)}."
        for row in verdict.failed
    ]


def doubts(verdict: Verdict) -> list[str]:
    """Return one line for each quantity that lies between its two limits."""
    return [
        f"- {escape(one.what)}: **{escape(one.observed)}**, right would be {escape(one.expected)}"
        f". Limit: {escape(one.source)}."
        for one in verdict.doubts
    ]


def _sentence(text: str) -> str:
    said = escape(text, 1000)
    return f"{said[:1].upper()}{said[1:]}."


def what_was_made(result: RunResult) -> str:
    """Return the sentence that names the data and the reconstructed area."""
    scenario, scan = result.resolved.scenario, result.scan
    held_out = {
        "spatial": "the held-out part (by position) of ",
        "random": "the held-out frames of ",
        "image": "the images that were held out, ",
        "none": "",
    }
    origin = "measured" if scenario.measured else "simulated"
    source = f"file {escape(scenario.scan.path)}"
    if not scenario.measured:
        source = f"scenario {escape(scenario.name)}"
    covered = int(np.isfinite(result.reconstruction.object).sum())
    return (
        f"The network ({escape(scenario.model.architecture)}, gridsize {scenario.model.gridsize}) "
        f"reconstructed {covered:,} pixels of the complex object from "
        f"{held_out[scenario.split.kind]}{scan.size:,} {origin} diffraction patterns of "
        f"{scan.N} x {scan.N} pixels ({source}, {photons(result):.3g} photons a frame)."
    )


def photons(result: RunResult) -> float:
    """Return the mean number of photons a frame, counted in the data."""
    scan = result.scan
    return float(frame_totals(scan).sum()) / scan.size


def frame_totals(scan: RawScan) -> Array:
    """Return the photons of each frame; one at a time, for a scan may be larger than memory."""
    squares = (np.einsum("ij,ij->", frame, frame, dtype=np.float64) for frame in scan.diff3d)
    return np.fromiter(squares, np.float64, scan.size) * scan.scale**2


def numbers(result: RunResult) -> dict[str, float]:
    """Return the scalars that stages recorded (gain, scale, a0), the first mention of each."""
    return {key: at for stage in reversed(result.stages) for key, at in stage.numbers.items()}


def score_table(metrics: Mapping[str, Any]) -> Table:
    """Return the table of headline scores, one estimator a row, the network first."""
    wanted = scores.columns(metrics)
    rows = []
    for name, block in scores.blocks(metrics).items():
        label = Mark(scores.NAMES.get(name, name), bold=name == "network")
        cells = [scores.shown(scores.lookup(block, score.path), score.digits) for score in wanted]
        rows.append((label, *cells))
    return Table(("", *(score.label for score in wanted)), rows)


def units(result: RunResult) -> list[str]:
    """Return the scan in units of length, and the resolution; nothing where its file states no lengths."""
    if not result.scan.lengths:
        return []
    found = resolution(result.metrics, result.scan)
    told = [f"{name} {value}" for name, value in found.items()]
    lines = [*facts_table(lengths(ScanFacts(result.scan))), ""]
    if told:
        lines.append(
            f"Resolution, the half period at which half scans stop to agree (half-bit): {', '.join(told)}."
        )
    return lines


def how_to_read(result: RunResult) -> list[str]:
    """Return what each score can and cannot say, with this run's own baselines."""
    blocks = scores.blocks(result.metrics)
    if not scores.has_truth(result.metrics):
        return [*MEASURED.splitlines(), *_reasons(result)]
    trivial = scores.lookup(blocks.get("trivial", {}), "amplitude.pearson_r")
    here = "" if trivial is None else f" ({trivial:.3f} here)"
    lines = KNOWN.format(here=here).splitlines()
    best = scores.lookup(blocks.get("iterative", {}), "complex.nrmse")
    mine = scores.lookup(blocks["network"], "complex.nrmse")
    if mine is not None and best is not None and best < mine:
        lines.append(
            f"- The iterative reference is better here than the network: complex NRMSE {best:.3f} "
            f"against {mine:.3f}."
        )
    return lines + _reasons(result)


def _reasons(result: RunResult) -> list[str]:
    """Return why scores of the network's result are missing."""
    known = scores.has_truth(result.metrics)
    parts = {key: at for key, at in result.metrics.items() if key != "amplitude" or known}
    reasons = {key: at.get("reason") for key, at in parts.items() if isinstance(at, Mapping)}
    return [f"- Not evaluated, {escape(key)}: {escape(at)}." for key, at in reasons.items() if at]


def stages(result: RunResult, verdict: Verdict) -> list[str]:
    """Return the stage table and the normalisation it rests on."""
    rows = []
    for stage in result.stages:
        arrays: list[tuple[str, ArrayStats | None]] = [*stage.arrays.items()] or [("", None)]
        for place, (name, stats) in enumerate(arrays):
            shape = " x ".join(str(n) for n in stats.shape) if stats else ""
            figures = (stats.mean, stats.energy) if stats else ("", "")
            seconds = f"{stage.seconds:.2f}" if place == 0 else ""
            rows.append((f"{stage.name}: {name}" if name else stage.name, shape, *figures, seconds))
    flags = []
    for stage in result.stages:
        for name, value in stage.flags.items():
            mark = "**" if scores.alarming(name, value) else ""
            word = f"{mark}{'true' if value else 'false'}{mark}"
            flags.append(f"- {escape(stage.name)}: {escape(name)} is {word}.")
    head = ("stage: array", "shape", "mean (of the modulus if complex)", "energy", "seconds")
    return [*Table(head, rows).markdown(), "", _scales(result, verdict), *flags]


def _scales(result: RunResult, verdict: Verdict) -> str:
    found = numbers(result)
    said = (
        f"- Gain g = {show(found.get('gain'), '.6g')}, scale s = {show(result.scan.scale, '.6g')}, "
        f"a0 = {show(found.get('a0'), '.6g')}. The scale turns stored amplitudes into counts, "
        "counts = (s X)²; a0 is the rms amplitude that the training counts and the probe imply. "
        "The gain is meant for the network input alone (NORMALIZATION-001)"
    )
    rows = [row for row in verdict.findings if row.clause == "NORMALIZATION-001"]
    judged = [f"{row.state}: {row.observed}, expected {row.expected}" for row in rows]
    return f"{said}: {escape('; '.join(judged) or 'not looked at, no truth')}."


def training(result: RunResult) -> list[str]:
    """Return the summary of the training, or that there was none."""
    history = result.history
    if history is None or not history.epochs:
        return ["No network was trained in this run."]
    monitor, seconds = escape(history.monitor), sum(row.seconds for row in history.epochs)
    values = {row.epoch: row.metrics.get(history.monitor) for row in history.epochs}
    known = {epoch: value for epoch, value in values.items() if value is not None}
    best = history.best_epoch
    least = min(known, key=lambda epoch: known[epoch]) if known else best
    told = (
        f"{len(values)} epochs in {seconds:.1f} s; weights kept from epoch {best} "
        f"({monitor} {show(values.get(best))}); {monitor} was smallest in epoch {least} "
        f"({show(known.get(least))})."
    )
    lines = [told]
    if (first := history.first_nan) is not None:
        where = f"{escape(first.metric)} in epoch {first.epoch}, step {first.step}"
        lines.append(f"**First non-finite value: {where}.**")
    return lines


def limits(result: RunResult) -> list[str]:
    """Return what this run cannot show."""
    scenario = result.resolved.scenario
    lines = []
    if scenario.model.gridsize == 1 and twin_is_possible(result.scan.probeGuess):
        lines.append(
            "- **Twin ambiguity.** The probe is real and centro-symmetric and each pattern is inverted alone "
            "(gridsize 1). A single pattern then cannot tell the object patch from its twin, the complex conjugate "
            "rotated by 180 degrees: both give the same counts. Correlation is limited by this, whatever the "
            "training; the mean ratio is not. To avoid it: gridsize 2, a probe with phase structure, or refinement, "
            "which uses the overlap (`--refine 10`)."
        )
    if not scenario.measured and scenario.object.phase == "none":
        lines.append(
            "- This object has no phase, so phase scores mean nothing. Scenarios with `object.phase` set to "
            "`texture` or `set_phi` exercise it."
        )
    if scenario.measured:
        lines.append("- Measured data: no truth, so no score here is against the sample itself.")
    pixels = scores.lookup(result.metrics, "coverage.pixels")
    if pixels is not None:
        lines.append(f"- Scores cover {pixels:,.0f} illuminated pixels of the object.")
    return lines


def warnings(result: RunResult) -> list[str]:
    """Return what the reader of the file had to say."""
    found = result.scan.metadata.get("warnings") or []
    return [f"- {escape(line, 500)}" for line in ([found] if isinstance(found, str) else found)]


def settings(resolved: Resolved) -> list[str]:
    """Return the settings that differ from their defaults, with their sources."""
    defaults = dict(flatten(Scenario(name="default").model_dump(mode="json")))
    rows = [
        (key, json_text(row["value"]), json_text(defaults.get(key)), row["source"])
        for key, row in resolved.as_json()["values"].items()
        if key not in ("name", "description")
        and row["source"] != "default"
        and row["value"] != defaults.get(key)
    ]
    if not rows:
        return ["Every setting has its default."]
    return Table(("setting", "value", "default", "set by"), rows, numbers=False).markdown()


def environment(facts: Mapping[str, Any]) -> list[str]:
    """Return the environment, one line a fact."""
    lines = []
    for key, value in facts.items():
        parts = value.items() if isinstance(value, Mapping) else ()
        many = ", ".join(f"{name} {json_text(part)}" for name, part in parts)
        if key != "schema_version":
            lines.append(f"- {escape(key)}: {escape(many or json_text(value), 400)}")
    return lines


def reproduce(resolved: Resolved) -> list[str]:
    """Return the command that gives this run again."""
    scenario, sources = resolved.scenario, resolved.provenance
    files = [source for source in sources.values() if source.endswith((".yaml", ".yml"))]
    target = scenario.scan.path if scenario.measured else next(iter(files), scenario.name)
    words = ["ptyspec", "run", target]
    for option in ("profile", "recipe"):
        named = {one for one in sources.values() if one.startswith(f"{option} ")}
        for name in sorted(named):
            words += [f"--{option}", name.partition(" ")[2]]
    values = resolved.as_json()["values"]
    by_hand = {key for key, source in sources.items() if source.startswith("command line")}
    for key in sorted(by_hand - {"name", "description"}):
        words += ["--set", f"{key}={json_text(values[key]['value'])}"]
    line = " ".join(shlex.quote(" ".join(word.split()).replace("`", "")) for word in words)
    lines = ["```sh", line, "```"]
    if scenario.measured:
        lines.append(f"The file's SHA-256 is {escape(scenario.scan.sha256)}.")
    equal = (
        "Equal seeds, threads and backend are meant to give the same object bit by bit (DET-001)."
    )
    return [*lines, equal]
