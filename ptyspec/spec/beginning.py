"""What `ptyspec new` writes for somebody's own pipeline: an adapter that runs as it is, its test, a workflow.

The texts are files of ptyspec/cli/templates. Nothing is overwritten.
"""

import builtins
import keyword
from importlib.resources import files
from pathlib import Path

from ptyspec.errors import OutputExistsError
from ptyspec.spec.authoring import SkeletonError

DOORS = {
    "box": (("epie", "box"), "{name}:{kind}", ("RECON-037", "RECON-043")),
    "network": (("epie", "network"), "{name}:{kind}", ("RECON-001", "RECON-045")),
    "process": (("epie", "box", "process"), "cmd:python {name}.py", ("RECON-043",)),
    "stages": (("stages",), "{name}:{kind}", ("SPLIT-001", "SPLIT-005", "NORM-001", "NORM-002")),
}
"""By door the parts of the file, how a command names the pipeline, and the clauses that its test asks first."""
WORKFLOW = Path(".github/workflows/ptyspec.yml")


def words_of(door: str, name: str) -> str:
    """Return how `ptyspec check` is told of the adapter."""
    return DOORS[door][1].format(name=name, kind=_kind(name))


def write_adapter(folder: Path, name: str, door: str) -> list[Path]:
    """Write NAME.py and test_NAME.py into a folder and return them.

    Raises SkeletonError for a door that is not known and for what is no name of a module, OutputExistsError where one
    of the files exists; nothing is written then.
    """
    if door not in DOORS:
        raise SkeletonError("there is no such door", value=door, limit=", ".join(DOORS))
    shadows = keyword.iskeyword(name) or name in ("ptyspec", "numpy", *dir(builtins))
    if not name.isidentifier() or shadows:
        limit, step = "letters, digits and underscores", "such as my_lab"
        raise SkeletonError("not the name of a module", value=name, limit=limit, next_step=step)
    parts, _, clauses = DOORS[door]
    texts = {
        folder / f"{name}.py": "".join(map(_template, parts)),
        folder / f"test_{name}.py": _template("test_process" if door == "process" else "test"),
    }
    held = {"CLASS": _kind(name), "NAME": name}
    held |= {"WORDS": words_of(door, name), "CLAUSES": repr(list(clauses)).replace("'", '"')}
    _refuse(texts)
    for path, text in texts.items():
        for word, value in sorted(held.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(word, value)
        path.write_text(text, encoding="utf-8")
    return [*texts]


def write_workflow(folder: Path) -> Path:
    """Write the workflow into a repository's .github/workflows; raises OutputExistsError where it exists."""
    path = folder / WORKFLOW
    _refuse([path])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_template("ci"), encoding="utf-8")
    return path


def _template(name: str) -> str:
    return (files("ptyspec.cli") / "templates" / f"{name}.txt").read_text(encoding="utf-8")


def _kind(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) or "Mine"


def _refuse(paths: "list[Path] | dict[Path, str]") -> None:
    for path in paths:
        if path.exists() or path.is_symlink():
            step = "choose another name, or move it away"
            raise OutputExistsError("the file exists", value=path, next_step=step)
