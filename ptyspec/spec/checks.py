"""The closed vocabulary of checks: a failure says the rule, what was observed, the limit, what next.

A `Check` belongs to one clause and takes its tolerance from there, so that a figure stands in one
place. What it finds is kept: which clauses were looked at, and what was used of their tolerances.
Usable without pytest: `Check(specification()["AREA-001"])`.
"""

import reprlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from traceback import walk_tb
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ptyspec.contracts.stages import STAGES, SUITE
from ptyspec.spec.clause import Clause, Tolerance
from ptyspec.spec.finding import Finding, State

T = TypeVar("T")
MAX_MISMATCHES = 3
TRUTHS = (bool, np.bool_)
ROUNDING = 1e-9
"""Relative change of a number that a sum in another order may make."""
__tracebackhide__ = True  # pytest shows the case's own line, not the inside of an assertion
QUOTE = "'\"'\"'"
"""A quotation mark inside a quoted word of a shell."""
SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 120

Findings = dict[tuple[str, str], Finding]
"""By clause and quantity the finding that failed, or that used most of the tolerance."""


class ClauseViolation(AssertionError):  # noqa: N818  # it is what a clause calls it
    """An observation contradicts a clause; `clause` is its id."""

    def __init__(self, message: str, clause: str = "") -> None:
        super().__init__(message)
        self.clause = clause


class NotRun(Exception):  # noqa: N818  # neither passed nor failed
    """A value that a check needs is not there."""


