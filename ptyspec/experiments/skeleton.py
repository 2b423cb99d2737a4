"""What `ptyspec new hypothesis` writes: a file that says where each thing belongs, and a case that asks for a verdict."""

from __future__ import annotations

import json
from importlib.resources import files as resources
from pathlib import Path

from ptyspec.errors import OutputExistsError
from ptyspec.experiments.errors import HypothesisError
from ptyspec.spec.skeleton import slug


def write_hypothesis(root: Path, name: str, claim: str, probe: str | None = None) -> list[Path]:
    """Write the hypothesis, its case and, where one is named that does not exist, its probe; return what was written.

    Raises OutputExistsError where one of the first two exists, and HypothesisError for an id or a probe that is none.
    """
    from ptyspec.experiments.hypothesis import ID

    if ID.fullmatch(name) is None:
        raise HypothesisError(
            "not an id of a hypothesis", value=name, limit="H-NAME, capitals, digits and dashes"
        )
    if not claim.strip():
        raise HypothesisError(
            "a claim is a sentence that can be false", value=claim, next_step="--claim TEXT"
        )
    files = {
        root / "specs" / "hypotheses" / f"{name}.toml": _text(name, claim, probe),
        root / "tests" / "parity" / f"test_{slug(name)}.py": _template("case.py").format(
            id=name, slug=slug(name)
        ),
    }
    for path in files:
        if path.exists():
            raise OutputExistsError(
                "the file exists", value=path, next_step="edit it, or choose another id"
            )
    if probe is not None:
        module, _, function = probe.partition(":")
        path = root / "ptyspec" / "experiments" / "observations" / f"{module}.py"
        if not path.exists() and path.parent.is_dir():
            files[path] = _template("probe.py").format(function=function)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _text(name: str, claim: str, probe: str | None) -> str:
    facts = {"id": name, "claim": json.dumps(claim, ensure_ascii=False)}
    template = _template("hypothesis.toml")
    if probe is None:
        arms = _template("variants.toml")
        return template.format(**facts, cost="dear", experiment=arms, deterministic="", healthy=1.0)
    module, colon, function = probe.partition(":")
    if not (colon and module.isidentifier() and function.isidentifier()):
        raise HypothesisError(
            "not a probe",
            value=probe,
            limit="MODULE:FUNCTION, below ptyspec.experiments.observations",
        )
    arms = _template("arms_of_a_probe.toml").format(module=module, function=function)
    said = "\ndeterministic = true        # no chance in it: two equal runs of each arm prove that"
    return template.format(**facts, cost="cheap", experiment=arms, deterministic=said, healthy=0.0)


def _template(name: str) -> str:
    return (resources("ptyspec.experiments") / "templates" / f"{name}.txt").read_text(
        encoding="utf-8"
    )
