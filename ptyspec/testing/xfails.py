"""Expected failures from a file: `--ptyspec-xfails FILE`, for a pipeline that does not satisfy every clause yet.

One clause a line, then the reason: `CLAUSE-ID  # reason`. Its checks may fail, and in at least one
case they must: a pipeline rarely breaks a clause in every respect. The check of another clause fails
its case as ever, and so does an error.
"""

from __future__ import annotations

import re
from pathlib import Path

from ptyspec.errors import InputFileError
from ptyspec.spec.clause import ID, specification

LINE = re.compile(rf"(?P<clause>{ID})\s+#\s*(?P<reason>\S.*)")


def read(path: Path) -> dict[str, str]:
    """Return the reason of each clause that is expected to fail, and where it stands.

    Raises InputFileError naming a line that is none, UnknownClauseError for a clause that no document has.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"the file of expected failures cannot be read: {error}"
        raise InputFileError(message, value=path, source="--ptyspec-xfails") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text, source = line.strip(), f"{path.name}:{number}"
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            message, next_step = "not a clause and a reason", "write `CLAUSE-ID  # reason`"
            raise InputFileError(message, value=text, source=source, next_step=next_step)
        found[specification()[match["clause"]].id] = f"{match['reason']} ({source})"
    return found
