"""Least privilege: containers, database roles, Kafka users, and what can be reached from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import time
from typing import Any

import pytest
import yaml
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka import KafkaError as Code
from confluent_kafka.admin import AdminClient

from shared.contracts.topics import ALL_TOPICS
from shared.db.migrations import SERVICES
from shared.kafka_admin.access import read_rights
from tests.e2e.hr_system import kafka
from tests.e2e.stack import LASTING, ROOT, Stack
from tests.fixtures.stores.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine]

REFUSED = Code._AUTHENTICATION  # noqa: SLF001 - its documented name: the library's own errors begin with an underscore


def test_metrics_are_not_served_in_public_and_every_service_is(stack: Stack) -> None:
    for prefix in ("attendance", "feedback", "scores", "notices"):
        assert stack.http.get(f"/{prefix}/metrics").status_code == 404
        assert stack.http.get(f"/{prefix}/docs").status_code == 200


def test_only_the_gateway_and_the_outside_listener_are_published(stack: Stack, external_port: int) -> None:
    published = [
        int(port["PublishedPort"])
        for line in stack.compose("ps", "--format", "json").splitlines()
        for port in json.loads(line)["Publishers"] or ()
        if port["PublishedPort"]
    ]
    assert sorted(published) == sorted([stack.port, external_port])


def test_the_base_file_publishes_the_gateway_alone() -> None:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert {name for name, service in document["services"].items() if service.get("ports")} - {"grafana"} == {"gateway"}


@pytest.mark.parametrize("service", [*SERVICES, "canary", "gateway"])
def test_a_container_cannot_write_to_itself_and_has_no_capability(stack: Stack, service: str) -> None:
    write = stack.compose("exec", "-T", service, "sh", "-c", "echo x > /written", check=False)
    assert "Read-only file system" in write
    status = stack.compose("exec", "-T", service, "cat", "/proc/1/status")
    effective = int(re.findall(r"CapEff:\s*(\w+)", status)[0], 16)
    assert effective & ~(1 << 10) == 0  # the gateway may bind a low port (NET_BIND_SERVICE), the others have none
    assert "NoNewPrivs:\t1" in status
    if service != "gateway":
        assert effective == 0
        assert stack.compose("exec", "-T", service, "id", "-u").strip() == "10001"


def test_secrets_are_in_no_environment(stack: Stack) -> None:
    secrets = [file.read_text() for file in stack.secrets.iterdir() if len(file.read_text()) > 10]
    ids = [name for service in LASTING for name in stack.containers(service)]
    shown = stack.run("docker", "inspect", *ids).stdout
    assert not [secret for secret in secrets if secret in shown]
    assert not [secret for secret in secrets if secret in stack.logs()]


# ---- databases ----


def as_role(stack: Stack, role: str, database: str, query: str) -> str:
    """What a role's own login can read, with psql's error message where access is denied."""
    password = (stack.secrets / f"database_{role}_password").read_text()
    address = f"postgresql://{role}:{password}@127.0.0.1/{database}"
    return stack.compose("exec", "-T", "postgres", "psql", address, "-Atc", query, check=False)


@pytest.mark.parametrize("role", SERVICES)
def test_a_service_reads_its_own_database_only(stack: Stack, role: str) -> None:
    assert as_role(stack, role, role, "select 1").strip() == "1"
    for other in (*SERVICES, "postgres"):
        if other != role:
            assert "permission denied for database" in as_role(stack, role, other, "select 1")


@pytest.mark.parametrize("role", SERVICES)
def test_a_service_changes_rows_but_no_table(stack: Stack, role: str) -> None:
    assert as_role(stack, role, role, "delete from outbox where id = -1").strip() == "DELETE 0"
    for statement, words in (
        ("drop table outbox", "must be owner"),
        ("alter table outbox add column x int", "must be owner"),
        ("truncate outbox", "permission denied"),
        ("create table mine (x int)", "permission denied"),
        ("create role another", "permission denied"),
        ("select * from pg_authid", "permission denied"),
        ("copy outbox to program 'true'", "permission denied"),
    ):
        assert words in as_role(stack, role, role, statement), statement


def test_nobody_gets_in_with_a_wrong_password(stack: Stack) -> None:
    wrong = "postgresql://scoring:wrong@127.0.0.1/scoring"
    answer = stack.compose("exec", "-T", "postgres", "psql", wrong, "-c", "select 1", check=False)
    assert "password authentication failed" in answer


# ---- Kafka ----


def login(stack: Stack, connection: dict[str, str], user: str) -> dict[str, str]:
    """A service's own login, at the outside listener."""
    password = (stack.secrets / f"kafka_{user}_password").read_text()
    return connection | {"KAFKA_SASL_USERNAME": user, "KAFKA_SASL_PASSWORD": password}


