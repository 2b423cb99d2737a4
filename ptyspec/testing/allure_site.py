"""From a folder of Allure results to a report: with its history, its clauses, and no request."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.files.disk import check_place
from ptyspec.files.jsonfile import write_json
from ptyspec.spec.clause import Clause
from ptyspec.spec.states import Standing
from ptyspec.testing.allure_config import config
from ptyspec.testing.allure_tool import VARIABLE, AllureToolError, command

PAGE, MARK = "index.html", "summary.json"
CLAUSES = "clauses.html"
"""The page beside the report that holds every clause; cases link to it unless `ptyspec_clause_url` names another."""
SECONDS = 900
TRACKING = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com[^>]*></script>\s*<script>.*?</script>",
    re.DOTALL,
)
"""Allure puts a counter of visits into each report; a report of ours talks to nobody."""
LEADS = """<script>
new MutationObserver(() => document.querySelectorAll('a[href^="https://clauses.invalid/"]').forEach(
  link => link.setAttribute("href", "clauses.html" + new URL(link.href).hash)
)).observe(document.body, {childList: true, subtree: true});
</script>"""
"""Leads the address that stands for a clause to the page beside the report."""


def render(
    results: Path,
    out: Path,
    history: Path,
    settings: Mapping[str, Any],
    *,
    name: str = "ptyspec",
    single_file: bool = True,
    tool: Sequence[str] | None = None,
    clauses: Mapping[str, Standing] | None = None,
) -> Path:
    """Render `results` into the folder `out` and return the page to open; the run joins `history`.

    A single file opens from the disk; otherwise the page loads its parts from the server that it
    comes from. `clauses` says how each stands after these results. An older report in `out` is
    replaced, and nothing else ever is (OutputExistsError). Raises AllureToolError where Allure is
    missing or fails; `out` then stays as it was.
    """
    out, history = out.absolute(), history.absolute()
    check_place(out, "an Allure report", lambda folder: (folder / MARK).is_file())
    history.parent.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".allure-", dir=out.parent) as scratch:
        made, rc, known = (Path(scratch) / one for one in ("report", "rc.json", "known.json"))
        write_json(rc, config(settings, history, known, name, single_file))
        words = [*(tool or command()), "generate", str(results.absolute())]
        _generate([*words, "--config", str(rc), "--output", str(made)])
        page = _page(made)
        _complete(page, clauses or {})
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)
    return out / page.relative_to(made)


def _generate(words: Sequence[str]) -> None:
    environment = {**os.environ, "ALLURE_NO_ANALYTICS": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise AllureToolError(
            "Allure could not render the results",
            value=(done.stderr or done.stdout).strip()[-600:],
            source=" ".join(words),
            next_step=f"look at its message; {VARIABLE} names another allure command",
        )


def _page(made: Path) -> Path:
    """The page that was rendered; a second plugin of the settings moves each into its own folder."""
    for page in (made / PAGE, made / "awesome" / PAGE):
        if page.is_file():
            return page
    next_step = "look at the allurerc file"
    raise AllureToolError("Allure rendered no page", value=made, limit=PAGE, next_step=next_step)


def _complete(page: Path, standings: Mapping[str, Standing]) -> None:
    """Take the counter out; add the clauses, and a file without which browsers complain."""
    from jinja2 import Environment

    from ptyspec.spec.registry import specification

    text = TRACKING.sub("", page.read_text(encoding="utf-8"))
    page.write_text(text.replace("</body>", f"{LEADS}</body>"), encoding="utf-8")
    documents: dict[str, list[Clause]] = {}
    for clause in specification().values():
        documents.setdefault(clause.document, []).append(clause)
    template = Environment(autoescape=True).from_string(TEMPLATE)
    told = template.render(documents=documents, standings=standings)
    page.with_name(CLAUSES).write_text(told, encoding="utf-8")
    metrics = page.parent / "widgets" / "metrics.json"
    if metrics.parent.is_dir() and not metrics.exists():
        write_json(metrics, {"current": [], "history": []})


TEMPLATE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Clauses of the specification</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:48rem;padding:0 1rem}
section{padding:.3rem .8rem;border-left:4px solid transparent}section:target{border-color:#cc6611;background:#cc661118}
h3{margin:.3rem 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;font-size:.9em}dd{margin:0}
.failed,.error{color:#b3261e}.passed,.partly-run{color:#1a7f37}
</style></head><body><main><h1>Clauses of the specification</h1>
{% for document, clauses in documents.items() %}<h2>{{ document }}</h2>
{% for c in clauses %}<section id="{{ c.id }}"><h3><a href="#{{ c.id }}">{{ c.id }}</a> · {{ c.title }}
{% if c.id in standings %}<small class="{{ standings[c.id].word | replace(" ", "-") }}">{{ standings[c.id] }}</small>{% endif %}</h3>
<p>{{ c.statement }}</p><dl><dt>section</dt><dd>{{ c.section }}</dd><dt>level</dt><dd>{{ c.level }}</dd>
<dt>why</dt><dd>{{ c.why }}</dd><dt>tolerance</dt><dd>{{ c.tolerance }}</dd><dt>stage</dt><dd>{{ c.place }}</dd>
<dt>source</dt><dd>{{ c.source }}</dd></dl></section>
{% endfor %}{% endfor %}</main></body></html>
"""
