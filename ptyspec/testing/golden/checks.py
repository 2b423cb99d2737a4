"""What the fixture `golden` does: compare with the approved file, or propose another beside it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

from ptyspec.contracts.bundles import Array
from ptyspec.files.disk import sha256_of
from ptyspec.files.jsonfile import to_json
from ptyspec.runs.environment import fingerprint
from ptyspec.testing.golden.files import (
    Content,
    Entry,
    GoldenError,
    Tolerance,
    approved,
    compare,
    limits,
    plain,
    read_approved,
    read_manifest,
    steady,
    tolerances_of,
    write,
)
from ptyspec.testing.golden.proposal import Proposal

SHOWN = 13


class GoldenDrift(AssertionError):  # noqa: N818  # what happened, not an error of the code that saw it
    """An observation left the tolerance of its golden value, or has no golden value yet."""


@dataclass
class Golden:
    """The golden files of one case: those that its marker declares, one .json and one .npz at most.

    Every value has a stated tolerance; a value without one is an error. Nothing is ever written into
    `folder`; where `proposals` names another folder, observations are written there and not compared.
    """

    folder: Path
    case: str
    declared: tuple[str, ...]
    array_check: Callable[[], Callable[..., None]]
    """Gives `ndarrays_regression.check` of pytest-regressions, which compares the elements of arrays."""
    proposals: Path | None = None
    compared: set[str] = field(default_factory=set)
    proposed: list[Proposal] = field(default_factory=list)

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
        numbers = plain(values)
        stated = tolerances_of(numbers, tolerances)
        # Facts as JSON gives them back.
        plain_facts = json.loads(to_json(dict(facts or {}), "facts"))
        self._judge(".json", Content(numbers, stated, plain_facts))

    def arrays(self, arrays: Mapping[str, Array], tolerances: Mapping[str, Tolerance]) -> None:
        """Compare with the .npz: shape, dtype, each element within its tolerance, NaN where NaN was.

        Whole numbers are compared exactly. Raises GoldenDrift.
        """
        __tracebackhide__ = True
        self._judge(".npz", Content(arrays, tolerances_of(arrays, tolerances)))

    def _judge(self, suffix: str, observed: Content) -> None:
        """Raise GoldenDrift where something differs; or propose what was observed."""
        __tracebackhide__ = True
        fitting = [name for name in self.declared if name.endswith(suffix)]
        if len(fitting) != 1:
            what = f"a case declares one golden file for each kind of content ({suffix} here)"
            step = f'@pytest.mark.golden("folder/name{suffix}")'
            raise GoldenError(what, value=list(self.declared), source=self.case, next_step=step)
        name = fitting[0]
        self.compared.add(name)
        if self.proposals is not None:
            self._propose(name, observed, self.proposals / "new" / name)
            return
        entry = approved(self.folder, name)
        if entry is None:
            self._drift(name, entry, ["there is no golden file yet"])
        elif lines := self._differences(self.folder / name, entry, observed):
            self._drift(name, entry, lines)

    def _propose(self, name: str, observed: Content, new: Path) -> None:
        old, path = read_manifest(self.folder).get(name), self.folder / name
        there = path.is_file()
        if new.exists():
            what = "two cases declare one golden file"
            step = "put the case's parameter into the name, in braces"
            raise GoldenError(what, value=name, source=self.case, next_step=step)
        lines = self._differences(path, old, observed) if there else []
        write(new, steady(read_approved(path, old), observed) if there else observed)
        self.proposed.append(
            Proposal(
                name=name,
                status="new" if not there else "changed" if lines else "same",
                producer=self.case,
                base=sha256_of(path) if there else None,
                sha256=sha256_of(new),
                tolerances=dict(observed.tolerances) if path.suffix == ".npz" else {},
                differences=lines,
            )
        )

    def _drift(self, name: str, entry: Entry | None, lines: list[str]) -> None:
        __tracebackhide__ = True
        told = [f"golden drift: {name}: {lines[0]}", *(f"  {line}" for line in lines[1:SHOWN])]
        if len(lines) > SHOWN:
            told.append(f"  and {len(lines) - SHOWN} more lines")
        if entry is not None:
            told += [f"approved in: {entry.environment}", f"observed in: {fingerprint()}"]
        told.append(f'next: ptyspec golden propose "{self.case}"')
        raise GoldenDrift("\n".join(told))

    def _differences(self, path: Path, entry: Entry | None, observed: Content) -> list[str]:
        """How many values differ, and a line each; nothing where all hold."""
        rows = [*compare(read_approved(path, entry), observed)]
        wrong = [str(row) for row in rows if not row.agrees]
        if wrong or path.suffix == ".json":
            return [f"{len(wrong)} of {len(rows)} values differ", *wrong] if wrong else []
        try:
            self.array_check()(dict(observed.values), fullpath=path, tolerances=limits(observed))
        except AssertionError as error:
            told = [line for line in str(error).splitlines() if line and "regen" not in line]
            return [*told, *(f"{key}: {limit}" for key, limit in observed.tolerances.items())]
        return []
