"""`ptyspec serve`: a pipeline of this environment as a process that others can ask."""

from typing import Annotated

from ptyspec.cli.options import argument
from ptyspec.cli.output import fix_threads


def serve(
    pipeline: Annotated[
        str, argument("PIPELINE", "MODULE:ATTR of a black box, a network, or stages.")
    ],
) -> None:
    """Answer questions about a pipeline on stdin and stdout: `ptyspec check "cmd:ptyspec serve mine:Lab"`.

    The page process-door has the protocol. What the pipeline prints goes to stderr.
    """
    fix_threads()
    from ptyspec.runs.serve import channel

    with channel() as (questions, answers):  # before the pipeline is imported: imports print
        from ptyspec.runs.pipelines import maker
        from ptyspec.runs.serve import serve as answered

        answered(maker(pipeline)(), questions, answers)
