"""Stage 1: the scan, simulated or read."""

from __future__ import annotations

from pathlib import Path

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import DetectorSizeError, InputFileError, ProbeError
from ptyspec.physics.objects import make_object
from ptyspec.physics.probe_refinement import refine_probe
from ptyspec.physics.probes import central_mask, make_probe
from ptyspec.physics.scan import make_positions, nominal_positions
from ptyspec.physics.simulate import measure


def simulate(scenario: Scenario) -> RawScan:
    """Return the scenario's scan in the absolute gauge, with the object where it is known.

    Raises DetectorSizeError unless N is divisible by 4, and whatever reading a measured file raises.
    """
    check_size(scenario.model.N)
    if scenario.measured:
        return _read(scenario)
    seeds, model = scenario.seeds, scenario.model
    obj = make_object(scenario.object, seeds.object)
    probe = _probe(scenario)
    if model.probe_mask:
        probe = probe * central_mask(model.N, model.probe_mask_diameter)
    positions = make_positions(scenario.scan, scenario.object.size, seeds.scan)
    nominal = nominal_positions(scenario.scan, scenario.object.size)
    start = positions if nominal is None else nominal
    amplitude, scale = measure(obj, probe, positions, scenario.dose, seeds.noise)
    return RawScan(
        xcoords=positions[:, 0], ycoords=positions[:, 1], xcoords_start=start[:, 0], ycoords_start=start[:, 1],
        diff3d=amplitude, probeGuess=probe, objectGuess=obj, scan_index=None, scale=scale, source=f"simulation {scenario.name}",
    )  # fmt: skip


def _probe(scenario: Scenario) -> Array:
    model, spec = scenario.model, scenario.probe
    if spec.kind != "file":
        return make_probe(spec, model.N, model.probe_scale, scenario.seeds.probe)
    from ptyspec.io.probe_file import read_probe

    probe = read_probe(Path(spec.path))
    _unchanged("probe", Path(spec.path), spec.sha256)
    if probe.shape != (model.N, model.N):
        raise ProbeError(
            "the probe has another size than the frames", value=probe.shape, limit=(model.N, model.N),
            source=spec.path, next_step=f"set model.N={probe.shape[0]} or give another probe",
        )  # fmt: skip
    return probe


def check_size(size: int) -> None:
    """Raise DetectorSizeError unless frames of this side can be halved twice (PARAMS-N-DIV4-001)."""
    if size % 4:
        raise DetectorSizeError(
            "N is not divisible by 4", value=size, limit="a multiple of 4", source="model.N, or the frames of the file",
            next_step=f"crop or pad frames and probe to {size - size % 4} or {size + 4 - size % 4} pixels",
        )  # fmt: skip


def _read(scenario: Scenario) -> RawScan:
    from ptyspec.io.scan_file import read_scan

    path = Path(scenario.scan.path)
    declared = scenario.scan.measurement
    other = Path(scenario.probe.path) if scenario.probe.path else None
    scan = read_scan(path, measurement=None if declared == "declared" else declared, probe=other)
    _unchanged("scan", path, scenario.scan.sha256)
    if other is not None:
        _unchanged("probe", other, scenario.probe.sha256)
    if scenario.model.probe_mask:
        mask = central_mask(scan.N, scenario.model.probe_mask_diameter)
        scan = scan.model_copy(update={"probeGuess": scan.probeGuess * mask})
    if scenario.probe.refine_sweeps:
        probe = refine_probe(scan, sweeps=scenario.probe.refine_sweeps, seed=scenario.seeds.probe)
        scan = scan.model_copy(update={"probeGuess": probe})
    return scan


def _unchanged(what: str, path: Path, recorded: str) -> None:
    """Refuse a file that is no longer the one whose digest the scenario holds (EVID-005)."""
    from ptyspec.io.files import sha256_of

    if recorded and sha256_of(path) != recorded:
        raise InputFileError(f"the {what} file changed while it was used", source=path, next_step="run again")
