"""The layers of a built network as they run: type, output shape, parameters, how often each is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptyspec.contracts.arrays import Array
    from ptyspec.networks.reconstructor import Reconstructor


def layer_table(model: Reconstructor, inputs: dict[str, Array]) -> dict[str, dict[str, Any]]:
    """Run the network once and return its innermost layers by attribute, in the order in which they were first called.

    Attributes name a layer in every process alike; Keras' own names count all layers that were ever made.
    """
    rows: dict[str, dict[str, Any]] = {}
    leaves = {name: layer for name, layer in _layers("", model) if not _children(layer)}
    with _watched(leaves, rows):
        model(inputs, training=True)
    for name, layer in leaves.items():
        row = rows.setdefault(name, {"type": type(layer).__name__, "output": None, "calls": 0})
        row["parameters"] = int(layer.count_params())
    return rows


@contextmanager
def _watched(leaves: dict[str, Any], rows: dict[str, dict[str, Any]]) -> Iterator[None]:
    """While open, each layer's call leaves its output's shape behind; instances only, no class is touched."""

    def watch(name: str, layer: Any) -> Any:
        original = layer.call

        def call(*given: Any, **named: Any) -> Any:
            made = original(*given, **named)
            row = rows.setdefault(name, {"type": type(layer).__name__, "output": None, "calls": 0})
            row["calls"] += 1
            row["output"] = row["output"] or [int(side) for side in made.shape]
            return made

        return call

    try:
        for name, layer in leaves.items():
            object.__setattr__(layer, "call", watch(name, layer))
        yield
    finally:
        for layer in leaves.values():
            if "call" in vars(layer):
                object.__delattr__(layer, "call")


def _layers(within: str, layer: Any) -> Iterator[tuple[str, Any]]:
    for name, child in _children(layer).items():
        full = f"{within}.{name}" if within else name
        yield full, child
        yield from _layers(full, child)


def _children(layer: Any) -> dict[str, Any]:
    """The layers that a layer holds, by attribute; lists of layers are looked into."""
    found: dict[str, Any] = {}
    stack = list(vars(layer).items())[::-1]
    while stack:
        name, value = stack.pop()
        if name.startswith("_") or name == "forward":
            continue
        if hasattr(value, "count_params") and hasattr(value, "call"):
            found[name] = value
        elif isinstance(value, list | tuple):
            stack += [(f"{name}[{at}]", item) for at, item in reversed(list(enumerate(value)))]
    return found
