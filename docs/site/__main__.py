"""python -m docs.site [--out FOLDER]: build the site; a warning or a broken link is an error.

The sources are gathered beside the site, in FOLDER-source: what is built from them can be looked at when Sphinx complains.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from docs.site.linkcheck import broken
from docs.site.stage import stage
from ptyspec.errors import OutputExistsError, PtyspecError

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).parent


def build(out: Path) -> int:
    """Build into `out` and return 0, or 1 where Sphinx warned of something or a link leads nowhere."""
    from sphinx.cmd.build import build_main

    _clear(out)
    source = out.with_name(f"{out.name}-source")
    stage(ROOT, source)
    words = [
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        CONFIG,
        "-d",
        out.with_name(f"{out.name}-trees"),
    ]
    if build_main([str(word) for word in (*words, source, out)]):
        return 1
    wrong = broken(out)
    for line in wrong:
        print(f"broken link: {line}", file=sys.stderr)
    return int(bool(wrong))


def _clear(out: Path) -> None:
    """Remove the former site, so that no page outlives its source; refuse a folder that holds anything else."""
    if (out / ".buildinfo").is_file():
        shutil.rmtree(out)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExistsError(
            "the folder holds something that is no site", value=out, next_step="name another --out"
        )


def main(words: list[str] | None = None) -> int:
    """Read the command line, build, and say where the first page is."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.site", description="Build the documentation site."
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="its folder")
    out = parser.parse_args(words).out.resolve()
    os.environ.setdefault(
        "TF_CPP_MIN_LOG_LEVEL", "3"
    )  # the API reference imports what it describes
    try:
        status = build(out)
    except PtyspecError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if not status:
        print(f"site: {out / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
