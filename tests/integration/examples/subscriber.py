"""Runs the example subscriber, and looks at its database."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from embedded.broker import EmbeddedBroker
from shared.contracts.examples import EXAMPLES
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.stores.backends import Kafka, remove_topics

TOPIC = "asn.score.v1"


PROGRAM = Path(__file__).parents[3] / "examples" / "hr_subscriber.py"


def score(officer: str, revision: int, score: str | None, **changes: Any) -> bytes:
    return orjson.dumps(EXAMPLES[TOPIC][0] | {"employee_id": officer, "revision": revision, "score": score} | changes)


async def send(bootstrap: str, officer: str, *values: bytes, content_type: bytes = b"application/json") -> None:
    await provision(bootstrap, read_topics())
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            key = f"{officer}/2026-S2".encode()
            await producer.send_and_wait(TOPIC, value, key=key, headers=[("content-type", content_type)])


def start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs it until it ends, with any result."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("KAFKA_")}
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, env=others | settings, capture_output=True, text=True, timeout=60, check=False)


def run(bootstrap: str, database: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs until caught up."""
    done = start(str(database), "--once", *options, KAFKA_BOOTSTRAP_SERVERS=bootstrap)
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def following(bootstrap: str, database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it without an end, then kills it."""
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    follower = subprocess.Popen([sys.executable, str(PROGRAM), str(database)], env=environment)
    try:
        yield follower
    finally:
        follower.kill()
        follower.wait()


class ClientCrashedError(Exception):
    """librdkafka may crash while a topic is deleted: https://github.com/confluentinc/librdkafka/issues/5093"""


async def until_stored(follower: subprocess.Popen[bytes], database: Path, officer: str, revision: int) -> None:
    """Waits for a revision. Raises ClientCrashedError when the Kafka client ends the process."""
    deadline = time.monotonic() + 60
    while not has_revision(database, officer, revision):
        assert time.monotonic() < deadline, f"it never kept revision {revision}"
        if follower.poll() == -signal.SIGSEGV:
            raise ClientCrashedError
        assert follower.poll() is None, "it ended by itself"
        await asyncio.sleep(0.05)


async def make_topics_anew(broker: Kafka) -> None:
    """Deletes all records and offsets."""
    if isinstance(broker, EmbeddedBroker):
        broker.stop()
        broker.start()
    else:
        await remove_topics(broker.bootstrap_servers)


def read(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def row(database: Path, officer: str) -> list[tuple[Any, ...]]:
    return read(database, "select semester, revision, score, band, complete from score where employee_id = ?", officer)


def has_revision(database: Path, officer: str, revision: int) -> bool:
    if not database.exists():
        return False
    try:
        return [row[1] for row in row(database, officer)] == [revision]
    except sqlite3.OperationalError:  # its tables do not exist yet
        return False
