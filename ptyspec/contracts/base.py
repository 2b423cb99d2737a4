"""The kinds of contract, all frozen and closed: settings (strict), records, bundles of arrays."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Plain values that travel as JSON; unknown keys and coercions are refused, nothing changes after creation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Record(BaseModel):
    """Plain values that a run leaves behind, read back from JSON; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Bundle(BaseModel):
    """Numpy arrays that travel between stages; each field is checked once, when the bundle is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
