"""Checks that groups never influence each other in inference, by a perfect generator: nothing is trained for them."""

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.placed import inferred, oracle, perfect_inference
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array
from ptyspec.spec.checks import Check

ALONE = 4
"""One in so many groups is looked at, beside the others and without them."""


def first_groups(outputs: StageOutputs, rows: Array) -> tuple[Array, Array]:
    """Return the first groups behind inference in their usual company, and in that of these rows."""
    trained, container = outputs.facts(oracle)
    first, groups = slice(0, max(1, container.size // ALONE)), container.groups
    names = ("nn_indices", "coords_offsets", "coords_relative")
    other = groups.model_copy(update={name: getattr(groups, name)[rows] for name in names})
    made = outputs.work("infer", trained, container.model_copy(update={"groups": other}))
    answered = made.object
    if len(answered) == len(rows):  # else it answers another question
        answered = answered[first]
    return outputs.facts(perfect_inference).object[first], answered


@checks("REASSEMBLY-BATCH-001", "infer")
def a_group_comes_back_alone_as_in_company(check: Check, outputs: StageOutputs) -> None:
    what = "largest change of the first groups when the others are left out, relative"
    if both := inferred(check, outputs, what):
        usual, alone = first_groups(outputs, np.arange(max(1, both[1].size // ALONE)))
        apart = float("inf")
        if usual.shape == alone.shape:
            apart = float(np.abs(usual - alone).max() / np.abs(usual).max())
        check.between(0, apart, check.clause.tolerance.value, what)


@checks("INFER-001", "infer")
def other_groups_change_no_bit(check: Check, outputs: StageOutputs) -> None:
    what = "first groups behind inference when the others are exchanged"
    if both := inferred(check, outputs, what):
        rows = np.arange(both[1].size)
        rows[max(1, rows.size // ALONE) :] = rows[-1]
        usual, exchanged = first_groups(outputs, rows)
        check.equal(exchanged, usual, what)
