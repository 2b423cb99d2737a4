"""The eight stages of a run, in their order: the names that pipelines, records, clauses and reports share."""

from __future__ import annotations

STAGES = ("simulate", "split", "group", "normalize", "train", "infer", "stitch", "score")
REFERENCE = "ptyspec.pipeline.reference:ReferencePipeline"
"""Where the reference pipeline is found, as `--ptyspec-pipeline` writes it."""
