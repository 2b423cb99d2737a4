"""What the fixture `golden` does: compare with the approved file, or propose another beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, SupportsFloat

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.runs.environment import fingerprint
from ptyspec.testing.golden.content import (
    Numbers,
    compare_numbers,
    plain_numbers,
    read_arrays,
    read_numbers,
    write_arrays,
    write_numbers,
)
from ptyspec.testing.golden.manifest import Entry, approved, read_manifest
from ptyspec.testing.golden.proposal import Status, keep
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance, tolerances_of

SHOWN = 13
CheckArrays = Callable[..., None]
"""`ndarrays_regression.check` of pytest-regressions."""


class GoldenDrift(AssertionError):  # noqa: N818  # what happened, not an error of the code that saw it
    """An observation left the tolerance of its golden value, or has no golden value yet."""


@dataclass
class Golden:
    """The golden files of one case: those that its marker declares, one .json and one .npz at most.

    Every value has a stated tolerance; a value without one is an error. Nothing is ever written into `folder`.
    """

    folder: Path
    case: str
    declared: tuple[str, ...]
    array_check: Callable[[], CheckArrays]
    proposals: Path | None = None
    compared: set[str] = field(default_factory=set)

    def numbers(
        self,
        values: Mapping[str, SupportsFloat],
        tolerances: Mapping[str, Tolerance],
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Compare with the .json: numbers within their tolerances; facts (shapes, dtypes, flags) exactly.

        `tolerances` are stated by key or by pattern. Raises GoldenDrift with a line a value that left its tolerance.
        """
        __tracebackhide__ = True
        plain, exact = plain_numbers(values, facts or {})
        observed = Numbers(plain, tolerances_of(plain, tolerances), exact)
        name = self._name(".json")
        path = self.folder / name

        def differences(entry: Entry | None) -> list[str]:
            rows = compare_numbers(read_numbers(path), observed)
            wrong = [str(row) for row in rows if not row.agrees]
            return [f"{len(wrong)} of {len(rows)} values differ", *wrong] if wrong else []

        def write(target: Path) -> None:
            old = read_numbers(path).values if path.is_file() else {}
            # A number that holds keeps its golden value: proposed anew each time, it would wander.
            held = {
                key: old[key]
                for key, value in plain.items()
                if key in old
                and abs(value - old[key]) <= observed.tolerances[key].allowed(old[key])
            }
            write_numbers(target, replace(observed, values=plain | held))

        self._judge(name, differences, write, {})

    def arrays(self, arrays: Mapping[str, Array], tolerances: Mapping[str, Tolerance]) -> None:
        """Compare with the .npz: shape, dtype, each element within its tolerance, NaN where NaN was.

        Whole numbers are compared exactly. Raises GoldenDrift.
        """
        __tracebackhide__ = True
        name = self._name(".npz")
        stated = tolerances_of(arrays, tolerances)
        observed = {key: np.asarray(array) for key, array in arrays.items()}

        def differences(entry: Entry | None) -> list[str]:
            other = _kinds(read_arrays(self.folder / name), observed)
            other += [
                f"{key}: the case states {stated[key]}, approved is {limit}"
                for key, limit in (entry.tolerances if entry else {}).items()
                if key in stated and stated[key] != limit
            ]
            approved_keys = {*entry.tolerances} if entry else set()
            other += [f"{key}: no approved tolerance" for key in sorted({*stated} - approved_keys)]
            if other:
                return ["the arrays are of another kind", *other]
            limits = {key: {"atol": one.atol, "rtol": one.rtol} for key, one in stated.items()}
            exact = {"atol": 0.0, "rtol": 0.0}
            try:
                self.array_check()(
                    observed,
                    fullpath=self.folder / name,
                    tolerances=limits,
                    default_tolerance=exact,
                )
            except AssertionError as error:
                told = str(error).replace("To update values, use --force-regen option.\n\n", "")
                return [
                    "values differ",
                    *told.splitlines(),
                    *(f"{k}: {t}" for k, t in stated.items()),
                ]
            return []

        self._judge(name, differences, lambda path: write_arrays(path, observed), stated)

    def _judge(
        self,
        name: str,
        differences: Callable[[Entry | None], list[str]],
        write: Callable[[Path], None],
        tolerances: dict[str, Tolerance],
    ) -> None:
        """Raise GoldenDrift where something differs; or propose what was observed."""
        __tracebackhide__ = True
        if self.proposals is not None:
            old = (self.folder / name).is_file()
            lines = differences(read_manifest(self.folder).get(name)) if old else []
            status: Status = "new" if not old else "changed" if lines else "same"
            keep(self.proposals, self.folder, name, self.case, write, status, lines, tolerances)
            return
        entry = approved(self.folder, name)
        lines = ["there is no golden file yet"] if entry is None else differences(entry)
        if lines:
            self._drift(name, entry, lines)

    def _name(self, suffix: str) -> str:
        fitting = [name for name in self.declared if name.endswith(suffix)]
        if len(fitting) != 1:
            raise GoldenError(
                f"a case declares one golden file for each kind of content ({suffix} here)",
                value=list(self.declared),
                source=self.case,
                next_step=f'@pytest.mark.golden("folder/name{suffix}")',
            )
        self.compared.add(fitting[0])
        return fitting[0]

    def _drift(self, name: str, entry: Entry | None, lines: list[str]) -> None:
        __tracebackhide__ = True
        told = [f"golden drift: {name}: {lines[0]}", *(f"  {line}" for line in lines[1:SHOWN])]
        if len(lines) > SHOWN:
            told.append(f"  and {len(lines) - SHOWN} more lines")
        if entry is not None:
            told += [f"approved in: {entry.environment}", f"observed in: {fingerprint()}"]
        told.append(f'next: ptyspec golden propose "{self.case}"')
        raise GoldenDrift("\n".join(told))


def _kinds(golden: Mapping[str, Array], observed: Mapping[str, Array]) -> list[str]:
    """A line a key that only one side has, or that has another shape or dtype."""
    a, b = (
        {key: f"{array.dtype}{list(array.shape)}" for key, array in side.items()}
        for side in (golden, observed)
    )
    return [
        f"{key}: observed {b.get(key, 'nothing')}, golden {a.get(key, 'nothing')}"
        for key in sorted({*a, *b})
        if a.get(key) != b.get(key)
    ]
