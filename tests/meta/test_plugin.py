"""The pytest plugin, driven by a real pytest in a process of its own."""

from __future__ import annotations

import pytest

from tests.plugin_project import OURS, TEST, THEIRS, session, write

pytest_plugins = ["pytester"]


def test_tiers_threads_and_the_header_are_set_before_a_test_module_is_imported(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests carry the marker of their folder alone; so do those of workers."""
    monkeypatch.setenv("PTYSPEC_THREADS", "1")
    module = (
        "import os, sys\n"
        "LOADED = [name for name in ('numpy', 'pydantic', 'tensorflow') if name in sys.modules]\n"
        "AT_IMPORT = os.environ.get('TF_NUM_INTRAOP_THREADS'), LOADED\n"
        "def test_it(request):\n    assert AT_IMPORT == ('1', [])\n"
        "    assert [mark.name for mark in request.node.iter_markers()] == {}\n"
    )
    write(
        project,
        OURS,
        contract__test_a=module.format(["contract"]),
        regression__deep__test_b=module.format(["regression"]),
        helpers__test_c=module.format([]),
    )
    result = project.runpytest_subprocess("-n", "1")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines("ptyspec: numpy * tensorflow *, threads 1+*, oneDNN *")


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


def test_an_option_without_the_switch_is_refused(project: pytest.Pytester) -> None:
    write(project, THEIRS, test_a=TEST)
    result = session(project, "--ptyspec-profile", "stable")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = "*--ptyspec-profile: without effect here; next: ptyspec = true*"
    result.stderr.fnmatch_lines([told])
