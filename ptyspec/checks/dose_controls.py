"""The scenario of dose_experiments that stands beside a subject, and the positive controls of the audit `dose`."""

from __future__ import annotations

from functools import cache

import numpy as np

from ptyspec.checks.intensity_controls import OF_DATA
from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.checks.subject import Words, subject
from ptyspec.contracts.scan import RawScan

LABEL = "dose_legacy_gs2"
SMALLEST = "quick"
"""Profile of the scenario beside a subject that has none, a measured scan or a snapshot."""


def is_dose(material: Material) -> bool:
    """True for the grid workflow, whatever it is called."""
    return material.scenario.scan.kind == "nested"


def companion(material: Material) -> Material:
    """Return the scenario of dose_experiments at the subject's profile."""
    sources = material.subject.resolved.provenance.values()
    return _at(next((source[8:] for source in sources if source.startswith("profile ")), SMALLEST))


@cache
def _at(profile: str) -> Material:
    """Made once a process: it is data alone."""
    return Material(subject(LABEL, Words(profile=profile)))


def _scan(material: Material, **update: object) -> Material:
    made: RawScan = material.scan.model_copy(update=update)
    return material.replaced(scan=made)


def _gauge_of_test(material: Material) -> Material:
    """dose_experiments with norm_Y_I of the test images: object and data are divided by another factor, counts are kept."""
    other = material if is_dose(material) else companion(material)
    scan, spec = other.scan, other.scenario.object
    assert scan.objectGuess is not None
    pitch = spec.size + scan.N
    images = [
        scan.objectGuess[:, k * pitch : k * pitch + spec.size]
        for k in range(spec.images_train, spec.images_train + spec.images_test)
    ]
    factor = float(np.mean([np.abs(image).max() for image in images]))
    return _scan(
        other,
        objectGuess=scan.objectGuess / np.float32(factor),
        diff3d=scan.diff3d / np.float32(factor),
        scale=scan.scale * factor,
    )


def _points_for_images(material: Material) -> Material:
    """dose_experiments with all training frames on one image: the number of images was not read as one of objects."""
    other = material if is_dose(material) else companion(material)
    index = other.scan.scan_index
    return _scan(other, scan_index=np.where(index < other.scenario.object.images_train, 0, index))


CONTROLS = (
    *OF_DATA,
    Control(
        "gauge-of-the-test-images",
        "the labels of dose_experiments are divided by the test images' factor",
        "OBJECT-003",
        _gauge_of_test,
    ),
    Control(
        "images-as-points",
        "dose_experiments with all training frames on one image",
        "NESTED-002",
        _points_for_images,
    ),
)
"""The first eight are those of the audit `intensity`: faults of the stages that both audits show."""
