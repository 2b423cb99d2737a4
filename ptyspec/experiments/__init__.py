"""Hypotheses, designs, statistics, verdicts: what an experiment says, computed and never typed."""
