"""The scenario of dose_experiments that stands beside a subject, and the positive controls of the audit `dose`."""

from __future__ import annotations

from functools import cache

import numpy as np

from ptyspec.checks.intensity_controls import OF_DATA
from ptyspec.checks.material import Material
from ptyspec.checks.spoil import control, with_scan
from ptyspec.checks.subject import Words, subject

LABEL = "dose_legacy_gs2"
SMALLEST = "quick"
"""Profile of the scenario beside a subject that has none, a measured scan or a snapshot."""


def is_dose(material: Material) -> bool:
    """True for the grid workflow, whatever it is called."""
    return material.scenario.scan.kind == "nested"


def profile_of(material: Material) -> str | None:
    """Return the profile that a subject's settings come from; None for one that has none."""
    sources = material.subject.resolved.provenance.values()
    return next((source[8:] for source in sources if source.startswith("profile ")), None)


def companion(material: Material) -> Material:
    """Return the scenario of dose_experiments at the subject's profile."""
    return _at(profile_of(material) or SMALLEST)


@cache
def _at(profile: str) -> Material:
    """Made once a process: it is data alone."""
    return Material(subject(LABEL, Words(profile=profile)))


@control("OBJECT-003")
def gauge_of_the_test_images(material: Material) -> Material:
    """The labels of dose_experiments are divided by the test images' factor, object and data alike; counts are kept."""
    other = material if is_dose(material) else companion(material)
    scan, spec = other.scan, other.scenario.object
    assert scan.objectGuess is not None
    pitch = spec.size + scan.N
    starts = [(spec.images_train + k) * pitch for k in range(spec.images_test)]
    images = [scan.objectGuess[:, at : at + spec.size] for at in starts]
    factor = float(np.mean([np.abs(image).max() for image in images]))
    return with_scan(
        other,
        objectGuess=scan.objectGuess / np.float32(factor),
        diff3d=scan.diff3d / np.float32(factor),
        scale=scan.scale * factor,
    )


@control("NESTED-002")
def images_as_points(material: Material) -> Material:
    """All training frames of dose_experiments are on one image: the number of images was not read as one of objects."""
    other = material if is_dose(material) else companion(material)
    index = other.scan.scan_index
    first = np.where(index < other.scenario.object.images_train, 0, index)
    return with_scan(other, scan_index=first)


CONTROLS = (*OF_DATA, gauge_of_the_test_images, images_as_points)
"""The first eight are those of the audit `intensity`: faults of the stages that both audits show."""
