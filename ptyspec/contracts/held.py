"""What each field of a hand-over holds, declared beside the field: shape, dtype, unit, meaning.

One declaration serves the check where a stage hands over, and the page with the data dictionary.
"""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

import numpy as np

from ptyspec.contracts.base import Bundle


@dataclass(frozen=True)
class Held:
    """What a field holds.

    - shape: one word an axis, a number or a letter that is the same length everywhere in its bundle; empty: one number.
      A bar stands between forms that the array may have.
    - dtype: numpy's name of it; "int" and "float" for plain numbers.
    - nan: NaN may stand for a value that is not known; least: the smallest value there may be.
    """

    shape: str
    dtype: str
    unit: str
    meaning: str
    nan: bool = False
    least: float | None = None

    @property
    def axes(self) -> str:
        """The shape as it is usually written."""
        told = [f"({', '.join(words)}{',' if len(words) == 1 else ''})" for words in self.forms]
        return " or ".join(told) if self.shape else "one number"

    @property
    def forms(self) -> list[list[str]]:
        """The words of each form."""
        return [form.split() for form in self.shape.split("|")]


@dataclass(frozen=True)
class WrongField:
    """A field that is not what its bundle declares."""

    field: str
    found: str
    wanted: str


def wrong_fields(bundle: Any, kind: type, name: str = "") -> Iterator[WrongField]:
    """Yield every field of a hand-over that is not what `kind` declares, fields of its parts included.

    A copy of a bundle with something exchanged was never checked: this looks at what is there.
    """
    if not isinstance(bundle, kind):
        yield WrongField(name or kind.__name__, type(bundle).__name__, kind.__name__)
        return
    sizes: dict[str, int] = {}
    for key, (part, held, optional) in declared_fields(kind).items():
        value, path = getattr(bundle, key), f"{name or kind.__name__}.{key}"
        if value is None and optional:
            continue
        if held is not None:
            yield from _wrong_value(value, held, path, sizes)
        elif part is not None:
            yield from wrong_fields(value, part, path)


Declared = tuple[type | None, Held | None, bool]


@cache
def declared_fields(kind: type) -> dict[str, Declared]:
    """Return by field the bundle that it is, or what it holds, and whether it may be absent."""
    found: dict[str, Declared] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        told = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Held)]
        whole = get_args(hint)[0] if told else hint
        part = hint if isinstance(hint, type) and _is_bundle(hint) else None
        if told or part:
            found[name] = part, (told[0] if told else None), type(None) in get_args(whole)
    return found


def _is_bundle(kind: type) -> bool:
    return issubclass(kind, Bundle) or (is_dataclass(kind) and kind is not Held)


def _wrong_value(value: Any, held: Held, path: str, sizes: dict[str, int]) -> Iterator[WrongField]:
    if held.dtype in ("int", "float"):
        yield from _wrong_number(value, held, path)
        return
    if not isinstance(value, np.ndarray):
        yield WrongField(path, type(value).__name__, f"an array {held.axes} {held.dtype}")
        return
    if value.dtype != np.dtype(held.dtype):
        yield WrongField(path, f"dtype {value.dtype}", f"dtype {held.dtype}")
    words = next((form for form in held.forms if len(form) == value.ndim), held.forms[0])
    fits = len(words) == value.ndim and all(
        size == (int(word) if word.isdigit() else sizes.setdefault(word, size))
        for word, size in zip(words, value.shape, strict=True)
    )
    if not fits:
        told = ", ".join(
            f"{word} = {sizes[word]}" for word in dict.fromkeys(words) if word in sizes
        )
        wanted = f"shape {held.axes}" + (f" with {told}" if told else "")
        yield WrongField(path, f"shape {value.shape}", wanted)
    yield from _wrong_values(value, held, path)


def _wrong_values(array: np.ndarray[Any, Any], held: Held, path: str) -> Iterator[WrongField]:
    if array.dtype.kind not in "fc" or not array.size:
        return
    bad = np.isinf(array) if held.nan else ~np.isfinite(array)
    if bad.any():
        place = tuple(int(one) for one in np.argwhere(bad)[0])
        found = (
            f"{int(bad.sum())} of {array.size} values not finite, first {array[place]} at {place}"
        )
        yield WrongField(path, found, "finite, or NaN where unknown" if held.nan else "all finite")
    elif held.least is not None and array.dtype.kind == "f" and array.min() < held.least:
        yield WrongField(path, f"least value {array.min()}", f"at least {held.least:g}")


def _wrong_number(value: Any, held: Held, path: str) -> Iterator[WrongField]:
    many = bool(held.shape)
    parts = list(value) if many and isinstance(value, tuple | list) else [value]
    kinds: Any = int | np.integer if held.dtype == "int" else int | float | np.integer | np.floating
    right = len(parts) == (int(held.shape) if many else 1) and all(
        isinstance(part, kinds) and not isinstance(part, bool | np.bool_) for part in parts
    )
    what = f"{held.shape} numbers" if many else "one number"
    if not right:
        yield WrongField(path, f"{value!r} ({type(value).__name__})", f"{what}, {held.dtype}")
    elif not all(np.isfinite(part) for part in parts) or (
        held.least is not None and min(parts) <= held.least
    ):
        least = "" if held.least is None else f" above {held.least:g}"
        yield WrongField(path, f"{value!r}", f"finite{least}")
