"""Golden files: results that were looked at and approved, read by tests and never written by them."""
