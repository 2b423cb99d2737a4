"""Stage 1: the scan, simulated or read."""

from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import DetectorSizeError, InputFileError, ProbeError
from ptyspec.physics.iterative import refine_probe
from ptyspec.physics.nested import displaced, nested_lattice
from ptyspec.physics.objects import label_gauge, make_images, make_object, side_by_side
from ptyspec.physics.positions import refine_positions
from ptyspec.physics.probes import central_mask, make_probe
from ptyspec.physics.scan import make_positions, nominal_positions
from ptyspec.physics.simulate import measure
from ptyspec.pipeline.mend import mend, placed


def simulate(scenario: Scenario) -> RawScan:
    """Return the scenario's scan in the absolute gauge, with the object where it is known.

    Raises DetectorSizeError unless N is divisible by 4, and whatever reading a measured file raises.
    """
    check_size(scenario.model.N)
    if scenario.measured:
        return _read(scenario)
    seeds, model = scenario.seeds, scenario.model
    positions, start, image = _positions(scenario)
    obj, facts = _object(scenario)
    probe = _probe(scenario)
    if model.probe_mask:
        probe = probe * central_mask(model.N, model.probe_mask_diameter)
    amplitude, scale = measure(obj, probe, positions, scenario.dose, seeds.noise)
    return RawScan(
        xcoords=positions[:, 0],
        ycoords=positions[:, 1],
        xcoords_start=start[:, 0],
        ycoords_start=start[:, 1],
        diff3d=amplitude,
        probeGuess=probe,
        objectGuess=obj,
        scan_index=image,
        scale=scale,
        metadata=facts,
        source=f"simulation {scenario.name}",
    )


def _object(scenario: Scenario) -> tuple[Array, dict[str, Any]]:
    """The object in its gauge, images of a nested scan side by side, and what the scan states of it."""
    spec, seed = scenario.object, scenario.seeds.object
    nested = scenario.scan.kind == "nested"
    images = make_images(spec, seed) if nested else make_object(spec, seed)[None]
    facts: dict[str, Any] = {}
    if spec.gauge == "label":
        facts["norm_Y_I"] = label_gauge(images[: spec.images_train])
        images = images / np.float32(facts["norm_Y_I"])
    return (side_by_side(images, scenario.model.N) if nested else images[0]), facts


def _positions(scenario: Scenario) -> tuple[Array, Array, Array | None]:
    """Actual and nominal positions (M, 2), and the image that each frame was taken on (None: there is one)."""
    spec, size, seed = scenario.scan, scenario.object.size, scenario.seeds.scan
    if spec.kind == "nested":
        lattice = nested_lattice(spec, scenario.object, scenario.model)
        return displaced(lattice, spec.jitter, seed), lattice.positions, lattice.image
    positions = make_positions(spec, size, seed)
    nominal = nominal_positions(spec, size)
    return positions, (positions if nominal is None else nominal), None


def _probe(scenario: Scenario) -> Array:
    model, spec = scenario.model, scenario.probe
    if spec.kind != "file":
        return make_probe(spec, model.N, model.probe_scale, scenario.seeds.probe)
    from ptyspec.files.scan_parts import read_probe

    probe = read_probe(Path(spec.path))
    _unchanged("probe", Path(spec.path), spec.sha256)
    if probe.shape[-2:] != (model.N, model.N):
        what = "the probe has another size than the frames"
        step = f"set model.N={probe.shape[-1]} or give another probe"
        limit = (model.N, model.N)
        raise ProbeError(what, value=probe.shape, limit=limit, source=spec.path, next_step=step)
    return probe


def check_size(size: int) -> None:
    """Raise DetectorSizeError unless frames of this side can be halved twice (PARAMS-N-DIV4-001)."""
    if size % 4:
        what = "N is not divisible by 4"
        step = f"crop or pad frames and probe to {size - size % 4} or {size + 4 - size % 4} pixels"
        limit, source = "a multiple of 4", "model.N, or the frames of the file"
        raise DetectorSizeError(what, value=size, limit=limit, source=source, next_step=step)


def measured(scenario: Scenario) -> RawScan:
    """Return the scan of a file as the settings want it, with the probe as the file has it."""
    from ptyspec.files.scan_file import read_stated
    from ptyspec.files.stated import stated_in

    path, spec = Path(scenario.scan.path), scenario.scan
    other = Path(scenario.probe.path) if scenario.probe.path else None
    scan = read_stated(path, stated_in(dict(flatten(scenario.model_dump()))))
    _unchanged("scan", path, spec.sha256, scan.metadata.get("linked"))
    if spec.positions:
        _unchanged("positions", Path(spec.positions), spec.positions_sha256)
    if spec.mask:
        _unchanged("mask", Path(spec.mask), spec.mask_sha256)
    scan = mend(scan, spec)
    if other is not None:
        _unchanged("probe", other, scenario.probe.sha256)
    if scenario.model.probe_mask:
        mask = central_mask(scan.N, scenario.model.probe_mask_diameter)
        scan = scan.model_copy(update={"probeGuess": scan.probeGuess * mask})
    return scan


def _read(scenario: Scenario) -> RawScan:
    scan = measured(scenario)
    if scenario.scan.refine_positions:
        sweeps = scenario.scan.refine_positions
        scan = placed(scan, refine_positions(scan, sweeps=sweeps, seed=scenario.seeds.scan))
    if scenario.probe.refine_sweeps:
        probe = refine_probe(scan, sweeps=scenario.probe.refine_sweeps, seed=scenario.seeds.probe)
        scan = scan.model_copy(update={"probeGuess": probe})
    return scan


def _unchanged(what: str, path: Path, recorded: str, linked: object = None) -> None:
    """Refuse a file that is no longer the one whose digest the scenario holds (EVID-005)."""
    from ptyspec.files.disk import sha256_of

    if recorded and sha256_of(path, linked) != recorded:
        changed = f"the {what} file changed while it was used"
        raise InputFileError(changed, source=path, next_step="run again")
