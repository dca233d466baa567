"""The example subscriber as its own process with a broker: copies, late revisions, bad records, restarts."""

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
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from embedded.broker import EmbeddedBroker
from embedded.children import free_port
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.examples import EXAMPLES
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.backends import Kafka, remove_topics
from tests.fixtures.containers import KafkaInContainer

TOPIC = "asn.score.v1"
PROGRAM = Path(__file__).parents[3] / "examples" / "hr_subscriber.py"


def _score(officer: str, revision: int, score: str | None, **changes: Any) -> bytes:
    return orjson.dumps(EXAMPLES[TOPIC][0] | {"employee_id": officer, "revision": revision, "score": score} | changes)


async def _send(bootstrap: str, officer: str, *values: bytes, content_type: bytes = b"application/json") -> None:
    await provision(bootstrap, read_topics())
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            key = f"{officer}/2026-S2".encode()
            await producer.send_and_wait(TOPIC, value, key=key, headers=[("content-type", content_type)])


def _start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs it until it ends, with any result."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("KAFKA_")}
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, env=others | settings, capture_output=True, text=True, timeout=60, check=False)


def _run(bootstrap: str, database: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs until caught up."""
    done = _start(str(database), "--once", *options, KAFKA_BOOTSTRAP_SERVERS=bootstrap)
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def _following(bootstrap: str, database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it without an end, then kills it."""
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    follower = subprocess.Popen([sys.executable, str(PROGRAM), str(database)], env=environment)
    try:
        yield follower
    finally:
        follower.kill()
        follower.wait()


async def _until_kept(follower: subprocess.Popen[bytes], database: Path, officer: str, revision: int) -> None:
    deadline = time.monotonic() + 60
    while not _keeps(database, officer, revision):
        assert time.monotonic() < deadline, f"it never kept revision {revision}"
        assert follower.poll() is None, "it ended by itself"
        await asyncio.sleep(0.05)


async def _make_topics_anew(broker: Kafka) -> None:
    """Deletes all records and offsets."""
    if isinstance(broker, EmbeddedBroker):
        broker.stop()
        broker.start()
    else:
        await remove_topics(broker.bootstrap_servers)


def _ask(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def _row(database: Path, officer: str) -> list[tuple[Any, ...]]:
    return _ask(database, "select semester, revision, score, band, complete from score where employee_id = ?", officer)


def _keeps(database: Path, officer: str, revision: int) -> bool:
    if not database.exists():
        return False
    try:
        return [row[1] for row in _row(database, officer)] == [revision]
    except sqlite3.OperationalError:  # its tables do not exist yet
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
    before = dict(_ask(database, "select part, next from place"))
    # only a second reading of the first record could restore this row
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("delete from score")
    connection.close()
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer) == []
    await _send(kafka.bootstrap_servers, officer, _score(officer, 2, None, band=None, complete=False))
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer) == [("2026-S2", 2, None, None, 0)]
    after = dict(_ask(database, "select part, next from place"))
    assert sum(after.values()) == sum(before.values()) + 1


