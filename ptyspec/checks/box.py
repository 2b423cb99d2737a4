"""What a black box makes of one simulated scan, and of the same scan told otherwise: each asked once, when a check looks.

Every question is a change of the scan that a right reconstruction answers in a known way. Answers are put back into the
frame of the plain scan, so that checks compare like with like.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks.answers import Answer, placed, relation
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.scenario import DoseSpec, Scenario
from ptyspec.errors import NotReachedError, ProcessError
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.simulate import measure
from ptyspec.pipeline.box import Scan, Watch, answered, raw_of, scan_of
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import Frame, common
from ptyspec.scores.phase import global_phase
from ptyspec.spec.checks import Check

Back = Callable[[Array, Any], tuple[Array, Any]]
"""Puts an object and its origin back into the frame and gauge of the plain scan."""


@dataclass
class Box:
    """A black box and what it said, by question.

    - pipeline: a function `reconstruct`, or an object with one; with `fit` it is fitted to each scan that it is asked
      about. Its `settings` are what it is asked with, `seed` names the one of them that seeds it, `untrained` are
      settings with which nothing is learnt.
    - truth: the object that was simulated, on pixel (0, 0); scan: its scan; photons: the mean dose of a frame.
    """

    pipeline: Any
    truth: Array
    scan: Scan
    photons: float
    said: dict[str, Answer] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """What the plain question did not leave as it was; a process says so itself."""
    left: set[str] = field(default_factory=set)
    """Files that came into the working folder."""
    model: Any = None
    """What the last fit gave, where there is one."""
    silent: str = ""
    """Why the plain scan has no answer."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its own settings."""
        return dict(getattr(self.pipeline, "settings", {}))

    @property
    def seed(self) -> str:
        """The setting that seeds it, empty where it has none."""
        return str(getattr(self.pipeline, "seed", ""))

    @property
    def untrained(self) -> Mapping[str, Any]:
        """Settings with which nothing is learnt, empty where it names none."""
        return dict(getattr(self.pipeline, "untrained", {}))

    @property
    def doors(self) -> tuple[str, ...]:
        """Which checks look at it."""
        has = {"network": self.learns, "seeded": self.seed, "untrained": self.untrained}
        has["watched"] = getattr(self.pipeline, "watches", True)
        return ("box", *(name for name, there in has.items() if there))

    @property
    def learns(self) -> bool:
        """Whether it is a network, with `fit`."""
        return callable(getattr(self.pipeline, "fit", None))

    def reconstruct(self, scan: Scan, settings: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return object and origin as the pipeline gives them."""

        def work() -> Any:
            if self.learns:
                self.model = self.pipeline.fit([scan], settings)
                return self.pipeline.reconstruct(scan, self.model)
            return getattr(self.pipeline, "reconstruct", self.pipeline)(scan, settings)

        return _heard(work)

    @cached_property
    def trained(self) -> Any:
        """The model that was fitted to the plain scan."""
        return self.begin().model

    def predict(self, name: str, scan: Scan) -> Answer:
        """Return what the network of the plain question says of another scan, asked at most once."""
        return self._once(
            name, lambda: _heard(lambda: self.pipeline.reconstruct(scan, self.trained))
        )

    def ask(
        self, name: str, scan: Scan | None = None, back: Back | None = None, **settings: Any
    ) -> Answer:
        """Return the answer to a question that is known by its name, asked at most once; the plain scan comes first."""
        own = {**self.settings, **settings}
        return self._once(name, lambda: self.reconstruct(scan or self.scan, own), back)

    def _once(
        self, name: str, work: Callable[[], tuple[Any, Any]], back: Back | None = None
    ) -> Answer:
        if name not in self.said:
            self.begin()
            raw, place = work()
            image = np.asarray(raw)
            if back is not None:
                image, place = back(image, place)
            self.said[name] = placed(image, place, self.scan, raw)
        return self.said[name]

    def begin(self) -> Answer:
        """Return the plain answer; raises NotReachedError where there is none, without asking again."""
        if self.silent:
            raise NotReachedError("the plain scan has no answer", value=self.silent)
        try:
            return self.plain
        except Exception as error:
            self.silent = f"{type(error).__name__}: {error}".splitlines()[0]
            raise

    @cached_property
    def plain(self) -> Answer:
        """The answer to the scan as it is; what surrounds it is watched."""
        folder, settings = Path.cwd(), copy.deepcopy(dict(self.settings))
        files, watch = set(folder.iterdir()), Watch(self.scan, settings)
        raw, place = self.reconstruct(self.scan, settings)
        self.changed = {*getattr(self.pipeline, "changed", watch.changed())}
        self.left = {path.name for path in folder.iterdir() if path not in files}
        answer = replace(placed(np.asarray(raw), place, self.scan, raw), model=self.model)
        self.said["plain"] = answer
        return answer

    def refusal(self, scan: Scan) -> Exception | None:
        """Return the error with which a scan is refused; None where it gives an object. The plain one is taken first."""
        self.begin()
        try:
            self.reconstruct(scan, dict(self.settings))
        except (ProcessError, MemoryError):
            raise  # no answer is no refusal
        except Exception as error:
            return error
        return None

    @cached_property
    def frame(self) -> Frame:
        """The plain answer beside the truth, where it is well lit."""
        return self.beside(self.begin().seen)

    @cached_property
    def trivial(self) -> Frame:
        """What total counts alone say, beside the truth on the same pixels."""
        made = trivial_estimate(raw_of(self.scan))
        return self.beside(placed(made.object, made.origin, self.scan).seen)

    def beside(self, answer: Reconstruction) -> Frame:
        """An answer beside the truth."""
        known = np.ones(self.truth.shape, np.float32)
        return common(answer, Reconstruction(object=self.truth, coverage=known, origin=(0, 0)))

    @property
    def errors(self) -> Array:
        """|O - T| over the mean |T| after one global phase, a value for each well lit pixel; at least one."""
        frame = self.frame
        if not frame.pixels:
            raise NotReachedError("no well lit pixel lies on the truth", value=frame.rec.shape)
        own, truth = frame.rec[frame.mask], frame.truth[frame.mask]
        return np.asarray(np.abs(own * global_phase(own, truth) - truth) / np.abs(truth).mean())

    @cached_property
    def sized(self) -> "Box":
        """The same pipeline beside a scan with frames of another size."""
        return box_of(self.pipeline, SIZED)

    def detail(self, frame: Frame) -> float:
        """Correlation of the high-passed amplitudes with the truth's; 0 where there is none."""
        return highpass_pearson(np.abs(frame.rec), np.abs(frame.truth), frame.mask) or 0.0

    @cached_property
    def fits(self) -> tuple[float, float, float]:
        """R factors of the plain answer and of the truth, and the factor on the answer that explains the frames best.

        Over the frames whose light lies on both objects, with the probe of the scan.
        """
        scan, size = self.scan, self.scan.probe.shape[0]
        known = np.isfinite(self.begin().image)
        inner = _inside(scan.positions, self.plain.origin, known.shape, size)
        inner &= _inside(scan.positions, (0, 0), self.truth.shape, size)
        if not inner.any():
            return float("inf"), 1.0, float("nan")
        rows, measured = np.flatnonzero(inner), scan.amplitude[inner]

        def expected(image: Array, origin: tuple[int, int]) -> Array:
            patches = extract_patches(image, scan.positions[rows] - origin, size)
            return expected_amplitude(scan.probe, patches)

        own = expected(np.where(known, self.plain.image, 0), self.plain.origin)
        values = [
            r_factor(made, measured, scan.mask) for made in (own, expected(self.truth, (0, 0)))
        ]
        return values[0], values[1], float((own * measured).sum() / max((own**2).sum(), 1e-30))

    def simulated(self, photons: float, seed: int) -> Scan:
        """The same object, probe and positions, measured with so many photons a frame."""
        dose = DoseSpec(nphotons=photons)
        amplitude, scale = measure(self.truth, self.scan.probe, self.scan.positions, dose, seed)
        counts = np.rint((amplitude.astype(np.float64) * scale) ** 2).astype(np.float32)
        return self.scan.but(frames=counts, scale=scale)


def _heard(work: Callable[[], Any]) -> tuple[Any, Any]:
    """Return object and origin that a pipeline gives; one that ends the program gave no answer."""
    try:
        return answered(work())
    except SystemExit as error:
        raise ProcessError(f"the pipeline ended the program: exit {error.code}") from error


def _inside(positions: Array, origin: tuple[int, int], shape: tuple[int, ...], size: int) -> Array:
    low = positions - size // 2 - np.asarray(origin)
    return np.asarray((low >= 0).all(axis=1) & (low + size <= np.array(shape)[::-1]).all(axis=1))


def box_of(pipeline: Any, scene: Sequence[str] = (), *, upper: float = 1.0) -> Box:
    """Return a black box beside the scan that it is asked about: a function `reconstruct`, or an object with one.

    `scene`: other settings of the scan than 200 frames of 64 x 64, object with phase. `upper`: the part of the frames that
    is kept, those with the smallest y: the area is not square then.
    """
    from ptyspec.runs.request import request

    scenario = request("gs1_custom", profile="quick", settings=(*SCENE, *scene)).scenario
    return box_beside(pipeline, scenario, upper)


def box_beside(pipeline: Any, scenario: Scenario, upper: float = 1.0) -> Box:
    """Return a black box beside the scan that a scenario simulates, or the `upper` part of its frames."""
    from ptyspec.pipeline.reference import ReferencePipeline

    raw = ReferencePipeline().simulate(scenario)
    assert raw.objectGuess is not None
    scan = scan_of(raw)
    rows = np.flatnonzero(scan.positions[:, 1] <= np.quantile(scan.positions[:, 1], upper))
    return Box(pipeline, raw.objectGuess, scan.take(rows), scenario.dose.nphotons)


SCENE = (
    "model.N=64",
    "object.size=136",
    "object.phase=texture",
    "scan.n_images=200",
    "dose.nphotons=1e6",
)
WIDE = ("object.size=160", "scan.n_images=400")
"""Settings of a scan whose upper half has as many frames as usual."""
SMALL = (
    *("scan.kind=grid", "scan.step=5", "scan.jitter=1.5", "scan.n_images=100"),
    *("model.N=32", "object.size=76"),
)
"""The smallest scan on which our own iterative engine keeps every clause with 12 sweeps, in 5 s of one core."""
SIZED = (*SMALL, "model.N=48", "object.size=92")
"""As small, with frames of a size that neither of the others has."""

SEEDS = 2.0
"""A change counts beyond so many times that between two seeds."""

DRAWN = ("RECON-009", "RECON-010", "RECON-024", "RECON-033")
"""Here the frames themselves change, and with them what each random number meets."""


def spread(box: Box) -> float:
    """The change between two seeds, 0 where there is none."""
    if not box.seed:
        return 0.0
    other = 2 if box.settings.get(box.seed) == 1 else 1  # 1 may be its own
    return relation(box.ask("another seed", None, None, **{box.seed: other}), box.begin())[1]


def same(check: Check, box: Box, answer: Answer, what: str, other: Answer | None = None) -> None:
    """Require that an answer is the plain one: within the clause's tolerance, or twice what chance changes.

    Chance is another seed where the random numbers meet other frames, or train a network; else the same request again.
    """
    level, change = relation(answer, other or box.begin())
    limit = check.clause.tolerance
    if check.clause.id in DRAWN or box.learns:
        chance, name = spread(box), "seeds"
    else:
        chance, name = relation(box.ask("asked again"), box.begin())[1], "equal requests"
    if SEEDS * chance > limit.value:
        source = f"{SEEDS:g} times the change between {name}"
        limit = replace(limit, value=SEEDS * chance, kind="measured", source=source)
    check.close(change, 0.0, f"change of the object with {what} (level {level:.3f})", limit)


def finite(check: Check, answer: Answer, what: str) -> None:
    if not answer.lit.any():
        return check.fail(what, "none on the canvas", "some")
    return check.finite(answer.image[answer.lit], what)
