"""Figures and Markdown made from a finished run."""
