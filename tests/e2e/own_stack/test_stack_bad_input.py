"""Bad input, full disks and wrong clocks: the stack refuses or degrades with one line that names cause and runbook."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from embedded.children import free_port
from tests.e2e.bad_input import (
    LINES,
    OFFICERS,
    assert_all_is_applied,
    change_every_day,
    doctor,
    full_disk,
    held_disks,
    kept_punches,
    line_with,
    many_punches,
    metrics,
    own_words,
    post,
    refusal,
)
from tests.e2e.stack import NO_CANARY, ROOT, Stack, running_stack, until
from tests.e2e.town import MACHINE, fill_town, punch, scores
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.images import POSTGRES

pytestmark = [pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(900), needs_engine]


# The stores on small in-memory disks, which a test can fill.
SMALL_DISKS = """
volumes:
  postgres: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=300m"}}
  kafka: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=300m"}}
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """On small disks, and with an expired certificate for HR systems: it starts all the same."""
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        disks = Path(folder) / "disks.yml"
        disks.write_text(SMALL_DISKS)
        files = ("deploy/compose.external.yml", NO_CANARY, str(disks))
        port = str(free_port())
        with running_stack(Path(folder), files=files, KAFKA_EXTERNAL_PORT=port, DAYS="-1") as it, held_disks(it):
            it.wait_until_ready()
            fill_town(it, OFFICERS)
            yield it


# ---- an expired certificate ----


def test_an_expired_certificate_is_reported_and_renewed(stack: Stack) -> None:
    """The rest of the stack runs (the fixture has seen scores); only HR systems are refused until it is renewed."""
    assert "expired" in refusal(stack)
    told = line_with("certificate of Kafka's listener for HR systems ended on", stack.logs("preflight"))
    assert told.endswith("docs/runbooks/certificate.md")
    found = line_with("certificate", doctor(stack))
    assert found.startswith("FAIL  Kafka's certificate for HR systems ended")
    assert found.endswith("docs/runbooks/certificate.md")
    end = 'kinerja_certificate_ends_timestamp_seconds{certificate="kafka"}'
    assert metrics(stack, "notifications", "notices")[end] < datetime.now(UTC).timestamp()

    stack.environment["DAYS"] = "397"
    stack.run("sh", "deploy/kafka-certificate.sh", str(stack.secrets))
    stack.compose("up", "--detach", "--force-recreate", "--wait", "kafka")
    assert refusal(stack) == ""
    assert "ended" not in stack.compose("run", "--rm", "--no-deps", "-T", "preflight", check=False)
    assert line_with("Kafka's certificate", doctor(stack)).startswith("ok")
    assert_all_is_applied(stack)


# ---- full disks ----


def test_a_full_disk_of_the_database(stack: Stack) -> None:
    before = kept_punches(stack)
    with full_disk(stack, "postgres"):
        answers = [post(stack, many_punches(number)) for number in range(12)]
        refused = [number for number, answer in enumerate(answers) if answer.status_code != 200]
        assert refused
        for number in refused:
            assert answers[number].status_code == 503
            assert answers[number].headers["content-type"] == "application/problem+json"
            assert answers[number].headers["retry-after"]
        # a background task may have met the full disk before a request did
        faults = [
            json.loads(line) for line in own_words(stack, "attendance").splitlines() if '"sqlstate":"53100"' in line
        ]
        assert "store_unavailable" in {fault["event"] for fault in faults}
        assert {fault["cause"] for fault in faults} == {"the database's disk is full: docs/runbooks/database-full.md"}

        # The worst case: no room for the WAL either. Postgres ends, and again after each restart.
        until("an end of Postgres", lambda: not switch_log(stack), 60, pause=0)
        words = "the disk of the database is full"
        until("a line that names the disk", lambda: line_with(words, stack.logs("postgres")), 60)
        assert line_with(words, stack.logs("postgres")).endswith("docs/runbooks/database-full.md")
        assert post(stack, many_punches(refused[0])).status_code == 503
    stack.wait_until_ready(180)  # without help
    for number in refused:  # as the machine does
        assert until("an answer", lambda n=number: post(stack, many_punches(n)).text == f"OK: {LINES}", 30)  # type: ignore[misc]
    assert kept_punches(stack) == before + 12 * LINES
    assert_all_is_applied(stack)


