"""Environment variables that a pipeline is given, and that are as before when it has answered."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Variables = Mapping[str, str | None]
"""Environment variables by name; None: not set."""


def with_variables(environment: Variables) -> dict[str, str]:
    """Return this process's environment with these variables set, or taken away."""
    whole = {**os.environ, **environment}
    return {name: value for name, value in whole.items() if value is not None}


@contextmanager
def variables(environment: Variables) -> Iterator[None]:
    """Set environment variables while a `with` block lasts; afterwards they are as they were."""
    before = {name: os.environ.get(name) for name in environment}
    try:
        _set(environment)
        yield
    finally:
        _set(before)


def _set(environment: Variables) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
