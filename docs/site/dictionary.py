"""The page of every hand-over, field by field: `python -m docs.site.dictionary` writes docs/data-dictionary.md."""

from __future__ import annotations

from pathlib import Path

from ptyspec.contracts.bundles import Container, GroupedScan, Patches, RawScan, Reconstruction
from ptyspec.contracts.held import declared_fields

PAGE = Path(__file__).parents[1] / "data-dictionary.md"
HEAD = """# Data dictionary

This page lists every field that one stage hands to the next. A stage is checked when it returns: type, dtype, shape and values. An error names the stage, the field, what was found and what was wanted.

Write each letter of a shape as a length: M frames, N pixels a side, B groups, C members of a group, H rows and W columns. The same letter means the same length inside one table. "Absolute gauge" means that `counts = Poisson((scale |F(P O)|)^2)` needs no other factor. [Adding an adapter](adding-an-adapter.md) shows a whole adapter.

| stage | gets | returns |
| --- | --- | --- |
| `simulate` | | `RawScan` |
| `split` | `RawScan` | `TrainTest`: `train` and `test`, a `RawScan` each |
| `group` | `TrainTest` | `GroupedTrainTest`: `train` and `test`, a `GroupedScan` each |
| `normalize` | `GroupedTrainTest` | `Containers`: `train` and `test`, a `Container` each |
| `train` | `Containers` | `Trained`: weights, untrained weights, history, `predict(weights, container)` |
| `infer` | `Trained`, the `Container` of the test split | `Patches` |
| `stitch` | `Patches` | `Reconstruction` |
| `score` | `RawScan`, `Reconstruction` | the numbers of `metrics.json`, a dictionary |
"""
KINDS = (RawScan, GroupedScan, Container, Patches, Reconstruction)


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    for kind in KINDS:
        lines += [f"## {kind.__name__}", "", (kind.__doc__ or "").partition("\n")[0], ""]
        lines += ["| field | shape | dtype | unit | meaning |", "| --- | --- | --- | --- | --- |"]
        for name, (part, held, optional) in declared_fields(kind).items():
            if held is None:
                lines.append(
                    f"| `{name}` | `{part.__name__}` | | | see its table |" if part else ""
                )
                continue
            meaning = held.meaning.replace("|", "\\|") + ("; may be absent" if optional else "")
            lines.append(f"| `{name}` | {held.axes} | {held.dtype} | {held.unit} | {meaning} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
