"""Random draws by name: one generator for each purpose, derived from a scenario's seeds."""

import zlib

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator for one purpose; equal arguments give equal draws, other purposes are independent."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def integer_seed(seed: int, purpose: str) -> int:
    """Return a 31-bit seed for libraries that take an integer (Keras initialisers)."""
    return int(generator(seed, purpose).integers(2**31 - 1))
