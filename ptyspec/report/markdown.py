"""report.md: the answer first, then the evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ptyspec.checks.verdict import Verdict
from ptyspec.contracts.run import RunResult
from ptyspec.render.text import escape
from ptyspec.report import answer, details

CAPTIONS = {
    "amplitude": "Amplitude. All panels but the error share one colour scale; grey was not illuminated.",
    "phase": "Phase after one global phase, nothing else removed.",
    "controls": "The network beside the estimators it must be compared with.",
    "frc": "Fourier ring correlation.",
    "training": "Loss and learning rate.",
    "coverage": "Illumination and scan positions.",
    "diffraction": "Measured patterns and the probe.",
}


def report_text(
    result: RunResult, verdict: Verdict, figures: Mapping[str, Path], folder: Path
) -> str:
    """Return the report in Markdown; pictures are linked relative to `folder`, all outside text is escaped."""

    def pictures(*names: str) -> list[str]:
        lines = []
        for name in names:
            if name in figures and figures[name].suffix == ".txt":
                why = figures[name].read_text(encoding="utf-8")
                lines += [f"The picture {name} could not be drawn: {escape(why)}.", ""]
            elif name in figures:
                lines += [
                    f"![{CAPTIONS[name]}]({figures[name].relative_to(folder).as_posix()})",
                    "",
                ]
        return lines

    scenario = result.resolved.scenario
    sections: list[tuple[str, list[str]]] = [
        ("", [*answer.answer(result, verdict), "", escape(scenario.description, 1000)]),
        ("What is wrong", answer.broken(verdict)),
        ("What is doubtful", answer.doubts(verdict)),
        (
            "Scores beside their controls",
            [*answer.score_table(result.metrics).markdown(), "", *answer.how_to_read(result)],
        ),
        ("Pictures", pictures("amplitude", "phase", "controls", "frc")),
        ("Limits", details.limits(result)),
        ("Warnings on the input", details.warnings(result)),
        ("Stages and normalisation", details.stages(result, verdict)),
        ("Training", [*details.training(result), "", *pictures("training")]),
        ("The data", pictures("coverage", "diffraction")),
        ("Settings that differ from the defaults", details.settings(result.resolved)),
        ("Environment", details.environment(result.environment)),
        ("How to run this again", details.reproduce(result.resolved)),
    ]
    lines = [f"# ptyspec run: {escape(scenario.name)}", ""]
    for head, body in sections:
        if body:
            lines += ([f"## {head}", ""] if head else []) + [*body, ""]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
