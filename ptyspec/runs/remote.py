"""A pipeline in a process of its own, as its handshake declared it: a black box, a network, or stages.

Each is what the checks already know. What training made stays in the process and is known here by a handle; where the
process was started anew since, the same training is asked for again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_type_hints

from ptyspec.contracts.bundles import Array, Container, Patches
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError, InputFileError
from ptyspec.pipeline.box import Scan
from ptyspec.pipeline.protocol import Pipeline, Session, Trained
from ptyspec.runs import wire
from ptyspec.runs.limits import Limits
from ptyspec.runs.process import Answer, Process
from ptyspec.runs.variables import Variables

DOORS = ("box", "network", "stages")


class Remote:
    """What every pipeline in a process has.

    - name, settings, seed, untrained: its own words; code: what names its code, empty where it does not say.
    - watches: whether it says what its answers changed on its side; changed: what they did.
    """

    def __init__(self, process: Process) -> None:
        said = process.start()
        self.process = process
        self.name, self.code = str(said["name"]), str(said.get("code") or "")
        self.settings: Mapping[str, Any] = dict(said.get("settings") or {})
        self.seed = str(said.get("seed") or "")
        self.untrained: Mapping[str, Any] = dict(said.get("untrained") or {})
        self.watches, self.changed = bool(said.get("watches")), set[str]()

    def heard(self, answer: Answer) -> None:
        """Keep what an answer says that it changed."""
        self.changed |= {*map(str, answer.line.get("changed") or ())}

    def close(self) -> None:
        """End the process and remove its folder."""
        self.process.close()


@dataclass
class Kept:
    """Something that the process keeps, and how it is asked for again."""

    process: Process
    make: Callable[[], str]
    handle: str
    life: int

    def key(self) -> str:
        """Return its handle in the process that runs now."""
        self.process.start()
        if self.life != self.process.lives:
            self.handle = self.make()
            self.life = self.process.lives
        return self.handle


def _kept(process: Process, ask: Callable[[], Answer]) -> tuple[Kept, Answer]:
    def handle(answer: Answer) -> str:
        told = answer.line.get("handle")
        if not isinstance(told, str):
            what = f"`handle` is {told!r} and no text"
            raise process.unusable("handle", ValueError(what))
        return told

    first = ask()
    return Kept(process, lambda: handle(ask()), handle(first), process.lives), first


class RemoteBox(Remote):
    """A black box."""

    def reconstruct(self, scan: Scan, settings: Mapping[str, Any]) -> tuple[Array, Any]:
        """Return object and origin as they came; raises RefusedError or ProcessError."""
        return self._object({"scan": scan}, settings=dict(settings))

    def _object(self, bundles: Mapping[str, Any], **plain: Any) -> tuple[Array, Any]:
        answer = self.process.ask("reconstruct", bundles, **plain)
        self.heard(answer)
        arrays = answer.arrays
        if missing := [name for name in ("object", "origin") if name not in arrays]:
            error = wire.lacks("the file", missing[0], arrays)
            raise self.process.unusable("reconstruct", error)
        place = arrays["origin"].tolist()
        return arrays["object"], tuple(place) if isinstance(place, list) else place


class RemoteNetwork(RemoteBox):
    """A network: fitted once, asked with the model."""

    def fit(self, scans: Sequence[Scan], settings: Mapping[str, Any]) -> Kept:
        """Return the model, which stays in the process."""

        def ask() -> Answer:
            return self.process.ask("fit", {"scans": list(scans)}, settings=dict(settings))

        kept, answer = _kept(self.process, ask)
        self.heard(answer)
        return kept

    def reconstruct(self, scan: Scan, model: Any) -> tuple[Array, Any]:
        """Return object and origin that a model gives."""
        if not isinstance(model, Kept) or model.process is not self.process:
            raise _foreign(model, "fit of this pipeline")
        return self._object({"scan": scan}, model=model.key())


@dataclass
class Predict:
    """Asks the process what a generator predicts."""

    kept: Kept

    def __call__(self, weights: list[Array], container: Container) -> Patches:
        """Return the patches of every group."""
        process = self.kept.process
        given = {"weights": Weights(weights), "container": container}
        answer = process.ask("predict", given, handle=self.kept.key())
        return cast("Patches", result(process, "predict", Patches, answer))


@dataclass
class Weights:
    """A generator's weights on their way."""

    weights: list[Array]


