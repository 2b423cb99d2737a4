"""Probes: one file a question that needs no training; each a function of a seed and an arm's values that returns numbers."""
