"""The project's own errors: each names the value, the limit, where it came from and what to do next."""

import re
from pathlib import Path

PAGE = re.compile(r"docs/[\w-]+\.md")


def led(text: str) -> str:
    """Return a text whose `docs/NAME.md` are where these pages lie: beside the package, else in what was installed.

    A path below the current folder is relative to it.
    """
    package, here = Path(__file__).resolve().parent, Path.cwd()

    def place(found: re.Match[str]) -> str:
        for folder in (package.parent, package):
            if (path := folder / found[0]).is_file():
                return str(path.relative_to(here) if path.is_relative_to(here) else path)
        return found[0]

    return PAGE.sub(place, text)


class PtyspecError(Exception):
    """Base of all errors a user can cause or meet; prints as a short paragraph, never needs a traceback.

    `exit_code` is what the command line returns: 2 for wrong input, 3 for a run that broke or a package that is missing.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        value: object = None,
        limit: object = None,
        source: object = None,
        next_step: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = {"value": value, "limit": limit, "source": source}
        self.details["next"] = led(next_step) or None

    def __str__(self) -> str:
        rows = [f"  {name}: {what}" for name, what in self.details.items() if what is not None]
        return "\n".join([self.message, *rows])


class MissingPackageError(PtyspecError):
    """A package is not installed that an extra of ptyspec brings; `sentence` is all there is to say, in one line."""

    exit_code = 3

    @property
    def sentence(self) -> str:
        """What needs which package, and the command that installs it."""
        return f"{self.message}: {self.details['next']}"


class ConfigError(PtyspecError):
    """A setting is unknown, has the wrong type, or lies outside its range."""


class UnknownNameError(ConfigError):
    """A scenario, profile, recipe or generator of this name does not exist."""


class InputFileError(PtyspecError):
    """A file is missing, truncated, pickled, of an unknown kind, or lacks required keys."""


class ScanDataError(PtyspecError):
    """An array of a scan has the wrong shape, dtype or values (NaN, infinite, negative)."""


class MeasurementError(ScanDataError):
    """The data contradict the declared kind of measurement (amplitude or counts)."""


class UnsupportedScanError(PtyspecError):
    """The scan is valid but this project's far-field model must not be used on it."""


class GroupingError(PtyspecError):
    """Groups cannot be formed from these positions."""


class TooFewPointsError(GroupingError):
    """The scan has fewer positions than one group needs."""


class LatticeError(GroupingError):
    """Groups are to be those of a nested lattice, and the scan's nominal positions are no such lattice."""


class NeighborCountError(GroupingError):
    """Fewer neighbours requested than a group has members (K < C)."""


class OversamplingError(GroupingError):
    """More groups requested than the scan can give without (valid) oversampling (OVERSAMPLING-001)."""


class DetectorSizeError(PtyspecError):
    """N is not divisible by 4 (PARAMS-N-DIV4-001)."""


class ProbeError(PtyspecError):
    """The probe has another size than the frames, no energy, or values that are not finite."""


class HeadRangeError(PtyspecError):
    """The generator's amplitude head cannot reach the object in the absolute gauge."""


class CanvasError(PtyspecError):
    """A canvas is smaller than what the positions need."""


class AlignmentError(PtyspecError):
    """Two images share too little to be registered; the score counts as not evaluated, never as passed."""


class OutputFileError(PtyspecError):
    """A file cannot be written (no space, no permission, no folder); nothing half-written is left."""

    exit_code = 3


class OutputExistsError(PtyspecError):
    """The output folder exists and holds something."""


class TrainingDivergedError(PtyspecError):
    """A loss or gradient became non-finite; the last good state is kept."""

    exit_code = 3


class TrainingInterruptedError(PtyspecError):
    """Training was stopped by the user; the last checkpoint is kept and `--resume` continues."""

    exit_code = 3


class NotReachedError(PtyspecError):
    """What a check would look at was not made: something before it has no result."""


class AnswerError(PtyspecError):
    """What a black box returned is no object with its origin."""


class RefusedError(PtyspecError):
    """A pipeline in a process of its own answered with an error: it does not take what it was given."""

    exit_code = 3


class ProcessError(PtyspecError):
    """A pipeline's process gave no answer, or none that can be used: it says nothing of any clause.

    It crashed, hangs, was killed, went over its memory, or writes something else than the protocol.
    """

    exit_code = 3


class HandoverError(NotReachedError):
    """A stage of a pipeline returned a field that the next stage cannot rely on: type, dtype, shape or values."""

    exit_code = 3
    stage = field = ""

    @property
    def found(self) -> str:
        """What the field holds."""
        return str(self.details["value"])

    @property
    def wanted(self) -> str:
        """What it should hold."""
        return str(self.details["limit"])