@dataclass(frozen=True)
class Check:
    """Assertions under one clause.

    A case bound to several clauses calls the check with an id to speak of another one:
    `clause("NORM-004").close(...)`.

    Attributes:
        case: what a reproduction runs; `options` are the words without which it is another case.
        kept: collects what was found.
        others: the other clauses of the case.
        tells: whether findings that held say in words what was compared; words cost time.
        expected: clauses that are expected to fail: their failures are kept and do not raise.
    """

    clause: Clause
    case: str = ""
    kept: Findings = field(default_factory=dict, repr=False)
    others: tuple[Clause, ...] = ()
    options: tuple[str, ...] = ()
    tells: bool = False
    expected: frozenset[str] = frozenset()

    def __call__(self, name: str) -> "Check":
        """Return the check of another clause of this case; KeyError for one that it is not bound to."""
        bound = {clause.id: clause for clause in (self.clause, *self.others)}
        return replace(self, clause=bound[name], others=tuple(bound.values()))

    def close(
        self,
        observed: ArrayLike,
        expected: ArrayLike,
        what: str,
        tolerance: Tolerance | None = None,
    ) -> None:
        """Require equal shapes, something to compare, and a largest error within the tolerance; NaN equals NaN alone."""
        limit = tolerance or self.clause.tolerance
        a, b = np.asarray(observed), np.asarray(expected)
        if a.shape != b.shape:
            return self.fail(what, f"shape {a.shape}", f"shape {b.shape}")
        if not a.size:
            return self.fail(what, f"no values, shape {a.shape}", "something to compare")
        if limit.mode == "exact":
            return self.equal(a, b, what)
        a, b = _subtractable(a), _subtractable(b)
        unequal = np.isnan(a) != np.isnan(b)
        error = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
        unit: Any = np.abs(b) if limit.mode == "ratio" else 1.0
        if limit.mode == "relative":
            unit = float(np.max(np.abs(b[~np.isnan(b)]), initial=0.0))
        allowed = np.asarray(limit.value * unit, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(error == 0, 0.0, error / np.broadcast_to(allowed, error.shape))
        used = np.where(unequal | np.isnan(used), np.inf, used)
        worst = float(used.max(initial=0.0))
        if worst <= 1.0 and not self.tells:
            return self._keep(what, used=worst)
        place = np.unravel_index(int(np.argmax(used)), used.shape)
        where = f" at {tuple(int(i) for i in place)}" if a.ndim else ""
        if worst > 1.0:
            return self.fail(what, f"{a[place]}{where}", f"{b[place]}", limit, worst)
        return self._keep(what, f"{a[place]}{where}", f"{b[place]}", limit, worst)

    def within_ratio(
        self, observed: float, expected: float, what: str, tolerance: Tolerance | None = None
    ) -> None:
        """Require |observed / expected - 1| within the tolerance, whatever mode the clause declares."""
        ratio = replace(tolerance or self.clause.tolerance, mode="ratio")
        self.close(observed, expected, what, ratio)

    def between(
        self, low: float, observed: float | None, high: float, what: str, why: str = "no value"
    ) -> None:
        """Require low <= observed <= high, limits that follow from clause and data; `why` tells why there is no value."""
        limit = limits(low, high)
        if observed is None or np.isnan(observed):
            return self.missing(what, f"{why}; {limit}")
        if not low <= observed <= high:
            return self.fail(what, f"{observed}", limit)
        return self._keep(what, f"{observed}", limit)

    def missing(self, what: str, why: str) -> None:
        """Say that this cannot be checked, and why; raises NotRun."""
        raise NotRun(f"{self.clause.id}: {what}: {why}")

    def equal(self, observed: object, expected: object, what: str) -> None:
        """Require equality, bit by bit for arrays (equal dtype and shape); no number equals a truth value."""
        if isinstance(observed, np.ndarray) or isinstance(expected, np.ndarray):
            a, b = np.asarray(observed), np.asarray(expected)
            same = a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            if not same:
                return self.fail(what, _difference(a, b), f"{b.dtype}{list(b.shape)}, bit by bit")
        elif observed != expected or isinstance(observed, TRUTHS) != isinstance(expected, TRUTHS):
            return self.fail(what, repr(observed), repr(expected))
        return self._keep(what, observed, expected)

    def holds(
        self, truth: object, what: str, observed: object = "false", expected: object = "true"
    ) -> None:
        """Require a condition that no other verb can say; name what was observed and what the rule wants."""
        if not truth:
            return self.fail(what, str(observed), str(expected))
        return self._keep(what, "holds", "holds")

    def finite(self, values: ArrayLike, what: str) -> None:
        """Require that no value is NaN or infinite."""
        array = np.asarray(values)
        if not array.size:
            return self.fail(what, f"no values, shape {array.shape}", "something to look at")
        bad = int(array.size - np.isfinite(array).sum())
        if bad:
            return self.fail(what, f"{bad} of {array.size} values are not finite", "all finite")
        return self._keep(what, f"{array.size} values, all finite", "all finite")

    def shape_dtype(self, array: Any, shape: Sequence[int | None], dtype: Any, what: str) -> None:
        """Require a shape (None stands for any length) and a dtype."""
        found, wanted = tuple(array.shape), tuple(shape)
        fits = len(found) == len(wanted) and all(
            w is None or f == w for f, w in zip(found, wanted, strict=True)
        )
        if not fits or np.dtype(array.dtype) != np.dtype(dtype):
            named = ", ".join("any" if w is None else str(w) for w in wanted)
            return self.fail(what, f"{array.dtype} {found}", f"{np.dtype(dtype)} ({named})")
        return self._keep(what, f"{array.dtype} {found}", f"{np.dtype(dtype)} {wanted}")

    @contextmanager
    def raises_at(
        self, stage: str, error: type[Exception], what: str, mentions: str = ""
    ) -> Iterator[None]:
        """Require that this error comes out of this stage; the same error from a later stage is a failure."""
        wanted = f"{error.__name__} at {stage}"
        try:
            yield
        except (ClauseViolation, MemoryError):  # no memory says nothing of the clause
            raise
        except Exception as raised:
            found = stage_of(raised)
            if not isinstance(raised, error):
                self.fail(what, f"{type(raised).__name__}: {raised}", wanted)
            elif found != stage:
                self.fail(what, f"{error.__name__} at {found or 'no stage'}", wanted)
            elif mentions not in str(raised):
                self.fail(what, str(raised), f"a message that mentions {mentions!r}")
            else:
                self._keep(what, f"{type(raised).__name__} at {stage}", wanted)
        else:
            self.fail(what, "no error", wanted)

    def detects(
        self,
        diagnostic: Callable[[T], float],
        good: T,
        perturbed: T,
        what: str,
        at_least: float = 0,
    ) -> None:
        """Require that a diagnostic changes, by more than `at_least` and than rounding, when its input is perturbed."""
        before, after = float(diagnostic(good)), float(diagnostic(perturbed))
        least = max(at_least, ROUNDING * max(abs(before), abs(after)))
        change = f"{before!r} before, {after!r} after the perturbation"
        if not abs(after - before) > least:
            return self.fail(what, change, f"a change beyond {least:g}")
        return self._keep(what, change, f"a change beyond {least:g}")

    def fail(
        self,
        what: str,
        observed: str,
        expected: str,
        limit: Tolerance | None = None,
        used: float | None = None,
    ) -> None:
        """Raise ClauseViolation with the clause, the observation and the line that reproduces it.

        `used` is the error as a multiple of the tolerance, where that is known. Where the clause is
        expected to fail, the failure is kept and nothing is raised.
        """
        clause, tolerance = self.clause, limit or self.clause.tolerance
        self._keep(what, observed, expected, tolerance, used, State.FAILED)
        if clause.id in self.expected:
            return
        note = "" if used is None else f"; error {used:.3g} times the tolerance"
        message = told(
            clause,
            rule=clause.statement,
            observed=f"{what}: {observed}",
            expected=expected,
            limit=f"{tolerance}{note}",
            stage=clause.place,
            reproduce=reproduction(self.case, self.options) if self.case else "",
        )
        raise ClauseViolation(message, clause.id)

    def _keep(
        self,
        what: str,
        observed: object = "",
        expected: object = "",
        limit: Tolerance | None = None,
        used: float | None = None,
        state: State = State.PASSED,
    ) -> None:
        """Keep what was found, unless a failure of the same, or a greater use of the tolerance, is known."""
        clause, words = self.clause, ("", "")
        former = self.kept.get((clause.id, what))
        more = former is None or (used or 0.0) >= (former.used or 0.0)
        if state is State.PASSED and former and not (former.state is State.PASSED and more):
            return
        if self.tells or state is not State.PASSED:
            words = shown(observed), within(shown(expected), limit)
        finding = Finding(clause.id, clause.place, what, *words, state, used=used)
        self.kept[clause.id, what] = finding


def told(clause: Clause, **rows: str) -> str:
    """Return a clause in one line and facts below it, a line each."""
    lines = [f"  {name:<10} {text}" for name, text in rows.items() if text]
    heading = f"{clause.id} · {clause.title} ({clause.level}, {clause.source})"
    return "\n".join([heading, *lines])


def reproduction(case: str, options: Sequence[str] = ()) -> str:
    """Return the command that runs one case again, ready for a shell; the suite that ships is named as a package."""
    _, ours, name = case.rpartition(SUITE)
    words = ["pytest"]
    if ours:
        file, colons, rest = name.partition("::")
        words.append("--pyargs")
        case = f"{SUITE.replace('/', '.')}{file.removesuffix('.py')}{colons}{rest}"
    return " ".join([*words, f"""'{case.replace("'", QUOTE)}'""", *options])


def stage_of(error: BaseException) -> str | None:
    """Return the stage an error came out of: what the walk noted on it, else the innermost stage in its traceback."""
    noted = getattr(error, "stage", None)
    if isinstance(noted, str):
        return noted
    found = None
    for frame, _ in walk_tb(error.__traceback__):
        package, _, module = str(frame.f_globals.get("__name__", "")).rpartition(".")
        if all(hasattr(frame.f_locals.get("self"), name) for name in STAGES):  # a pipeline's method
            found = frame.f_code.co_name if frame.f_code.co_name in STAGES else found
        if package == "ptyspec.pipeline":
            found = module if module in STAGES else found
    return found


def limits(low: float, high: float) -> str:
    """Return both limits in words, in so many digits that they differ."""
    pairs = [(f"{low:.{digits}g}", f"{high:.{digits}g}") for digits in range(6, 18)]
    least, most = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    if low == -np.inf:
        return f"at most {most}"
    return f"at least {least}" if high == np.inf else f"{least} to {most}"


def _subtractable(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return integers and truth values as float64: differences of unsigned integers wrap (NORMALIZE-DATA-UINT16-001)."""
    return values if np.issubdtype(values.dtype, np.inexact) else values.astype(np.float64)


def _difference(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> str:
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{a.dtype}{list(a.shape)}"
    places = np.argwhere(~((a == b) | ((a != a) & (b != b))))
    if not len(places):
        return "equal values, other bits (signed zero)"
    first = [tuple(map(int, place)) for place in places[:MAX_MISMATCHES]]
    some = ", ".join(f"{a[place]} for {b[place]} at {place}" for place in first)
    return f"{len(places)} of {a.size} values differ: {some}"


def shown(value: object) -> str:
    """Return a value in a few words: an array by dtype and shape, a scalar as it is, others cut."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{value.dtype}{list(value.shape)}"
    return str(value) if isinstance(value, np.ndarray | np.generic) else SHORT.repr(value)


def within(expected: str, limit: Tolerance | None) -> str:
    """What is wanted, with its tolerance; where that figure comes from stands with the clause."""
    if not expected or limit is None or limit.mode == "exact":
        return expected
    return f"{expected} within {limit.value:g} {limit.mode}"