def switch_log(stack: Stack) -> bool:
    """Makes Postgres need a new WAL file; returns whether it could."""
    query = "select pg_switch_wal(), pg_current_xact_id()"
    order = ("exec", "-T", "postgres", "psql", "-U", "postgres", "-Atc", query)
    return stack.run("docker", "compose", *order, check=False).returncode == 0


def test_a_full_disk_of_kafka(stack: Stack) -> None:
    with full_disk(stack, "kafka"):
        words = "the disk of Kafka is full"
        until("a line that names the disk", lambda: line_with(words, stack.logs("kafka")), 120)
        assert line_with(words, stack.logs("kafka")).endswith("docs/runbooks/broker-down.md")
        change_every_day(stack, "07:11:00")  # answered OK: events wait in the outbox
        until("events that wait", lambda: stack.psql("attendance", "select count(*) from outbox") != "0", 30)
    assert_all_is_applied(stack)  # without help


# ---- a topic changed by hand ----


def test_a_topic_changed_by_hand(stack: Stack) -> None:
    topic = "asn.attendance-day.v1"
    tool = ("exec", "-T", "kafka", "bash", "/deploy/admin.sh", "kafka-topics.sh")
    stack.compose(*tool, "--alter", "--topic", topic, "--partitions", "24")
    ended = stack.run("docker", "compose", "up", "--detach", "--wait", check=False)
    assert ended.returncode != 0
    assert "topics" in ended.stderr
    told = line_with(f"{topic} has 24 partitions, the file says 12", stack.logs("topics"))
    assert told.endswith("docs/runbooks/topics-changed.md")
    # running services go on, also after clients have seen the new partitions, to which officers' records move
    change_every_day(stack, "07:10:00")
    assert_all_is_applied(stack)
    stack.compose("restart", "attendance", "scoring")
    stack.wait_until_ready()
    change_every_day(stack, "07:09:00")
    assert_all_is_applied(stack)
    offsets = stack.compose("exec", "-T", "kafka", "bash", "/deploy/admin.sh", "kafka-get-offsets.sh", "--topic", topic)
    on_new = [line for line in offsets.splitlines() if int(line.split(":")[1]) >= 12 and not line.endswith(":0")]
    assert on_new  # otherwise the above has shown nothing
    assert {item["score"] for item in scores(stack).values()} == {"100.00"}

    # back to the number in the file, as the runbook says
    stack.compose("stop", "attendance", "feedback", "scoring", "notifications")
    stack.compose(*tool, "--delete", "--topic", topic)
    stack.up()
    stack.compose("run", "--rm", "--no-deps", "-T", "admin", "republish")
    assert "as the file says" in stack.compose("run", "--rm", "--no-deps", "-T", "admin", "topics", "verify")
    assert_all_is_applied(stack)


# ---- a clock an hour off ----

CLOCK = """
services:
  attendance:
    volumes: ["{file}:/app/shared/base/clock.py:ro"]
"""


@contextlib.contextmanager
def attendance_with_a_clock_off_by(stack: Stack, hours: int) -> Iterator[None]:
    """A container uses its host's clock and cannot set it. So one service reads the time through a `shared/base/clock.py`
    with an offset: rules, watermarks and the times in its records follow it; TLS and timers do not."""
    clock = (ROOT / "shared/base/clock.py").read_text()
    spoilt = clock.replace("return datetime.now(UTC)", f"return datetime.now(UTC) + timedelta(hours={hours})")
    assert spoilt != clock
    file, overlay = stack.folder / "clock.py", stack.folder / "clock.yml"
    file.write_text(spoilt)
    file.chmod(0o644)
    stack.folder.chmod(0o755)  # the container's user differs from ours
    overlay.write_text(CLOCK.format(file=file))
    files = stack.environment["COMPOSE_FILE"]
    start = ("up", "--detach", "--wait", "--no-deps", "--force-recreate", "attendance")
    stack.environment["COMPOSE_FILE"] = f"{files}:{overlay}"
    try:
        stack.compose(*start)
        yield
    finally:
        stack.environment["COMPOSE_FILE"] = files
        stack.compose(*start)


