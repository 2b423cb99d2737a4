"""The one door to Keras and its backend: `from ptyspec.networks.framework import keras, ops, tensorflow`.

None of them is needed to import this module. Each is loaded when it is first asked for, without the lines that
TensorFlow writes to stderr before it has read its log level; where it is not installed, MissingPackageError says which
extra brings it. Nobody looks for garbage meanwhile, which takes a fifth of the time: what is loaded stays. TensorFlow
draws from Python's random generator when it is loaded: the state is put back.
"""

import gc
import importlib
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ptyspec import extras
from ptyspec.errors import ConfigError, MissingPackageError

if TYPE_CHECKING:
    import keras
    import tensorflow
    from keras import ops

__all__ = ["keras", "ops", "tensorflow"]

LEVEL, WARNINGS = "TF_CPP_MIN_LOG_LEVEL", "2"
VARIABLE = "KERAS_BACKEND"
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX"}
"""Each comes with the extra of its name. PyTorch multiplies no numpy array by a tensor, as the forward model does."""


def backend() -> str:
    """Return what Keras runs on: KERAS_BACKEND, else the first backend that is installed, else tensorflow."""
    here = (name for name in BACKENDS if extras.installed(name))
    return os.environ.get(VARIABLE) or next(here, "tensorflow")


def compiles() -> bool:
    """Return whether the backend compiles a step of training: JAX alone, which else computes it op by op."""
    return backend() == "jax"


def require(what: str = "a network of this project") -> None:
    """Raise MissingPackageError where Keras or its backend is not installed, ConfigError for an unknown backend.

    `what` is what needs them, the subject of the sentence. Nothing is loaded.
    """
    name = backend()
    if name not in BACKENDS:
        step = f"set {VARIABLE} to one of {', '.join(BACKENDS)}"
        what = "this project's networks do not run on this backend"
        raise ConfigError(what, value=name, source=VARIABLE, next_step=step)
    extras.require(name, what, f"Keras with {BACKENDS[name]}")


@contextmanager
def _unheard() -> Iterator[None]:
    """Send descriptor 2 to nowhere, unless someone asked for less than warnings to be left out."""
    if os.environ.get(LEVEL, "0") < WARNINGS:
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require()
    if name == "tensorflow" and backend() != "tensorflow":
        what = f"looking into the network needs TensorFlow, and the backend is {backend()}"
        step = f"pip install 'ptyspec[tensorflow]', and set {VARIABLE}=tensorflow"
        raise MissingPackageError(what, source=VARIABLE, next_step=step)
    os.environ[VARIABLE] = backend()
    collects, drawn = gc.isenabled(), random.getstate()
    gc.disable()
    try:
        with _unheard():
            module = importlib.import_module("keras.ops" if name == "ops" else name)
    finally:
        random.setstate(drawn)
        if collects:
            gc.enable()
    globals()[name] = module
    return module