def result(process: Process, op: str, kind: Any, answer: Answer, **given: Any) -> Any:
    """Return the bundle that an answer holds, as it came; raises ProcessError where it has other fields."""
    made = answer.line.get("made", {})
    try:
        if not isinstance(made, Mapping):
            raise InputFileError("`made` is no JSON object", value=str(made)[:80])
        if not wire.is_bundle(kind):
            return made
        value = wire.join(kind, made, answer.arrays, as_it_came=True, **given)
        if answer.arrays:
            raise wire.unknown(kind.__name__, answer.arrays)
    except InputFileError as error:
        raise process.unusable(op, error) from error
    return value


def _stage(name: str) -> Callable[..., Any]:
    hints = get_type_hints(getattr(Pipeline, name))
    kind = hints.pop("return")
    wanted = [key for key in hints if key not in ("scenario", "session")]

    def ask(self: Remote, scenario: Scenario, *given: Any) -> Any:
        bundles = dict(zip(wanted, given, strict=True))
        plain: dict[str, Any] = {"scenario": scenario.model_dump(mode="json")}
        if (trained := bundles.get("trained")) is not None:
            kept = kept_of(self.process, trained)
            if kept is not None:
                plain["handle"] = kept.key()
            else:  # a generator cannot travel; what it predicts can
                bundles["predicted"] = trained.predict(trained.weights, bundles["container"])
        answer = self.process.ask(name, bundles, **plain)
        self.heard(answer)
        return result(self.process, name, kind, answer)

    ask.__name__, ask.__doc__ = name, getattr(Pipeline, name).__doc__
    return ask


def _train(
    self: Remote, scenario: Scenario, containers: Any, session: Session | None = None
) -> Trained:
    """Fit the generator; it stays in the process, its weights and history travel."""
    session = session or Session()
    folder = session.checkpoints

    def ask() -> Answer:
        return self.process.ask(
            "train",
            {"containers": containers},
            progress=session.progress.step,
            scenario=scenario.model_dump(mode="json"),
            checkpoints=None if folder is None else str(folder),
            resume=session.resume,
        )

    kept, answer = _kept(self.process, ask)
    trained = result(self.process, "train", Trained, answer, predict=Predict(kept))
    return cast("Trained", trained)


def kept_of(process: Process, trained: Trained) -> Kept | None:
    """Return the generator that this process keeps; None where it was trained elsewhere."""
    predict = trained.predict
    return (
        predict.kept if isinstance(predict, Predict) and predict.kept.process is process else None
    )


def _foreign(value: object, limit: str) -> ConfigError:
    what = "what was trained elsewhere cannot travel into a process"
    step = "declare training and inference in one process"
    return ConfigError(what, value=type(value).__name__, limit=limit, next_step=step)


METHODS = {name: _train if name == "train" else _stage(name) for name in STAGES}


def connect(
    command: str, limits: Limits | None = None, environment: Variables | None = None
) -> Remote:
    """Start a command and return what its handshake declares: a black box, a network, or the stages it has.

    Raises ProcessError where it cannot be started, ends, hangs, or declares something that is not known.
    """
    process = Process(command, limits, environment)
    try:
        said = process.start()
        problem = _problem(said)
        if problem:
            raise process.unusable("hello", ValueError(problem))
    except BaseException:
        process.close()
        raise
    if said["door"] != "stages":
        return (RemoteNetwork if said["door"] == "network" else RemoteBox)(process)
    # Methods of a class of its own: what is not declared is not there.
    stages, vain = said["stages"], said.get("no_method") or ()
    methods = {name: METHODS[name] for name in stages if name not in vain}
    declared: type[Remote] = type("RemoteStages", (Remote,), {**methods, "stages": tuple(stages)})
    return declared(process)


def _problem(said: Mapping[str, Any]) -> str:
    """What is wrong with a handshake; empty where nothing is."""
    settings, seed, stages = said.get("settings") or {}, said.get("seed"), said.get("stages")
    if said.get("door") not in DOORS:
        return f"`door` is {said.get('door')!r}; known: {', '.join(DOORS)}"
    if not (isinstance(said.get("name"), str) and said["name"]):
        return "`name` is no text"
    for name in ("settings", "untrained"):
        if not isinstance(said.get(name) or {}, Mapping):
            return f"`{name}` is no JSON object"
    if seed and seed not in settings:
        return f"`seed` names {seed!r}, which is none of the settings {', '.join(settings)}"
    if said["door"] == "stages" and not (
        isinstance(stages, list) and stages and {*map(str, stages)} <= {*STAGES}
    ):
        return f"`stages` is {stages!r}; known: {', '.join(STAGES)}"
    return ""
