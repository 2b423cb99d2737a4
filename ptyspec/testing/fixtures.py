"""Fixtures of the specification's cases: the clause, the pipeline under test, its scenario and its finished run."""

import inspect
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ptyspec.contracts.stages import REFERENCE, STAGES
from ptyspec.testing.plugin import OPTIONS
from ptyspec.testing.recorder import CLAUSES, EXPECTED, FINDINGS, TELLS, USED

if TYPE_CHECKING:
    from ptyspec.contracts.bundles import Patches
    from ptyspec.contracts.resolve import Resolved
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.pipeline.protocol import Pipeline
    from ptyspec.spec.checks import Check

DEFAULT_SCENARIO = "gs1_custom"
PIPELINE: "pytest.StashKey[Callable[[], Pipeline]]" = pytest.StashKey()
RESOLVED: "pytest.StashKey[Resolved]" = pytest.StashKey()
USERS: pytest.StashKey[list[pytest.Stash]] = pytest.StashKey()
"""The present case, while it has the pipeline under test."""
HEARD: pytest.StashKey[set[type]] = pytest.StashKey()
"""Classes whose calls are noted."""
MATERIALS: "pytest.StashKey[dict[str, Any]]" = pytest.StashKey()
"""Stage outputs of the pipeline under test by settings, or the answers of a black box."""
BOX = "answers"
SWEEPS = 12
"""Of our own iterative engine on a small scan."""


@pytest.fixture
def clause(request: pytest.FixtureRequest) -> "Check":
    """The assertions of the clause this case is bound to; called with an id, those of its other clauses."""
    from ptyspec.spec.cases import name_of
    from ptyspec.spec.checks import Check  # numpy: not before a case needs it

    bound = request.node.stash.get(CLAUSES, ())
    if not bound:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for its clause and has no clause marker"
        )
    stash, config = request.node.stash, request.config
    return Check(
        bound[0],
        name_of(request.node),
        stash[FINDINGS],
        others=bound[1:],
        options=config.stash[OPTIONS].changes,
        tells=config.stash.get(TELLS, False),
        expected=frozenset(stash[EXPECTED]),
    )


@pytest.fixture
def pipeline(request: pytest.FixtureRequest) -> "Iterator[Pipeline]":
    """The pipeline under test, made anew: `--ptyspec-pipeline`, else the reference."""
    config = request.config
    if PIPELINE not in config.stash:
        from ptyspec.runs.pipelines import maker

        config.stash[PIPELINE] = maker(config.stash[OPTIONS].pipeline)
    made = config.stash[PIPELINE]()
    if _is_box(made):  # it keeps nothing of a case, and may be a process: one for all
        config.stash[PIPELINE] = lambda: made
        config.add_cleanup(getattr(made, "close", lambda: None))
    if config.stash[OPTIONS].pipeline == REFERENCE or _is_box(made):
        yield made
        return
    users = config.stash.setdefault(USERS, [])
    users.append(request.node.stash)
    _note_calls(config, made, users)
    yield made
    users.pop()


def _note_calls(config: pytest.Config, pipeline: "Pipeline", users: list[pytest.Stash]) -> None:
    """Let each call of a stage note that the present case uses the pipeline; once a class.

    On the class, because what an instance holds is part of the name of its runs.
    """
    cls = type(pipeline)
    if {*STAGES} & {*getattr(pipeline, "__dict__", ())}:  # a stage of the instance cannot be heard
        users[-1][USED] = True
    heard = config.stash.setdefault(HEARD, set())
    if cls in heard:
        return
    heard.add(cls)

    def noted(stage: Any) -> Callable[..., Any]:
        @wraps(getattr(stage, "__func__", stage))
        def call(self: "Pipeline", *arguments: Any, **named: Any) -> Any:
            if users:
                users[-1][USED] = True
            bound = stage.__get__(self, cls) if hasattr(stage, "__get__") else stage
            return bound(*arguments, **named)

        return call

    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for name in STAGES:
        patch.setattr(cls, name, noted(inspect.getattr_static(cls, name)))


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> "Scenario":
    """A scenario at the chosen profile; `parametrize("scenario", ["gs2_custom"], indirect=True)` chooses another.

    A parameter is a shipped scenario's name or file, alone or in a tuple with settings: `("gs1_custom", "model.N=32")`.
    """
    asked = getattr(request, "param", DEFAULT_SCENARIO)
    words = (asked,) if isinstance(asked, str) else tuple(asked)
    resolved = request.node.stash[RESOLVED] = _resolved(
        request.config.stash[OPTIONS].profile, *words
    )
    return resolved.scenario


