"""Postgres from a Python package: a child process with its data folder, on loopback, with a generated password."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import asyncpg
import psutil

from embedded.children import INTERRUPT, KILL, die_with_parent, free_port, stop, tail
from embedded.programs import UNPRIVILEGED, postgres_programs

__all__ = ["SERVER_OPTIONS", "EmbeddedPostgres"]

START_SECONDS_MAX = 60.0
FORMER_SERVER_SECONDS_MAX = 20.0

SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have at most 107 bytes, and many folders' paths are longer
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    # Its log never contains a value of a row; the services log errors by SQLSTATE.
    "log_min_messages": "log",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
}


class EmbeddedPostgres:
    """One server on `folder`. It can start again on the same folder after any end, also after a kill."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self.log = self._folder / "server.log"
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    def start(self) -> None:
        """Starts the server and waits until it answers. Call it from a thread that lives as long as the server."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._password = self._kept_password()
        if not (self._data / "PG_VERSION").is_file():
            self._initialise()
        self._wait_for_former_server()
        options = [part for name, value in SERVER_OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log, _opened(self._data) as data:
            command = [str(postgres_programs() / "postgres"), "-D", data.path, "-p", str(self.port), *options]
            self._process = _spawn(command, log, data)
        self._wait_until_ready()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._process is not None:
            stop(self._process, INTERRUPT, 30)
            self._process = None

    def kill(self) -> None:
        """Ends like a power cut, for tests."""
        if self._process is not None:
            self._process.send_signal(KILL)
            self._process.wait()
            self._process = None

    def dsn(self, database: str = "postgres") -> str:
        """For asyncpg."""
        return f"postgresql://kinerja:{quote(self._password)}@127.0.0.1:{self.port}/{database}"

    def url(self, database: str) -> str:
        """For SQLAlchemy."""
        return self.dsn(database).replace("postgresql://", "postgresql+asyncpg://", 1)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs or before its start; negative: the signal that ended it."""
        return None if self._process is None else self._process.poll()

    async def create_databases(self, names: Iterable[str]) -> None:
        """Creates the missing databases."""
        connection = await asyncpg.connect(self.dsn())
        try:
            there = {row["datname"] for row in await connection.fetch("select datname from pg_database")}
            for name in names:
                if name not in there:
                    await connection.execute(f'create database "{name}"')
        finally:
            await connection.close()

    def _kept_password(self) -> str:
        file = self._folder / "password"
        if not file.is_file():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # files of an interrupted initdb
        self._data.mkdir(mode=0o700)
        password_file = self._data.with_name("initdb-password")
        password_file.touch(0o600)
        password_file.write_text(self._password)
        if os.geteuid() == 0:
            os.chown(self._data, UNPRIVILEGED, UNPRIVILEGED)
            os.chown(password_file, UNPRIVILEGED, UNPRIVILEGED)
        try:
            with self.log.open("ab") as log, _opened(self._data) as data, _opened(password_file) as password:
                command = [str(postgres_programs() / "initdb"), "-D", data.path, "-U", "kinerja", "-E", "UTF8"]
                # "C" sorts by code point, whatever C library is installed
                command += ["--locale=C.UTF-8", "--lc-collate=C", "--auth=scram-sha-256", f"--pwfile={password.path}"]
                status = _spawn(command, log, data, password).wait()
        finally:
            password_file.unlink()
        if status != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise RuntimeError(f"initdb failed in {self._folder}:\n{tail(self.log)}")

    def _wait_for_former_server(self) -> None:
        """A server whose parent was killed needs some time to stop; one that does not stop belongs to another running copy."""
        pid_file = self._data / "postmaster.pid"
        deadline = time.monotonic() + FORMER_SERVER_SECONDS_MAX
        while (pid := _pid_in(pid_file)) in [process.pid for process in _processes_in(self._data)]:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"another copy runs on {self._folder} (process {pid}): stop it, or choose another DATA"
                )
            time.sleep(0.1)
        # A killed server leaves its busy children, and a new one does not start while they run. Ending them is safe:
        # their commits are in the write-ahead log, which the new server replays.
        while leftovers := _processes_in(self._data):
            for process in leftovers:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._folder} is held by the processes {[process.pid for process in leftovers]}")
            time.sleep(0.02)
        if pid is not None and psutil.pid_exists(pid):
            pid_file.unlink()  # after a reboot the number may belong to any other program

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        probe = [str(postgres_programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(probe, check=False, stdin=subprocess.DEVNULL).returncode != 0:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postgres did not start in {self._folder}:\n{tail(self.log)}")
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A path to a file or folder that works for a child of another user, whatever the rights of its parent folders."""

    path: str
    descriptor: int | None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Opened]:
    if os.geteuid() != 0:
        yield _Opened(str(path), None)
        return
    # Root can enter every folder and opens it; the child inherits the descriptor and does not need the path.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _Opened(f"/proc/self/fd/{descriptor}", descriptor)
    finally:
        os.close(descriptor)


def _spawn(command: list[str], log: IO[bytes], *opened: _Opened) -> subprocess.Popen[bytes]:
    user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        start_new_session=True,  # the terminal's Ctrl-C must not reach it: we stop the server after everything else
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        preexec_fn=die_with_parent(INTERRUPT),
        pass_fds=[one.descriptor for one in opened if one.descriptor is not None],
        **user,
    )


def _pid_in(pid_file: Path) -> int | None:
    try:
        first_line = pid_file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first_line) if first_line.isdecimal() else None


def _processes_in(data: Path) -> list[psutil.Process]:
    """The Postgres processes, postmaster and children, of a data folder: it is their working directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # ended meanwhile, or another user's
            if process.name() == "postgres" and process.cwd() == str(data):
                found.append(process)
    return found
