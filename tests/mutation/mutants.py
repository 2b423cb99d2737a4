"""Which mutants a source has: cosmic-ray's operators, without what no one would write or no case could ever see."""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

BINARY = {
    "Add_Sub",
    "Sub_Add",
    "Mul_Div",
    "Div_Mul",
    "Pow_Mul",
    "FloorDiv_Div",
    "Mod_FloorDiv",
    "BitAnd_BitOr",
    "BitOr_BitAnd",
    "BitXor_BitAnd",
    "LShift_RShift",
    "RShift_LShift",
}
"""One slip for each operator; the nine others of `a + b` die of the same cases, or of a TypeError."""
COMPARISON = {
    "Eq_NotEq",
    "NotEq_Eq",
    "Lt_LtE",
    "Lt_GtE",
    "LtE_Lt",
    "LtE_Gt",
    "Gt_GtE",
    "Gt_LtE",
    "GtE_Gt",
    "GtE_Lt",
    "Is_IsNot",
    "IsNot_Is",
}
"""The edge, and the opposite."""
FAMILIES = {
    "ReplaceBinaryOperator": BINARY,
    "ReplaceComparisonOperator": COMPARISON,
    "ReplaceUnaryOperator": {"Delete_USub", "Delete_Not", "Delete_Invert"},
}


@dataclass(frozen=True)
class Mutant:
    """One change: cosmic-ray's operator, which of its places in the source, and the line."""

    operator: str
    occurrence: int
    line: int

    @property
    def key(self) -> str:
        """Names the mutant while the module stays as it is."""
        return f"{self.operator}:{self.occurrence}"

    def source(self, original: str) -> str | None:
        """Return the whole changed source; None where the change is none (white space, a second spelling)."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        text = mutate_code(original, get_operator(f"core/{self.operator}")(), self.occurrence)
        return None if text is None or _shape(text) == _shape(original) else str(text)


def wanted(operator: str) -> bool:
    """True for the operators that are used: of large families a few, of the others all."""
    family, _, change = operator.removeprefix("core/").partition("_")
    return change in FAMILIES[family] if family in FAMILIES else True


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of a module in the order of its lines."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes, unread, found = list(ast_nodes(get_ast(source))), list(annotations(source)), []
    for name in filter(wanted, operator_names()):
        operator = get_operator(name)
        if operator.arguments():
            continue
        made = operator()
        places = (start for node in nodes for start, _ in made.mutation_positions(node))
        found += [
            Mutant(name.removeprefix("core/"), occurrence, start[0])
            for occurrence, start in enumerate(places)
            if not any(low <= start < high for low, high in unread)
        ]
    return sorted(found, key=lambda one: (one.line, one.operator, one.occurrence))


def changed(source: str, text: str) -> tuple[str, str]:
    """Return the lines that differ, before and after."""
    lines = [
        line for line in difflib.ndiff(source.splitlines(), text.splitlines()) if line[:1] in "-+"
    ]
    before, after = ([line[2:].strip() for line in lines if line[0] == sign] for sign in "-+")
    return " ".join(before), " ".join(after)


def _shape(text: str) -> str:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return hashlib.sha256(text.encode()).hexdigest()


Place = tuple[int, int]


def annotations(source: str) -> Iterator[tuple[Place, Place]]:
    """Yield where annotations stand, (line, column) to (line, column): they are never evaluated here."""
    lines = source.splitlines()

    def place(line: int, column: int) -> Place:
        return line, len(lines[line - 1].encode()[:column].decode())

    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if found is not None:
                yield (
                    place(found.lineno, found.col_offset),
                    place(found.end_lineno, found.end_col_offset),
                )
