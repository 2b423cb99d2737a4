"""The parts that `pip install ptyspec` leaves out: which extra brings which packages, and what is said without them."""

import sys
from importlib.util import find_spec

from ptyspec.errors import MissingPackageError

EXTRAS = {
    "tensorflow": ("keras", "tensorflow"),
    "jax": ("keras", "jax"),
    "report": ("matplotlib",),
    "compressed": ("hdf5plugin",),
}
"""Packages by extra, under the names that are imported. The first two are backends of Keras."""


def installed(*packages: str) -> bool:
    """Return whether all packages are there, without importing them."""
    return all(map(_installed, packages))


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # a finder refuses it; a module was put there by hand
        return package in sys.modules


def require(extra: str, what: str, package: str) -> None:
    """Raise MissingPackageError where a package of an extra is missing.

    `what` is the subject of the sentence, `package` names in it what is needed.
    """
    if not installed(*EXTRAS[extra]):
        message = f"{what} needs {package}, which is not installed"
        raise MissingPackageError(message, next_step=f"pip install 'ptyspec[{extra}]'")
