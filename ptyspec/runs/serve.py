"""The process side: answers questions on stdin about a black box, a network, or stages.

Whatever the pipeline prints, its C libraries included, goes to stderr: stdout belongs to the protocol.
"""

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, get_type_hints

import numpy as np

from ptyspec.contracts.bundles import Container, Patches, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.pipeline.box import Scan, Watch, answered, random_states
from ptyspec.pipeline.declared import checked, claimed_in_vain, declared, own_part
from ptyspec.pipeline.protocol import Pipeline, Progress, Session, Trained
from ptyspec.runs import wire
from ptyspec.runs.environment import library_versions
from ptyspec.runs.pipelines import is_box, pipeline_code
from ptyspec.runs.process import PROTOCOL
from ptyspec.runs.remote import Weights
from ptyspec.runs.store import code_version

PAUSE = 0.2
"""Seconds between two lines of progress."""


@contextmanager
def channel() -> Iterator[tuple[TextIO, TextIO]]:
    """Yield questions and answers; inside, stdin is empty and stdout is stderr, for C libraries too.

    Enter it before the pipeline is imported: imports print.
    """
    sys.stdout.flush()
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    try:
        yield questions, answers
    finally:
        sys.stdout.flush()
        os.dup2(answers.fileno(), 1)
        questions.close()
        answers.close()


def serve(pipeline: Any, questions: TextIO, answers: TextIO) -> None:
    """Answer every question until there are no more: a function `reconstruct`, or an object with that, or with stages."""
    pipeline = own_part(pipeline)  # the reference's stages are on the other side, too
    said = handshake(pipeline)
    asked = _Stages(pipeline) if said["door"] == "stages" else _Box(pipeline)

    def say(line: Mapping[str, Any]) -> None:
        text = json.dumps(line, default=wire.plain_number)  # whole, before anything is written
        answers.write(text + "\n")
        answers.flush()

    for text in questions:
        question = json.loads(text)
        op = question.pop("op", "")
        if op == "hello":
            say(said)
            continue
        try:
            say({"ok": True, **asked.answer(op, question, say)})
        except Exception as error:
            say(refused(error))


def refused(error: Exception) -> dict[str, Any]:
    """Return the answer of an error; its details travel as the text that they print as."""
    kind = type(error).__name__
    if not isinstance(error, PtyspecError):
        return {"ok": False, "kind": kind, "error": str(error)}
    details = {key: None if one is None else str(one) for key, one in error.details.items()}
    return {"ok": False, "kind": kind, "error": error.message, "details": details}


def handshake(pipeline: Any) -> dict[str, Any]:
    """Return the answer to `hello`: protocol, door, name, settings, seed, declared stages, and what names the code."""
    said: dict[str, Any] = {"protocol": PROTOCOL, "name": _name(pipeline), "code": _code(pipeline)}
    said |= {
        name: getattr(pipeline, name)
        for name in ("settings", "seed", "untrained")
        if hasattr(pipeline, name)
    }
    if is_box(pipeline):
        network = callable(getattr(pipeline, "fit", None))
        return {**said, "door": "network" if network else "box", "watches": True}
    stages = list(declared(pipeline))
    if not stages:
        what = "this is neither a black box nor a pipeline with a stage"
        limit = f"a function, `reconstruct`, or some of {', '.join(STAGES)}"
        value, step = type(pipeline).__name__, "see docs/adding-an-adapter.md"
        raise ConfigError(what, value=value, limit=limit, next_step=step)
    said |= {"door": "stages", "stages": stages, "watches": True}
    return {**said, "no_method": vain} if (vain := claimed_in_vain(pipeline)) else said


def _name(pipeline: Any) -> str:
    name = getattr(pipeline, "name", None)
    return (
        name
        if isinstance(name, str) and name
        else getattr(pipeline, "__name__", type(pipeline).__name__)
    )


def _code(pipeline: Any) -> str:
    """What names the code, the libraries and the state of a pipeline; empty where it cannot be named."""
    own = pipeline_code(pipeline)
    if own is None:
        return ""
    parts = [own, getattr(pipeline, "code_version", ""), code_version(), platform.python_version()]
    parts += [f"{name} {version}" for name, version in sorted(library_versions().items())]
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


