"""A black box that speaks the protocol by itself and does wrong what `how` among its settings says. Numpy alone."""

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

SETTINGS = {"how": "well", "seed": 0}
GOOD = '{"ok": true}\n'


def write(text: str) -> None:
    os.write(1, text.encode())


def answer(out: Path, **arrays: object) -> None:
    import numpy as np

    whole = {"object": np.ones((4, 4), np.complex64), "origin": np.zeros(2)} | arrays
    np.savez(out, **{name: array for name, array in whole.items() if array is not None})
    write(GOOD)


def crash(how: str) -> None:
    sys.stderr.write("the last words\n")
    sys.stderr.flush()
    if how == "exit":
        os._exit(3)
    if how == "shell":
        os._exit(139)
    if how == "segfault":
        ctypes.string_at(0)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "closed":
        os.close(1)
    if how == "memory":
        kept = bytearray(400_000_000)
        kept[::4096] = b"1" * len(kept[::4096])
    time.sleep(60)


def talk(how: str) -> None:
    lines = {
        "garbage": "loading weights ...\n",
        "list": "[1, 2]\n",
        "no-ok": '{"okay": 1}\n',
        "half": '{"ok": tr',
        "twice": GOOD + GOOD,
        "progress": '{"progress": 3}\n',
        "refused": '{"ok": false, "error": "too few frames", "kind": "ValueError"}\n',
        "typed": '{"ok": false, "error": "too few", "kind": "GroupingError", "details": {"value": 3}}\n',
        "no-memory": '{"ok": false, "error": "", "kind": "MemoryError"}\n',
        "no-file": GOOD,
    }
    write(lines[how])
    if how == "half":
        os._exit(0)


def spoil(how: str, out: Path) -> None:
    import numpy as np

    if how == "other-keys":
        answer(out, object=None, image=np.ones((4, 4)))
    elif how == "objects":
        answer(out, object=np.array([None, "code"], dtype=object))
    elif how == "truncated":
        np.savez(out, object=np.ones((64, 64)), origin=np.zeros(2))
        out.write_bytes(out.read_bytes()[:2000])
        write(GOOD)
    elif how == "text":
        out.write_text("object 1 1 1")
        write(GOOD)
    elif how == "huge":  # 64 GB of zeros in a small file, as far as its header says
        import zipfile

        with zipfile.ZipFile(out, "w") as archive, archive.open("object.npy", "w") as member:
            header = {"descr": "<c16", "fortran_order": False, "shape": (4_000_000_000,)}
            np.lib.format.write_array_header_1_0(member, header)
        write(GOOD)


def main() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        if question["op"] == "hello":
            said = {
                "protocol": 1,
                "door": "box",
                "name": "mine",
                "settings": SETTINGS,
                "seed": "seed",
            }
            write(json.dumps(said) + "\n")
            continue
        how, out = question["settings"]["how"], Path(question["out"])
        if how == "well":
            answer(out)
        elif how in ("other-keys", "objects", "truncated", "text", "huge"):
            spoil(how, out)
        elif how in ("exit", "shell", "segfault", "killed", "closed", "memory", "hang"):
            crash(how)
        elif how == "steps":
            write('{"progress": [1, 2, "half of it"]}\n')
            answer(out)
        else:
            talk(how)


main()
