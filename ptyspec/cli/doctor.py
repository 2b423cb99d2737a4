"""`ptyspec doctor`: is this machine fit to run the project, and if not, what to do."""

from __future__ import annotations

from ptyspec.cli.options import Json

STYLES = {"ok": "green", "info": "cyan", "fail": "bold red"}


def doctor(as_json: Json = False) -> None:
    """Check Python, packages, threads, memory, disk, the store and the backend; exit code 3 where one fails."""
    from ptyspec.cli.checkup import checks
    from ptyspec.cli.failures import BROKEN
    from ptyspec.cli.output import end, line, print_json

    rows = checks()
    failed = any(row.state == "fail" for row in rows)
    if as_json:
        keys = ("name", "state", "value", "next")
        told = [dict(zip(keys, vars(row).values(), strict=True)) for row in rows]
        print_json({"schema_version": 1, "status": "fail" if failed else "ok", "checks": told})
    for row in rows if not as_json else ():
        line(f"{row.state:<4}", STYLES[row.state], end="  ")
        line(f"{row.name:<18} {row.value}")
        if row.state == "fail":
            line(f"{'':<25}do: {row.next_step}")
    end(BROKEN if failed else 0)
