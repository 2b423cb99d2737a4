"""One file a generator; each registers itself by name."""
