"""A table, written once and shown three ways (terminal, Markdown, HTML), and Markdown made safe.

`show` is the one number format: whatever a table, a sentence or a page shows of a number came through it.
`escape`: text that came from outside can say anything and change nothing."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text

SPECIAL = re.compile(r"([\\`*_\[\]{}()#~|!$])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(value: object, limit: int = 200) -> str:
    """Return one line of literal Markdown: no markup, HTML, link, formula or table border can come from `value`."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    line = "".join(ENTITIES.get(c, c) for c in line)
    return SPECIAL.sub(r"\\\1", line).replace("://", r":\//")


def json_text(value: object) -> str:
    """Return a setting's value as a person writes it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


FORM = ".4g"
LONG = 400
"""Characters of a cell that are shown."""
WHOLE = 1e7
"""Below it a whole number is shown in full."""


def show(value: object, form: str = FORM) -> str:
    """Return a JSON value as text; a dash stands for a value that is missing.

    Whole numbers are shown in full where `form` speaks of significant digits.
    """
    if hasattr(value, "tolist"):  # a numpy scalar or array, without importing numpy
        value = value.tolist()
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format(value, form) if form.endswith("%") else f"{value:,}"
    if isinstance(value, float):
        whole = form.startswith(".") and form.endswith("g") and value.is_integer()
        return f"{value:,.0f}" if whole and abs(value) < WHOLE else format(value, form)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {show(part, form)}" for key, part in value.items())
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return ", ".join(show(part, form) for part in value)


NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?=j|(?!\.?\w))")
MOST_DIGITS = 17
"""Digits that tell any two floating-point numbers apart."""


def observation(what: str, observed: str, expected: str = "") -> str:
    """Return what was seen, and what was wanted if that is said, in a line.

    Its numbers have four significant digits, and more where two that differ would look equal.
    """
    given = observed, expected
    for digits in range(4, MOST_DIGITS + 1):
        texts = [NUMBER.sub(partial(_fewer, f".{digits}g"), one) for one in given]
        if _numbers(*texts) == _numbers(*given):
            break
    return f"{what}: {texts[0]}" + (f"; wanted: {texts[1]}" if expected else "")


def _fewer(form: str, found: re.Match[str]) -> str:
    return format(float(found[0]), form) if "." in found[0] else found[0]


def _numbers(*texts: str) -> int:
    """How many different numbers there are."""
    return len({float(found) for one in texts for found in NUMBER.findall(one)})


@dataclass(frozen=True)
class Mark:
    """A value with a look; its text is shown literally, whatever it holds.

    - link, hint: where a reader finds more (not on a terminal), and the words that hover over it.
    - style: how a terminal shows it.
    """

    value: object
    bold: bool = False
    code: bool = False
    link: str = ""
    hint: str | None = None
    style: str = ""
    form: str = FORM

    @property
    def text(self) -> str:
        """Return the plain text."""
        return show(self.value, self.form)

    def markdown(self) -> str:
        """Return it as Markdown; nothing in its text is markup."""
        text = self.text
        text = f"`{text.replace('`', '').replace('|', '')}`" if self.code else escape(text, LONG)
        text = f"**{text}**" if self.bold and text else text
        hint = "" if self.hint is None else f' "{self.hint}"'
        return f"[{text}]({self.link}{hint})" if self.link else text

    def html(self) -> Markup:
        """Return it as HTML."""
        text = Markup("{}").format(self.text)
        text = Markup("<code>{}</code>").format(text) if self.code else text
        text = Markup("<strong>{}</strong>").format(text) if self.bold else text
        hint = Markup("") if self.hint is None else Markup(' title="{}"').format(self.hint)
        return Markup('<a href="{}"{}>{}</a>').format(self.link, hint, text) if self.link else text


class Markdown(str):
    """Markdown that the project wrote itself, such as a link in a page of its documentation: shown as it is."""

    __slots__ = ()


Cell = object
"""A `Mark`, `Markdown`, or a value as `show` takes it."""


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads.

    - numbers: which columns are set flush right: all but the first, none, or those that are named.
    - styles: how a terminal shows a cell with this text.
    """

    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""
    numbers: bool | Collection[str] = True
    styles: Mapping[str, str] = field(default_factory=dict)

    def markdown(self) -> list[str]:
        """Return the lines of the table alone; no cell can add markup to it."""
        rule = ["---:" if right else "---" for right in self._right]
        cells = [
            [str(one) if isinstance(one, Markdown) else _mark(one).markdown() for one in row]
            for row in (self.head, *self.rows)
        ]
        return [f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:])]

    def section(self, level: int = 2) -> list[str]:
        """Return a Markdown section: title, table where there are rows, note."""
        lines = [f"{'#' * level} {escape(self.title)}", ""] if self.title else []
        lines += [*self.markdown(), ""] if self.rows else []
        return lines + ([escape(self.note, 1000), ""] if self.note else [])

    def terminal(self, *, fold_first: bool = False) -> "RichTable":
        """Return the table for a terminal."""
        from rich.table import Table as RichTable
        from rich.text import Text

        look: Any = {
            "box": None,
            "pad_edge": False,
            "padding": (0, 2, 0, 0),
            "header_style": "bold",
        }
        look |= {"title_justify": "left", "title_style": "bold"}
        table = RichTable(title=Text(self.title) if self.title else None, **look)
        for place, (cell, right) in enumerate(zip(self.head, self._right, strict=True)):
            wrap: Any = {"overflow": "fold", "no_wrap": place == 0 and not fold_first}
            table.add_column(Text(_mark(cell).text), justify="right" if right else "left", **wrap)
        for row in self.rows:
            table.add_row(*(self._styled(cell) for cell in map(_mark, row)))
        return table

    def html(self) -> Markup:
        """Return the table as HTML."""

        def line(form: Markup, row: Sequence[Cell]) -> Markup:
            sides = [Markup(' class="n"' if right else "") for right in self._right]
            cells = [form.format(s, _mark(cell).html()) for s, cell in zip(sides, row, strict=True)]
            return Markup("<tr>{}</tr>").format(Markup("").join(cells))

        head = line(Markup("<th scope=col{}>{}</th>"), self.head)
        rows = [line(Markup("<td{}>{}</td>"), row) for row in self.rows]
        shell = Markup("<table><thead>{}</thead><tbody>{}</tbody></table>")
        return shell.format(head, Markup("").join(rows))

    @property
    def _right(self) -> list[bool]:
        if isinstance(self.numbers, bool):
            return [self.numbers and place > 0 for place in range(len(self.head))]
        return [cell in self.numbers for cell in self.head]

    def _styled(self, cell: Mark) -> "Text":
        from rich.text import Text

        own = cell.style or ("bold" if cell.bold else "")
        return Text(cell.text, style=own or self.styles.get(cell.text, ""))


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True
) -> list[str]:
    """Return the lines of a table whose cells are Markdown already: what is not must be escaped."""
    cells = [[Markdown(cell) for cell in row] for row in (head, *rows)]
    return Table(cells[0], cells[1:], numbers=numbers).markdown()


def facts_table(known: Mapping[str, str]) -> list[str]:
    """Return the lines of a table of facts by name; none where there are none."""
    return Table(("", ""), list(known.items()), numbers=False).markdown() if known else []


def _mark(cell: Cell) -> Mark:
    return cell if isinstance(cell, Mark) else Mark(cell)
