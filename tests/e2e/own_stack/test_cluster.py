"""Three brokers: with one killed, events go on flowing; with two down, nothing is acknowledged and nothing is lost."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.children import free_port
from shared.contracts.topics import ALL_TOPICS
from tests.e2e.hr_system import read_full_scores
from tests.e2e.stack import Stack, running_stack, until
from tests.e2e.town import open_town, punch, punch_days, scores, work_days
from tests.e2e.traffic import OFFICERS, Traffic, assert_nothing_is_lost
from tests.fixtures.stores.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(1_800), needs_engine]

FILES = ("deploy/compose.cluster.yml", "deploy/compose.external.yml", "deploy/compose.cluster-external.yml")
BROKERS = {1: "kafka", 2: "kafka2", 3: "kafka3"}
ONE_MORE, TWO_MORE = OFFICERS + 1, OFFICERS + 2  # officers who punch only while brokers are down
FLOWING_SECONDS_MAX = 5.0  # the age of the oldest waiting event while events flow

DESCRIBE = """
import json
from confluent_kafka.admin import ConfigResource
from shared.kafka_admin.access import Access
from shared.settings.settings import KafkaSettings
admin = Access(KafkaSettings()).client
topics = admin.list_topics(timeout=20).topics
resources = [ConfigResource("topic", name) for name in topics]
settings = {key.name: future.result() for key, future in admin.describe_configs(resources).items()}
print(json.dumps({name: {
    "least": settings[name]["min.insync.replicas"].value,
    "partitions": [[p.leader, sorted(p.replicas), sorted(p.isrs)] for p in topic.partitions.values()],
} for name, topic in topics.items()}))
"""
CONTROLLER = """
jaas='org.apache.kafka.common.security.plain.PlainLoginModule required username="admin"'
printf '%s\\n' security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN \
  "sasl.jaas.config=$jaas password=\\"$(cat /run/secrets/kafka_admin_password)\\";" >/tmp/admin.properties
KAFKA_HEAP_OPTS=-Xmx64m /opt/kafka/bin/kafka-metadata-quorum.sh --bootstrap-server kafka:9092 \
  --command-config /tmp/admin.properties describe --status
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    ports = {
        name: str(free_port()) for name in ("KAFKA_EXTERNAL_PORT", "KAFKA_EXTERNAL_PORT_2", "KAFKA_EXTERNAL_PORT_3")
    }
    with (
        tempfile.TemporaryDirectory(prefix="kin-stack-") as folder,
        running_stack(Path(folder), files=FILES, **ports) as running,
    ):
        running.wait_until_ready()
        yield running


@pytest.fixture(autouse=True)
def whole_cluster(stack: Stack) -> None:
    """Restarts brokers that a failed test left stopped."""
    stack.compose("start", *BROKERS.values())


@pytest.fixture(scope="module")
def town(stack: Stack) -> list[str]:
    """The officers' ids; all but the last two have a score."""
    ids = open_town(stack, TWO_MORE)
    assert punch(stack, punch_days(OFFICERS)).startswith("OK: ")
    until("scores", lambda: all(score_of(stack, officer) == "100.00" for officer in ids[:OFFICERS]), 90)
    assert score_of(stack, ids[ONE_MORE - 1]) != "100.00"
    return ids


@pytest.fixture(scope="module")
def connection(stack: Stack) -> dict[str, str]:
    """The addresses and login for an HR system."""
    stack.run("sh", "deploy/connect.sh", str(stack.folder / "connect"))
    values = dict(line.split("=", 1) for line in (stack.folder / "connect/connect.env").read_text().splitlines())
    assert len(values["KAFKA_BOOTSTRAP_SERVERS"].split(",")) == len(BROKERS)
    return values


def score_of(stack: Stack, officer: str) -> object:
    return scores(stack).get(officer, {}).get("score")


def punches_of(pin: int) -> str:
    """Five whole days of one officer."""
    return "".join(line + "\n" for line in punch_days(TWO_MORE).splitlines() if line.startswith(f"{pin}\t"))


