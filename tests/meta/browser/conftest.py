"""A real browser for pages that people look at: Debian's Chromium, driven by Playwright, which downloads nothing.

Absent, the tests are skipped with the reason; with PTYSPEC_REQUIRE_BROWSER=1, as continuous integration sets it, they
fail. Pictures go to PTYSPEC_SCREENSHOTS, else to the test's own folder.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
REQUIRED = "PTYSPEC_REQUIRE_BROWSER"


def absent(reason: str) -> None:
    """Skip the test, or fail it where a browser is required."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason}, and {REQUIRED} is set", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running browser; its contexts and pages are closed with it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        absent("chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        absent("playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # the base class calls it so
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder to this machine alone, and return its address; all servers end with the test."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Visit:
    """A page that is being looked at, and what it did that a page must not do."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    """Errors on its console, and exceptions."""
    requests: list[str] = field(default_factory=list)
    """Addresses that it asked for beyond this machine."""


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Open an address in a page of its own, in a context that starts empty; keywords are those of a Playwright context."""
    contexts = []

    def open_page(address: str, **options: Any) -> Visit:
        context = chromium.new_context(**{"viewport": {"width": 1300, "height": 950}, **options})
        contexts.append(context)
        context.set_default_timeout(60_000)  # a machine that tests in parallel is slow at times
        found = Visit(context.new_page())
        found.page.on(
            "console",
            lambda said: found.complaints.append(said.text) if said.type == "error" else None,
        )
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on(
            "request",
            lambda asked: found.requests.append(asked.url) if _foreign(asked.url) else None,
        )
        found.page.goto(address)
        return found

    yield open_page
    for context in contexts:
        context.close()


def _foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "data:", "blob:", "file:", "about:"))


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[Any, str], Path]:
    """Keep a picture of what a page shows, by a name of its own."""
    folder = Path(os.environ.get("PTYSPEC_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Any, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=str(path))
        return path

    return keep
