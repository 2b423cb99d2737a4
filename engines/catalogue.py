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
    - adapter: MODULE:ATTR, of adapters/ where there is an environment, else of this package; environment: requirements/NAME.txt.
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
        return f"cmd:{python} {HERE / 'adapters' / 'serve.py'} {self.adapter}"

    @property
    def sources(self) -> list[Path]:
        """Files that its result depends on, beside clauses and checks."""
        package, networks = ROOT / "ptyspec", HERE / "networks.py"
        if self.package == "keras":
            folders = (package / name for name in ("networks", "pipeline"))
            return [networks, *(path for one in folders for path in sorted(one.rglob("*.py")))]
        if not self.environment:
            return [package / "pipeline" / "boxes.py", package / "physics" / "iterative.py"]
        own = [
            HERE / "adapters" / f"{self.adapter.partition(':')[0]}.py",
            HERE / "adapters" / "canvas.py",
        ]
        return [*own, HERE / "requirements" / f"{self.environment}.txt"]


ENGINES = (
    Engine("ptyspec-rpie", "ptyspec rPIE", "", "BSD-3-Clause", "ptyspec.pipeline.boxes:RPIE"),
    Engine("reference", "ptyspec reference", "keras", "BSD-3-Clause", "engines.networks:Reference"),
    Engine("cnn", "ptyspec cnn", "keras", "BSD-3-Clause", "engines.networks:Cnn"),
    Engine("january", "ptyspec january", "keras", "BSD-3-Clause", "engines.networks:January"),
    Engine("ptychi-lsqml", "pty-chi LSQML", "ptychi", "Apache-2.0", "ptychi_box:LSQML", "ptychi"),
    Engine("ptychi-rpie", "pty-chi rPIE", "ptychi", "Apache-2.0", "ptychi_box:RPIE", "ptychi"),
    Engine(
        "ptychi-autodiff",
        "pty-chi autodiff",
        "ptychi",
        "Apache-2.0",
        "ptychi_box:AUTODIFF",
        "ptychi",
    ),
    Engine("cdtools", "cdtools", "cdtools-py", "MIT", "cdtools_box:BOX", "cdtools"),
    Engine("ptylab", "PtyLab mPIE", "ptylab", "academic", "ptylab_box:BOX", "ptylab"),
    Engine("ptyrad", "PtyRAD", "ptyrad", "MIT", "ptyrad_box:BOX", "ptyrad"),
    Engine("py4dstem", "py4DSTEM", "py4dstem", "GPL-3.0", "py4dstem_box:BOX", "py4dstem"),
)
