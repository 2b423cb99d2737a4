"""Who may import whom, and what no file of the package may contain (design: the layout; style: house habits)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import ptyspec
from ptyspec.contracts.stages import STAGES
from ptyspec.runs.store import STAGE_SOURCES
from ptyspec.spec.checks import Check

ROOT = Path(ptyspec.__file__).resolve().parent
REPOSITORY = ROOT.parent

# From the ground up: a room imports from rooms before it and from no other, inside functions too.
ROOMS = (
    "errors",
    "extras",
    "seeds",
    "contracts",
    "physics",
    "networks",
    "scores",
    "files",
    "pipeline",
    "runs",
    "spec",
    "legacy",
    "render",
    "checks",
    "faults",
    "experiments",
    "explanations",
    "report",
    "testing",
    "conformance",
    "front",
    "cli",
)
NO_TENSORFLOW = {"errors", "seeds", "contracts", "physics", "scores", "files", "spec", "render"}
HEAVY = {"tensorflow", "keras", "jax", "torch"}
FRAMEWORK = "ptyspec.networks.framework"
LOCAL_ONLY = {*HEAVY, "matplotlib", "skimage", "scipy.ndimage", "h5py"}
OWN_STATE = {"default_rng", "Generator", "SeedSequence", "BitGenerator", "PCG64", "RandomState"}
TRAINS = {"pipeline.train"}
"""The module beside the networks that is made of Keras."""
MAX_LINES = {"ptyspec": 350, "benchmarks": 350, "tests": 420}
"""Tables of cases are long; 420 at 100 columns is what 350 was at 120."""

Rule = Callable[[str, ast.Module], Iterator[str]]


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the package by dotted name without the leading `ptyspec.`; faults, wrong on purpose, are left out."""
    paths = (path for path in sorted(ROOT.rglob("*.py")) if path.parent.name != "catalogue")
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts)


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def imported(tree: ast.AST) -> list[str]:
    """Dotted names of everything imported anywhere in the tree; `from a import b` gives a.b."""
    found = []
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return found


def dotted(node: ast.AST) -> str:
    """`np.random.rand` for such an expression, `` for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def directions(module: str, tree: ast.Module) -> Iterator[str]:
    room = module.partition(".")[0]
    below = ROOMS[: ROOMS.index(room)] if room in ROOMS else ()
    if module == "__init__":
        below = ROOMS  # the front door names what it offers
    for name in imported(tree):
        if name.startswith("."):
            yield f"relative import {name}"
        if not name.startswith("ptyspec."):
            continue
        other = name.split(".")[1]
        if other == room or not ((ROOT / other).exists() or (ROOT / f"{other}.py").exists()):
            continue  # a name of the package itself, such as __version__
        if other not in below:
            yield f"{room} imports {name}"


def frameworks(module: str, tree: ast.Module) -> Iterator[str]:
    """One door to Keras and its backends, and some rooms that do not even use that one."""
    heavy = HEAVY | ({FRAMEWORK} if module.partition(".")[0] in NO_TENSORFLOW else set())
    if f"ptyspec.{module}" != FRAMEWORK:
        yield from (name for name in imported(tree) if within(name, heavy))


def light_packages(module: str, tree: ast.Module) -> Iterator[str]:
    """A package's __init__ is run by whoever needs one of its modules: it imports nothing heavy."""
    if module.rpartition(".")[2] == "__init__":
        yield from (name for name in imported(tree) if within(name, LOCAL_ONLY))


def allure(module: str, tree: ast.Module) -> Iterator[str]:
    if module != "testing.allure":
        yield from (
            name
            for name in imported(tree)
            if within(name, {"allure", "allure_commons", "allure_pytest"})
        )


def pickles(_: str, tree: ast.Module) -> Iterator[str]:
    yield from (
        name
        for name in imported(tree)
        if within(name, {"pickle", "cloudpickle", "dill", "joblib", "shelve"})
    )
    for node in nodes(tree):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "allow_pickle"
            and ast.unparse(node.value) != "False"
        ):
            yield f"allow_pickle in line {node.value.lineno}"


