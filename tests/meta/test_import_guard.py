"""The contract tier runs without TensorFlow and Keras, and whoever brings them in is named."""

from __future__ import annotations

import pytest

from tests import child
from tests.plugin_project import OURS, write

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

def test_in_a_child():
    subprocess.run([sys.executable, "-c", "import keras"], check=True)

def test_leaves_no_trace():
    assert not {"keras", "tensorflow"} & set(sys.modules)
"""


@pytest.fixture
def stubs(project: pytest.Pytester) -> pytest.Pytester:
    """A project with frameworks that load at once."""
    for name in ("keras", "tensorflow"):
        (project.path / f"{name}.py").write_text("")
    return project


def test_a_contract_case_that_imports_a_framework_fails_by_its_own_name(
    stubs: pytest.Pytester,
) -> None:
    write(stubs, OURS, contract__test_a=CASES, parity__test_b="def test_b():\n    import keras\n")
    result = stubs.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=3, failed=2, errors=1)
    text = result.stdout.str()
    for name, case in (("tensorflow", "test_imports"), ("keras", "test_by_a_fixture")):
        assert f"the contract tier imports {name}" in text
        assert f"value: tests/contract/test_a.py::{case}" in text
    assert (
        "test_in_a_way_that_expects_failure" in text
    )  # an ImportError would have been swallowed there


def test_a_contract_module_that_imports_one_is_a_collection_error(stubs: pytest.Pytester) -> None:
    write(
        stubs,
        OURS,
        contract__test_a="import keras\n",
        parity__test_b="import keras\ndef test_b():\n    pass\n",
    )
    result = stubs.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("*value: tests/contract/test_a.py")


@pytest.mark.expensive
def test_the_contract_tier_of_this_project_is_collected_without_a_framework() -> None:
    code = """
        import sys, pytest
        code = pytest.main(["--collect-only", "-q", "-m", "contract", "-p", "no:cacheprovider"])
        sys.exit(f"loaded: {loaded}" if (loaded := {"tensorflow", "keras"} & set(sys.modules)) else int(code))
    """
    code_, _, err = child.run(code)
    assert code_ == 0, err
