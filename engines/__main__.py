"""`python -m engines [NAME...] [--again] [--build]`: build the environments, judge the engines, write the scoreboard.

An engine whose files are those of its kept verdict is not judged again: an interrupted night goes on where it was.
"""

import argparse
import sys
from pathlib import Path

from engines.catalogue import ENGINES, ENVIRONMENTS
from engines.judge import build, judge
from engines.scoreboard import write


def main(words: list[str]) -> int:
    """Judge what was asked for; returns 3 where an environment or an engine broke."""
    parser = argparse.ArgumentParser(prog="python -m engines", description=__doc__)
    names = [engine.name for engine in ENGINES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--again", action="store_true", help="judge although the verdict is kept")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, metavar="FOLDER")
    asked = parser.parse_args(words)
    if unknown := set(asked.names) - set(names):
        parser.error(f"no engine {', '.join(sorted(unknown))}: {', '.join(names)}")
    broken = 0
    for engine in ENGINES:
        if asked.names and engine.name not in asked.names:
            continue
        try:
            if engine.environment:
                build(engine, asked.environments)
            made = judge(engine, asked.environments, again=asked.again)
        except Exception as error:  # the others go on
            print(f"{engine.name}: {type(error).__name__}: {error}", file=sys.stderr)
            broken += 1
            continue
        red = [one.clause for one in made.clauses if one.state not in ("passed", "not run")]
        print(f"{engine.name}: {made.status}, {len(made.clauses)} clauses, red: {red or 'none'}")
    write()
    return 3 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
