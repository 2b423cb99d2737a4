"""The loss weight that a script gives: read off its source, or seen in the dictionary after it ran.

The investigation read it off the source, took an assignment in a branch for the setting, and reported an inverted loss;
it took that back the same day (EVID-003). Both readers are here, so that their controls can tell them apart.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, MutableMapping
from typing import Any

from ptyspec.experiments.observations import chosen
from ptyspec.legacy import dose_experiments
from ptyspec.legacy.bridge import entries
from ptyspec.legacy.params import legacy_defaults
from ptyspec.runs.request import request

Cfg = MutableMapping[str, Any]
ENTRY = "mae_weight"


def weight(seed: int, reader: str, script: str) -> dict[str, float]:
    """Return the weight of the absolute error that a script gives: 1 is that loss alone, 0 the likelihood alone.

    Raises ConfigError for another reader or script.
    """
    readers = {"executed": executed, "source": read_off}
    return {ENTRY: chosen(readers, reader, "reader")(chosen(SCRIPTS, script, "script"))}


def executed(script: Callable[[Cfg], None]) -> float:
    """Run the script on the defaults and look."""
    cfg = dict(legacy_defaults("dose"))
    script(cfg)
    return float(cfg[ENTRY])


def read_off(script: Callable[[Cfg], None]) -> float:
    """Take the last assignment to the entry in the source, wherever it stands: as the report did."""
    read = dose_experiments.init if script in (_dose, _dose_mae) else script
    found = float(legacy_defaults("dose")[ENTRY])
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(read)))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == f"cfg['{ENTRY}']":
            found = float(ast.literal_eval(node.value))
    return found


def _dose(cfg: Cfg) -> None:
    dose_experiments.init(1e9, cfg=cfg)


def _dose_mae(cfg: Cfg) -> None:
    dose_experiments.init(1e9, "mae", cfg)


def _sim_lines(cfg: Cfg) -> None:
    cfg.update(entries(request("gs2_ideal").scenario))


def _assigns(cfg: Cfg) -> None:
    cfg["mae_weight"] = 1.0


def _assigns_in_a_branch_not_taken(cfg: Cfg) -> None:
    if cfg["N"] < 0:
        cfg["mae_weight"] = 1.0


def _assigns_nothing(cfg: Cfg) -> None:
    cfg["N"] = 64


SCRIPTS: dict[str, Callable[[Cfg], None]] = {
    "dose_experiments": _dose,
    "dose_experiments_mae": _dose_mae,
    "sim_lines": _sim_lines,
    "assigns": _assigns,
    "branch_not_taken": _assigns_in_a_branch_not_taken,
    "assigns_nothing": _assigns_nothing,
}
