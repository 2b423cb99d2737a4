"""The pytest plugin, driven by a real pytest in a process of its own."""

from __future__ import annotations

import pytest

from tests.plugin_project import OURS, TEST, THEIRS, write

pytest_plugins = ["pytester"]


def test_tests_carry_the_marker_of_their_folder_alone(project: pytest.Pytester) -> None:
    check = "def test_it(request):\n    assert [mark.name for mark in request.node.iter_markers()] == {}\n"
    write(
        project,
        OURS,
        contract__test_a=check.format(["contract"]),
        regression__deep__test_b=check.format(["regression"]),
        helpers__test_c=check.format([]),
    )
    project.runpytest_subprocess().assert_outcomes(passed=3)
    project.runpytest_subprocess("-m", "regression").assert_outcomes(passed=1, deselected=1)


def test_the_tiers_are_known_markers_and_others_are_errors(project: pytest.Pytester) -> None:
    write(project, OURS, test_a=f"import pytest\n@pytest.mark.parity\n{TEST}")
    project.runpytest_subprocess("-m", "parity").assert_outcomes(passed=1)
    write(project, OURS, test_a=f"import pytest\n@pytest.mark.party\n{TEST}")
    project.runpytest_subprocess().assert_outcomes(errors=1)


@pytest.mark.expensive
@pytest.mark.parametrize("workers", ["0", "2"], ids=["alone", "xdist"])
def test_threads_are_fixed_before_a_test_module_is_imported(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.setenv("PTYSPEC_THREADS", "1")
    module = (
        "import os, sys\n"
        "AT_IMPORT = os.environ.get('TF_NUM_INTRAOP_THREADS'), 'numpy' in sys.modules, 'tensorflow' in sys.modules\n"
        "def test_it():\n    assert AT_IMPORT == ('1', False, False)\n"
    )
    write(project, OURS, contract__test_a=module)
    project.runpytest_subprocess("-n", workers).assert_outcomes(passed=1)


def test_the_header_names_what_changes_bits(project: pytest.Pytester) -> None:
    write(project, OURS, contract__test_a=TEST)
    project.runpytest_subprocess().stdout.fnmatch_lines(
        "ptyspec: numpy * tensorflow *, threads *, oneDNN *"
    )


def test_a_wrong_thread_setting_is_a_usage_error(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_THREADS", "many")
    write(project, OURS, contract__test_a=TEST)
    result = project.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*PTYSPEC_THREADS is not a positive whole number*")


def test_other_repositories_notice_nothing(project: pytest.Pytester) -> None:
    module = (
        "import os, sys\n"
        "def test_it():\n"
        "    assert 'TF_NUM_INTRAOP_THREADS' not in os.environ\n"
        "    assert not {'numpy', 'pydantic', 'ptyspec.runs.environment'} & set(sys.modules)\n"
    )
    write(project, THEIRS, contract__test_a=module)
    result = project.runpytest_subprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("ptyspec: *")
    project.runpytest_subprocess("--markers").stdout.no_fnmatch_line("*@pytest.mark.contract*")


def test_an_option_without_the_switch_is_refused(project: pytest.Pytester) -> None:
    write(project, THEIRS, test_a=TEST)
    result = project.runpytest_subprocess("--ptyspec-profile", "stable")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = "*--ptyspec-profile: without effect here; next: ptyspec = true*"
    result.stderr.fnmatch_lines([told])


def test_the_options_stand_in_one_group_of_the_help(project: pytest.Pytester) -> None:
    write(project, OURS)
    result = project.runpytest_subprocess("--help")
    options = ("pipeline", "profile", "xfails", "results", "bindings", "proposals")
    result.stdout.fnmatch_lines(
        [
            "the executable specification of neural ptychography:",
            *(f"  --ptyspec-{name}*" for name in options),
        ],
        consecutive=False,
    )
