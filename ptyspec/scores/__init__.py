"""Metrics, gauges, controls: how a reconstruction is scored."""
