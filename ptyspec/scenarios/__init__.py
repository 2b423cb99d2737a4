"""Scenario files that ship with the package, one YAML a scenario."""
