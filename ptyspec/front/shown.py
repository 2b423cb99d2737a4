"""Something that a terminal shows as text and a notebook as HTML."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptyspec.render.table import Table


class Shown(ABC):
    """Something that a terminal shows as text and a notebook as HTML."""

    @abstractmethod
    def _tables(self) -> "list[Table]": ...

    def __repr__(self) -> str:
        from ptyspec.front.view import plain

        return plain(*self._tables())

    def _repr_html_(self) -> str:
        from ptyspec.front.view import headed

        return headed(self._tables())
