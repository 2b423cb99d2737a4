"""The layers of a built network as they run: type, output shape, parameters, how often each is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptyspec.contracts.arrays import Array
    from ptyspec.networks.reconstructor import Reconstructor


def layer_table(model: Reconstructor, inputs: dict[str, Array]) -> dict[str, dict[str, Any]]:
    """Run the network once and return its innermost layers by attribute, in the order in which they were first called.

    Attributes name a layer in every process alike; Keras' own names count all layers that were ever made.
    """
    leaves = {name: layer for name, layer in _layers("", model) if not dict(_children(layer))}
    rows: dict[str, dict[str, Any]] = {}

    def row_of(name: str) -> dict[str, Any]:
        row = {"type": type(leaves[name]).__name__, "output": None, "calls": 0}
        return rows.setdefault(name, row)

    def watch(name: str, original: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            output, row = original(*given, **named), row_of(name)
            row["calls"] += 1
            row["output"] = row["output"] or [int(side) for side in output.shape]
            return output

        return call

    try:  # instances only, no class is touched
        for name, layer in leaves.items():
            object.__setattr__(layer, "call", watch(name, layer.call))
        model(inputs, training=True)
    finally:
        for layer in leaves.values():
            vars(layer).pop("call", None)
    for name, layer in leaves.items():
        row_of(name)["parameters"] = int(layer.count_params())
    return rows


def _layers(within: str, layer: Any) -> Iterator[tuple[str, Any]]:
    for name, child in _children(layer):
        full = f"{within}.{name}" if within else name
        yield full, child
        yield from _layers(full, child)


def _children(layer: Any) -> Iterator[tuple[str, Any]]:
    """The layers that a layer holds, by attribute; lists of layers are looked into."""
    stack = list(vars(layer).items())[::-1]
    while stack:
        name, value = stack.pop()
        if name.startswith("_") or name == "forward":
            continue
        if hasattr(value, "count_params") and hasattr(value, "call"):
            yield name, value
        elif isinstance(value, list | tuple):
            stack += [(f"{name}[{at}]", item) for at, item in reversed(list(enumerate(value)))]