def topics(stack: Stack) -> dict[str, Any]:
    """Each topic's min.insync.replicas, and the leader, replicas and in-sync replicas of its partitions."""
    order = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "python", "admin", "-c", DESCRIBE)
    return dict(json.loads(stack.compose(*order).splitlines()[-1]))


def in_sync(stack: Stack) -> set[int]:
    """The brokers that are in sync for every partition."""
    partitions = [set(isr) for topic in topics(stack).values() for _, _, isr in topic["partitions"]]
    return set.intersection(*partitions)


def controller(stack: Stack) -> int:
    """The controller that leads the cluster."""
    words = stack.compose("exec", "-T", "kafka", "bash", "-c", CONTROLLER)
    return int(next(line.split()[1] for line in words.splitlines() if line.startswith("LeaderId:")))


def kill(stack: Stack, *brokers: int) -> None:
    """Kills them at once; Docker does not restart a container that was killed by hand."""
    stack.run("docker", "kill", *(stack.containers(BROKERS[broker])[0] for broker in brokers))


def oldest_event_seconds(stack: Stack, database: str) -> float:
    age = "select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) from outbox"
    return float(stack.psql(database, age))


def test_every_record_lies_on_three_disks(stack: Stack, town: list[str]) -> None:
    assert town
    found = topics(stack)
    assert found.keys() >= {topic.name for topic in ALL_TOPICS} | {"__consumer_offsets"}
    assert {topic["least"] for topic in found.values()} == {"2"}
    assert all(copies == [1, 2, 3] for topic in found.values() for _, copies, _ in topic["partitions"])
    assert "as the file says" in stack.compose("run", "--rm", "--no-deps", "-T", "admin", "topics", "verify")


def test_one_broker_killed_and_events_go_on_flowing(stack: Stack, town: list[str], connection: dict[str, str]) -> None:
    gone = controller(stack)
    assert gone in {leader for topic in topics(stack).values() for leader, _, _ in topic["partitions"]}
    with Traffic(stack, work_days()[0]) as traffic:
        traffic.wait_for_one_more()
        kill(stack, gone)
        before = len(traffic.accepted)
        assert punch(stack, punches_of(ONE_MORE)) == "OK: 10"
        until("a score of punches", lambda: score_of(stack, town[ONE_MORE - 1]) == "100.00", 90)
        for database in ("attendance", "scoring"):
            until(
                f"events of {database} that flow",
                lambda name=database: oldest_event_seconds(stack, name) < FLOWING_SECONDS_MAX,  # type: ignore[misc]
                60,
            )
        read_full_scores(connection, set(town[:ONE_MORE]), 120)
        assert in_sync(stack) == set(BROKERS) - {gone}
        assert len(traffic.accepted) > before
        stack.compose("start", BROKERS[gone])
        until("three replicas in sync", lambda: in_sync(stack) == set(BROKERS), 90, pause=2)
    assert not traffic.refused
    assert_nothing_is_lost(stack, traffic)


def test_with_two_brokers_gone_nothing_is_acknowledged_and_nothing_lost(stack: Stack, town: list[str]) -> None:
    """The control: the test before depended on the second copy; with a single copy a record is not acknowledged."""
    with Traffic(stack, work_days()[1]) as traffic:
        traffic.wait_for_one_more()
        kill(stack, 1, 2)
        assert punch(stack, punches_of(TWO_MORE)) == "OK: 10"
        time.sleep(5)  # requests in flight have ended
        waiting = int(stack.psql("attendance", "select count(*) from outbox"))
        time.sleep(20)
        assert int(stack.psql("attendance", "select count(*) from outbox")) >= waiting > 0
        assert oldest_event_seconds(stack, "attendance") > 20
        assert score_of(stack, town[TWO_MORE - 1]) != "100.00"
        stack.compose("start", BROKERS[1], BROKERS[2])
        until("a score of punches", lambda: score_of(stack, town[TWO_MORE - 1]) == "100.00", 120)
    assert not traffic.refused
    assert_nothing_is_lost(stack, traffic)
