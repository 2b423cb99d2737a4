"""Calibrated faults: what the suite must catch. Nothing here is active unless it is asked for by name."""
