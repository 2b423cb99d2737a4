"""The page: one HTML file that loads nothing, made of report.json and the pictures of its runs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ptyspec.report.dashboard import campaign, clauses, svg
from ptyspec.scores import headline as scores
from ptyspec.spec.clause import PLACES

GLYPHS = {
    "passed": "✓",
    "partly run": "◐",
    "failed": "✕",
    "error": "!",
    "not reached": "–",
    "not run": "○",
}
RUN_COLUMNS = {score.key: score for score in (*scores.WITH_TRUTH, *scores.WITHOUT_TRUTH)}


def page(content: Mapping[str, Any], pictures: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the HTML of a report.json; `pictures` by the key of their run. Equal content gives equal bytes.

    All text is escaped, scripts other than the page's own are forbidden by its policy, and nothing is loaded.
    """
    templates = Environment(
        loader=PackageLoader("ptyspec.report.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = templates.get_template("script.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return templates.get_template("page.html.j2").render(
        **content,
        data=content,
        script=Markup(script),
        script_digest=digest,
        places=PLACES,
        glyphs=GLYPHS,
        grid=clauses.grid(content["clauses"]),
        counts=clauses.counts,
        states=clauses.COUNTS,
        word=clauses.word,
        matrix=_matrix(content),
        pictures=pictures,
        columns=RUN_COLUMNS,
        names=scores.NAMES,
        shown=scores.shown,
        effect_of=svg.effect,
        trends=svg.trends(content["trend"]),
    )


def _matrix(content: Mapping[str, Any]) -> dict[str, Any]:
    """The drawing of the kill matrix, and what a click in it means: names of its rows and columns."""
    found = content["campaign"]
    if found is None:
        return {}
    places = {name: row["place"] for name, row in content["clauses"].items()}
    names = campaign.columns(found, places)
    return {
        "labels": campaign.labels(found),
        "cells": campaign.matrix(found, names, places),
        "clauses": names,
        "faults": list(found["faults"]),
    }
