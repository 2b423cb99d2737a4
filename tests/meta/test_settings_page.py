"""docs/settings.md says what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site.settings import meaning, settings_page
from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import TrainingConfig

pytestmark = pytest.mark.clause("CONFIG-014")
PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_settings_page_is_current() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == settings_page(), (
        "write it again: python -m docs.site.settings docs/settings.md"
    )


def test_every_key_has_a_row() -> None:
    page = settings_page()
    assert [key for key in known_keys() if f"\n| `{key}` |" not in page] == []


def test_a_meaning_is_the_text_below_its_own_field() -> None:
    found = meaning(TrainingConfig)
    assert found["gradient_clip"] == "Largest global norm of a gradient."
    assert "batch_size" not in found  # it has no text, and must not get its neighbour's
