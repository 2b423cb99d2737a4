"""What has to happen once before a function of the front door works."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

Changes = Mapping[str, Any] | Sequence[str]
"""Settings by dotted key, or KEY=VALUE as on the command line."""


def begin() -> None:
    """Fix the threads of numerical libraries, unless somebody has done so or TensorFlow already runs with its own."""
    from ptyspec.runs.threads import default_threads, set_threads

    if "TF_NUM_INTRAOP_THREADS" not in os.environ and "tensorflow" not in sys.modules:
        set_threads(default_threads())


def settings_of(changes: Changes | None) -> list[str]:
    """Return settings as KEY=VALUE."""
    if not isinstance(changes, Mapping):
        return list(changes or ())
    return [f"{key}={_text(value)}" for key, value in changes.items()]


def _text(value: Any) -> str:
    return json.dumps(value.item() if hasattr(value, "item") else value, default=str)
