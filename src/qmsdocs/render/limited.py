"""Pages by a company's own template, drawn in a process of their own with limits of time and memory.

A template is somebody's work and may have come from anywhere: a loop in a loop must not stop the desk.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message

if sys.platform != "win32":
    import resource

SECONDS = 20
MEMORY = 2 << 30  # bytes of address space; an ordinary page takes a third
_DONE, _REFUSED = b"+", b"-"


def limited(task: Callable[..., bytes], *, source: str, seconds: int = SECONDS, **arguments: object) -> bytes:
    """What `task` (a function of a module) makes of `arguments`.

    Raises QmsError as the task does, and where it takes longer than `seconds` or more memory than it may.
    """
    work = pickle.dumps((task.__module__, task.__qualname__, arguments))
    command = [sys.executable, "-c", f"from {__name__} import serve; serve({seconds})"]
    try:
        done = subprocess.run(command, input=work, capture_output=True, timeout=seconds * 4, check=False)
    except subprocess.TimeoutExpired:
        raise _too_much(source, seconds) from None
    if done.stdout[:1] == _DONE:
        return done.stdout[1:]
    if done.stdout[:1] == _REFUSED:
        said = json.loads(done.stdout[1:])
        raise QmsError(said["template"], **said["values"])
    raise _too_much(source, seconds)


def _too_much(source: str, seconds: int) -> QmsError:
    return QmsError(
        "{source}: the page takes more than {seconds} s or {memory} GiB, or cannot be drawn",
        source=source,
        seconds=seconds,
        memory=MEMORY >> 30,
        hint=message("look for loops within loops and very large sizes in the template"),
    )


def serve(seconds: int) -> None:
    """Nothing; the work on standard input is done within the limits, its result on standard output."""
    _limit(seconds)
    module, name, arguments = pickle.loads(sys.stdin.buffer.read())
    try:
        answer = _DONE + getattr(import_module(module), name)(**arguments)
    except QmsError as error:
        answer = _REFUSED + json.dumps(_plain(error.message)).encode()
    sys.stdout.buffer.write(answer)


def _plain(said: Message) -> dict[str, Json]:
    return {"template": said.template, "values": {name: str(value) for name, value in said.values.items()}}


def _limit(seconds: int) -> None:
    """Nothing; the process gets no more than it may. Where a system knows no such limits the parent's clock ends it."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
