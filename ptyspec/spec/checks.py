"""The closed vocabulary of assertions: each failure says the rule, what was observed, the limit and the next command.

A `Check` belongs to one clause and takes its tolerance from there, so that a figure stands in one place. What a check
used of its tolerance goes to the margin ledger. Usable without pytest: `Check(specification()["AREA-001"])`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ptyspec.contracts.stages import STAGES
from ptyspec.spec.clause import Clause, Tolerance
from ptyspec.spec.seen import Seen, keep, shown

T = TypeVar("T")
MAX_MISMATCHES = 3
ROUNDING = 1e-9
"""Relative change of a number that a sum in another order may make."""
__tracebackhide__ = True  # pytest shows the case's own line, not the inside of an assertion
QUOTE = "'\"'\"'"
"""A quotation mark inside a quoted word of a shell."""


class ClauseViolation(AssertionError):  # noqa: N818  # it is what a clause calls it
    """An observation contradicts a clause."""


class NotRun(Exception):  # noqa: N818  # neither passed nor failed
    """A value that a check needs is not there."""


@dataclass(frozen=True)
class Margin:
    """How much of its tolerance one check used: 0 nothing, 1 all of it."""

    clause: str
    what: str
    used: float


@dataclass(frozen=True)
class Check:
    """Assertions under one clause; `case` is what a reproduction runs, `margins` collects what was used.

    A case bound to several clauses calls the check with an id to speak of another one: `clause("NORM-004").close(...)`.
    """

    clause: Clause
    case: str = ""
    margins: list[Margin] = field(default_factory=list)
    others: tuple[Clause, ...] = ()
    options: tuple[str, ...] = ()
    """Words of a command line without which the case would not be the same."""
    seen: list[Seen] | None = field(default=None, repr=False)
    """Collects what was compared, in words, where a report is written."""

    def __call__(self, name: str) -> Check:
        """Return the check of another clause that this case is bound to; KeyError for one that it is not bound to."""
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
            self.fail(what, f"shape {a.shape}", f"shape {b.shape}")
        if not a.size:
            self.fail(what, f"no values, shape {a.shape}", "something to compare")
        if limit.mode == "exact":
            self.equal(a, b, what)
            return
        a, b = _subtractable(a), _subtractable(b)
        unequal = np.isnan(a) != np.isnan(b)
        error = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
        allowed = np.asarray(limit.value * _unit(limit, b), dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(error == 0, 0.0, error / np.broadcast_to(allowed, error.shape))
        used = np.where(unequal | np.isnan(used), np.inf, used)
        worst = float(used.max(initial=0.0))
        self._record(what, worst)
        if worst <= 1.0 and self.seen is None:
            return
        place = np.unravel_index(int(np.argmax(used)), used.shape)
        where = f" at {tuple(int(i) for i in place)}" if a.ndim else ""
        if worst > 1.0:
            self.fail(what, f"{a[place]}{where}", f"{b[place]}", limit, worst)
        self._see(what, f"{a[place]}{where}", f"{b[place]}", str(limit), worst)

    def within_ratio(
        self, observed: float, expected: float, what: str, tolerance: Tolerance | None = None
    ) -> None:
        """Require |observed / expected - 1| within the tolerance, whatever mode the clause declares."""
        given = tolerance or self.clause.tolerance
        self.close(
            observed, expected, what, Tolerance(given.value, "ratio", given.kind, given.source)
        )

    def between(self, low: float, observed: float | None, high: float, what: str) -> None:
        """Require low <= observed <= high, limits that follow from the clause and the data together."""
        limit = limits(low, high)
        if observed is None or np.isnan(observed):
            self.missing(what, f"no value; {limit}")
            return
        if not low <= observed <= high:
            self.fail(what, f"{observed}", limit)
        self._see(what, f"{observed}", limit)

    def missing(self, what: str, why: str) -> None:
        """Say that this cannot be checked, and why; raises NotRun."""
        raise NotRun(f"{self.clause.id}: {what}: {why}")

    def equal(self, observed: object, expected: object, what: str) -> None:
        """Require equality, bit by bit for arrays (equal dtype and shape); no number equals a truth value."""
        if isinstance(observed, np.ndarray) or isinstance(expected, np.ndarray):
            a, b = np.asarray(observed), np.asarray(expected)
            same = a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            if not same:
                self.fail(what, _difference(a, b), f"{b.dtype}{list(b.shape)}, bit by bit")
        elif observed != expected or _is_truth(observed) != _is_truth(expected):
            self.fail(what, repr(observed), repr(expected))
        self._see(what, observed, expected, "exact")

    def holds(
        self, truth: object, what: str, observed: object = "false", expected: object = "true"
    ) -> None:
        """Require a condition that no other verb can say; name what was observed and what the rule wants."""
        if not truth:
            self.fail(what, str(observed), str(expected))
        self._see(what, "holds", "holds")

    def finite(self, values: ArrayLike, what: str) -> None:
        """Require that no value is NaN or infinite."""
        array = np.asarray(values)
        if not array.size:
            self.fail(what, f"no values, shape {array.shape}", "something to look at")
        bad = int(array.size - np.isfinite(array).sum())
        if bad:
            self.fail(what, f"{bad} of {array.size} values are not finite", "all finite")
        self._see(what, f"{array.size} values, all finite", "all finite")

    def shape_dtype(self, array: Any, shape: Sequence[int | None], dtype: Any, what: str) -> None:
        """Require a shape (None stands for any length) and a dtype."""
        found, wanted = tuple(array.shape), tuple(shape)
        fits = len(found) == len(wanted) and all(
            w is None or f == w for f, w in zip(found, wanted, strict=True)
        )
        if not fits or np.dtype(array.dtype) != np.dtype(dtype):
            named = ", ".join("any" if w is None else str(w) for w in wanted)
            self.fail(what, f"{array.dtype} {found}", f"{np.dtype(dtype)} ({named})")
        self._see(what, f"{array.dtype} {found}", f"{np.dtype(dtype)} {wanted}")

    @contextmanager
    def raises_at(
        self, stage: str, error: type[Exception], what: str, mentions: str = ""
    ) -> Iterator[None]:
        """Require that this error comes out of this stage; the same error from a later stage is a failure."""
        try:
            yield
        except ClauseViolation:
            raise
        except Exception as raised:
            if not isinstance(raised, error):
                self.fail(
                    what, f"{type(raised).__name__}: {raised}", f"{error.__name__} at {stage}"
                )
            found = stage_of(raised)
            if found != stage:
                self.fail(
                    what,
                    f"{error.__name__} at {found or 'no stage'}",
                    f"{error.__name__} at {stage}",
                )
            if mentions not in str(raised):
                self.fail(what, str(raised), f"a message that mentions {mentions!r}")
            self._see(what, f"{type(raised).__name__} at {stage}", f"{error.__name__} at {stage}")
        else:
            self.fail(what, "no error", f"{error.__name__} at {stage}")

    def invariant_under(
        self, function: Callable[[T], ArrayLike], transform: Callable[[T], T], value: T, what: str
    ) -> None:
        """Require function(transform(value)) close to function(value)."""
        self.close(function(transform(value)), function(value), what)

    def detects(
        self,
        diagnostic: Callable[[T], float],
        good: T,
        perturbed: T,
        what: str,
        at_least: float = 0.0,
    ) -> None:
        """Require that a diagnostic changes, by more than `at_least` and than rounding, when its input is perturbed."""
        before, after = float(diagnostic(good)), float(diagnostic(perturbed))
        least = max(at_least, ROUNDING * max(abs(before), abs(after)))
        if not abs(after - before) > least:
            self.fail(
                what,
                f"{before!r} before, {after!r} after the perturbation",
                f"a change beyond {least:g}",
            )
        self._see(
            what,
            f"{before!r} before, {after!r} after the perturbation",
            f"a change beyond {least:g}",
        )

    def fail(
        self,
        what: str,
        observed: str,
        expected: str,
        limit: Tolerance | None = None,
        used: float | None = None,
    ) -> None:
        """Raise ClauseViolation with the clause, the observation and the line that reproduces it.

        `used` is the error as a multiple of the tolerance, where that is known.
        """
        clause, tolerance = self.clause, limit or self.clause.tolerance
        keep(self.seen, Seen(clause.id, what, observed, expected, str(tolerance), used, held=False))
        note = "" if used is None else f"; error {used:.3g} times the tolerance"
        rows = {
            "rule": clause.statement,
            "observed": f"{what}: {observed}",
            "expected": expected,
            "limit": f"{tolerance}{note}",
            "stage": clause.place,
            "reproduce": reproduction(self.case, self.options) if self.case else "",
        }
        lines = [f"  {name:<10} {text}" for name, text in rows.items() if text]
        heading = f"{clause.id} · {clause.title} ({clause.level}, {clause.source})"
        raise ClauseViolation("\n".join([heading, *lines]))

    def _record(self, what: str, used: float) -> None:
        self.margins.append(Margin(self.clause.id, what, used))

    def _see(
        self,
        what: str,
        observed: object,
        expected: object,
        limit: str = "",
        used: float | None = None,
    ) -> None:
        if self.seen is not None:  # words cost time
            a, b = (one if isinstance(one, str) else shown(one) for one in (observed, expected))
            keep(self.seen, Seen(self.clause.id, what, a, b, limit, used))


def reproduction(case: str, options: Sequence[str] = ()) -> str:
    """Return the command that runs one case again, ready for a shell."""
    return " ".join(["pytest", f"""'{case.replace("'", QUOTE)}'""", *options])


