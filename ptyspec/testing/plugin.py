"""The pytest plugin: its options, declared in every repository; it acts where the configuration says `ptyspec = true`.

pytest loads it in every repository of an environment that has ptyspec, so importing it costs nothing: all else lies in
`ptyspec.testing`, which is imported, and whose hooks are registered, where it acts.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ptyspec.contracts.stages import REFERENCE

DEFAULT_PROFILE = "quick"


SETTINGS: dict[str, dict[str, Any]] = {
    "ptyspec": {
        "help": "this project's tests follow ptyspec's clauses and tiers",
        "type": "bool",
        "default": False,
    },
    "ptyspec_apart": {
        "help": "test files whose cases may go to different workers",
        "type": "args",
        "default": [],
    },
}
FLAGS: dict[str, dict[str, Any]] = {
    "pipeline": {
        "metavar": "MODULE:ATTR",
        "default": REFERENCE,
        "help": "pipeline under test: a class without arguments, or an instance (default: reference)",
    },
    "profile": {
        "metavar": "NAME",
        "default": DEFAULT_PROFILE,
        "help": "profile of the fixtures `scenario` and `finished_run` (default: %(default)s)",
    },
    "xfails": {
        "metavar": "FILE",
        "help": "clauses that are expected to fail, one a line: CLAUSE-ID, then `# reason`",
    },
    "results": {"metavar": "FILE", "help": "write the states and margins of this session as JSON"},
    "bindings": {"metavar": "FILE", "help": "write which collected case is bound to which clause"},
    "proposals": {
        "metavar": "DIR",
        "help": "as `ptyspec golden propose`: write golden files there",
    },
}


@dataclass(frozen=True)
class Options:
    """What was asked for; paths are absolute."""

    pipeline: str
    profile: str
    xfails: Path | None
    results: Path | None
    faults: str = ""
    """What PTYSPEC_FAULT names."""

    @property
    def usual(self) -> bool:
        """True where the reference pipeline runs with the default profile, and without a fault."""
        return not self.changes and not self.faults

    @property
    def changes(self) -> tuple[str, ...]:
        """The options that a reproduction needs, as words of a command line."""
        words = []
        if self.pipeline != REFERENCE:
            words += ["--ptyspec-pipeline", shlex.quote(self.pipeline)]
        if self.profile != DEFAULT_PROFILE:
            words += ["--ptyspec-profile", shlex.quote(self.profile)]
        return tuple(words)

    @property
    def subject(self) -> str:
        """Pipeline and profile in a few words, empty where both are the usual ones."""
        if self.usual:
            return ""
        told = f"pipeline {self.pipeline}, profile {self.profile}"
        return f"{told}, FAULTS {self.faults}" if self.faults else told


OPTIONS = pytest.StashKey[Options]()


def read(config: pytest.Config) -> Options:
    """Return the options of this session."""
    from ptyspec.runs.environment import active_faults  # what declares the options costs nothing

    here = config.invocation_params.dir

    def path(name: str) -> Path | None:
        given = config.getoption(name)
        return here / Path(given).expanduser() if given else None

    return Options(
        pipeline=config.getoption("ptyspec_pipeline"),
        profile=config.getoption("ptyspec_profile"),
        xfails=path("ptyspec_xfails"),
        results=path("ptyspec_results"),
        faults=", ".join(active_faults()),
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the switch that makes the plugin act, and its options."""
    for name, setting in SETTINGS.items():
        parser.addini(name, **setting)
    group = parser.getgroup("ptyspec", "the executable specification of neural ptychography")
    for name, flag in FLAGS.items():
        group.addoption(f"--ptyspec-{name}", **flag)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the harness; what is wrong with the options or the environment is a usage error."""
    if not config.getini("ptyspec"):
        usual = {name: (None, False, flag.get("default")) for name, flag in FLAGS.items()}
        given = [name for name in FLAGS if config.getoption(f"ptyspec_{name}") not in usual[name]]
        if given:
            told = ", ".join(f"--ptyspec-{name}" for name in given)
            next_step = "ptyspec = true in [tool.pytest]"
            raise pytest.UsageError(f"{told}: without effect here; next: {next_step}")
        return
    from ptyspec.errors import PtyspecError
    from ptyspec.testing.start import start

    try:
        start(config)
    except PtyspecError as error:
        raise pytest.UsageError(str(error)) from error