def asyncio_client(settings: dict[str, Any], **changes: Any) -> AIOKafkaConsumer:
    """aiokafka reports a denial at once; librdkafka retries until its timeout."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings["bootstrap.servers"],
        security_protocol=settings["security.protocol"],
        ssl_context=ssl.create_default_context(cafile=settings["ssl.ca.location"]),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=settings["sasl.username"],
        sasl_plain_password=settings["sasl.password"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **changes,
    )


async def may_read(settings: dict[str, Any], topic: str) -> bool:
    described = AdminClient(settings).list_topics(topic, timeout=10).topics[topic].error
    if described is not None:  # a user who may not see a topic gets the error here; a fetch would only wait
        assert described.code() == Code.TOPIC_AUTHORIZATION_FAILED, described
        return False
    try:
        async with asyncio_client(settings) as consumer:
            partitions = [AioPartition(topic, number) for number in range(12)]
            consumer.assign(partitions)
            async with asyncio.timeout(30):
                while any(consumer.highwater(each) is None for each in partitions):  # set by a fetch response
                    await consumer.getmany(timeout_ms=200)
    except KafkaError as error:  # at the fetch, or wrapped when the consumer stops during a fetch
        if "TopicAuthorizationFailedError" not in repr(error):
            raise
        return False
    return True


async def may_use_group(settings: dict[str, Any], group: str) -> bool:
    async with asyncio_client(settings, group_id=group) as consumer:
        try:
            async with asyncio.timeout(15):
                await consumer.committed(AioPartition("asn.score.v1", 0))
        except GroupAuthorizationFailedError:
            return False
        except KafkaError as error:  # the group is checked first; then the topic, which not every user may see
            if "TopicAuthorizationFailedError" not in repr(error):
                raise
    return True


def may_write(settings: dict[str, Any], topic: str) -> bool:
    """Sends a record too large for the topic: a user who may write gets that error, and nothing is written."""
    outcome: list[Any] = []
    producer = Producer(settings | {"message.max.bytes": 8_000_000, "message.timeout.ms": 30_000, "retries": 0})
    producer.produce(topic, b"x" * 4_000_000, on_delivery=lambda error, _: outcome.append(error))
    producer.flush(35)
    code = outcome[0].code()
    assert code in (Code.MSG_SIZE_TOO_LARGE, Code.TOPIC_AUTHORIZATION_FAILED), outcome[0]
    return bool(code == Code.MSG_SIZE_TOO_LARGE)


@pytest.mark.parametrize("user", [*SERVICES, "sandbox"])
async def test_each_user_of_kafka_may_do_what_the_file_says_and_no_more(
    stack: Stack, connection: dict[str, str], user: str
) -> None:
    rights = read_rights()
    mine = rights.of_subscriber(user) if user == "sandbox" else rights.services[user]
    settings = kafka(connection if user == "sandbox" else login(stack, connection, user))
    for topic in ALL_TOPICS:
        reads = any((r.operation, r.name) == ("READ", topic.name) for r in mine)
        writes = any((r.operation, r.name) == ("WRITE", topic.name) for r in mine)
        assert await may_read(settings, topic.name) is reads, f"read {topic.name}"
        assert may_write(settings, topic.name) is writes, f"write {topic.name}"
    groups = {"kinerja-scoring", "kinerja-feedback", "kinerja-notifications", "sandbox", "sandbox-2", "sandbox2"}
    mine_groups = [r for r in mine if r.kind == "group"]
    allowed = {n for n in groups if any(n == r.name or (r.prefixed and n.startswith(r.name)) for r in mine_groups)}
    assert {name for name in sorted(groups) if await may_use_group(settings, name)} == allowed


def test_unknown_users_and_old_passwords_are_refused(stack: Stack, connection: dict[str, str]) -> None:
    def logs_in(settings: dict[str, Any]) -> bool:
        """librdkafka retries; it reports a refused login to its error callback at once."""
        errors: list[Code] = []
        consumer = Consumer(settings | {"group.id": "sandbox", "error_cb": errors.append})
        deadline = time.monotonic() + 15
        try:
            while time.monotonic() < deadline and not any(error.code() == REFUSED for error in errors):
                with contextlib.suppress(KafkaException):
                    consumer.list_topics("asn.score.v1", timeout=1)
                    return True
                consumer.poll(0)
            return False
        finally:
            consumer.close()

    assert logs_in(kafka(connection))
    assert not logs_in(kafka(connection, **{"sasl.password": "wrong"}))
    assert not logs_in(kafka(connection, **{"sasl.username": "nobody"}))
    assert not logs_in({"bootstrap.servers": connection["KAFKA_BOOTSTRAP_SERVERS"], "log_level": 0})

    added = stack.compose("run", "--rm", "--no-deps", "-T", "admin", "subscribers", "add", "hris", "--env")
    values = dict(line.split("=", 1) for line in added.splitlines() if line.startswith("KAFKA_"))
    assert logs_in(kafka(connection | values))
    assert "hris" in stack.compose("run", "--rm", "--no-deps", "-T", "admin", "subscribers", "list").split()
    again = stack.compose("run", "--rm", "--no-deps", "-T", "admin", "subscribers", "add", "hris", check=False)
    assert "exists" in again
    stack.compose("run", "--rm", "--no-deps", "-T", "admin", "subscribers", "remove", "hris")
    assert not logs_in(kafka(connection | values))
    assert "as the file says" in stack.compose("run", "--rm", "--no-deps", "-T", "admin", "access", "verify")


def test_no_client_makes_a_topic(stack: Stack, connection: dict[str, str]) -> None:
    producer = Producer(kafka(login(stack, connection, "scoring"), **{"message.timeout.ms": 5_000}))
    outcome: list[Any] = []
    producer.produce("asn.mine.v1", b"x", on_delivery=lambda error, _: outcome.append(error))
    producer.flush(8)
    assert outcome[0] is not None
    assert "as the file says" in stack.compose("run", "--rm", "--no-deps", "-T", "admin", "topics", "verify")
