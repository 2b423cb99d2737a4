"""The contract tier runs without TensorFlow and Keras, and whoever brings them in is named."""

from __future__ import annotations

import pytest

from ptyspec import extras
from ptyspec.networks import framework
from tests import child
from tests.plugin_project import OURS, session, write

pytest_plugins = ["pytester"]

CASES = """
import subprocess, sys
import pytest

@pytest.fixture
def model():
    import keras

def test_imports():
    import tensorflow

def test_by_a_fixture(model):
    pass

def test_in_a_way_that_expects_failure():
    try:
        import tensorflow
    except ImportError:
        pass

def test_looks_for_one():
    import importlib.util
    assert importlib.util.find_spec("keras")

def test_in_a_child():
    subprocess.run([sys.executable, "-c", "import keras"], check=True)
"""


@pytest.fixture
def stubs(project: pytest.Pytester) -> pytest.Pytester:
    """A project with frameworks that load at once."""
    for name in ("keras", "tensorflow"):
        (project.path / f"{name}.py").write_text("")
    return project


def test_a_contract_case_or_module_that_imports_a_framework_fails_by_its_own_name(
    stubs: pytest.Pytester,
) -> None:
    write(
        stubs,
        OURS,
        contract__test_a=CASES,
        contract__test_m="import keras\n",
        parity__test_b="def test_b():\n    import keras\n",
    )
    result = stubs.runpytest_subprocess("--continue-on-collection-errors", "-p", "no:randomly")
    result.assert_outcomes(passed=3, failed=2, errors=2)
    text = result.stdout.str()
    cases = ("test_a.py::test_imports", "test_a.py::test_by_a_fixture", "test_m.py")
    for name, case in zip(("tensorflow", "keras", "keras"), cases, strict=True):
        assert f"the contract tier imports {name}" in text
        assert f"value: tests/contract/{case}" in text
    # An ImportError would have been swallowed there.
    assert "test_in_a_way_that_expects_failure" in text


@pytest.mark.expensive
def test_the_contract_tier_of_this_project_is_collected_without_a_framework() -> None:
    code = """
        import sys, pytest
        code = pytest.main(["--collect-only", "-q", "-m", "contract", "-p", "no:cacheprovider"])
        sys.exit(f"loaded: {loaded}" if (loaded := {"tensorflow", "keras"} & set(sys.modules)) else int(code))
    """
    code_, _, err = child.run(code)
    assert code_ == 0, err


NEEDING = """
import pytest
from ptyspec import extras
from ptyspec.networks.framework import require

@pytest.fixture
def network():
    require()

def test_of_a_network():
    require()

def test_by_a_fixture(network):
    pass
"""


def test_cases_and_files_that_need_an_extra_are_skipped_with_the_sentence(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda name: False)
    monkeypatch.delitem(vars(framework), "keras", raising=False)
    monkeypatch.delenv(framework.VARIABLE, raising=False)
    module = "from ptyspec.networks.framework import keras\n"
    write(project, OURS, parity__test_a=NEEDING, parity__test_b=module)
    result = session(project, "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(
        ["SKIPPED*not installed: pip install 'ptyspec[tensorflow]'".replace("[", "[[]")]
    )
