"""A hypothesis's file: what is wrong with it is told with key, value, limit and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.records import design_of
from ptyspec.experiments.registry import (
    HypothesisError,
    UnknownHypothesisError,
    folder,
    hypothesis,
    names,
    parse,
)
from ptyspec.spec.clause import specs_folder
from tests.hypotheses import EFFECT, NEGATIVE, POSITIVE, RESTORED, example, text_of, written


@pytest.mark.parametrize("name", names())
def test_every_shipped_hypothesis_can_be_read(name: str) -> None:
    assert hypothesis(name).id == name


def test_what_is_read_is_frozen_and_knows_its_paths() -> None:
    said = example(observable='path = "amplitude.least_squares_scalar"\ntimes = ["normalize.gain"]')
    assert said.paths == ("amplitude.least_squares_scalar", "normalize.gain")
    with pytest.raises(ValueError, match="frozen"):
        said.claim = "another"  # type: ignore[misc]


WRONG: dict[str, tuple[str, str]] = {
    "no-toml": ("id = ", "this is no TOML"),
    "unknown-key": (text_of(more="bleief = 1"), "bleief: Extra inputs are not permitted"),
    "remedy-without-effect": (
        text_of().replace('expect = "beyond"\ndirection = "up"', 'expect = "within"'),
        "a remedy is beyond",
    ),
    "restored-beyond": (
        text_of(RESTORED.replace("within", "beyond") + EFFECT),
        "a restored is within",
    ),
    "the-claim-reversed-vouches": (
        text_of(EFFECT + POSITIVE.replace('"poisoned", "healthy"', '"healthy", "sick"')),
        "cannot vouch for itself",
    ),
    "an-arm-against-itself": (
        text_of(EFFECT + NEGATIVE.replace('"same"', '"healthy"')),
        "healthy and healthy are the same",
    ),
    "arms-of-the-same-words": (
        text_of().replace('same = "gs1_ideal:cnn,training.nepochs=10"', 'same = "gs1_ideal:cnn"'),
        "same and healthy are the same",
    ),
    "interaction-of-outcomes": (
        text_of(observable='path = "outcome.diverged"').replace(
            'minus = ["sick", "healthy"]',
            'minus = ["sick", "healthy"]\nless = ["cured", "healthy"]',
        ),
        "`less` compares numbers",
    ),
    "no-claim": (
        text_of().replace('claim = "The gain makes the object dark."\n', ""),
        "claim: Field required",
    ),
    "skeleton": (
        text_of().replace("It was believed.", "TODO: what was believed"),
        "still to be written",
    ),
    "unknown-arm": (
        text_of().replace('minus = ["sick"', 'minus = ["ill"'),
        "'undershoot' compares ill: arms are",
    ),
    "unused-arm": (text_of(EFFECT) + "[arms2]\n", "arms2: Extra inputs"),
    "unknown-observable": (
        text_of().replace('name = "undershoot"', 'name = "undershoot"\nobservable = "level"'),
        "no [observables.level] (none is declared)",
    ),
    "unknown-outcome": (
        text_of(observable='path = "outcome.exploded"'),
        "outcomes are finished, refused",
    ),
    "logarithm-of-an-outcome": (
        text_of(observable='path = "outcome.diverged"\ntransform = "log"'),
        "an outcome is 0 or 1",
    ),
    "no-effect": (text_of(POSITIVE + NEGATIVE), "contrast: Field required"),
    "no-contrast-has-the-role": (
        text_of(EFFECT.replace('"effect"', '"remedy"')),
        "there is nothing to judge",
    ),
    "the-claim-vouches-for-itself": (
        text_of(EFFECT + POSITIVE.replace("poisoned", "sick")),
        "control gain kept is a contrast of the claim",
    ),
    "margin-of-zero": (text_of().replace("margin = 1.0", "margin = 0.0", 1), "contrast.0.margin"),
    "within-has-no-direction": (
        text_of().replace('"beyond"', '"within"', 1),
        "`within` has no direction",
    ),
    "seed-twice": (text_of(seeds=[1, 2, 2]), "a seed stands twice"),
    "alpha": (text_of(design="alpha = 0.5"), "design.alpha"),
    "alpha-as-text": (text_of(design='alpha = "0.05"'), "design.alpha"),
    "names-shared": (text_of(EFFECT + EFFECT), "share a name"),
    "training-is-not-deterministic": (text_of(design="deterministic = true"), "is that of a probe"),
    "arguments-without-a-probe": (
        text_of(EFFECT).replace('sick = "gs1_ideal:january"', "sick = { level = 1 }"),
        "need `probe`",
    ),
    "words-for-a-probe": (text_of(more='probe = "a:b"'), "a probe's arms are its arguments"),
    "an-id-that-is-none": (text_of(name="gain"), "id: String should match pattern"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str) -> None:
    text, told = WRONG[name]
    with pytest.raises(HypothesisError) as caught:
        parse(text, "H-X.toml")
    assert told in str(caught.value)
    assert "source: H-X.toml" in str(caught.value)
    assert "next: " in str(caught.value)


def test_an_id_that_is_not_the_files_name_and_an_unknown_clause_are_refused(tmp_path: Path) -> None:
    place = written(tmp_path, text_of(), "H-OTHER")
    with pytest.raises(HypothesisError, match="the id is not the file's name"):
        hypothesis("H-OTHER", place)
    place = written(tmp_path, text_of().replace('"EVID-001"', '"EVID-100"'))
    with pytest.raises(
        HypothesisError, match="clauses names a clause that no document has"
    ) as caught:
        hypothesis("H-EXAMPLE", place)
    assert "did you mean EVID-001?" in str(caught.value)


def test_a_clause_that_was_added_since_the_documents_were_read_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = written(tmp_path, text_of().replace('"EVID-001"', '"EVID-100"'))
    text = (specs_folder() / "spec-evidence.md").read_text(encoding="utf-8")
    edited = text.replace("EVID-001", "EVID-100")
    (place.parent / "spec-evidence.md").write_text(edited, encoding="utf-8")
    monkeypatch.setattr("ptyspec.experiments.registry.folder", lambda: place)
    assert hypothesis("H-EXAMPLE").clauses == ("EVID-100",)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    place = written(tmp_path, text_of())
    (place / "H-EXAMPLE.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(HypothesisError, match="this is no UTF-8 text"):
        hypothesis("H-EXAMPLE", place)


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownHypothesisError, match="did you mean H-LOSS-WEIGHT"):
        hypothesis("H-LOSS-WIEGHT")


def test_evidence_belongs_to_arms_seeds_and_numbers_and_not_to_margins() -> None:
    def asked(text: str) -> object:
        said: Hypothesis = parse(text)
        return design_of(said)

    same = (
        text_of()
        .replace("margin = 1.0", "margin = 2.0")
        .replace("It was believed.", "Other words.")
    )
    assert asked(same) == asked(text_of())
    assert asked(text_of(seeds=[1, 2, 3, 4])) != asked(text_of())
    assert asked(text_of().replace("gs1_ideal:cnn", "gs2_ideal:cnn")) != asked(text_of())


def test_the_folder_is_beside_the_documents() -> None:
    assert folder().name == "hypotheses"
    assert (folder().parent / "spec-evidence.md").is_file()
