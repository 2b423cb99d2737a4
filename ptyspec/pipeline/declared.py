"""Which stages a pipeline declares, and the reference's beside them so that a walk goes through.

A pipeline may have any subset of the eight stages. It declares those that it has methods of, or those that its
attribute `stages` names. A stage that it does not declare is the reference's, and no clause of it judges the pipeline.
"""

from typing import Any, cast

from ptyspec.contracts.bundles import Patches, RawScan, Reconstruction
from ptyspec.contracts.held import wrong_fields
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import HandoverError
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Pipeline, Trained, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline

HANDS_OVER: dict[str, type] = {
    "simulate": RawScan,
    "split": TrainTest,
    "group": GroupedTrainTest,
    "normalize": Containers,
    "train": Trained,
    "infer": Patches,
    "stitch": Reconstruction,
    "score": dict,
}
"""What each stage returns."""
PAGE = "docs/data-dictionary.md"


def declared(pipeline: object) -> tuple[str, ...]:
    """Return the stages that a pipeline answers for: its `stages`, else those that it has methods of; in order."""
    named = getattr(pipeline, "stages", None)
    if named is not None:
        words = (named,) if isinstance(named, str) else tuple(named)
        return tuple(sorted(words, key=lambda name: (*STAGES, name).index(name)))
    return tuple(name for name in STAGES if callable(getattr(pipeline, name, None)))


def claimed_in_vain(pipeline: object) -> list[str]:
    """Return the stages that a pipeline declares and has no method of."""
    return [name for name in declared(pipeline) if not callable(getattr(pipeline, name, None))]


class Filled:
    """A pipeline of some stages, and the reference's in the places of the others."""

    def __init__(self, own: Any) -> None:
        self.own = own
        self.name: str = getattr(own, "name", type(own).__name__)
        self.stages = declared(own)

    def __getattr__(self, name: str) -> Any:
        own = vars(self).get("own")
        if name in STAGES and (name not in self.stages or not callable(getattr(own, name, None))):
            return getattr(ReferencePipeline(), name)
        return getattr(own, name)


def filled(pipeline: Any) -> Pipeline:
    """Return a pipeline of eight stages: this one where it has them all, else with the reference's for the others."""
    if isinstance(pipeline, Filled) or set(declared(pipeline)) == set(STAGES) == {
        name for name in STAGES if callable(getattr(pipeline, name, None))
    }:
        return cast("Pipeline", pipeline)
    return cast("Pipeline", Filled(pipeline))


def own_part(pipeline: Any) -> Any:
    """Return what somebody wrote, without the reference's stages beside it."""
    return pipeline.own if isinstance(pipeline, Filled) else pipeline


def of_this_project(pipeline: object) -> bool:
    """Whether the pipeline is the reference, or the legacy one: their bundles are checked where they are made."""
    module = type(own_part(pipeline)).__module__
    return module.startswith(("ptyspec.pipeline.", "ptyspec.legacy."))


def checked(stage: str, output: Any, pipeline: object) -> Any:
    """Return what a stage hands over; raise HandoverError for the first field that is not what it should be."""
    kind = HANDS_OVER[stage]
    for wrong in wrong_fields(output, kind):
        what = f"{stage} handed over {wrong.field} wrong"
        step = f"return {wrong.wanted} from {stage}; {PAGE} has every field"
        source = getattr(pipeline, "name", type(pipeline).__name__)
        error = HandoverError(
            what, value=wrong.found, limit=wrong.wanted, source=source, next_step=step
        )
        error.stage, error.field = stage, wrong.field
        raise error
    return output
