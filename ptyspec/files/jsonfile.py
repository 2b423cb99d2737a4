"""The one place that writes JSON: atomically, strictly (no NaN), in the order it was given."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ptyspec.errors import InputFileError
from ptyspec.files.disk import atomic_file

if TYPE_CHECKING:
    from pydantic import BaseModel  # half of what a session of tests needs to start

T = TypeVar("T", bound="BaseModel")


def write_json(path: Path, data: object) -> None:
    """Write `data` as JSON; a reader sees the old file or the whole new one, never a part.

    Takes what JSON knows, tuples, numpy scalars and pydantic models. Raises ValueError for NaN or infinity and
    TypeError for anything else, naming the file, and OutputFileError where the system refuses; the old file then
    stays as it was.
    """
    text = to_json(data, path.name)
    with atomic_file(path) as file:
        file.write(text.encode())


def to_json(data: object, what: str = "data") -> str:
    """Return the text that `write_json` writes; `what` names the data in errors."""
    strict: Any = {"indent": 1, "allow_nan": False, "ensure_ascii": False}
    try:
        return f"{json.dumps(data, default=_plain, **strict)}\n"
    except (TypeError, ValueError) as error:
        error.add_note(f"while writing {what}: use None for a value that is missing or not finite")
        raise


def read_json(path: Path) -> Any:
    """Return the content of a JSON file; raises InputFileError when it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what, step = "there is no such JSON file", "check the path"
        raise InputFileError(what, value=path, next_step=step) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        step = "restore the file, or produce it again"
        raise InputFileError(f"not a JSON file: {error}", value=path, next_step=step) from error


def read_document(
    path: Path, model: type[T], what: str, next_step: str = "restore the file, or produce it again"
) -> T:
    """Return a JSON file as the document that it should be; raises InputFileError naming the file and the key."""
    from pydantic import ValidationError

    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = f"this is no {what}: {key or 'content'}: {first['msg']}"
        limit = f"a {what} as this version of ptyspec writes it"
        raise InputFileError(problem, value=path, limit=limit, next_step=next_step) from None


def _plain(value: object) -> object:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    # A numpy scalar, without importing numpy.
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not a JSON value: {value!r:.80}")
