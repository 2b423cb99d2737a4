"""One run: what was asked for, the walk of the stages, the store, the environment."""
