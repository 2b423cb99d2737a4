"""The wrong pipelines of stages by name, for `ptyspec serve tests.doors.wrong:NAME`."""

from __future__ import annotations

from tests.wrong_stages import WRONG, Lying, pipeline

globals().update({name: pipeline(*row[:2], name) for name, row in WRONG.items()}, lying=Lying)
