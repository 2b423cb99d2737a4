"""Which engines are judged: by what package, with what adapter, in what environment."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
ENVIRONMENTS = ROOT / "build" / "engines"


@dataclass(frozen=True)
class Engine:
    """One row of the scoreboard.

    - name: of its files; title: as readers know it; package: on the index, empty for this project's own; licence: of it.
    - adapter: file in adapters/ and its words, or MODULE:ATTR of this package; environment: requirements/NAME.txt.
    """

    name: str
    title: str
    package: str
    licence: str
    adapter: str
    environment: str = ""

    def command(self, environments: Path = ENVIRONMENTS) -> str:
        """What `ptyspec check` is given."""
        if not self.environment:
            return self.adapter
        python = environments / self.environment / "bin" / "python"
        return f"cmd:{python} {HERE / 'adapters' / self.adapter}"

    @property
    def sources(self) -> list[Path]:
        """Files of this folder that its result depends on."""
        if not self.environment:
            return []
        own = [HERE / "adapters" / self.adapter.split()[0], HERE / "adapters" / "canvas.py"]
        return [*own, HERE / "requirements" / f"{self.environment}.txt"]


ENGINES = (
    Engine("ptyspec-rpie", "ptyspec rPIE", "", "BSD-3-Clause", "ptyspec.pipeline.boxes:RPIE"),
    Engine(
        "ptychi-lsqml", "pty-chi LSQML", "ptychi", "Apache-2.0", "ptychi_box.py lsqml", "ptychi"
    ),
    Engine("ptychi-rpie", "pty-chi rPIE", "ptychi", "Apache-2.0", "ptychi_box.py rpie", "ptychi"),
    Engine(
        "ptychi-autodiff",
        "pty-chi autodiff",
        "ptychi",
        "Apache-2.0",
        "ptychi_box.py autodiff",
        "ptychi",
    ),
    Engine("cdtools", "cdtools", "cdtools-py", "MIT", "cdtools_box.py", "cdtools"),
    Engine("ptylab", "PtyLab mPIE", "ptylab", "academic", "ptylab_box.py", "ptylab"),
    Engine("ptyrad", "PtyRAD", "ptyrad", "MIT", "ptyrad_box.py", "ptyrad"),
    Engine("py4dstem", "py4DSTEM", "py4dstem", "GPL-3.0", "py4dstem_box.py", "py4dstem"),
)
