"""One file a stage, and run.py that walks the stages in order."""
