"""The example subscriber as its own process against a broker: copies, late revisions, bad records, restarts."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer

from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.contracts.examples import EXAMPLES
from shared.provision import provision, read_topics
from tests.fixtures.backends import Kafka

TOPIC = "asn.score.v1"
PROGRAM = Path(__file__).parents[2] / "examples" / "hr_subscriber.py"


def _score(officer: str, revision: int, score: str | None, **changes: Any) -> bytes:
    return orjson.dumps(EXAMPLES[TOPIC][0] | {"employee_id": officer, "revision": revision, "score": score} | changes)


async def _send(bootstrap: str, officer: str, *values: bytes, content_type: bytes = b"application/json") -> None:
    await provision(bootstrap, read_topics())
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            key = f"{officer}/2026-S2".encode()
            await producer.send_and_wait(TOPIC, value, key=key, headers=[("content-type", content_type)])


def _run(bootstrap: str, database: Path, *options: str) -> str:
    """Runs until caught up; returns what it complained about."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(database), "--once", *options],
        env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def _follow(bootstrap: str, database: Path) -> subprocess.Popen[bytes]:
    """Starts it without an end."""
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    return subprocess.Popen([sys.executable, str(PROGRAM), str(database)], env=environment, stderr=subprocess.DEVNULL)


def _ask(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def _row(database: Path, officer: str) -> list[tuple[Any, ...]]:
    return _ask(database, "select semester, revision, score, band, complete from score where employee_id = ?", officer)


def _has_rows(database: Path, officer: str) -> bool:
    try:
        return bool(_row(database, officer))
    except sqlite3.OperationalError:  # its tables are not made yet
        return False


async def test_copies_and_late_revisions_change_nothing(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    third = _score(officer, 3, "91.27")
    await _send(
        kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"), third, third, _score(officer, 2, "80.00")
    )
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer) == [("2026-S2", 3, "91.27", "SANGAT_BAIK", 1)]


async def test_a_restart_goes_on_where_it_was(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    _run(kafka.bootstrap_servers, database)
    before = dict(_ask(database, "select part, next from position"))
    # a row that only a second reading of the first record could bring back
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("delete from score")
    connection.close()
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer) == []
    await _send(kafka.bootstrap_servers, officer, _score(officer, 2, None, band=None, complete=False))
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer) == [("2026-S2", 2, None, None, 0)]
    after = dict(_ask(database, "select part, next from position"))
    assert sum(after.values()) == sum(before.values()) + 1


async def test_killed_while_it_follows_it_goes_on_at_the_next_start(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    follower = _follow(kafka.bootstrap_servers, database)
    try:
        deadline = time.monotonic() + 30
        while not (database.exists() and _has_rows(database, officer)):
            assert time.monotonic() < deadline, "it never kept the first record"
            assert follower.poll() is None, "it ended by itself"
            await asyncio.sleep(0.05)
    finally:
        follower.kill()
        follower.wait()
    await _send(kafka.bootstrap_servers, officer, _score(officer, 2, "71.50"))
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")
    ends = dict(_ask(database, "select part, next from position"))
    _run(kafka.bootstrap_servers, database)
    assert dict(_ask(database, "select part, next from position")) == ends


async def test_reading_all_again_gives_the_same_table(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"), _score(officer, 2, "71.50"))
    _run(kafka.bootstrap_servers, database)
    table = _ask(database, "select * from score order by employee_id, semester")
    _run(kafka.bootstrap_servers, database, "--from-start")
    assert _ask(database, "select * from score order by employee_id, semester") == table
    assert _row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")


async def test_a_record_that_cannot_be_read_does_not_stop_the_next(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    bad = (b"not json", b"[1]", b"{}", _score(officer, 9, "1.00", semester={"not": "text"}))
    await _send(kafka.bootstrap_servers, officer, *bad, _score(officer, 1, "70.00"))
    complaints = _run(kafka.bootstrap_servers, database)
    assert _row(database, officer)[0][:3] == ("2026-S2", 1, "70.00")
    assert complaints.count(f"skipped {TOPIC}/") >= len(bad)
    assert officer not in complaints


async def test_the_canary_is_left_out(kafka: Kafka, tmp_path: Path) -> None:
    officer, canary, database = str(uuid4()), str(CANARY_EMPLOYEE_ID), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, canary, _score(canary, 1, "50.00"))
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    complaints = _run(kafka.bootstrap_servers, database)
    assert (len(_row(database, officer)), _row(database, canary)) == (1, [])
    assert canary not in complaints


async def test_a_structured_event_is_read_too(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    event = orjson.dumps({"specversion": "1.0", "type": TOPIC, "data": orjson.loads(_score(officer, 4, "88.00"))})
    await _send(kafka.bootstrap_servers, officer, event, content_type=b"application/cloudevents+json; charset=UTF-8")
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer)[0][:3] == ("2026-S2", 4, "88.00")


async def test_a_revision_that_leaps_is_refused_and_the_next_true_one_is_kept(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    first = _score(officer, 2_147_483_647, "1.00")
    await _send(
        kafka.bootstrap_servers,
        officer,
        first,
        _score(officer, 1, "70.00"),
        _score(officer, 1_000_002, "2.00"),
        _score(officer, 2, "80.00"),
        _score(officer, 1_000_002, "81.00"),
    )
    complaints = _run(kafka.bootstrap_servers, database)
    assert _row(database, officer)[0][1:3] == (1_000_002, "81.00")
    assert complaints.count("REVISION_TOO_FAR") >= 2  # the topic is every test's
