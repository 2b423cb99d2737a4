"""`explain` on real trainings, tiny ones: the gain that stays in the object, beside a harmless difference."""

from __future__ import annotations

import pytest

from ptyspec.experiments.observe import observe, variant
from ptyspec.explanations.explain import Question, explain
from ptyspec.explanations.laboratory import Laboratory
from ptyspec.explanations.search import read_symptom
from tests.tiny_runs import SHALLOW, SMALL

pytestmark = pytest.mark.expensive

HARMLESS = ("dose.nphotons=1e8",)


def test_the_gain_that_is_kept_is_found_where_the_network_is_trained() -> None:
    settings = (*SMALL, *SHALLOW, "training.nepochs=1", "inference.iterative_sweeps=1")
    good = variant("gs1_custom", profile="quick", settings=settings)
    bad = variant(f"gs1_custom:gain-kept,{','.join(HARMLESS)}", profile="quick", settings=settings)
    # Trained here, where TensorFlow is loaded: for what is in the store no process starts.
    for words in ("gs1_custom:gain-kept", f"gs1_custom:{','.join(HARMLESS)}"):
        observe(variant(words, profile="quick", settings=settings))
    observe(good)
    observe(bad)
    symptom = read_symptom("amplitude.mean_ratio<0.9")
    question = Question("good", "bad", symptom.text)
    with Laboratory(good, bad, symptom, processes=1) as lab:
        found = explain(lab, question, repeats=0)
    assert len(found.differences) == 1 + len(HARMLESS)
    assert found.status == "explained"
    assert found.cause == (("fault.gain-kept",),)
    assert found.masked == ()
    assert found.stage == "train"
