"""From a folder of Allure results to a report in one file: with its history, its clauses, and no request.

The program that renders is the npm package `allure` at one pinned version, installed once beside
the run store.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ptyspec.errors import InputFileError, PtyspecError
from ptyspec.files.disk import check_place
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.store import default_root
from ptyspec.spec.clause import Clause, specification
from ptyspec.spec.finding import Standing, State, standing

DRIFT = "GoldenDrift|GoldenError"
NUMERICAL = (
    "not finite|NaN|TrainingDivergedError|FloatingPointError|"
    "overflow encountered|invalid value encountered"
)
MACHINE = (
    "ModuleNotFoundError|ImportError|MemoryError|OutputFileError|"
    "No space left|not in ../shared|could not import"
)
EXPECTED = "^XFAIL"
"""How the message of a case begins that was expected to fail, and did."""


def _category(name: str, statuses: str, words: str = "", but: str = "") -> dict[str, Any]:
    """A message with one of these words and none of those; for Allure 2 (Java) and 3 (JavaScript)."""
    none = rf"(?![\s\S]*(?:{but}))" if but else ""
    pattern = rf"^{none}[\s\S]*(?:{words})[\s\S]*$"
    return {"name": name, "matchedStatuses": statuses.split(), "messageRegex": pattern}


CATEGORIES: tuple[dict[str, Any], ...] = (
    _category("Golden drift", "failed broken", DRIFT),
    _category("Numerical instability", "failed broken", NUMERICAL, DRIFT),
    _category("Spec violation", "failed", "", f"{DRIFT}|{NUMERICAL}"),
    _category("Environment", "broken skipped", MACHINE, f"{DRIFT}|{NUMERICAL}|{EXPECTED}"),
    _category("Infrastructure", "broken", "", f"{DRIFT}|{NUMERICAL}|{MACHINE}"),
    {"name": "Known issue", "matchedStatuses": ["skipped"], "messageRegex": rf"{EXPECTED}[\s\S]*$"},
)
"""Every failed or broken case falls into exactly one, and so does every expected failure."""


GREEN = ("passed", "skipped")


@dataclass(frozen=True)
class Results:
    """The last outcome of each case."""

    counts: Mapping[str, int]
    red: tuple[str, ...]
    """Names of the cases that failed or broke."""
    clauses: Mapping[str, Standing]
    """How each clause stands that a case is bound to."""

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())

    def breaches(self, min_cases: int) -> list[str]:
        """Return what the quality gate does not let pass; empty where all is well."""
        found = []
        if self.red:
            some = ", ".join(self.red[:3]) + (" ..." if len(self.red) > 3 else "")
            found.append(f"{len(self.red)} cases failed: {some}")
        if self.total < min_cases:
            found.append(f"{self.total} cases ran, at least {min_cases} must")
        return found


def read_results(folder: Path) -> Results:
    """Return what `folder` holds; raises InputFileError where there is no result."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for path in sorted(folder.glob("*-result.json")):
        row = read_json(path)
        # Of two cases that share their history both count.
        key = (row.get("historyId", row["uuid"]), row.get("fullName", ""), row["name"])
        if key not in rows or row.get("start", 0) >= rows[key].get("start", 0):
            rows[key] = row  # a repeated case counts once
    if not rows:
        what = "this folder holds no results of Allure"
        step = f"pytest --alluredir={folder}"
        raise InputFileError(what, value=folder, limit="*-result.json", next_step=step)
    counts = Counter(row.get("status", "unknown") for row in rows.values())
    red = sorted(row["name"] for row in rows.values() if row.get("status") not in GREEN)
    # How clauses stand after these cases; a case that was skipped says nothing of its own.
    states: dict[str, list[State]] = {}
    cases: Counter[str] = Counter()
    for label in (label for row in rows.values() for label in row.get("labels", ())):
        if label["name"] == "clause":
            cases[label["value"]] += 1
        elif label["name"] == "state":
            name, _, state = label["value"].partition(": ")
            states.setdefault(name, []).append(State(state))
    clauses = {name: standing(states.get(name, ()), count) for name, count in cases.items()}
    return Results(dict(counts), tuple(red), clauses)


