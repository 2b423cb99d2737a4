"""A pipeline's process: one line of JSON asks, one answers; docs/process-door.md is the protocol.

What goes wrong is told apart: it refused (an answer), ended, was killed by a signal, hangs, used too much memory, wrote
something else than the protocol, or gave an answer that cannot be used. After all but the first and the last the next
question starts it anew, until it ended three times in a row.
"""

import atexit
import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import ptyspec.errors
from ptyspec.contracts.bundles import Array
from ptyspec.errors import ConfigError, InputFileError, PtyspecError, RefusedError
from ptyspec.errors import ProcessError as ProcessError  # also known by this name
from ptyspec.runs import wire
from ptyspec.runs.limits import LOOK, WATCHED, Limits, resident
from ptyspec.runs.private_folder import private_folder, remove
from ptyspec.runs.variables import Variables, with_variables

PROTOCOL = 1
TAIL = 2000
"""Characters of what it wrote to stderr that an error shows."""
LONGEST = 2**26
"""Bytes of one line: an answer is words and numbers, arrays travel as files."""
DEATHS = 3
"""So often in a row it may end before it is no longer asked."""
MEANING = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "abort, as a failed assertion of a C library does",
    signal.SIGKILL: "killed, as the system does where memory is short",
    signal.SIGFPE: "arithmetic error",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction: built for another processor",
    signal.SIGTERM: "ended by another program",
}


@dataclass(frozen=True)
class Answer:
    """What the process said: the line, and the arrays of its file."""

    line: Mapping[str, Any]
    arrays: dict[str, Array]


