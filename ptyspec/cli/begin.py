"""`ptyspec new adapter` and `new ci`: what somebody with a pipeline of their own begins with."""

from pathlib import Path
from typing import Annotated, Literal

from ptyspec.cli.options import argument, option
from ptyspec.cli.trace import new as new  # with what is added to it here
from ptyspec.cli.trace import next_steps

Door = Literal["box", "stages", "process", "network"]


@new.command("adapter", short_help="Begin an adapter of your own pipeline.")
def adapter(
    name: Annotated[str, argument("NAME", "Of the module, such as my_lab.")],
    door: Annotated[Door, option("DOOR", "box, stages, process or network.")] = "box",
) -> None:
    """Write NAME.py, which runs as it is, and its test into this folder; never overwrites a file."""
    from ptyspec.spec.beginning import words_of, write_adapter

    module, test = write_adapter(Path.cwd(), name, door)
    more = {"stages": ", docs/data-dictionary.md", "process": ", docs/process-door.md"}
    next_steps(
        f"{module.name}\nwrote {test.name}",
        "put your own code in the place of the example: docs/adding-an-adapter.md"
        + more.get(door, ""),
        f"pytest {test.name}",
        f'ptyspec check "{words_of(door, name)}"',
    )


@new.command("ci", short_help="Begin a workflow that runs the conformance suite.")
def ci() -> None:
    """Write .github/workflows/ptyspec.yml into this folder; never overwrites a file."""
    from ptyspec.spec.beginning import WORKFLOW, write_workflow

    write_workflow(Path.cwd())
    next_steps(
        str(WORKFLOW),
        "write the words of your pipeline into PIPELINE, and what does not hold yet into known.txt",
    )