class _Told(Progress):
    """Sends the steps of a long question, five lines a second at most."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None]) -> None:
        self.say, self.last = say, 0.0

    def step(self, done: int, total: int, note: str = "") -> None:
        """Tell it."""
        if (now := time.monotonic()) - self.last > PAUSE:
            self.last = now
            self.say({"progress": [done, total, note]})


Say = Callable[[Mapping[str, Any]], None]


class _Box:
    """Answers for a black box or a network."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.models: dict[str, Any] = {}

    def answer(self, op: str, question: dict[str, Any], say: Say) -> dict[str, Any]:
        """Return what the answer holds beside `ok`."""
        reconstruct = getattr(self.pipeline, "reconstruct", self.pipeline)
        if op == "fit":
            scans = [wire.unpack(Scan, one) for one in question["scans"]]
            handle, watch = f"model-{len(self.models) + 1}", Watch(scans[0], question["settings"])
            self.models[handle] = self.pipeline.fit(scans, question["settings"])
            return {"handle": handle, "changed": watch.changed()}
        if op != "reconstruct":
            raise ConfigError("this is no question to a black box", value=op)
        scan = wire.unpack(Scan, question["scan"])
        how = self.models[question["model"]] if "model" in question else question["settings"]
        watch = Watch(scan, question.get("settings", {}))
        image, place = answered(reconstruct(scan, how))
        changed = watch.changed()
        arrays = {"object": image, "origin": np.asarray(place)}
        wire.write(Path(question["out"]), arrays)
        return {"changed": changed}


class _Stages:
    """Answers for stages."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.trained: dict[str, Trained] = {}

    def answer(self, op: str, question: dict[str, Any], say: Say) -> dict[str, Any]:
        """Return what the answer holds beside `ok`."""
        out = Path(question["out"])
        if op == "predict":
            weights = wire.unpack(Weights, question["weights"]).weights
            container = wire.unpack(Container, question["container"])
            made = self.trained[question["handle"]].predict(weights, container)
            return self._made("infer", made, out)
        if op not in STAGES or not hasattr(self.pipeline, op):
            raise ConfigError("this pipeline has no such stage", value=op)
        hints = get_type_hints(getattr(Pipeline, op))
        given = [
            self._given(name, kind, question, say)
            for name, kind in hints.items()
            if name != "return"
        ]
        before = _state(given)
        made = getattr(self.pipeline, op)(*given)
        after = _state(given)
        changed = {"changed": [name for name, state in before.items() if after[name] != state]}
        if op == "train":
            handle = f"trained-{len(self.trained) + 1}"
            self.trained[handle] = made
            return {"handle": handle, **changed, **self._made(op, made, out)}
        return {**changed, **self._made(op, made, out)}

    def _given(self, name: str, kind: Any, question: dict[str, Any], say: Say) -> Any:
        if name == "scenario":
            return Scenario.model_validate_json(json.dumps(question["scenario"]))
        if name == "session":
            folder = question.get("checkpoints")
            checkpoints = None if folder is None else Path(folder)
            return Session(_Told(say), checkpoints, bool(question.get("resume")))
        if name == "trained":
            predict = self._predict(question)
            return wire.unpack(Trained, question["trained"], predict=predict)
        return wire.unpack(kind, question[name])

    def _predict(self, question: dict[str, Any]) -> Callable[[Any, Any], Patches]:
        """The generator that is kept here; of one that was trained elsewhere, what it predicts for this container."""
        if "predicted" not in question:
            return self.trained[question["handle"]].predict
        predicted = wire.unpack(Patches, question["predicted"])
        return lambda weights, container: predicted

    def _made(self, stage: str, made: Any, out: Path) -> dict[str, Any]:
        """Write what a stage made; plain values go into the answer."""
        if stage == "score" and isinstance(made, Mapping):
            return {"made": made}
        try:
            plain = wire.pack(made, out)
        except TypeError:
            checked(stage, made, self.pipeline)  # says which field cannot travel
            raise
        plain.pop(wire.NPZ, None)
        return {"made": plain}


def _state(given: list[Any]) -> dict[str, Any]:
    """Return what a stage must leave as it is: the arrays that it is given, and the random states of the process."""
    arrays: dict[str, Any] = {}
    for one in given:
        if wire.is_bundle(type(one)):
            wire.split(one, arrays)
    return {**{name: array_digest(array) for name, array in arrays.items()}, **random_states()}
