"""A pytest plugin for the runs on broken copies: record failures, stop at the first that is a verdict on the clause.

Loaded by `-p red_watch`; writes JSON lines to the file that PTYSPEC_RED_FILE names. What counts as a verdict is an
assertion, an error of the project's own, or one of a type that PTYSPEC_RED_ERROR names: any other exception may be the
edit's, and tell nothing of the clause.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

VERDICTS = {"AssertionError", "Failed", "PtyspecError"}
LINES = 12


def pytest_sessionstart(session: pytest.Session) -> None:
    _write({"started": True})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.excinfo is not None:
        kinds = [kind.__name__ for kind in call.excinfo.type.__mro__]
        verdict = bool(set(kinds) & (VERDICTS | {os.environ.get("PTYSPEC_RED_ERROR", "")}))
        text = str(call.excinfo.value).strip() or report.longreprtext.strip().rpartition("\n")[0]
        told = text.splitlines()[:LINES]
        _write(
            {
                "case": item.nodeid,
                "when": call.when,
                "error": kinds[0],
                "verdict": verdict,
                "text": told,
            }
        )
        if verdict and not os.environ.get("PTYSPEC_RED_ALL"):
            item.session.shouldstop = "a case of the clause failed"
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _write(
            {"collection": report.nodeid, "text": report.longreprtext.strip().splitlines()[-LINES:]}
        )


def _write(row: dict[str, object]) -> None:
    with Path(os.environ["PTYSPEC_RED_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
