"""Keras with TensorFlow, loaded without the lines that TensorFlow writes to stderr before it has read its log level.

Nobody looks for garbage meanwhile, which takes a fifth of the time: what is loaded stays.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL, WARNINGS = "TF_CPP_MIN_LOG_LEVEL", "2"


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


collects = gc.isenabled()
gc.disable()
try:
    with _unheard():
        import keras
finally:
    if collects:
        gc.enable()

__all__ = ["keras"]
