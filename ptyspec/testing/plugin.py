"""The pytest plugin: its options, declared in every repository.

It acts where the configuration says `ptyspec = true`, or where `--ptyspec-pipeline` names what is judged.

pytest loads it in every repository of an environment that has ptyspec, so importing it costs nothing: all else lies in
`ptyspec.testing`, which is imported, and whose hooks are registered, where it acts.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from ptyspec.contracts.stages import REFERENCE

DEFAULT_PROFILE = "quick"
FLAGS: dict[str, tuple[str, str | None, str]] = {
    "pipeline": (
        "MODULE:ATTR",
        None,
        "pipeline under test: MODULE:ATTR of stages or of a black box, or 'cmd:COMMAND' (default: reference)",
    ),
    "profile": (
        "NAME",
        DEFAULT_PROFILE,
        "profile of the fixtures `scenario` and `finished_run` (default: %(default)s)",
    ),
    "xfails": (
        "FILE",
        None,
        "clauses that are expected to fail, one a line: CLAUSE-ID, then `# reason`",
    ),
    "results": ("FILE", None, "write the states and margins of this session as JSON"),
    "bindings": ("FILE", None, "write which collected case is bound to which clause"),
    "proposals": ("DIR", None, "as `ptyspec golden propose`: write golden files there"),
}
"""Of each option the name of its value, its default and its help."""


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
        pipeline=config.getoption("ptyspec_pipeline") or REFERENCE,
        profile=config.getoption("ptyspec_profile"),
        xfails=path("ptyspec_xfails"),
        results=path("ptyspec_results"),
        faults=", ".join(active_faults()),
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the switch that makes the plugin act, and its options."""
    meaning = "this project's tests follow ptyspec's clauses and tiers"
    parser.addini("ptyspec", meaning, type="bool", default=False)
    meaning = "test files whose cases may go to different workers"
    parser.addini("ptyspec_apart", meaning, type="args", default=[])
    group = parser.getgroup("ptyspec", "the executable specification of neural ptychography")
    for name, (metavar, default, told) in FLAGS.items():
        group.addoption(f"--ptyspec-{name}", metavar=metavar, default=default, help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the harness; what is wrong with the options or the environment is a usage error."""
    if not (config.getini("ptyspec") or config.getoption("ptyspec_pipeline")):
        given = {name: config.getoption(f"ptyspec_{name}") for name in FLAGS}
        changed = [
            name for name, (_, usual, _) in FLAGS.items() if given[name] not in (None, usual)
        ]
        if changed:
            told = ", ".join(f"--ptyspec-{name}" for name in changed)
            next_step = "ptyspec = true in [tool.pytest], or --ptyspec-pipeline MODULE:ATTR"
            raise pytest.UsageError(f"{told}: without effect here; next: {next_step}")
        return
    from ptyspec.errors import PtyspecError
    from ptyspec.testing.collecting import start

    try:
        start(config)
    except PtyspecError as error:
        raise pytest.UsageError(str(error)) from error
