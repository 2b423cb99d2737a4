"""`--ptyspec-pipeline MODULE:ATTR`: find it, and say what it lacks before any test runs."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from ptyspec.contracts.stages import REFERENCE, STAGES
from ptyspec.errors import ConfigError
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.pipeline.reference import ReferencePipeline

SOURCE = "--ptyspec-pipeline"


def maker(words: str) -> Callable[[], Pipeline]:
    """Return what makes the pipeline: a class anew each time, an instance as it is.

    Raises ConfigError for a module that cannot be imported, a name it lacks, a class that needs arguments, a stage that
    is missing, or a name that belongs to the reference (stored runs go by a pipeline's name).
    """
    if words == REFERENCE:
        return ReferencePipeline
    found = _attribute(words)
    make: Callable[[], Any] = found if inspect.isclass(found) else lambda: found
    try:
        made = make()
    except TypeError as error:
        raise ConfigError(
            f"the pipeline's class cannot be made without arguments: {error}",
            value=words,
            source=SOURCE,
            next_step="give it defaults, or name an instance",
        ) from error
    _check(made, words)
    return make


def _attribute(words: str) -> Any:
    module, colon, path = words.partition(":")
    if not (module and colon and path):
        raise ConfigError(
            "a pipeline is written MODULE:ATTR",
            value=words,
            source=SOURCE,
            limit=f"such as {REFERENCE}",
        )
    try:
        node: Any = importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"the pipeline's module cannot be imported: {error}",
            value=module,
            source=SOURCE,
            next_step="install it, or put its folder on PYTHONPATH",
        ) from error
    for name in path.split("."):
        if not hasattr(node, name):
            near = " or ".join(difflib.get_close_matches(name, dir(node), n=3))
            step = f"did you mean {near}?" if near else "check the name"
            raise ConfigError(f"{module} has no {name}", value=words, source=SOURCE, next_step=step)
        node = getattr(node, name)
    return node


def _check(made: object, words: str) -> None:
    missing = [stage for stage in STAGES if not callable(getattr(made, stage, None))]
    name = getattr(made, "name", None)
    if not isinstance(name, str) or not name:
        missing.append("name")
    if missing:
        raise ConfigError(
            f"not a pipeline: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            value=words,
            limit=f"the stages {', '.join(STAGES)} and a name",
            source=SOURCE,
            next_step="see ptyspec/pipeline/protocol.py",
        )
    if name == ReferencePipeline.name and type(made) is not ReferencePipeline:
        raise ConfigError(
            "another pipeline carries the reference's name: their stored runs would be mixed up",
            value=words,
            source=SOURCE,
            next_step="give its class a `name` of its own",
        )
