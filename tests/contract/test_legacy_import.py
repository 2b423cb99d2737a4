"""Importing the legacy side and the audits changes nothing: dictionary, generators, files, environment, frameworks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import ptyspec
from ptyspec.spec.checks import Check
from tests import child

ROOT = Path(ptyspec.__file__).parent
PACKAGES = ("legacy", "checks")
CODE = """
    import importlib, json, os, random, sys
    from pathlib import Path
    import numpy as np

    folder = Path(sys.argv[1])
    os.chdir(folder)
    os.environ["PTYSPEC_HOME"] = os.environ["HOME"] = str(folder)

    def state():
        files = sorted(str(path) for path in folder.rglob("*"))
        return {"python": random.getstate(), "numpy": str(np.random.get_state()), "environment": dict(os.environ),
                "files": files, "folder": os.getcwd()}

    before = state()
    modules = [importlib.import_module(name) for name in sys.argv[2:]]
    after = state()
    from ptyspec.legacy import params
    held = [f"{module.__name__}.{name}" for module in list(sys.modules.values())
            if module.__name__.startswith("ptyspec.")
            for name, value in vars(module).items() if isinstance(value, params.Parameters)]
    print(json.dumps({
        "modules": len(modules), "changed": [key for key in before if before[key] != after[key]],
        "dictionaries": held + ["shared"] * params.shared.cache_info().currsize,
        "frameworks": sorted({"tensorflow", "keras", "jax", "torch"} & set(sys.modules)),
    }))
"""


def is_network(path: Path) -> bool:
    """A module of layers, which is of a framework: whoever imports it means to start one."""
    return (
        re.search(
            r"^(import|from) (keras|tensorflow)\b", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        is not None
    )


@pytest.mark.clause("PARAM-005", "ANTIPATTERN-001")
def test_importing_every_module_changes_nothing(clause: Check, tmp_path: Path) -> None:
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    files = [path for path in paths if not is_network(path)]
    names = [".".join(("ptyspec", *path.relative_to(ROOT).with_suffix("").parts)) for path in files]
    names = [name.removesuffix(".__init__") for name in names]
    code, out, error = child.run(CODE, tmp_path, *names, PYTHONPATH=str(ROOT.parent))
    clause.equal(code, 0, error)
    found = json.loads(out)
    clause.equal(found["modules"], len(names), "modules")
    clause.equal(found["dictionaries"], [], "dictionaries that exist after the import")
    for what in ("changed", "frameworks"):
        clause("ANTIPATTERN-001").equal(found[what], [], what)
