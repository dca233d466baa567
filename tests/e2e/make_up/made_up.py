"""`make up` as a person starts it: in its own process group, with its output kept, ended by Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

__all__ = ["ROOT", "MadeUp", "made_up", "plain_environment", "short_folder"]

ROOT = Path(__file__).resolve().parents[3]
STOP_SECONDS_MAX = 60


def plain_environment() -> dict[str, str]:
    """The environment of the tests without settings of Kinerja, and without those of a make that runs them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KINERJA_", "MAKE"))}


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for DATA with a short path, because Postgres' socket is in it; other users may enter it."""
    with tempfile.TemporaryDirectory(prefix="kin-up-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class MadeUp:
    """A running `make up`."""

    def __init__(
        self,
        data: Path,
        port: int,
        kafka_port: int,
        *,
        sample: bool,
        root: Path = ROOT,
        umask: int = -1,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data = data
        orders = [f"PORT={port}", f"KAFKA_PORT={kafka_port}", f"DATA={data}", f"SAMPLE={'yes' if sample else 'no'}"]
        self._process = subprocess.Popen(
            ["make", "up", *orders],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            umask=umask,
            env=plain_environment() | dict(environment),
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, what: str, holds: Callable[[str], bool], seconds: float) -> str:
        """The first line that satisfies the condition."""
        deadline = time.monotonic() + seconds
        seen = 0
        while time.monotonic() < deadline:
            if seen < len(self.lines):
                if holds(self.lines[seen]):
                    return self.lines[seen]
                seen += 1
            elif self._process.poll() is not None and not self._reader.is_alive():
                break
            else:
                time.sleep(0.05)
        raise AssertionError(f"no {what} within {seconds:.0f} s:\n" + "\n".join(self.lines[-40:]))

    def ready(self, seconds: float = 240) -> dict[str, str]:
        """Waits for the line and returns the connection that it names."""
        self.wait_for("line that starts with ready", lambda line: line.startswith("ready"), seconds)
        lines = (self.data / "connect.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Sends Ctrl-C as a terminal does: the signal goes to the whole group. Waits for the end.

        make itself dies of the signal; where its program ends with another status than 0, make reports it (***).
        """
        os.killpg(self._process.pid, number)
        self._process.wait(STOP_SECONDS_MAX)
        self._reader.join(5)

    def kill_child(self, program: str) -> None:
        """Kills the first child process of this name, as the kernel does when memory runs out."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        next(child for child in children if child.name() == program).kill()

    def status(self) -> int:
        """Waits until it ends without a signal; its exit status."""
        status = self._process.wait(STOP_SECONDS_MAX)
        self._reader.join(5)
        return status

    def end(self) -> None:
        """Removes all processes and files in any case."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if self._process.poll() is None:
                self.interrupt()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)


@contextlib.contextmanager
def made_up(
    data: Path, port: int, kafka_port: int, *, sample: bool, root: Path = ROOT, **options: Any
) -> Iterator[MadeUp]:
    """A `make up` of a checkout that is deleted at the end of the block; `options` are those of MadeUp."""
    running = MadeUp(data, port, kafka_port, sample=sample, root=root, **options)
    try:
        yield running
    finally:
        running.end()
