"""Ctrl-C between two steps: an interrupt that arrives inside a step is kept until the step is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def between_steps() -> Iterator[Callable[[], None]]:
    """Yield a function to call between steps; it raises KeyboardInterrupt if one was asked for since,
    and so does leaving the block.

    Raising at once loses interrupts: Python reports and drops an exception that falls into a destructor or a
    weak reference's callback, and a training step runs thousands of them. A second Ctrl-C raises at once.
    Outside the main thread, or where interrupts are ignored or handled by the caller, nothing is changed.
    """
    asked = False

    def keep(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, frame)
        asked = True

    def check() -> None:
        nonlocal asked
        if asked:
            asked = False
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check
        return
    signal.signal(signal.SIGINT, keep)
    try:
        yield check
        check()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