class Process:
    """A command that answers questions; started when first asked, closed by `close` or at the end of this program.

    `lives` counts how often it was started: what it kept in memory is gone with the life before. `environment`: variables
    that it has beside those of this program; None: not set.
    """

    def __init__(
        self, command: str, limits: Limits | None = None, environment: Variables | None = None
    ) -> None:
        self.command, self.limits = command, limits or Limits()
        self.environment = dict(environment or {})
        self.said: dict[str, Any] = {}
        self.folder: Path | None = None
        self.lives, self.deaths, self.count = 0, 0, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer, self._last = b"", ""
        self._until = 0.0

    def close(self) -> None:
        """End the process and remove its folder; a later question starts both anew."""
        atexit.unregister(self.close)
        self._stop()
        if self.folder is not None:
            remove(self.folder)
            self.folder = None

    def abandon(self) -> None:
        """End the process from another thread: the talk under way fails, and no question starts it anew."""
        process, self.deaths = self._process, DEATHS
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def start(self) -> Mapping[str, Any]:
        """Start it where it does not run, and return its handshake; raises ProcessError."""
        if self._process is not None and self._process.poll() is None:
            return self.said
        self._stop()
        if self.deaths >= DEATHS:
            what = (
                f"the process ended {DEATHS} times in a row and is not asked any more: {self._last}"
            )
            step = "repair what the first of these errors names"
            raise ProcessError(what, source=self.command, next_step=step)
        self._launch()
        said = self._exchange({"op": "hello", "protocol": PROTOCOL})
        if said.get("protocol") != PROTOCOL:
            told = said.get("protocol")
            self._fail(f"it speaks version {told!r} of the protocol, and this is {PROTOCOL}")
        if self.said and said != self.said:
            other = sorted(
                key for key in {*said, *self.said} if said.get(key) != self.said.get(key)
            )
            self._fail(f"it is another pipeline than at its first start: {', '.join(other)} differ")
        self.said = said
        return said

    def ask(
        self,
        op: str,
        bundles: Mapping[str, Any] | None = None,
        *,
        progress: Callable[[int, int, str], None] = lambda done, total, note: None,
        **plain: Any,
    ) -> Answer:
        """Ask one question. `bundles` travel as files, one or a list under a name; `plain` as JSON.

        Raises RefusedError or the error of this package that it named, where it answered with one, else ProcessError.
        """
        self.start()
        assert self.folder is not None
        self.count += 1
        out = self.folder / f"{self.count}-out.npz"
        try:
            question = {"op": op, **plain, **self._files(bundles or {}), "out": str(out)}
            line = self._exchange(question, progress)
            if not isinstance(line.get("ok"), bool):
                self._fail(f"its answer has no `ok` of true or false: {str(line)[:120]}")
            self.deaths = 0
            if not line["ok"]:
                self._refused(op, line)
            return Answer(line, self._read(op, out))
        finally:
            for path in self.folder.glob(f"{self.count}-*") if self.folder else ():
                path.unlink(missing_ok=True)

    def _read(self, op: str, out: Path) -> dict[str, Array]:
        try:
            return wire.read(out, self.limits.bytes) if out.exists() else {}
        except InputFileError as error:
            raise self.unusable(op, error) from error

    def unusable(self, op: str, error: Exception) -> ProcessError:
        """Return the error for an answer that came and cannot be used."""
        what = f"the answer to `{op}` cannot be used: {error}"
        step = "docs/process-door.md says what an answer holds"
        return ProcessError(what, source=self.command, next_step=step)

    def _files(self, bundles: Mapping[str, Any]) -> dict[str, Any]:
        assert self.folder is not None
        start = self.folder / f"{self.count}"
        packed: dict[str, Any] = {}
        for name, value in bundles.items():
            if isinstance(value, Sequence):
                packed[name] = [
                    wire.pack(one, Path(f"{start}-{name}-{number}.npz"))
                    for number, one in enumerate(value)
                ]
            else:
                packed[name] = wire.pack(value, Path(f"{start}-{name}.npz"))
        return packed

    def _refused(self, op: str, line: Mapping[str, Any]) -> NoReturn:
        kind, told = str(line.get("kind", "")), str(line.get("error", "no reason given"))
        if kind == "MemoryError":
            what, step = f"the process ran out of memory at `{op}`: {told}", "raise --memory"
            raise ProcessError(what, source=self.command, next_step=step)
        own = getattr(ptyspec.errors, kind, None)
        if isinstance(own, type) and issubclass(own, PtyspecError):
            details = line.get("details")
            details = details if isinstance(details, Mapping) else {}
            known = {name: details.get(name) for name in ("value", "limit", "source")}
            raise own(told, **known, next_step=str(details.get("next") or ""))
        what = f"the pipeline answered `{op}` with an error"
        raise RefusedError(what, value=f"{kind}: {told}" if kind else told, source=self.command)

    def _launch(self) -> None:
        if self.folder is None:
            self.folder = private_folder()
            atexit.register(self.close)
        words = shlex.split(self.command)
        try:
            if not words:
                raise FileNotFoundError("it is empty")
            with (self.folder / "stderr.txt").open("wb") as stderr:
                self._process = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                    env=with_variables(self.environment),
                )
        except OSError as error:
            self.close()
            found = isinstance(error, FileNotFoundError) and words and not shutil.which(words[0])
            why = "there is no such program" if found else str(error)
            what, step = f"the command cannot be started: {why}", "try it in a terminal"
            raise ProcessError(what, value=self.command, source="cmd", next_step=step) from error
        self.lives += 1
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    def _exchange(
        self,
        question: Mapping[str, Any],
        progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    ) -> dict[str, Any]:
        """Send a question and return the answer; anything that interrupts the talk ends the process."""
        self._op = str(question["op"])
        try:
            text = json.dumps(question, allow_nan=False, default=wire.plain_number)
        except (TypeError, ValueError) as error:
            what = f"the question `{self._op}` cannot be written as JSON: {error}"
            step = "use settings of text, numbers, lists and dictionaries"
            raise ConfigError(what, source=self.command, next_step=step) from error
        self._until = time.monotonic() + self.limits.seconds
        try:
            self._send(text.encode() + b"\n")
            while True:
                line = self._line()
                try:
                    answer = json.loads(line)
                except ValueError:
                    answer = None
                if not isinstance(answer, dict):
                    self._fail(f"it wrote no JSON to stdout: {_shown(line)}")
                if "progress" not in answer:
                    return answer
                told = answer["progress"]
                if not (isinstance(told, list) and len(told) == 3):
                    self._fail(f"its progress is not [done, total, note]: {_shown(line)}")
                progress(*told)
        except BaseException:
            self._stop()  # a late answer must not be taken for the next one
            raise

    def _send(self, data: bytes) -> None:
        process = self._running
        assert process.stdin is not None
        assert process.stdout is not None
        if self._buffer or select.select([process.stdout], [], [], 0)[0]:
            part = self._buffer or os.read(process.stdout.fileno(), 65536)
            if part:
                self._fail(f"it wrote to stdout without being asked: {_shown(part)}")
            self._fail(self._end())
        while data:
            self._wait([], [process.stdin])
            try:
                data = data[os.write(process.stdin.fileno(), data) :]
            except BlockingIOError:
                continue
            except OSError:
                self._fail(self._end())

    def _line(self) -> bytes:
        """Return the next line of stdout."""
        process = self._running
        assert process.stdout is not None
        while b"\n" not in self._buffer:
            self._wait([process.stdout], [])
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                rest = f"; it wrote no JSON to stdout: {_shown(self._buffer)}"
                self._fail(self._end() + (rest if self._buffer else ""))
            self._buffer += part
            if len(self._buffer) > LONGEST:
                self._fail(f"it wrote {LONGEST >> 20} MiB to stdout without a line's end")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _wait(self, read: list[Any], write: list[Any]) -> None:
        """Wait until a stream is ready; the limits of time and memory are kept meanwhile."""
        while True:
            left = self._until - time.monotonic()
            if left <= 0:
                self._fail(f"it hangs: no answer within {self.limits.seconds:g} s (--seconds)")
            ready = select.select(read, write, [], min(left, LOOK))
            if ready[0] or ready[1]:
                return
            if WATCHED and (used := resident(self._running.pid)) > self.limits.bytes:
                most = self.limits.bytes / 1e9
                self._fail(
                    f"it held {used / 1e9:.3g} GB of memory, more than {most:.3g} GB (--memory)"
                )

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _end(self) -> str:
        """How the process ended, in words."""
        try:
            code = self._running.wait(min(5.0, self.limits.seconds))
        except subprocess.TimeoutExpired:
            return "it closed its stdout and goes on"
        by = -code if code < 0 else code - 128  # a shell tells signal 11 as exit code 139
        names = {one.value: one for one in signal.Signals}
        if code != 0 and by in names:
            one = names[signal.Signals(by)]
            meaning = f", {MEANING[one]}" if one in MEANING else ""
            return f"it was ended by signal {by} ({one.name}{meaning})"
        return f"it ended with exit code {code}"

    def _fail(self, what: str) -> NoReturn:
        """Stop the process, and raise the error with what it wrote to stderr."""
        self._stop()
        self.deaths += 1
        self._last = what
        assert self.folder is not None
        told = (self.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")
        step = "run the command in a terminal and type the question there (docs/process-door.md)"
        tail = told[-TAIL:].strip() or "nothing"
        message = f"the pipeline's process gave no answer to `{self._op}`: {what}"
        wrote = f"it wrote to stderr: {tail}"
        raise ProcessError(message, value=wrote, source=self.command, next_step=step)

    def _stop(self) -> None:
        """End the process and everything that it started."""
        process, self._process, self._buffer = self._process, None, b""
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # the end of its stdin is its sign to stop
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _shown(text: bytes) -> str:
    return repr(text[:120].decode(errors="replace"))