VERSION = "3.18.0"
"""The one place that names it. Histories are not portable between major versions."""
VARIABLE = "PTYSPEC_ALLURE"
"""An allure command to use instead: where no package can be installed."""
NPM = "--ignore-scripts --no-audit --no-fund --no-package-lock --no-save --loglevel=error"
HISTORY = Path(".allure") / "history.jsonl"
"""Default place of the history, relative to the working folder; ignored by git."""
HISTORY_LIMIT = 20
"""Runs that are kept: a thousand cases take about a megabyte each run."""
PAGE, MARK = "index.html", "summary.json"
CLAUSES = "clauses.html"
"""The page beside the report that holds every clause; cases link to it."""
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


class AllureToolError(PtyspecError):
    """The program that renders Allure reports is missing or failed."""

    exit_code = 3


def render(
    results: Path,
    out: Path,
    history: Path,
    clauses: Mapping[str, Standing],
    tool: Sequence[str] | None = None,
) -> Path:
    """Render `results` into the folder `out` and return the page to open; the run joins `history`.

    `clauses` says how each stands after these results. An older report in `out` is replaced, and
    nothing else ever is (OutputExistsError). Raises AllureToolError where Allure is missing or
    fails; `out` then stays as it was.
    """
    out, history = out.absolute(), history.absolute()
    check_place(out, "an Allure report", lambda folder: (folder / MARK).is_file())
    history.parent.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".allure-", dir=out.parent) as scratch:
        report, settings = Path(scratch) / "report", Path(scratch) / "rc.json"
        options = {"reportLanguage": "en", "groupBy": ["document", "rule"], "singleFile": True}
        content = {
            "name": "ptyspec",
            "historyPath": str(history),
            "historyLimit": HISTORY_LIMIT,
            "categories": {"rules": list(CATEGORIES)},
            "plugins": {"awesome": {"options": options}},
        }
        write_json(settings, content)  # what Allure 3 reads
        words = [*(tool or command()), "generate", str(results.absolute())]
        _run([*words, "--config", str(settings), "--output", str(report)], "render the results")
        page = report / PAGE
        text = TRACKING.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</body>", f"{LEADS}</body>"), encoding="utf-8")
        (report / CLAUSES).write_text(_clauses(clauses), encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        report.rename(out)
    return out / PAGE


def command(root: Path | None = None) -> list[str]:
    """Return the words that start Allure: PTYSPEC_ALLURE, else version VERSION below `root` (default: the run store).

    Installs it there first where it is missing; one process does, others wait. Raises AllureToolError where Node.js or
    npm is absent, or the package cannot be installed.
    """
    if asked := os.environ.get(VARIABLE):
        return [_found(asked)]
    folder = (root or default_root()) / "tools" / f"allure-{VERSION}"
    program = folder / "node_modules" / "allure" / "cli.js"
    node, npm = _found("node"), _found("npm")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not program.is_file():
            # Beside, then renamed: an interrupted installation leaves nothing that looks whole.
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                whole = Path(scratch) / "whole"
                words = [npm, "install", *NPM.split(), f"--prefix={whole}", f"allure@{VERSION}"]
                _run(words, f"install allure {VERSION}")
                whole.rename(folder)
    return [node, str(program)]


def _found(program: str) -> str:
    if (found := shutil.which(program)) is not None:
        return found
    what = f"there is no command {program}"
    step = f"install nodejs and npm, or name an allure command with {VARIABLE}"
    limit = f"Allure {VERSION} runs on Node.js 20 or newer, with npm"
    raise AllureToolError(what, source=f"PATH, {VARIABLE}", limit=limit, next_step=step)


def _run(words: Sequence[str], what: str) -> None:
    options: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL}
    options["env"] = {**os.environ, "ALLURE_NO_ANALYTICS": "1", "NO_COLOR": "1"}
    done = subprocess.run(words, timeout=SECONDS, check=False, **options)
    if done.returncode != 0:
        problem = f"could not {what}"
        step = f"look at its message; {VARIABLE} names another allure command"
        value = (done.stderr or done.stdout).strip()[-600:]
        raise AllureToolError(problem, value=value, source=" ".join(words), next_step=step)


def _clauses(standings: Mapping[str, Standing]) -> str:
    """The page that holds every clause, with an anchor each."""
    from jinja2 import Environment

    documents: dict[str, list[Clause]] = {}
    for clause in specification().values():
        documents.setdefault(clause.document, []).append(clause)
    template = Environment(autoescape=True).from_string(TEMPLATE)
    return template.render(documents=documents, standings=standings)


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
