"""Scoreboard."""


def write() -> None:
    """Later."""
