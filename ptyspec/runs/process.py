"""A black box in a process of its own: another interpreter, another environment, another language.

Lines of JSON on stdin and stdout, arrays as NPZ in a private temporary folder; docs/process-door.md is the protocol. What
the process does wrong is told apart: it refused (an answer), it crashed, it hangs, it was killed, it writes no JSON.
After any of them but a refusal the next question starts it anew.
"""

import atexit
import contextlib
import json
import os
import resource
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ptyspec.errors import PtyspecError
from ptyspec.pipeline.box import Scan

PROTOCOL = 1
FIELDS = ("frames", "positions", "probe", "scale", "mask")
TAIL = 2000
"""Characters of what it wrote to stderr that an error shows."""


class RefusedError(PtyspecError):
    """The process answered that it does not take this scan."""


class ProcessError(PtyspecError):
    """The process gave no answer: it crashed, hangs, was killed, or writes something else than the protocol."""


class Process:
    """`reconstruct` of a command; close it, or use it in a `with` block.

    - seconds: longest time for one answer; memory: bytes of address space, Linux alone; None: no limit.
    """

    def __init__(self, command: str, *, seconds: float = 600.0, memory: int | None = None) -> None:
        self.command, self.seconds, self.memory = command, seconds, memory
        self.folder = Path(tempfile.mkdtemp(prefix="ptyspec-"))
        atexit.register(self.close)
        self.process: subprocess.Popen[bytes] | None = None
        self.said: dict[str, Any] = {}
        self.count, self.buffer = 0, b""

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder."""
        atexit.unregister(self.close)
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its own settings, as the handshake told them."""
        self._start()
        return dict(self.said.get("settings") or {})

    @property
    def seed(self) -> str:
        """The setting that seeds it; empty where it has none."""
        self._start()
        return str(self.said.get("seed") or "")

    def reconstruct(self, scan: Scan, settings: Mapping[str, Any]) -> tuple[Any, Any]:
        """Reconstruct; raises RefusedError or ProcessError."""
        self._start()
        self.count += 1
        given, made = (self.folder / f"{self.count}-{name}.npz" for name in ("scan", "object"))
        arrays = {name: getattr(scan, name) for name in FIELDS if getattr(scan, name) is not None}
        np.savez(given, **arrays)
        question: dict[str, Any] = {"op": "reconstruct", "scan": str(given), "out": str(made)}
        question |= {"measurement": scan.measurement, "settings": dict(settings)}
        answer = self._ask(question)
        try:
            if not isinstance(answer.get("ok"), bool):
                raise self._failed(f"its answer has no `ok`: {str(answer)[:120]}")
            if not answer["ok"]:
                told = answer.get("error", "no reason")
                raise RefusedError("the pipeline refused the scan", value=told, source=self.command)
            with np.load(made, allow_pickle=False) as file:
                return file["object"], tuple(file["origin"].tolist())
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise self._failed(f"its answer cannot be read: {error}") from error
        finally:
            for path in (given, made):
                path.unlink(missing_ok=True)

    def _start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        self._stop()
        words = shlex.split(self.command)
        self.stderr = (self.folder / "stderr.txt").open("wb")
        try:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.stderr,
                start_new_session=True,
            )
        except OSError as error:
            what = f"the command cannot be started: {error}"
            step = "try it in a terminal"
            raise ProcessError(what, value=self.command, source="cmd", next_step=step) from error
        if self.memory is not None and hasattr(resource, "prlimit"):
            with contextlib.suppress(OSError):
                resource.prlimit(self.process.pid, resource.RLIMIT_AS, (self.memory, self.memory))
        self.said = self._ask({"op": "hello", "protocol": PROTOCOL})
        if self.said.get("protocol") != PROTOCOL:
            raise self._failed(f"it speaks protocol {self.said.get('protocol')!r}, not {PROTOCOL}")

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        process = self.process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(question, allow_nan=False).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise self._failed(self._end()) from None
        line = self._line(time.monotonic() + self.seconds)
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._failed(f"it wrote no JSON to stdout: {line[:120]!r}")
        return answer

    def _line(self, until: float) -> bytes:
        """Return the next line of stdout."""
        process = self.process
        assert process is not None
        assert process.stdout is not None
        while b"\n" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise self._failed(f"it hangs: no answer within {self.seconds:g} s")
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                raise self._failed(self._end())
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def _end(self) -> str:
        """How the process ended, in words."""
        process = self.process
        assert process is not None
        try:
            code = process.wait(5)
        except subprocess.TimeoutExpired:
            return "it closed its output and goes on"
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"

    def _failed(self, what: str) -> ProcessError:
        """Stop the process and return the error with what it wrote to stderr."""
        self._stop()
        told = (self.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")[-TAIL:]
        step = f"it wrote: {told.strip()}" if told.strip() else "it wrote nothing to stderr"
        message = f"the pipeline's process gave no answer: {what}"
        return ProcessError(message, value=self.command, source="cmd", next_step=step)

    def _stop(self) -> None:
        process, self.process, self.buffer = self.process, None, b""
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
        self.stderr.close()


def serve(box: Any) -> None:
    """Answer questions on stdin until it ends: a function `reconstruct`, or an object with one.

    What the pipeline prints goes to stderr: stdout belongs to the protocol.
    """
    reconstruct = getattr(box, "reconstruct", box)
    said = {name: getattr(box, name) for name in ("settings", "seed") if hasattr(box, name)}
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        if question.get("op") == "hello":
            _say(answers, {"protocol": PROTOCOL, **said})
            continue
        try:
            with np.load(question["scan"], allow_pickle=False) as file:
                given = {name: file[name] for name in file.files}
            given["scale"] = float(given["scale"])
            scan = Scan(**given, measurement=question["measurement"])
            image, place = reconstruct(scan, question["settings"])
            np.savez(question["out"], object=np.asarray(image), origin=np.asarray(place, float))
            _say(answers, {"ok": True})
        except Exception as error:
            _say(answers, {"ok": False, "error": f"{type(error).__name__}: {error}"})


def _say(answers: TextIO, answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
