"""The hypotheses of a checkout: where they lie, what they are called, how a file is read and a new one written."""

import difflib
import json
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.spec.clause import PLACEHOLDER, read_clauses, slug, specification, specs_folder

if TYPE_CHECKING:
    from ptyspec.experiments.hypothesis import Hypothesis


class HypothesisError(PtyspecError):
    """A hypothesis's file is no hypothesis: a key, a value or a reference in it is wrong."""


class UnknownHypothesisError(HypothesisError):
    """No hypothesis has this id."""


class EvidenceError(PtyspecError):
    """There is no evidence, or it is that of another design."""

    exit_code = 4


class HistoryError(PtyspecError):
    """A history was changed: entries are added, and never altered or removed."""

    exit_code = 1


class ProbeFunctionError(PtyspecError):
    """A probe does not exist, or returned something other than numbers."""

    exit_code = 3


CORRECT = "correct the file; docs/hypotheses.md lists every key"


def folder() -> Path:
    """Return the folder of the hypotheses that belong to this installation."""
    return specs_folder() / "hypotheses"


def names(place: Path | None = None) -> list[str]:
    """Return every id, sorted; reads names of files only, so that completion and collection cost nothing."""
    return sorted(path.stem for path in (place or folder()).glob("*.toml"))


def hypothesis(name: str, place: Path | None = None) -> "Hypothesis":
    """Return one hypothesis; raises UnknownHypothesisError with the nearest ids, HypothesisError for a wrong file."""
    place = place or folder()
    known = names(place)
    if name not in known:
        what = "no hypothesis has this id"
        step = _nearest(name, known, "ptyspec hypotheses lists them")
        limit = f"one of the {len(known)} in {place}"
        raise UnknownHypothesisError(what, value=name, limit=limit, next_step=step)
    path = place / f"{name}.toml"
    return _read(path, path.stat().st_mtime_ns)


def _nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


@cache
def _read(path: Path, changed: int) -> "Hypothesis":
    try:
        found = parse(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise HypothesisError(
            "this is no UTF-8 text", value=error, source=path, next_step="save it as UTF-8"
        ) from None
    if found.id != path.stem:
        what = "the id is not the file's name"
        step = "rename one of them"
        raise HypothesisError(what, value=found.id, limit=path.stem, source=path, next_step=step)
    read = specification()
    # Another folder's documents, or some that were edited since they were read.
    clauses = read if {*found.clauses} <= {*read} else read_clauses(path.parent.parent)
    for name in found.clauses:
        if name not in clauses:
            what = "clauses names a clause that no document has"
            step = _nearest(name, clauses, "ptyspec trace lists them")
            raise HypothesisError(what, value=name, source=path, next_step=step)
    return found


def parse(text: str, source: object = "text") -> "Hypothesis":
    """Return the hypothesis that a TOML text describes; raises HypothesisError naming key, value and next step."""
    from pydantic import ValidationError

    from ptyspec.experiments.hypothesis import Hypothesis

    for number, line in enumerate(text.splitlines(), start=1):
        if PLACEHOLDER in line:
            what = "a part of the skeleton is still to be written"
            step = f"replace what begins with {PLACEHOLDER}"
            raise HypothesisError(what, value=f"line {number}", source=source, next_step=step)
    try:
        # By way of JSON, where a list may become a tuple although nothing else is coerced.
        return Hypothesis.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise HypothesisError(
            "this is no TOML", value=str(error), source=source, next_step=CORRECT
        ) from error
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        message = first["msg"].removeprefix("Value error, ")
        plain = key and not isinstance(first["input"], dict)
        what = f"{key or 'hypothesis'}: {message}{more}"
        value = first["input"] if plain else None
        raise HypothesisError(what, value=value, source=source, next_step=CORRECT) from None


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
    module, _, function = (probe or "").partition(":")
    facts = {"cost": "dear", "healthy": "1.0", "deterministic": ""}
    if probe is None:
        experiment = _template("variants.toml")
    elif module.isidentifier() and function.isidentifier():
        experiment = _template("arms_of_a_probe.toml", module=module, function=function)
        said = (
            "\ndeterministic = true        # no chance in it: two equal runs of each arm prove that"
        )
        facts = {"cost": "cheap", "healthy": "0.0", "deterministic": said}
    else:
        limit = "MODULE:FUNCTION, below ptyspec.experiments.observations"
        raise HypothesisError("not a probe", value=probe, limit=limit)
    facts |= {"id": name, "claim": json.dumps(claim, ensure_ascii=False), "experiment": experiment}
    files = {
        root / "specs" / "hypotheses" / f"{name}.toml": _template("hypothesis.toml", **facts),
        root / "tests" / "parity" / case: _template("case.py", id=name, slug=slug(name)),
    }
    for path in files:
        if path.exists():
            raise OutputExistsError(
                "the file exists", value=path, next_step="edit it, or choose another id"
            )
    if module and own.is_dir() and not (own / f"{module}.py").exists():
        files[own / f"{module}.py"] = _template("probe.py", function=function)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _template(name: str, **facts: str) -> str:
    path = resources("ptyspec.experiments") / "templates" / f"{name}.txt"
    text = path.read_text(encoding="utf-8")
    return text.format(**facts) if facts else text
