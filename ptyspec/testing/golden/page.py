"""The page to look at before an approval: one HTML file that needs no other, and the same as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.testing.golden.content import read_arrays
from ptyspec.testing.golden.difference import differences
from ptyspec.testing.golden.proposal import Proposal

SCHEMA_VERSION = 1
TEMPLATE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Proposed golden files</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;font-size:13px;margin:.5rem 0}td,th{padding:.15rem .7rem;text-align:left;border-bottom:1px solid #ddd}
td.n{font-family:monospace;text-align:right}tr.off{background:#fde2e2}.tag{padding:0 .5em;border-radius:3px;color:#fff}
.new{background:#4477aa}.changed{background:#cc6611}.unread,.refused{background:#aa3344}.same{background:#558855}
code{background:#f3f3f3}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem}dt{color:#666}img{max-width:100%}
</style></head><body><h1>Proposed golden files</h1>
<p>{% for status, count in counts.items() %}<span class="tag {{ status }}">{{ status }}</span> {{ count }} &nbsp;{% endfor %}</p>
<p>Approve what is right: <code>ptyspec golden approve NAME --reason TEXT</code></p>
{% for r in records %}<h2 id="{{ r.name }}">{{ r.name }} <span class="tag {{ r.status }}">{{ r.status }}</span></h2>
<dl><dt>case</dt><dd><code>{{ r.producer }}</code></dd>
{% if r.note %}<dt>note</dt><dd>{{ r.note }}</dd>{% endif %}
<dt>environment, golden</dt><dd>{{ r.environment.old or "none" }}</dd>
<dt>environment, proposed</dt><dd>{{ r.environment.new }}</dd>
{% if r.approved_for %}<dt>approved for</dt><dd>{{ r.approved_for }}</dd>{% endif %}</dl>
{% if r.status != "same" %}{% if r.numbers %}
<table><tr><th>value</th><th>golden</th><th>proposed</th><th>|difference|</th><th>relative</th><th>of its tolerance</th><th>tolerance, and where it comes from</th></tr>
{% for n in r.numbers %}<tr{% if not n.agrees %} class="off"{% endif %}><td>{{ n.key }}</td><td class="n">{{ n.old }}</td><td class="n">{{ n.new }}</td>
<td class="n">{{ n.abs|g }}</td><td class="n">{{ n.rel|g }}</td><td class="n">{{ n.used|percent }}</td><td>{{ limit(n) }}</td></tr>{% endfor %}</table>
{% endif %}{% for a in r.arrays or [] %}<h3>{{ a.key }}</h3>
<table><tr><th>golden</th><th>proposed</th><th>largest |difference|</th><th>largest relative</th><th>outside</th><th>NaN moved</th><th>tolerance, and where it comes from</th></tr>
<tr{% if not a.agrees %} class="off"{% endif %}><td class="n">{{ a.old }}</td><td class="n">{{ a.new }}</td><td class="n">{{ a.max_abs|g }}</td><td class="n">{{ a.max_rel|g }}</td>
<td class="n">{{ a.outside }}{% if a.size %} of {{ a.size }}{% endif %}</td><td class="n">{{ a.nan_moved }}</td><td>{{ limit(a) }}</td></tr></table>
{% if a.picture %}<img alt="{{ a.key }}: golden, proposed, difference" src="{{ a.picture }}">{% endif %}
{% if a.bars %}<img alt="{{ a.key }}: units in the last place" src="{{ a.bars }}">{% endif %}{% endfor %}{% endif %}{% endfor %}</body></html>"""


def write_page(proposals: list[Proposal], golden: Path, out: Path) -> Path:
    """Write index.html and differences.json below `out` and return the page's path."""
    records = differences(proposals, golden, out)
    write_json(
        out / "differences.json",
        {"schema_version": SCHEMA_VERSION, "status": status(proposals), "files": records},
    )
    for record in records:
        if record["status"] != "same" and "arrays" in record:
            _draw(record, golden, out)
    environment = Environment(autoescape=True)
    environment.filters |= {
        "g": _short,
        "percent": lambda value: "" if value is None else f"{value:.0%}",
    }
    counts = {
        kind: sum(made.status == kind for made in proposals)
        for kind in dict.fromkeys(m.status for m in proposals)
    }
    text = environment.from_string(TEMPLATE).render(records=records, counts=counts, limit=_limit)
    with atomic_file(out / "index.html") as file:
        file.write(text.encode())
    return out / "index.html"


def status(proposals: list[Proposal]) -> str:
    """Return the headline: `same` when every golden file holds, else `open`, or `refused` where a case fails."""
    if any(made.status == "refused" for made in proposals):
        return "refused"
    return "open" if any(made.open for made in proposals) else "same"


def _draw(record: dict[str, Any], golden: Path, out: Path) -> None:
    from ptyspec.testing.golden.pictures import beside, histogram

    name = record["name"]
    old = read_arrays(golden / name) if (golden / name).is_file() else {}
    new = read_arrays(out / "new" / name)
    for row in record["arrays"]:
        found = new.get(row["key"])
        if found is not None and found.ndim == 2 and min(found.shape) > 1:
            before = old.get(row["key"])
            row["picture"] = beside(
                before if before is not None and before.ndim == 2 else None, found
            )
        if row.get("ulps"):
            row["bars"] = histogram(row["ulps"])


def _short(value: float | None) -> str:
    return "" if not isinstance(value, int | float) else f"{value:.3g}"


def _limit(row: dict[str, Any]) -> str:
    told = [_tolerance(row["tolerance"])] if row["tolerance"] else ["exact"]
    if row["tolerance_before"]:
        told.append(f"before: {_tolerance(row['tolerance_before'])}")
    return "; ".join(told)


def _tolerance(stated: dict[str, Any]) -> str:
    return f"{stated['atol']:g} + {stated['rtol']:g} |golden|: {stated['source']}"
