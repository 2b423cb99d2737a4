"""`python serve.py MODULE:ATTR`: an adapter as a process, in an environment that lacks a command line's requirements."""

import importlib
import sys

from ptyspec.runs.serve import channel, serve

with channel() as (questions, answers):  # before the adapter is imported: imports print
    module, _, name = sys.argv[1].partition(":")
    serve(getattr(importlib.import_module(module), name), questions, answers)
