"""Child processes that end with their parent, even if it is killed (on Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["die_with_parent", "free_port", "stop", "tail"]

_PR_SET_PDEATHSIG = 1
PORTS = range(20_000, 32_768)


def die_with_parent(death_signal: int) -> Callable[[], None] | None:
    """For Popen's preexec_fn: the kernel sends `death_signal` to the child when our process dies.

    Other systems than Linux do not support this: a killed parent leaves the child running.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)

    return prepare


def free_port() -> int:
    """A TCP port of the loopback interface that is free now. Raises OSError if there is none.

    It is below the range of outgoing connections, so it stays free while its server restarts.
    """
    for port in random.sample(PORTS, 500):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port on the loopback interface")


def stop(process: subprocess.Popen[bytes], first: int, seconds: float) -> None:
    """Sends `first`, waits, then kills; returns when the child has ended."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for an error message."""
    if not log.is_file():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


INTERRUPT, TERMINATE, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
