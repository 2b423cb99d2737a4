"""Set the harness up for one session, before any test module can import a numerical library."""

import pytest

from ptyspec.errors import ConfigError
from ptyspec.runs.environment import active_faults
from ptyspec.runs.threads import default_threads, set_threads
from ptyspec.spec import cases
from ptyspec.spec.cases import EVIDENCE, EVIDENCE_MEANING, TIERS
from ptyspec.spec.clause import specification
from ptyspec.testing import allure, collecting, fixtures
from ptyspec.testing.collecting import Guard
from ptyspec.testing.controller import Controller, read_xfails
from ptyspec.testing.golden import fixture as golden
from ptyspec.testing.plugin import OPTIONS, read
from ptyspec.testing.recorder import Recorder


def start(config: pytest.Config) -> None:
    """Fix the threads, declare the markers, read documents and options, register what acts; raises PtyspecError."""
    set_threads(default_threads())
    if active_faults():
        from ptyspec.faults.apply import from_environment

        config.add_cleanup(from_environment().close)
    specification()  # a document that breaks the format is told here, and not from the middle of a collection
    for name, meaning in {**TIERS, EVIDENCE: EVIDENCE_MEANING}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    config.addinivalue_line(
        "markers", "clause(*ids): the clauses of specs/ that this case holds the code to"
    )
    # The hypothesis library marks property-based tests `hypothesis`, without ids: both meanings share the name.
    config.addinivalue_line("markers", "hypothesis(*ids): the hypotheses that this case judges")
    options = config.stash[OPTIONS] = read(config)
    if not options.usual:  # the usual words cost no import of the pipeline
        from ptyspec.runs.pipelines import maker
        from ptyspec.runs.request import profile_names

        config.stash[fixtures.PIPELINE] = maker(options.pipeline)
        if options.profile not in profile_names():
            message, known = "no profile has this name", ", ".join(profile_names())
            source = "--ptyspec-profile"
            raise ConfigError(message, value=options.profile, limit=known, source=source)
    expected = read_xfails(options.xfails) if options.xfails is not None else {}
    recorder = Recorder(config, options, expected)

    register = config.pluginmanager.register
    register(fixtures, "ptyspec.fixtures")
    register(golden, "ptyspec.testing.golden")
    register(collecting, "ptyspec.collecting")
    register(Guard(), "ptyspec.guard")
    register(recorder, "ptyspec.recorder")
    if config.getoption("ptyspec_bindings"):
        register(cases, "ptyspec.bindings")
    if allure.active(config):
        register(allure.AllureReport(config, options), "ptyspec.allure")
    if not hasattr(config, "workerinput"):
        register(Controller(config, options, expected, recorder.facts), "ptyspec.controller")
