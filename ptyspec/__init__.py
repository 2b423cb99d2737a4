"""ptyspec: the executable specification of neural ptychography.

The names in `__all__` are public (docs/public-api.md); every other module may change from version to version. Each is
loaded when it is first used, so that `import ptyspec` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptyspec.checks.verdict import Verdict
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.errors import PtyspecError
    from ptyspec.front.calls import compare, explain, fault, judge, read_scan
    from ptyspec.front.results import check, check_scan
    from ptyspec.front.run import Run, run
    from ptyspec.pipeline.protocol import Pipeline
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.spec.finding import Finding

__version__ = "0.1.0"
__all__ = [
    "Finding",
    "Pipeline",
    "PtyspecError",
    "ReferencePipeline",
    "Run",
    "Scenario",
    "Verdict",
    "check",
    "check_scan",
    "compare",
    "explain",
    "fault",
    "judge",
    "read_scan",
    "run",
]
_HOMES = {
    "Finding": "spec.finding",
    "Pipeline": "pipeline.protocol",
    "PtyspecError": "errors",
    "ReferencePipeline": "pipeline.reference",
    "Run": "front.run",
    "Scenario": "contracts.scenario",
    "Verdict": "checks.verdict",
    "check": "front.results",
    "check_scan": "front.results",
    "compare": "front.calls",
    "explain": "front.calls",
    "fault": "front.calls",
    "judge": "front.calls",
    "read_scan": "front.calls",
    "run": "front.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ptyspec' has no attribute {name!r}")
    return getattr(import_module(f"ptyspec.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
