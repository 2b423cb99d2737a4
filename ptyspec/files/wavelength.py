"""From the energy of photons or electrons to their wavelength, and back.

lambda = h c / sqrt(E (E + 2 m c^2)) with the kinetic energy E (de Broglie, relativistic; Reimer, Kohl, Transmission
Electron Microscopy, eq. 2.12); without rest energy that is h c / E.
"""

import math
from typing import Literal, TypeAlias

Particle: TypeAlias = Literal["photon", "electron"]
PLANCK_LIGHT = 1.986445857e-25
"""h c in J m (CODATA 2018, exact to the digits given)."""
ELECTRON_VOLT = 1.602176634e-19
REST: dict[Particle, float] = {"photon": 0.0, "electron": 510998.950 * ELECTRON_VOLT}
"""Rest energies in J (CODATA 2018)."""
EITHER = 30e3 * ELECTRON_VOLT
"""From here on microscopes have electrons, and few beamlines photons: the number alone does not tell."""


def wavelength(energy: float, particle: Particle) -> float:
    """Return the wavelength in metres of a particle with this (kinetic) energy in J."""
    return PLANCK_LIGHT / math.sqrt(energy * (energy + 2 * REST[particle]))


def energy(wavelength: float, particle: Particle) -> float:
    """Return the (kinetic) energy in J of a particle with this wavelength in metres."""
    return math.hypot(PLANCK_LIGHT / wavelength, REST[particle]) - REST[particle]


def is_ambiguous(energy: float, particle: Particle | None) -> bool:
    """Tell whether this may be the energy of either particle, and nobody says of which."""
    return particle is None and energy >= EITHER * (1 - 1e-9)
