"""Markdown made safe: text that came from outside can say anything and change nothing."""

from __future__ import annotations

import json
import re

SPECIAL = re.compile(r"([\\`*_\[\]{}()#~|!$])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(value: object, limit: int = 200) -> str:
    """Return one line of literal Markdown: no markup, HTML, link, formula or table border can come from `value`."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    line = "".join(ENTITIES.get(c, c) for c in line)
    return SPECIAL.sub(r"\\\1", line).replace("://", r":\//")


def json_text(value: object) -> str:
    """Return a setting's value as a person writes it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
