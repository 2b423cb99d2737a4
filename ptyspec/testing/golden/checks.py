"""What the fixture `golden` does: compare with the approved file, or, when proposals are made, write one beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.runs.environment import fingerprint
from ptyspec.testing.golden.compare import compare_numbers, shape_and_dtype
from ptyspec.testing.golden.content import Numbers, plain_numbers, read_arrays, read_numbers
from ptyspec.testing.golden.manifest import Entry, approved
from ptyspec.testing.golden.proposal import propose_arrays, propose_numbers
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance, tolerances_of

SHOWN = 12
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
        """Compare numbers within their tolerances, and facts (shapes, dtypes, names, flags) exactly, with the .json.

        `tolerances` are stated by key or by pattern. Raises GoldenDrift with a line a value that left its tolerance.
        """
        __tracebackhide__ = True
        name = self._name(".json")
        plain, exact = plain_numbers(values, facts or {})
        observed = Numbers(plain, tolerances_of(plain, tolerances), exact)
        if self.proposals is not None:
            propose_numbers(self.proposals, self.folder, name, self.case, observed)
            return
        entry = self._entry(name)
        rows = compare_numbers(read_numbers(self.folder / name), observed)
        wrong = [str(row) for row in rows if not row.agrees]
        if wrong:
            self._drift(name, entry, f"{len(wrong)} of {len(rows)} values differ", wrong)

    def arrays(self, arrays: Mapping[str, Array], tolerances: Mapping[str, Tolerance]) -> None:
        """Compare arrays element by element with the .npz: shape, dtype, values within tolerance, NaN where NaN was.

        Whole numbers are compared exactly. Raises GoldenDrift.
        """
        __tracebackhide__ = True
        name = self._name(".npz")
        stated = tolerances_of(arrays, tolerances)
        observed = {key: np.asarray(array) for key, array in arrays.items()}
        if self.proposals is not None:
            propose_arrays(self.proposals, self.folder, name, self.case, observed, stated)
            return
        entry = self._entry(name)
        other = shape_and_dtype(read_arrays(self.folder / name), observed)
        other += [
            f"{k}: the case states {stated[k]}, approved is {t}"
            for k, t in entry.tolerances.items()
            if k in stated and stated[k] != t
        ]
        if other:
            self._drift(name, entry, "the arrays are of another kind", other)
        limits = {key: {"atol": limit.atol, "rtol": limit.rtol} for key, limit in stated.items()}
        try:
            self.array_check()(
                observed,
                fullpath=self.folder / name,
                tolerances=limits,
                default_tolerance={"atol": 0.0, "rtol": 0.0},
            )
        except AssertionError as error:
            text = str(error).replace("To update values, use --force-regen option.\n\n", "")
            self._drift(
                name,
                entry,
                "values differ",
                [*text.splitlines(), *(f"{k}: {t}" for k, t in stated.items())],
            )

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

    def _entry(self, name: str) -> Entry:
        __tracebackhide__ = True
        entry = approved(self.folder, name)
        if entry is None:
            self._drift(name, None, "there is no golden file yet", [])
            raise AssertionError  # not reached
        return entry

    def _drift(self, name: str, entry: Entry | None, what: str, lines: list[str]) -> None:
        __tracebackhide__ = True
        told = [f"golden drift: {name}: {what}", *(f"  {line}" for line in lines[:SHOWN])]
        if len(lines) > SHOWN:
            told.append(f"  and {len(lines) - SHOWN} more lines")
        if entry is not None:
            told += [f"approved in: {entry.environment}", f"observed in: {fingerprint()}"]
        told.append(f'next: ptyspec golden propose "{self.case}"')
        raise GoldenDrift("\n".join(told))
