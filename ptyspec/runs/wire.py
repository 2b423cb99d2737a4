"""How a bundle travels between two processes: its arrays in one NPZ, everything else as JSON beside its path.

One way for every bundle and dataclass of arrays. A field inside a bundle inside a bundle is named by its path, such as
`train.groups.scan.diff3d`; a field that is None is left out. Pickles are neither written nor read.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel, ValidationError

from ptyspec.contracts.base import Bundle
from ptyspec.contracts.bundles import Array
from ptyspec.contracts.held import wrong_fields
from ptyspec.errors import InputFileError
from ptyspec.files.zipped_arrays import NpzArchive

T = TypeVar("T")
NPZ = "npz"
"""The key beside a bundle's plain values that names the file of its arrays."""


def pack(value: Any, path: Path) -> dict[str, Any]:
    """Write the arrays of a bundle to `path`, and return its plain values with that path as `npz`."""
    arrays: dict[str, Array] = {}
    plain = split(value, arrays)
    if arrays:
        write(path, arrays)
        plain[NPZ] = str(path)
    return plain


def write(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as they are, byte and memory order included; raises TypeError for object arrays."""
    wrong = [name for name, array in arrays.items() if array.dtype.hasobject]
    if wrong:
        raise TypeError(f"{', '.join(wrong)} holds objects, not numbers")
    np.savez(path, **cast("dict[str, Any]", arrays))


def split(value: Any, arrays: dict[str, Array], prefix: str = "") -> dict[str, Any]:
    """Return the plain values of a bundle; its arrays are added to `arrays`."""
    plain: dict[str, Any] = {}
    for key in kinds(type(value)):
        part, name = getattr(value, key), f"{prefix}{key}"
        if part is None or callable(part):
            continue
        if isinstance(part, np.ndarray):
            arrays[name] = part
        elif isinstance(part, list) and all(isinstance(one, np.ndarray) for one in part):
            arrays |= {f"{name}.{number}": one for number, one in enumerate(part)}
        elif isinstance(part, Bundle) or is_dataclass(part):
            plain[key] = split(part, arrays, f"{name}.")
        else:
            plain[key] = part.model_dump(mode="json") if isinstance(part, BaseModel) else part
    return plain


def unpack(cls: type[T], plain: Mapping[str, Any], limit: float = np.inf, **given: Any) -> T:
    """Return the bundle that was packed; `given` are fields that do not travel.

    Raises InputFileError where it has other fields, where its file is missing or damaged, holds object arrays, or more
    than `limit` bytes; and whatever the bundle itself raises, such as ScanDataError for a shape.
    """
    plain = dict(plain)
    path = plain.pop(NPZ, None)
    arrays = {} if path is None else read(Path(path), limit)
    value = join(cls, plain, arrays, **given)
    if arrays:
        raise unknown(cls.__name__, arrays)
    return value


def join(
    cls: type[T],
    plain: Mapping[str, Any],
    arrays: dict[str, Array],
    prefix: str = "",
    as_it_came: bool = False,
    **given: Any,
) -> T:
    """Make a bundle of plain values and arrays; the arrays are taken out of `arrays`.

    `as_it_came`: a bundle that is not what its fields declare is neither converted nor refused. Whoever asked for it says
    which field is wrong, as of a pipeline without a process (FLOW-006).
    """
    rest, values = dict(plain), dict(given)
    for key, kind in kinds(cls).items():
        name = f"{prefix}{key}"
        of, optional = _without_none(kind)
        if key in given or get_origin(of) is Callable or of is Callable:
            continue
        value: Any
        if _is_array(of):
            value = arrays.pop(name, None)
        elif get_origin(of) is list and _is_array(get_args(of)[0]):
            value = _numbered(name, arrays)
        elif is_bundle(of):
            part = rest.pop(key, {})
            inner = part if isinstance(part, Mapping) else {}
            value = join(of, inner, arrays, f"{name}.", as_it_came)
        else:
            value = rest.pop(key, None)
            if value is not None and isinstance(of, type) and issubclass(of, BaseModel):
                value = _valid(of, value)
        if value is not None:
            values[key] = value
        elif not (optional or _has_default(cls, key)):
            raise lacks(cls.__name__, name, arrays)
    if rest:
        raise unknown(cls.__name__, rest)
    if not issubclass(cls, BaseModel):
        return cls(**values)
    if as_it_came:
        made = cls.model_construct(**values)
        if next(wrong_fields(made, cls), None) is not None:
            return cast("T", made)
    return cast("T", _valid(cls, values))


def kinds(cls: Any) -> dict[str, Any]:
    """Return the type of each field of a bundle or dataclass."""
    return _kinds(cls)


@cache
def _kinds(cls: Any) -> dict[str, Any]:
    if issubclass(cls, BaseModel):
        return {name: field.annotation for name, field in cls.model_fields.items()}
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def read(path: Path, limit: float = np.inf) -> dict[str, Array]:
    """Return all arrays of an NPZ; raises InputFileError where `unpack` does."""
    with NpzArchive(path) as archive:
        size = sum(archive.header(key).nbytes for key in archive.keys)
        if size > limit:
            what, step = "the arrays need more memory than is allowed", "send smaller arrays"
            value, most = (f"{number / 2**30:.3g} GiB" for number in (size, limit))
            raise InputFileError(what, value=value, limit=most, source=path, next_step=step)
        return {key: archive.read(key) for key in archive.keys}


def lacks(what: str, name: str, arrays: Mapping[str, Any]) -> InputFileError:
    """Return the error for a field that is not there."""
    held = ", ".join(arrays) or "no array"
    step = "docs/process-door.md lists the fields"
    return InputFileError(f"{what} lacks {name}", value=held, limit=name, next_step=step)


def unknown(what: str, names: Mapping[str, Any]) -> InputFileError:
    """Return the error for fields that nobody knows."""
    step = "docs/process-door.md lists the fields"
    return InputFileError(f"{what} has no such field", value=", ".join(names), next_step=step)


def plain_number(value: Any) -> Any:
    """Return a number or array of numpy as JSON has it; TypeError for anything else."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _valid(cls: Any, values: Any) -> Any:
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{cls.__name__} has a wrong {where or 'value'}: {first['msg']}"
        step = "docs/process-door.md lists the fields"
        raise InputFileError(what, value=str(first.get("input"))[:80], next_step=step) from None


def _has_default(cls: Any, key: str) -> bool:
    if issubclass(cls, BaseModel):
        return not cls.model_fields[key].is_required()
    one = next(one for one in fields(cls) if one.name == key)
    return one.default is not MISSING or one.default_factory is not MISSING


def _without_none(kind: Any) -> tuple[Any, bool]:
    """Return the type without None, and whether None was allowed."""
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    others = [one for one in get_args(kind) if one is not type(None)]
    return others[0], len(others) < len(get_args(kind))


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is np.ndarray or kind is np.ndarray


def is_bundle(kind: Any) -> bool:
    """Return whether this type travels as a bundle."""
    return isinstance(kind, type) and (issubclass(kind, Bundle) or is_dataclass(kind))


def _numbered(name: str, arrays: dict[str, Array]) -> list[Array]:
    values: list[Array] = []
    while (key := f"{name}.{len(values)}") in arrays:
        values.append(arrays.pop(key))
    return values
