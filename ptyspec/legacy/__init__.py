"""The global-dictionary way to configure the same stages: the dictionary, and the bridge that fills it."""
