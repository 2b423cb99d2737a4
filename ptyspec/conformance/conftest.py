"""The suite needs the plugin, and the plugin a reason to act."""

import pytest

from ptyspec.contracts.stages import REFERENCE
from ptyspec.testing.plugin import OPTIONS


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Say what is missing where nothing names a pipeline: no case would find its fixtures."""
    if OPTIONS not in config.stash:
        step = f"--ptyspec-pipeline MODULE:ATTR; to try it: {REFERENCE}"
        raise pytest.UsageError(f"the suite has no pipeline to judge; next: {step}")
