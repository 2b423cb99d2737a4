"""What an outcome belongs to: the code that ran. A case that passed with other code has not passed with this."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import ptyspec
from ptyspec.runs.environment import library_versions
from ptyspec.runs.runkey import source_digest


class Stamps:
    """Stamps of the cases below a folder: the package as it is now, each file as it is when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._package = source_digest(
            Path(ptyspec.__file__).parent,
            [""],
            extra=json.dumps(library_versions(), sort_keys=True),
        )
        self._known: dict[str, str] = {}

    def of(self, case: str) -> str:
        """Return 16 hexadecimal digits that name the package, its numerical libraries and the file of this case."""
        file = case.partition("::")[0]
        if file not in self._known:
            path = self.root / file
            content = path.read_bytes() if path.is_file() else b""
            self._known[file] = hashlib.sha256(self._package.encode() + content).hexdigest()[:16]
        return self._known[file]
