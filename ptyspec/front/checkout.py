"""Where the specification and its cases lie: in a checkout, or in the package and the current folder."""

from dataclasses import dataclass
from pathlib import Path

import ptyspec
from ptyspec.errors import InputFileError
from ptyspec.spec.clause import Registry, own_documents, packaged, read_clauses, specification
from ptyspec.spec.clause import specs_folder as ours


@dataclass(frozen=True)
class Place:
    """A folder, and what holds there.

    - root: where outcomes are kept and what `ptyspec new` begins is written.
    - whole: a checkout, which holds every document and case; else the package's documents and cases count as well.
    """

    root: Path
    whole: bool

    @property
    def clauses(self) -> Registry:
        """Every clause that holds here."""
        return read_clauses(self.root / "specs") if self.whole else specification()

    @property
    def lent(self) -> frozenset[str]:
        """Clauses of the package: ptyspec's own tests judge those of which there is no case here."""
        return frozenset() if self.whole else frozenset(packaged())

    @property
    def hypotheses(self) -> tuple[Path, ...]:
        """Folders of hypotheses, the folder's own first."""
        own = self.root / "specs" / "hypotheses"
        return (own,) if self.whole else tuple({own: 0, ours() / "hypotheses": 0})

    def told(self) -> str:
        """What was looked for, and where it was found."""
        if self.whole:
            return f"{len(self.clauses)} clauses in {self.root / 'specs'}"
        documents = own_documents(self.root / "specs")
        own = len(self.clauses) - len(packaged())
        beside = f"{own} in {self.root / 'specs'}" if documents else f"no document in {self.root}"
        return f"{len(packaged())} clauses of ptyspec in {ours()}; {beside}"


def place(root: Path | None) -> Place:
    """Return where the specification lies: the checkout that is named, else the one that this package runs from.

    The current folder where the package is installed, or where the folder has documents of its own.
    """
    here, beside = Path.cwd(), Path(ptyspec.__file__).parents[1]
    if root is None and (own_documents(here / "specs") or not is_checkout(beside)):
        return Place(here, whole=False)
    return Place(checkout(root), whole=True)


def is_checkout(folder: Path) -> bool:
    """Return whether a folder holds specs/ and tests/."""
    return all((folder / name).is_dir() for name in ("specs", "tests"))


def checkout(root: Path | None, next_step: str = "name one: --root DIR") -> Path:
    """Return the folder that holds specs/ and tests/; raises InputFileError where there is none."""
    place = (root or Path(ptyspec.__file__).parents[1]).resolve()
    for folder in ("specs", "tests"):
        if not (place / folder).is_dir():
            what = f"there is no folder {folder}"
            limit = "a checkout with specs/ and tests/"
            raise InputFileError(what, value=place, limit=limit, next_step=next_step)
    return place
