"""Ctrl-C is heard between two steps, wherever it fell."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from ptyspec.pipeline.checkpoint import between_steps


@pytest.fixture(autouse=True)
def hears_interrupts() -> Iterator[None]:
    """A shell may have started pytest deaf to SIGINT, and pytest itself must not be ended."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Dropped:
    """An exception in a destructor is lost: the place where a plain Ctrl-C disappears."""

    def __del__(self) -> None:
        interrupt()


@pytest.mark.clause("STORE-009")
def test_an_interrupt_inside_a_destructor_is_not_lost() -> None:
    with between_steps() as check:
        check()
        Dropped()
        with pytest.raises(KeyboardInterrupt):
            check()


@pytest.mark.clause("STORE-009")
def test_a_step_is_finished_before_an_interrupt_ends_it() -> None:
    done = False
    with between_steps() as check:
        interrupt()
        done = True
        with pytest.raises(KeyboardInterrupt):
            check()
    assert done


def test_a_second_interrupt_does_not_wait() -> None:
    done = False
    with between_steps() as check:
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        done = True
        with pytest.raises(KeyboardInterrupt):  # the first one
            check()
    assert done


@pytest.mark.clause("STORE-009")
def test_an_interrupt_in_the_last_step_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt), between_steps():
        interrupt()


def test_afterwards_interrupts_raise_at_once_again() -> None:
    with between_steps():
        pass
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_a_handler_of_the_caller_stays() -> None:
    seen: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    with between_steps() as check:
        interrupt()
        check()
    assert seen == [signal.SIGINT]


def test_another_thread_changes_nothing() -> None:
    def body() -> None:
        with between_steps() as check:
            check()
        found.append(signal.getsignal(signal.SIGINT))

    found: list[object] = []
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
