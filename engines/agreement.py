"""`python -m engines.agreement`: pty-chi and this project's rPIE reconstruct one scan; do they agree?

Phases and moduli are compared where both are well lit, after one global phase; nothing is scaled.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engines.catalogue import ENGINES, ENVIRONMENTS
from engines.documents import AGREEMENT, WANTED, Agreement, Pair
from engines.judge import build, one_thread, versions
from ptyspec.checks.box import box_of, relation
from ptyspec.files.jsonfile import write_json
from ptyspec.pipeline.boxes import RPIE
from ptyspec.runs.pipelines import maker
from ptyspec.scores.frame import common
from ptyspec.scores.phase import phase_pearson


def agreement(environments: Path = ENVIRONMENTS) -> Agreement:
    """Return how pty-chi's engines agree with rPIE on the scan of the black-box clauses."""
    one_thread()
    own, pairs = box_of(RPIE()), []
    for engine in ENGINES:
        if engine.environment != "ptychi":
            continue
        build(engine, environments)
        process = maker(engine.command(environments))()
        try:
            other = box_of(process).plain
        finally:
            process.close()
        frame = common(other.seen, own.plain.seen)
        first, second = frame.rec[frame.mask], frame.truth[frame.mask]
        level, change = relation(other, own.plain)
        pair = Pair(
            other=engine.name,
            amplitude_pearson=float(np.corrcoef(np.abs(first), np.abs(second))[0, 1]),
            phase_pearson=float(phase_pearson(first, second)[0] or 0.0),
            level=level,
            change=change,
            pixels=int(frame.mask.sum()),
            versions=versions(engine, environments),
        )
        pairs.append(pair)
    return Agreement(
        date=datetime.now(UTC).date().isoformat(),
        photons=own.photons,
        frames=len(own.scan.frames),
        wanted=WANTED,
        pairs=pairs,
    )


if __name__ == "__main__":
    made = agreement()
    write_json(AGREEMENT, made)
    for pair in made.pairs:
        print(
            f"{pair.other}: amplitude r {pair.amplitude_pearson:.4f}, phase r "
            f"{pair.phase_pearson:.4f}, level {pair.level:.4f}"
        )
    agreed = any(min(one.amplitude_pearson, one.phase_pearson) >= WANTED for one in made.pairs)
    sys.exit(0 if agreed else 1)
