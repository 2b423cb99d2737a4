"""Where the specification and its cases lie: the checkout that this package runs from."""

from pathlib import Path

import ptyspec
from ptyspec.errors import InputFileError


def checkout(root: Path | None) -> Path:
    """Return the folder that holds specs/ and tests/; raises InputFileError where there is none."""
    place = (root or Path(ptyspec.__file__).parents[1]).resolve()
    for folder in ("specs", "tests"):
        if not (place / folder).is_dir():
            what = f"there is no folder {folder}"
            limit = "a checkout with specs/ and tests/"
            raise InputFileError(what, value=place, limit=limit, next_step="name one: --root DIR")
    return place
