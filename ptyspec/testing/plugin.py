"""The pytest plugin: hooks only. It acts where the configuration says `ptyspec = true` and nowhere else.

pytest loads it in every repository of an environment that has ptyspec, so importing it costs nothing: the options are
declared, and all else lies in `ptyspec.testing`, which is imported, and whose hooks are registered, where it acts.
"""

from __future__ import annotations

import pytest

from ptyspec.testing.options import declare, given


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the switch that makes the plugin act, and its options."""
    declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the harness; what is wrong with the options or the environment is a usage error."""
    if not config.getini("ptyspec"):
        if ignored := given(config):
            raise pytest.UsageError(
                f"{', '.join(ignored)}: without effect here; next: ptyspec = true in [tool.pytest]"
            )
        return
    from ptyspec.errors import PtyspecError
    from ptyspec.testing.start import start

    try:
        start(config)
    except PtyspecError as error:
        raise pytest.UsageError(str(error)) from error
