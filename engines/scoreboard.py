"""`python -m engines.scoreboard`: pipelines x clauses as a page, JSON and badges, made from what is kept of each engine.

Nothing is run. A clause that does not look at a pipeline is a dash, and never green.
"""

from pathlib import Path

from engines.catalogue import ENGINES, HERE, ROOT, Engine
from engines.documents import (
    AGREEMENT,
    Agreement,
    EngineVerdict,
    Explanation,
    explanations,
    verdict,
)
from ptyspec.files.disk import atomic_file
from ptyspec.files.jsonfile import read_document, to_json
from ptyspec.render.table import escape, observation
from ptyspec.report.scoreboard import Column, Scoreboard, table
from ptyspec.report.scoreboard import badge as counted

PAGE = ROOT / "docs" / "engines.md"
BOARD = HERE / "results" / "scoreboard.json"
BADGES = ROOT / "docs" / "images" / "engines"
HEAD = """# Public engines of the field

We hold public ptychography engines to the clauses of [what a reconstruction owes its user](../specs/spec-reconstruction.md). Each engine runs in an environment of its own, and a short adapter (46 to 86 lines) hands it the scan. ✓ holds, ✗ is broken, ! gave no answer, – does not apply to this engine. A column's title and each mark lead to the evidence below.

```bash
make engines                            # builds the environments, judges what changed, writes this page
make engines ENGINES="cdtools --again"  # one engine anew
```

The page is generated from `engines/results` and `engines/explanations`: `python -m engines.scoreboard`. It reports one scan (200 frames of 64 x 64, 1e6 photons a frame, known probe, exact positions) and settings that we chose. It is no ranking: speed, position refinement, mixed states and multislice, which are the strength of several engines, are not looked at."""
TAIL = """## Do two engines agree?

`python -m engines.agreement` reconstructs one scan with pty-chi and with ptyspec's rPIE and compares them without any rescaling, over pixels that are well lit. At least 0.99 is wanted of both correlations."""


def board() -> Scoreboard:
    """Return the states of every judged engine by clause."""
    columns = []
    for engine in ENGINES:
        made = verdict(engine.name)
        if made is None:
            continue
        states = {one.clause: one.state for one in made.clauses}
        column = Column(
            engine=engine.name,
            title=engine.title,
            date=made.date,
            status=made.status,
            badge=counted(states.values()),
            clauses=states,
            evidence={
                one.clause: observation(one.what, one.observed, one.expected)
                for one in made.clauses
            },
        )
        columns.append(column)
    return Scoreboard(columns=columns)


def page(made: Scoreboard) -> str:
    """Return the page in Markdown; equal verdicts and explanations give equal text."""
    lines = [HEAD, "", *table(made.columns, lambda one, _: f"#{_anchor(one.title)}").markdown(), ""]
    for engine in ENGINES:
        kept = verdict(engine.name)
        if kept is not None:
            lines += _section(engine, kept)
    return "\n".join([*lines, TAIL, "", *_agreed(), ""])


def _agreed() -> list[str]:
    made = read_document(AGREEMENT, Agreement, "an agreement")
    lines = [
        "| held against ptyspec rPIE | modulus r | phase r | level |",
        "| --- | ---: | ---: | ---: |",
    ]
    for one in made.pairs:
        figures = f"{one.amplitude_pearson:.4f} | {one.phase_pearson:.4f} | {one.level:.4f}"
        lines.append(f"| {one.other} | {figures} |")
    return [
        *lines,
        "",
        f"Measured on {made.date}: {made.frames} frames, {made.photons:g} photons each.",
    ]


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _section(engine: Engine, kept: EngineVerdict) -> list[str]:
    told = explanations(engine.name)
    versions = ", ".join(f"{name} {version}" for name, version in kept.versions.items())
    settings = ", ".join(f"{name} {value}" for name, value in kept.settings.items())
    lines = [f"## {engine.title}", "", f"![{engine.title}](images/engines/{engine.name}.svg)", ""]
    lines += [f"Judged on {kept.date} in {kept.seconds:.0f} s: {versions}."]
    lines += [f"Licence {engine.licence}. Settings: {settings}. Values: `{_file(engine)}`.", ""]
    red = [one for one in kept.clauses if one.state not in ("passed", "not run")]
    if not red:
        return [*lines, "Nothing is broken.", ""]
    lines += ["| clause | what we saw | wanted | whose |", "| --- | --- | --- | --- |"]
    for one in red:
        kind = told[one.clause].kind if one.clause in told else "not explained"
        seen = escape(observation(one.what, one.observed))
        lines.append(f"| {one.clause} | {seen} | {escape(one.expected)} | {kind} |")
    for what in dict.fromkeys(map(str, (told[one.clause] for one in red if one.clause in told))):
        names = [one.clause for one in red if one.clause in told and str(told[one.clause]) == what]
        lines += ["", f"**{', '.join(names)}.** {told[names[0]].words}"]
        lines += _reproducer(told[names[0]])
    return [*lines, ""]


def _reproducer(told: Explanation) -> list[str]:
    if not told.reproducer:
        return []
    return ["", "```text", *told.reproducer.strip().splitlines(), "```"]


def _file(engine: Engine) -> str:
    return f"engines/results/{engine.name}.json"


BADGE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {value}">
<rect width="{left}" height="20" fill="#555"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">
<text x="{middle}" y="14">{label}</text><text x="{other}" y="14">{value}</text></g></svg>
"""


def badge(label: str, value: str, good: bool) -> str:
    """Return a badge as SVG."""
    left, right = 7 * len(label) + 12, 7 * len(value) + 12
    places = {"left": left, "right": right, "width": left + right}
    places |= {"middle": left // 2, "other": left + right // 2}
    colour = "#2e7d32" if good else "#b26a00"
    return BADGE.format(label=label, value=value, colour=colour, **places)


def files() -> dict[Path, str]:
    """Return every file of the scoreboard and its text."""
    made = board()
    badges = {
        BADGES / f"{one.engine}.svg": badge(one.title, one.badge, one.status == "right")
        for one in made.columns
    }
    return {PAGE: page(made), BOARD: to_json(made), **badges}


def write() -> None:
    """Write page, JSON and badges."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            file.write(text.encode())


if __name__ == "__main__":
    write()