def test_records_from_an_hour_ahead_break_no_consumer(stack: Stack) -> None:
    """Their times do not decide: a later correction with an earlier time still wins by its revision."""
    with attendance_with_a_clock_off_by(stack, +1):
        change_every_day(stack, "07:08:00")
        assert_all_is_applied(stack)
        recorded = datetime.fromisoformat(stack.psql("attendance", "select max(recorded_at) from attendance_day"))
        assert recorded > datetime.now(UTC) + timedelta(minutes=50)  # otherwise the clock was not off
        found = metrics(stack, "scoring", "scores")
        behind = [value for name, value in found.items() if name.startswith("kinerja_consumer_lag_seconds")]
        assert behind
        assert all(0 <= value < 60 for value in behind)
    change_every_day(stack, "07:07:00")
    assert_all_is_applied(stack)


def now() -> datetime:
    """The local time of a machine with a correct clock."""
    return datetime.now(ZoneInfo("Asia/Jakarta")).replace(microsecond=0, tzinfo=None)


def test_a_clock_an_hour_behind_loses_no_punch_and_is_reported(stack: Stack) -> None:
    """Punches of correct machines then lie in the future: they are stored and flagged, and close no day. They count
    once an operator has accepted them."""
    with attendance_with_a_clock_off_by(stack, -1):
        assert punch(stack, f"1\t{now()}\t255\t77\t\t0\t0\n") == "OK: 1"
        kept = stack.psql("attendance", "select counted, flags from punch where verify = 77")
        assert kept == "f|{future}"
        found = line_with(f"machine {MACHINE}: its clock", doctor(stack))
        assert found.startswith("FAIL")
        assert found.endswith("docs/runbooks/clock.md")
    assert punch(stack, f"1\t{now()}\t255\t77\t\t0\t0\n") == "OK: 1"  # a live punch: the restart took over a second
    assert stack.psql("attendance", "select count(*) from punch where verify = 77 and counted") == "1"
    assert not line_with(f"machine {MACHINE}: its clock", doctor(stack))  # its clock is trusted again
    (flagged,) = stack.http.get("/attendance/v1/punches", params={"not_counted": True}).json()["items"]
    received = datetime.fromisoformat(flagged["received_at"])
    behind = {
        "received_from": (received - timedelta(minutes=1)).isoformat(),
        "received_to": (received + timedelta(minutes=1)).isoformat(),
        "seconds_behind": 3600,
        "reason": "no time server",
    }
    assert stack.http.put(f"/attendance/v1/clock-corrections/{uuid4()}", json=behind).status_code == 204
    assert stack.psql("attendance", "select count(*) from punch where verify = 77 and counted") == "2"
    assert_all_is_applied(stack)


# ---- a volume of another Postgres ----


def test_a_volume_of_another_postgres_version_is_refused_and_left_alone() -> None:
    """Docker restarts Postgres again and again; its log repeats that one line, and `up` fails."""
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        old = Stack(Path(folder))
        look = ("docker", "run", "--rm", "-v", f"{old.name}_postgres:/data", "--entrypoint", "sh", POSTGRES, "-c")
        try:
            old.run("docker", "volume", "create", f"{old.name}_postgres")
            old.run(*look, "echo 16 > /data/PG_VERSION; echo kept > /data/base; chown -R postgres /data")
            ended = old.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=300)
            assert ended.returncode != 0
            assert "postgres" in ended.stderr
            assert set(own_words(old, "postgres").splitlines()) == {
                "the data volume was made by Postgres 16, this is Postgres 17: docs/runbooks/postgres-version.md"
            }
            assert old.run(*look, "cd /data; cat PG_VERSION base; ls | wc -l").stdout.split() == ["16", "kept", "2"]
        finally:
            old.end()
            old.run("docker", "volume", "rm", "--force", f"{old.name}_postgres", check=False)
