"""Calibrated faults: what the suite must catch. None is active unless it is asked for by name."""