def evaluations(_: str, tree: ast.Module) -> Iterator[str]:
    for node in nodes(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in {
            "eval",
            "exec",
            "builtins.eval",
            "builtins.exec",
        }:
            yield f"{dotted(node.func)} in line {node.lineno}"


def global_draws(module: str, tree: ast.Module) -> Iterator[str]:
    if module in ("pipeline.box", "networks.framework"):  # they look whether others draw
        return
    yield from (name for name in imported(tree) if within(name, {"random"}))
    names = [name for name in imported(tree) if name.startswith("numpy.random.")]
    names += [dotted(node) for node in nodes(tree) if isinstance(node, ast.Attribute)]
    for name in names:
        owner, _, draw = name.rpartition(".")
        if owner in {"np.random", "numpy.random"} and draw not in OWN_STATE:
            yield name


def swallowed(_: str, tree: ast.Module) -> Iterator[str]:
    for node in nodes(tree):
        if isinstance(node, ast.ExceptHandler) and all(
            is_nothing(statement) for statement in node.body
        ):
            yield f"exception swallowed in line {node.lineno}"


def is_nothing(statement: ast.stmt) -> bool:
    docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return docstring or isinstance(statement, ast.Pass)


# Each rule with a module that breaks it: a rule that finds nothing in that one could not fail here either.
RULES: dict[str, tuple[Rule, str, str]] = {
    "directions": (directions, "physics.x", "from ptyspec.pipeline import run"),
    "directions-up": (directions, "contracts.x", "import ptyspec.physics"),
    "directions-cli": (directions, "report.x", "def f():\n    from ptyspec.cli.main import entry"),
    "directions-relative": (directions, "files.x", "from . import store"),
    "frameworks": (frameworks, "physics.x", "def f():\n    import tensorflow as tf"),
    "frameworks-keras": (frameworks, "checks.x", "from keras import ops"),
    "frameworks-door": (frameworks, "scores.x", "from ptyspec.networks.framework import ops"),
    "light-packages": (light_packages, "report.__init__", "from matplotlib import pyplot"),
    "light-packages-ndimage": (light_packages, "physics.__init__", "from scipy import ndimage"),
    "allure": (allure, "report.html", "import allure"),
    "pickles": (pickles, "files.x", "import pickle"),
    "pickles-numpy": (pickles, "files.x", "np.load(path, allow_pickle=True)"),
    "evaluations": (evaluations, "spec.x", "eval('1 + 1')"),
    "draws": (global_draws, "physics.x", "np.random.seed(1)"),
    "draws-imported": (global_draws, "physics.x", "from numpy.random import rand"),
    "draws-python": (global_draws, "physics.x", "import random"),
    "swallowed": (swallowed, "files.x", "try:\n    f()\nexcept OSError:\n    pass"),
    "swallowed-ellipsis": (swallowed, "files.x", "try:\n    f()\nexcept:\n    ..."),
}


@pytest.mark.parametrize(("rule", "module", "source"), RULES.values(), ids=RULES)
def test_the_rule_finds_a_planted_violation(rule: Rule, module: str, source: str) -> None:
    assert list(rule(module, ast.parse(source)))


@pytest.mark.parametrize(
    "rule", dict.fromkeys(rule for rule, _, _ in RULES.values()), ids=lambda rule: rule.__name__
)
def test_no_module_breaks_the_rule(rule: Rule) -> None:
    found = [
        f"{module}: {what}" for module, tree in sources().items() for what in rule(module, tree)
    ]
    assert not found


def test_every_file_holds_one_idea() -> None:
    lines = {
        str(path.relative_to(REPOSITORY)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in MAX_LINES
        for path in (REPOSITORY / folder).rglob("*.py")
    }
    assert len(lines) >= len(sources())
    assert {name: n for name, n in lines.items() if n > MAX_LINES[name.partition("/")[0]]} == {}


def loaded_after(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.clause("ANTIPATTERN-001")
@pytest.mark.parametrize("module", ["ptyspec", "ptyspec.cli.main", "ptyspec.testing.plugin"])
def test_starting_up_loads_nothing_heavy(module: str) -> None:
    loaded = loaded_after(module)
    assert module in loaded
    assert not loaded & LOCAL_ONLY


def test_loading_the_plugin_costs_other_repositories_nothing() -> None:
    assert not loaded_after("ptyspec.testing.plugin") & {
        "numpy",
        "pydantic",
        "scipy",
        "typer",
        "yaml",
    }


@pytest.mark.clause("ANTIPATTERN-001")
def test_importing_the_framework_free_parts_starts_no_framework_and_changes_nothing(
    clause: Check,
) -> None:
    """Everything but what trains: the rest of the project may not wait for an import to have done something."""
    modules = sorted(
        f"ptyspec.{name}".removesuffix(".__init__") for name in sources() if is_light(name)
    )
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, *modules], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    clause.equal(set(found["modules"]) & HEAVY, set(), "frameworks that were started")
    clause.equal(found["read"], [], "files that were opened")
    clause.equal(found["changed"], [], "what an import changed")


def is_light(module: str) -> bool:
    return module.partition(".")[0] != "networks" and module not in TRAINS


IMPORTING = """
import importlib, json, os, random, sys
import numpy as np

class CoreAlone:  # as where no extra is installed
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "keras", "jax", "torch", "matplotlib"):
            raise ImportError(f"{name} is refused")

sys.meta_path.insert(0, CoreAlone())

def from_own_module(frame):
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith(("importlib._bootstrap", "__main__")):
            return False  # a module that is being loaded, by whomever
        if name.startswith("ptyspec."):
            return True
        frame = frame.f_back
    return False

def watch(event, arguments):
    path = str(arguments[0]) if event == "open" else ""
    package = ".dist-info" in path or path in sys.path  # pydantic asks for its plugins
    if path and not package and from_own_module(sys._getframe(1)):
        read.append(path)

def state():
    return {"random": random.getstate(), "numpy.random": str(np.random.get_state()), "environment": dict(os.environ)}

read = []
before = state()
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
after = state()
changed = [name for name in before if before[name] != after[name]]
print(json.dumps({"modules": [*sys.modules], "read": read, "changed": changed}))
"""


@pytest.mark.clause("STORE-001")
def test_whatever_the_stages_import_is_part_of_the_code_version(clause: Check) -> None:
    reached = {f"pipeline.{stage}" for stage in STAGES} | {"runs.run"}
    waiting = list(reached)
    while waiting:
        names = (name.removeprefix("ptyspec.") for name in imported(sources()[waiting.pop()]))
        found = {
            part for name in names for part in (name, name.rpartition(".")[0]) if part in sources()
        } - reached
        reached |= found
        waiting += found
    parts = {name.partition(".")[0] for name in reached}
    covered = {part.removesuffix(".py") for part in STAGE_SOURCES}
    clause.holds("physics" in parts and "files" in parts, "the stages compute and read")
    clause.equal(
        parts - covered - {"errors", "extras"}, set(), "parts that the code version leaves out"
    )
