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
    case, own = f"test_{slug(name)}.py", root / "ptyspec" / "experiments" / "observations"
    files = {
        root / "specs" / "hypotheses" / f"{name}.toml": _text(name, claim, probe),
        root / "tests" / "parity" / case: _template("case.py", id=name, slug=slug(name)),
    }
    for path in files:
        if path.exists():
            raise OutputExistsError(
                "the file exists", value=path, next_step="edit it, or choose another id"
            )
    module, _, function = (probe or "").partition(":")
    if module and own.is_dir() and not (own / f"{module}.py").exists():
        files[own / f"{module}.py"] = _template("probe.py", function=function)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _text(name: str, claim: str, probe: str | None) -> str:
    facts = {"id": name, "claim": json.dumps(claim, ensure_ascii=False)}
    if probe is None:
        facts |= {"cost": "dear", "experiment": _template("variants.toml"), "healthy": "1.0"}
        return _template("hypothesis.toml", **facts, deterministic="")
    module, _, function = probe.partition(":")
    if not (module.isidentifier() and function.isidentifier()):
        raise HypothesisError(
            "not a probe",
            value=probe,
            limit="MODULE:FUNCTION, below ptyspec.experiments.observations",
        )
    arms = _template("arms_of_a_probe.toml", module=module, function=function)
    said = "\ndeterministic = true        # no chance in it: two equal runs of each arm prove that"
    facts |= {"cost": "cheap", "experiment": arms, "healthy": "0.0"}
    return _template("hypothesis.toml", **facts, deterministic=said)


def _template(name: str, **facts: str) -> str:
    path = resources("ptyspec.experiments") / "templates" / f"{name}.txt"
    text = path.read_text(encoding="utf-8")
    return text.format(**facts) if facts else text
