"""The example subscriber as its own process with a broker: copies, late revisions, bad records, restarts."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from embedded.children import free_port
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.stores.backends import Kafka
from tests.fixtures.stores.containers import KafkaInContainer
from tests.integration.examples.subscriber import (
    PROGRAM,
    TOPIC,
    ClientCrashedError,
    following,
    make_topics_anew,
    read,
    row,
    run,
    score,
    send,
    start,
    until_stored,
)


async def test_copies_and_late_revisions_change_nothing(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    third = score(officer, 3, "91.27")
    await send(kafka.bootstrap_servers, officer, score(officer, 1, "70.00"), third, third, score(officer, 2, "80.00"))
    run(kafka.bootstrap_servers, database)
    assert row(database, officer) == [("2026-S2", 3, "91.27", "SANGAT_BAIK", 1)]


async def test_a_restart_goes_on_where_it_was(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(kafka.bootstrap_servers, officer, score(officer, 1, "70.00"))
    run(kafka.bootstrap_servers, database)
    before = dict(read(database, "select part, next from place"))
    # only a second reading of the first record could restore this row
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("delete from score")
    connection.close()
    run(kafka.bootstrap_servers, database)
    assert row(database, officer) == []
    await send(kafka.bootstrap_servers, officer, score(officer, 2, None, band=None, complete=False))
    run(kafka.bootstrap_servers, database)
    assert row(database, officer) == [("2026-S2", 2, None, None, 0)]
    after = dict(read(database, "select part, next from place"))
    assert sum(after.values()) == sum(before.values()) + 1


async def test_killed_while_it_follows_it_goes_on_at_the_next_start(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(kafka.bootstrap_servers, officer, score(officer, 1, "70.00"))
    with following(kafka.bootstrap_servers, database) as follower:
        await until_stored(follower, database, officer, 1)
    await send(kafka.bootstrap_servers, officer, score(officer, 2, "71.50"))
    run(kafka.bootstrap_servers, database)
    assert row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")
    ends = dict(read(database, "select part, next from place"))
    run(kafka.bootstrap_servers, database)
    assert dict(read(database, "select part, next from place")) == ends


async def test_reading_all_again_gives_the_same_table(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(kafka.bootstrap_servers, officer, score(officer, 1, "70.00"), score(officer, 2, "71.50"))
    run(kafka.bootstrap_servers, database)
    table = read(database, "select * from score order by employee_id, semester")
    run(kafka.bootstrap_servers, database, "--from-start")
    assert read(database, "select * from score order by employee_id, semester") == table
    assert row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")


async def test_a_record_that_cannot_be_read_does_not_stop_the_next(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    bad = (b"not json", b"[1]", b"{}", score(officer, 9, "1.00", semester={"not": "text"}))
    await send(kafka.bootstrap_servers, officer, *bad, score(officer, 1, "70.00"))
    complaints = run(kafka.bootstrap_servers, database).stderr
    assert row(database, officer)[0][:3] == ("2026-S2", 1, "70.00")
    assert complaints.count(f"skipped {TOPIC}/") >= len(bad)
    assert officer not in complaints


async def test_the_canary_is_left_out(kafka: Kafka, tmp_path: Path) -> None:
    officer, canary, database = str(uuid4()), str(CANARY_EMPLOYEE_ID), tmp_path / "hr.db"
    await send(kafka.bootstrap_servers, canary, score(canary, 1, "50.00"))
    await send(kafka.bootstrap_servers, officer, score(officer, 1, "70.00"))
    complaints = run(kafka.bootstrap_servers, database).stderr
    assert (len(row(database, officer)), row(database, canary)) == (1, [])
    assert canary not in complaints


async def test_a_structured_event_is_read_too(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    event = orjson.dumps({"specversion": "1.0", "type": TOPIC, "data": orjson.loads(score(officer, 4, "88.00"))})
    await send(kafka.bootstrap_servers, officer, event, content_type=b"application/cloudevents+json; charset=UTF-8")
    run(kafka.bootstrap_servers, database)
    assert row(database, officer)[0][:3] == ("2026-S2", 4, "88.00")


async def test_a_revision_that_leaps_is_refused_and_the_next_true_one_is_kept(kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    first = score(officer, 2_147_483_647, "1.00")
    await send(
        kafka.bootstrap_servers,
        officer,
        first,
        score(officer, 1, "70.00"),
        score(officer, 1_000_002, "2.00"),
        score(officer, 2, "80.00"),
        score(officer, 1_000_002, "81.00"),
    )
    complaints = run(kafka.bootstrap_servers, database).stderr
    assert row(database, officer)[0][1:3] == (1_000_002, "81.00")
    assert complaints.count("REVISION_TOO_FAR") >= 2  # all tests share the topic


async def test_it_says_from_where_it_reads_and_what_it_keeps(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(own_kafka.bootstrap_servers, officer, score(officer, 1, "70.00"), score(officer, 2, "71.50"))
    where = f"reading {TOPIC} at {own_kafka.bootstrap_servers} from"
    first, second, third = (run(own_kafka.bootstrap_servers, database, *given) for given in ((), (), ("--from-start",)))
    read = "caught up: 2 records read, 1 scores kept"
    assert first.stdout.splitlines() == [f"{where} the beginning", read]
    assert second.stdout.splitlines() == [f"{where} where it stopped", "caught up: 0 records read, 1 scores kept"]
    assert third.stdout.splitlines() == [f"{where} the beginning", read]


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(own_kafka.bootstrap_servers, officer, score(officer, 1, "70.00"))
    run(own_kafka.bootstrap_servers, database)
    await make_topics_anew(own_kafka)
    # the new log is longer than the old one: the stored offset exists, but is after the record that matters
    copy = score(officer, 1, "70.00")
    await send(own_kafka.bootstrap_servers, officer, score(officer, 2, "71.50"), copy, copy)
    assert "from the beginning: the topic was created again" in run(own_kafka.bootstrap_servers, database).stdout
    assert row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")
    assert "from where it stopped" in run(own_kafka.bootstrap_servers, database).stdout


async def test_a_topic_made_anew_while_it_follows_is_read_from_its_beginning(own_kafka: Kafka, tmp_path: Path) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    first = score(officer, 1, "70.00")
    await send(own_kafka.bootstrap_servers, officer, first)
    with following(own_kafka.bootstrap_servers, database) as follower:
        await until_stored(follower, database, officer, 1)
        follower.send_signal(signal.SIGSTOP)  # it resumes when the new log is longer than the old one
        await make_topics_anew(own_kafka)
        await send(own_kafka.bootstrap_servers, officer, score(officer, 2, "71.50"), first, first)
        follower.send_signal(signal.SIGCONT)
        try:
            await until_stored(follower, database, officer, 2)
        except ClientCrashedError:
            run(own_kafka.bootstrap_servers, database)  # as the process manager of an HR system starts it again
    assert row(database, officer)[0][:3] == ("2026-S2", 2, "71.50")


def test_wrong_use_is_reported_and_makes_no_file(tmp_path: Path) -> None:
    database = tmp_path / "hr.db"
    helped = start("--help")
    assert (helped.returncode, "KAFKA_BOOTSTRAP_SERVERS" in helped.stdout) == (0, True)
    for arguments, settings, advice in (
        ((), {}, "required: database"),
        ((str(database),), {}, "KAFKA_BOOTSTRAP_SERVERS is not set"),
        ((str(database),), {"KAFKA_BOOTSTRAP_SERVERS": "h:1", "KAFKA_SSL_FOO": "1"}, '"ssl.foo"'),
    ):
        done = start(*arguments, **settings)
        assert (done.returncode, done.stdout) == (2, "")
        assert advice in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_without_a_broker_it_says_what_to_check_and_makes_no_file(tmp_path: Path) -> None:
    done = start(str(tmp_path / "hr.db"), KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "Connection refused" in done.stderr
    assert "KAFKA_BOOTSTRAP_SERVERS" in done.stderr
    assert not list(tmp_path.iterdir())


async def test_without_the_topic_it_says_so_and_does_not_make_it(own_kafka: Kafka, tmp_path: Path) -> None:
    for _ in range(2):
        done = start(str(tmp_path / "hr.db"), KAFKA_BOOTSTRAP_SERVERS=own_kafka.bootstrap_servers)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"there is no topic {TOPIC}")
    assert not (tmp_path / "hr.db").exists()


@pytest.mark.containers
async def test_a_login_is_used_and_a_wrong_password_is_reported(
    kafka_container: KafkaInContainer, tmp_path: Path
) -> None:
    officer, database = str(uuid4()), tmp_path / "hr.db"
    await send(kafka_container.bootstrap_servers, officer, score(officer, 1, "70.00"))
    login = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_container.login_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": "hris",
    }
    wrong = start(str(database), "--once", **login, KAFKA_SASL_PASSWORD="another")
    assert (wrong.returncode, database.exists()) == (1, False)
    assert "Authentication failed" in wrong.stderr
    assert "the login in KAFKA_SASL_*" in wrong.stderr
    assert start(str(database), "--once", **login, KAFKA_SASL_PASSWORD=kafka_container.password).returncode == 0
    assert row(database, officer)[0][:3] == ("2026-S2", 1, "70.00")


async def test_a_database_that_cannot_be_used_is_reported(kafka: Kafka, tmp_path: Path) -> None:
    await provision(kafka.bootstrap_servers, read_topics())
    done = start(str(tmp_path), "--once", KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)
    assert done.returncode == 1
    assert done.stderr.startswith(f"the database {tmp_path} cannot be used")


def test_a_python_without_the_client_is_told_what_to_do() -> None:
    bare = [sys.executable, "-S", str(PROGRAM), "--help"]  # without site-packages
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "pip install confluent-kafka" in line
