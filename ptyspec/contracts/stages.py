"""The eight stages of a run, in their order: the names that pipelines, records, clauses and reports share."""

from typing import Literal, get_args

Stage = Literal["simulate", "split", "group", "normalize", "train", "infer", "stitch", "score"]
STAGES: tuple[str, ...] = get_args(Stage)
REFERENCE = "ptyspec.pipeline.reference:ReferencePipeline"
"""Where the reference pipeline is found, as `--ptyspec-pipeline` writes it."""
SUITE = "ptyspec/conformance/"
"""Where the cases lie that ship with the package: their node ids begin so wherever it is installed."""