@pytest.fixture
def finished_run(
    request: pytest.FixtureRequest, scenario: "Scenario", pipeline: "Pipeline"
) -> Path:
    """The folder of the finished run of `scenario` through `pipeline`: made once, whichever worker asks first.

    It stays in the run store (PTYSPEC_HOME) and is found there again, until a file of the pipeline is edited. A case that
    asks for it is skipped where the pipeline is a black box.
    """
    from ptyspec.runs.run import produce

    request.node.stash[USED] = True
    if _is_box(pipeline):
        pytest.skip("it looks at a finished run of the stages, and this pipeline is a black box")
    return produce(request.node.stash[RESOLVED], pipeline=pipeline)


@pytest.fixture
def outputs(request: pytest.FixtureRequest, scenario: "Scenario", pipeline: Any) -> Any:
    """What the stages of `pipeline` make of `scenario`, or the answers of a black box: each computed when a check first
    looks at it, for all cases.

    This is what a check function takes (`ptyspec.checks.judge`).
    """
    from ptyspec.checks.judge import outputs_of

    request.node.stash[USED] = True
    known = request.config.stash.setdefault(MATERIALS, {})
    key = BOX if _is_box(pipeline) else scenario.model_dump_json()
    if key not in known:
        known[key] = outputs_of(pipeline, scenario)
    return known[key]


@pytest.fixture
def answers(request: pytest.FixtureRequest) -> Any:
    """`outputs` of the pipeline under test; where none is named, the answers of our own iterative engine to a small scan."""
    if request.config.stash[OPTIONS].pipeline != REFERENCE:
        return request.getfixturevalue("outputs")
    from ptyspec.checks.box import SMALL, box_of
    from ptyspec.pipeline.boxes import RPIE

    known = request.config.stash.setdefault(MATERIALS, {})
    if BOX not in known:
        own = type("Own", (RPIE,), {"settings": RPIE.settings | {"sweeps": SWEEPS}})
        known[BOX] = box_of(own(), SMALL)
    return known[BOX]


@pytest.fixture
def oracle_patches(request: pytest.FixtureRequest, scenario: "Scenario") -> "Patches":
    """What a perfect generator returns for the test split of `scenario`: the true object, cut at the scan's positions.

    Groups, positions, probe and gauge are the reference's, whatever pipeline is under test; nothing is trained.
    """
    return _oracle(scenario.model_dump_json())


def _is_box(pipeline: object) -> bool:
    from ptyspec.runs.pipelines import is_box

    return is_box(pipeline)


@cache
def _resolved(profile: str, target: str, *settings: str) -> "Resolved":
    from ptyspec.runs.request import request

    return request(target, profile=profile, settings=settings)


@cache
def _oracle(scenario_json: str) -> "Patches":
    import numpy as np

    from ptyspec.contracts.bundles import Patches
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.physics.geometry import extract_patches
    from ptyspec.pipeline.reference import ReferencePipeline

    scenario, walk = Scenario.model_validate_json(scenario_json), ReferencePipeline()
    groups = walk.group(scenario, walk.split(scenario, walk.simulate(scenario))).test
    scan = groups.scan
    if scan.objectGuess is None:
        raise pytest.UsageError(f"{scenario.name} has no known object to cut patches from")
    cut = extract_patches(scan.objectGuess, scan.positions[groups.nn_indices.ravel()], scan.N)
    stacked = np.moveaxis(cut.reshape(groups.size, groups.C, scan.N, scan.N), 1, -1)
    return Patches(
        object=stacked.astype(np.complex64),
        coords=groups.coords_offsets - groups.coords_relative,
        probe=scan.probeGuess,
    )