async def test_killed_while_it_follows_it_goes_on_at_the_next_start(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    with _following(kafka.bootstrap_servers, database) as follower:
        await _until_kept(follower, database, officer, 1)
    await _send(kafka.bootstrap_servers, officer, _score(officer, 2, "71.50"))
    _run(kafka.bootstrap_servers, database)
    assert _row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")
    ends = dict(_ask(database, "select part, next from place"))
    _run(kafka.bootstrap_servers, database)
    assert dict(_ask(database, "select part, next from place")) == ends


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
    complaints = _run(kafka.bootstrap_servers, database).stderr
    assert _row(database, officer)[0][:3] == ("2026-S2", 1, "70.00")
    assert complaints.count(f"skipped {TOPIC}/") >= len(bad)
    assert officer not in complaints


async def test_the_canary_is_left_out(kafka: Kafka, tmp_path: Path) -> None:
    officer, canary, database = str(uuid4()), str(CANARY_EMPLOYEE_ID), tmp_path / "hr.db"
    await _send(kafka.bootstrap_servers, canary, _score(canary, 1, "50.00"))
    await _send(kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    complaints = _run(kafka.bootstrap_servers, database).stderr
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
    complaints = _run(kafka.bootstrap_servers, database).stderr
    assert _row(database, officer)[0][1:3] == (1_000_002, "81.00")
    assert complaints.count("REVISION_TOO_FAR") >= 2  # all tests share the topic


async def test_it_says_from_where_it_reads_and_what_it_keeps(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(own_kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"), _score(officer, 2, "71.50"))
    where = f"reading {TOPIC} at {own_kafka.bootstrap_servers} from"
    first, second, third = (
        _run(own_kafka.bootstrap_servers, database, *given) for given in ((), (), ("--from-start",))
    )
    read = "caught up: 2 records read, 1 scores kept"
    assert first.stdout.splitlines() == [f"{where} the beginning", read]
    assert second.stdout.splitlines() == [f"{where} where it stopped", "caught up: 0 records read, 1 scores kept"]
    assert third.stdout.splitlines() == [f"{where} the beginning", read]


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(own_kafka.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    _run(own_kafka.bootstrap_servers, database)
    await _make_topics_anew(own_kafka)
    # the new log is longer than the old one: the stored offset exists, but is after the record that matters
    copy = _score(officer, 1, "70.00")
    await _send(own_kafka.bootstrap_servers, officer, _score(officer, 2, "71.50"), copy, copy)
    assert "from the beginning: the topic was created again" in _run(own_kafka.bootstrap_servers, database).stdout
    assert _row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")
    assert "from where it stopped" in _run(own_kafka.bootstrap_servers, database).stdout


async def test_a_topic_made_anew_while_it_follows_is_read_from_its_beginning(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    first = _score(officer, 1, "70.00")
    await _send(own_kafka.bootstrap_servers, officer, first)
    with _following(own_kafka.bootstrap_servers, database) as follower:
        await _until_kept(follower, database, officer, 1)
        follower.send_signal(signal.SIGSTOP)  # it resumes when the new log is longer than the old one
        await _make_topics_anew(own_kafka)
        await _send(own_kafka.bootstrap_servers, officer, _score(officer, 2, "71.50"), first, first)
        follower.send_signal(signal.SIGCONT)
        await _until_kept(follower, database, officer, 2)


def test_wrong_use_is_told_and_makes_no_file(tmp_path: Path) -> None:
    database = tmp_path / "hr.db"
    helped = _start("--help")
    assert (helped.returncode, "KAFKA_BOOTSTRAP_SERVERS" in helped.stdout) == (0, True)
    for arguments, settings, advice in (
        ((), {}, "required: database"),
        ((str(database),), {}, "KAFKA_BOOTSTRAP_SERVERS is not set"),
        ((str(database),), {"KAFKA_BOOTSTRAP_SERVERS": "h:1", "KAFKA_SSL_FOO": "1"}, '"ssl.foo"'),
    ):
        done = _start(*arguments, **settings)
        assert (done.returncode, done.stdout) == (2, "")
        assert advice in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_without_a_broker_it_says_what_to_check_and_makes_no_file(tmp_path: Path) -> None:
    done = _start(str(tmp_path / "hr.db"), KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "Connection refused" in done.stderr
    assert "KAFKA_BOOTSTRAP_SERVERS" in done.stderr
    assert not list(tmp_path.iterdir())


async def test_without_the_topic_it_says_so_and_does_not_make_it(own_kafka: Kafka, tmp_path: Path) -> None:
    for _ in range(2):
        done = _start(str(tmp_path / "hr.db"), KAFKA_BOOTSTRAP_SERVERS=own_kafka.bootstrap_servers)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"there is no topic {TOPIC}")
    assert not (tmp_path / "hr.db").exists()


@pytest.mark.containers
async def test_a_login_is_used_and_a_wrong_password_is_told(kafka_container: KafkaInContainer, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await _send(kafka_container.bootstrap_servers, officer, _score(officer, 1, "70.00"))
    login = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_container.login_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": "hris",
    }
    wrong = _start(str(database), "--once", **login, KAFKA_SASL_PASSWORD="another")
    assert (wrong.returncode, database.exists()) == (1, False)
    assert "Authentication failed" in wrong.stderr
    assert "the login in KAFKA_SASL_*" in wrong.stderr
    assert _start(str(database), "--once", **login, KAFKA_SASL_PASSWORD=kafka_container.password).returncode == 0
    assert _row(database, officer)[0][:3] == ("2026-S2", 1, "70.00")


async def test_a_database_that_cannot_be_used_is_told(kafka: Kafka, tmp_path: Path) -> None:
    await provision(kafka.bootstrap_servers, read_topics())
    done = _start(str(tmp_path), "--once", KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)
    assert done.returncode == 1
    assert done.stderr.startswith(f"the database {tmp_path} cannot be used")


def test_a_python_without_the_client_is_told_what_to_do() -> None:
    bare = [sys.executable, "-S", str(PROGRAM), "--help"]  # without site-packages
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "pip install confluent-kafka" in line
