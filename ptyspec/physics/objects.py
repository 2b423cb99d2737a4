"""Simulated samples: amplitude textures, with or without phase, (size, size) complex64."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ObjectSpec
from ptyspec.seeds import generator, integer_seed


def make_object(spec: ObjectSpec, seed: int) -> Array:
    """Return the (size, size) complex64 object of this kind, as drawn; equal arguments give equal bytes."""
    return _drawn(spec, seed, seed + 1)


def make_images(spec: ObjectSpec, seed: int) -> Array:
    """Return the (images, size, size) complex64 objects of a nested scan, as drawn: those that train come first.

    The first training image has the seed itself, the first test image the next one (upstream: 1 and 2); further images
    have seeds derived from these. No image's phase texture is another image's amplitude.
    """
    seeds = [_image_seed(seed, k) for k in range(spec.images_train)]
    seeds += [_image_seed(seed + 1, k) for k in range(spec.images_test)]
    return np.stack([_drawn(spec, each, integer_seed(each, "phase texture")) for each in seeds])


def side_by_side(images: Array, gap: int) -> Array:
    """Return (size, n size + (n - 1) gap): the images in one object frame, left to right, opaque between them."""
    count, size = images.shape[:2]
    frame = np.zeros((size, count * (size + gap) - gap), np.complex64)
    for k, image in enumerate(images):
        frame[:, k * (size + gap) : k * (size + gap) + size] = image
    return frame


def label_gauge(images: Array) -> float:
    """Return norm_Y_I, by which the label gauge divides: the mean of the images' largest amplitudes.

    Upstream takes the largest amplitude over an image's patches, which together cover the image. One number for the
    whole dataset, from its training images.
    """
    return float(np.mean(np.abs(images).max(axis=(1, 2)), dtype=np.float64))


def _image_seed(seed: int, image: int) -> int:
    return integer_seed(seed, f"object image {image}") if image else seed


def _drawn(spec: ObjectSpec, seed: int, texture_seed: int) -> Array:
    amplitude = AMPLITUDES[spec.kind](spec.size, seed)
    if spec.phase == "none":
        phase = np.zeros_like(amplitude)
    elif spec.phase == "set_phi":
        phase = np.pi * np.tanh((amplitude - amplitude.max() / 2) / (3 * amplitude.mean()))
    else:
        texture = lines(spec.size, texture_seed)
        phase = spec.phase_std * (texture - texture.mean()) / texture.std()
    return np.asarray(amplitude * np.exp(1j * phase), np.complex64)


def lines(size: int, seed: int) -> Array:
    """Blurred random lines: 400 segments on a 2x canvas, G(1) + 2 G(5) + 5 G(10), central crop.

    Size 392, seed 42 gives mean 2.7082475, std 0.6410303, min 0.6128977, max 4.8561266 (reference fact; the draws
    are those of a private legacy RandomState, in the order r0, c0, r1, c1).
    """
    from skimage.draw import line

    draws = np.random.RandomState(seed)  # private instance: the global generator is never touched
    image, crop = np.zeros((2 * size, 2 * size)), slice(size // 2, size // 2 + size)
    for ends in (2 * size * draws.uniform(size=(400, 4))).astype(int).tolist():
        image[line(*ends)] = 1.0
    blurs = ((1, 1), (2, 5), (5, 10))
    planes = ((w, sigma, gaussian_filter(image, sigma)[crop, crop, None]) for w, sigma in blurs)
    # The reference blurs across its three equal colours, too, which rounds.
    blurred = sum(weight * gaussian_filter1d(plane, sigma) for weight, sigma, plane in planes)
    return np.asarray(blurred)[:, :, 0]


def grf(size: int, seed: int) -> Array:
    """Gaussian random field with a k^-3 power spectrum, mean 1, std 0.25, clipped at 0.1."""
    frequency = np.fft.fftfreq(size)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    radius[0, 0] = np.inf
    noise = np.fft.fft2(generator(seed, "object grf").standard_normal((size, size)))
    field = np.fft.ifft2(noise * radius**-1.5).real
    return np.asarray(np.maximum(1 + 0.25 * (field - field.mean()) / field.std(), 0.1))


def points(size: int, seed: int) -> Array:
    """Random points on 10 % of the pixels, blurred: G(1) + 5 G(10)."""
    image = (generator(seed, "object points").random((size, size)) < 0.1).astype(float)
    return np.asarray(gaussian_filter(image, 1) + 5 * gaussian_filter(image, 10))


def diagonals(size: int, seed: int) -> Array:
    """Forty lines each vertical, horizontal and diagonal, blurred by 0.75 pixel, on a transmission of 0.5."""
    draws = generator(seed, "object diagonals")
    image = np.zeros((size, size))
    rows, columns = np.indices(image.shape)
    for at in draws.integers(0, size, 40):
        image[at, :] += 1
    for at in draws.integers(0, size, 40):
        image[:, at] += 1
    for at in draws.integers(1 - size, size, 40):
        image[columns - rows == at] += 1
    return 0.5 + np.asarray(gaussian_filter(image, 0.75))


def siemens(size: int, seed: int) -> Array:
    """Siemens star of 36 spokes: transmission 1 between the spokes, 0.7 on them; the seed turns it."""
    middle = (size - 1) / 2
    rows, columns = np.indices((size, size)) - middle
    turn = generator(seed, "object siemens").uniform(0, 2 * np.pi)
    spokes = np.sin(36 * np.arctan2(rows, columns) + turn) > 0
    inside = np.hypot(rows, columns) < 0.45 * size
    return np.asarray(1 - 0.3 * gaussian_filter((spokes & inside).astype(float), 1.0))


KINDS: tuple[Callable[[int, int], Array], ...] = (lines, grf, points, diagonals, siemens)
AMPLITUDES = {draw.__name__: draw for draw in KINDS}
