"""What a campaign keeps of a former try: the parts that say how cases ended. What broke around them may hold now."""

from __future__ import annotations

from pathlib import Path

from ptyspec.files.jsonfile import read_json

CLEAN = "clean"
"""The names of parts that ran without any fault begin with this."""


def kept(part: Path) -> bool:
    """Return whether a part need not run again; one that must is removed, so that nothing takes it for the new one.

    Kept are cases that ran to their end and faults that cannot be applied. The limit of a timeout may be higher now, and
    without the clean cases nothing can be judged.
    """
    if not part.exists():
        return False
    status = read_json(part).get("status")
    if status == "done" or (status == "invalid" and part.name.partition("-")[0] != CLEAN):
        return True
    part.unlink()
    return False