def stage_of(error: BaseException) -> str | None:
    """Return the stage an error came out of: what the walk noted on it, else the innermost stage in its traceback."""
    noted = getattr(error, "stage", None)
    if isinstance(noted, str):
        return noted
    found, trace = None, error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        package, _, module = str(frame.f_globals.get("__name__", "")).rpartition(".")
        pipeline = all(hasattr(frame.f_locals.get("self"), name) for name in STAGES)
        for name in (
            frame.f_code.co_name if pipeline else "",
            module if package == "ptyspec.pipeline" else "",
        ):
            found = name if name in STAGES else found
        trace = trace.tb_next
    return found


def limits(low: float, high: float) -> str:
    """Return both limits in words, in so many digits that they differ."""
    pairs = [(f"{low:.{digits}g}", f"{high:.{digits}g}") for digits in range(6, 18)]
    least, most = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    if low == -np.inf:
        return f"at most {most}"
    return f"at least {least}" if high == np.inf else f"{least} to {most}"


def _is_truth(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _subtractable(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return integers and truth values as float64: differences of unsigned integers wrap (NORMALIZE-DATA-UINT16-001)."""
    return values if np.issubdtype(values.dtype, np.inexact) else values.astype(np.float64)


def _unit(limit: Tolerance, expected: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | float:
    if limit.mode == "relative":
        known = expected[~np.isnan(expected)]
        return float(np.max(np.abs(known), initial=0.0))
    return np.abs(expected) if limit.mode == "ratio" else 1.0


def _difference(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> str:
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{a.dtype}{list(a.shape)}"
    places = np.argwhere(~((a == b) | ((a != a) & (b != b))))
    some = ", ".join(
        f"{a[tuple(p)]} for {b[tuple(p)]} at {tuple(map(int, p))}" for p in places[:MAX_MISMATCHES]
    )
    return (
        f"{len(places)} of {a.size} values differ: {some}"
        if len(places)
        else "equal values, other bits (signed zero)"
    )
