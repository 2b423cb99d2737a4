"""The suite for pipelines that are not ours: `pytest --pyargs ptyspec.conformance --ptyspec-pipeline mine:Lab`."""
