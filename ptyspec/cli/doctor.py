"""`ptyspec doctor`: is this machine fit to run the project, and if not, what to do."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Check Python, packages, threads, memory, disk, the store and the backend; exit code 3 where one fails."""
    from ptyspec.cli.checkup import checks
    from ptyspec.cli.failures import BROKEN
    from ptyspec.cli.output import print_json, stdout

    found = checks()
    failed = [row for row in found if row.state == "fail"]
    if as_json:
        rows = [
            {"name": row.name, "state": row.state, "value": row.value, "next": row.next_step}
            for row in found
        ]
        print_json({"schema_version": 1, "status": "fail" if failed else "ok", "checks": rows})
    else:
        styles = {"ok": "green", "info": "cyan", "fail": "bold red"}
        for row in found:
            console = stdout()
            console.print(f"{row.state:<4}", style=styles[row.state], end="  ")
            console.print(f"{row.name:<18} {row.value}", markup=False, soft_wrap=True)
            if row.state == "fail":
                console.print(f"{'':<25}do: {row.next_step}", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(BROKEN)
