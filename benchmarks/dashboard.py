"""How long a reader waits for the dashboard: writing 150 clauses x 60 faults and two runs, and drawing them in Chromium."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.measure import Row, repeated

TIMES = 5


def measure() -> list[Row]:
    """Time writing the page, and opening it until everything is drawn; size in MB."""
    from ptyspec.report.dashboard.page import write_dashboard
    from tests.fake_dashboard import sources

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        found = sources(base, clauses=150, faults=60)
        spent = repeated(lambda: write_dashboard(base / "out", found), 3)
        page = base / "out" / "dashboard.html"
        return [
            Row("dashboard: write", spent.wall, "s", notes={"cpu_s": spent.cpu}),
            Row("dashboard: draw in Chromium", _drawn(page), "s", 1.0),
            Row("dashboard: size", page.stat().st_size / 1e6, "MB", 5.0),
        ]


def _drawn(page: Path) -> float:
    """Seconds from the request to the end of the load event, median of some fresh tabs; infinite without a browser."""
    try:
        from playwright.sync_api import sync_playwright

        from tests.meta.browser.conftest import FLAGS
    except ImportError:
        return float("inf")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return float("inf")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(FLAGS))
        times = []
        for _ in range(TIMES):
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
            times.append(
                tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
            )
            tab.close()
        browser.close()
    return statistics.median(times)
