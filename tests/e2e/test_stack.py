"""The Docker stack: from a punch to a score that an HR system reads, and nobody may do more than he needs."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka import KafkaError as Code
from confluent_kafka.admin import AdminClient

from embedded.children import free_port
from shared.access import read_rights
from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.contracts.topics import ALL_TOPICS
from shared.gateway import ROUTES
from tests.e2e.hr_system import kafka, read_full_scores
from tests.e2e.stack import ROOT, Stack, running_stack, until
from tests.e2e.town import PUNCHED_DAYS, fill_town, punch, scores, work_days
from tests.fixtures.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine]

SERVICES = ("attendance", "feedback", "scoring", "notifications")
OFFICERS = 4


@pytest.fixture(scope="module")
def external_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def stack(external_port: int) -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="kin-stack-") as folder,
        running_stack(
            Path(folder),
            files=("deploy/compose.external.yml",),
            KAFKA_EXTERNAL_PORT=str(external_port),
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def town(stack: Stack) -> list[str]:
    stack.wait_until_ready()
    return fill_town(stack, OFFICERS)


@pytest.fixture(scope="module")
def connection(stack: Stack) -> dict[str, str]:
    folder = stack.folder / "connect"
    stack.run("sh", "deploy/connect.sh", str(folder))
    assert (folder / "connect.env").stat().st_mode & 0o777 == 0o600
    return dict(line.split("=", 1) for line in (folder / "connect.env").read_text().splitlines())


def login(stack: Stack, connection: dict[str, str], user: str) -> dict[str, str]:
    """A service's own login, at the outside listener."""
    password = (stack.secrets / f"kafka_{user}_password").read_text()
    return connection | {"KAFKA_SASL_USERNAME": user, "KAFKA_SASL_PASSWORD": password}


def test_punches_become_scores_that_an_hr_system_reads(
    stack: Stack, town: list[str], connection: dict[str, str]
) -> None:
    listed = scores(stack)
    assert {listed[officer]["score"] for officer in town} == {"100.00"}
    read_full_scores(connection, set(town), 60)
    assert stack.http.post("/scores/v1/verify").json()["ok"]


def test_the_canarys_punches_become_published_scores(stack: Stack, connection: dict[str, str]) -> None:
    found = httpx.get(f"{stack.url}/scores/v1/canary").json()
    assert found["revision"] >= 1
    [canary] = stack.containers("canary")
    assert stack.run("docker", "inspect", "--format", "{{.State.Health.Status}}", canary).stdout.strip() == "healthy"
    text = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/canary/metrics').read().decode())"
    shown = stack.compose("exec", "-T", "canary", "python", "-c", text)
    assert float(re.findall(r"^kinerja_canary_age_seconds (\S+)$", shown, re.MULTILINE)[0]) < 300
    consumer = Consumer(kafka(connection, **{"group.id": "sandbox-canary", "auto.offset.reset": "earliest"}))
    consumer.subscribe(["asn.score.v1"])
    key = f"{CANARY_EMPLOYEE_ID}/".encode()

    def read() -> bool:
        message = consumer.poll(1.0)
        return message is not None and message.error() is None and (message.key() or b"").startswith(key)

    try:
        until("the canary's record on Kafka", read, 60, pause=0)
    finally:
        consumer.close()
    assert str(CANARY_EMPLOYEE_ID) not in scores(stack)
    assert str(CANARY_EMPLOYEE_ID) not in stack.http.get("/attendance/v1/employees").text


def test_a_vote_through_the_gateway_counts_once(stack: Stack, town: list[str]) -> None:
    visit = {"employee_id": town[0], "service": "KTP-el"}
    link = stack.http.post("/feedback/v1/visits", json=visit).json()["url"]
    assert link.startswith(f"http://localhost:{stack.port}/f/")
    path = httpx.URL(link).path
    page = httpx.get(f"{stack.url}{path}").text
    names = set(re.findall(r'name="([^"]+)"', page))
    votes = {name: "4" for name in names if f'name="{name}"' in page}
    statuses = [httpx.post(f"{stack.url}{path}", data=votes).status_code for _ in range(2)]
    assert statuses[0] in (200, 303)
    assert statuses[1] in (409, 410)
    count = "select count(*) from feedback_fact where employee_id = '{}'"
    until("the vote in scoring", lambda: stack.psql("scoring", count.format(town[0])) == "1", 30)


def test_three_scorers_share_the_work_and_nothing_doubles(stack: Stack, town: list[str]) -> None:
    stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "scoring=3", seconds=120)
    try:
        assert len(stack.containers("scoring")) == 3
        later = "".join(
            f"{pin}\t{day} 16:50:00\t255\t1\t\t0\t0\n" for day in work_days() for pin in range(1, OFFICERS + 1)
        )
        assert punch(stack, later) == f"OK: {OFFICERS * PUNCHED_DAYS}"
        stack.wait_until_ready()
        until("an empty outbox", lambda: stack.psql("attendance", "select count(*) from outbox") == "0", 60)
        assert stack.http.post("/scores/v1/verify").json()["ok"]
        scheduled = "select sum(scheduled_minutes) from day_fact where final_days = 1"
        total = "select sum(scheduled_minutes) from semester_total"
        assert stack.psql("scoring", scheduled) == stack.psql("scoring", total)
    finally:
        stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "scoring=1", seconds=120)


def test_routes_of_the_gateway_are_those_of_the_code(stack: Stack) -> None:
    caddyfile = (ROOT / "deploy/caddy/Caddyfile").read_text()
    matchers = dict(re.findall(r"@(\w+) path ([^\n]+)", caddyfile))
    for prefix, service in ROUTES:
        assert {prefix, f"{prefix}/*"} <= set(matchers[service].split())
    assert sum(len(paths.split()) for name, paths in matchers.items() if name != "metrics") == 2 * len(ROUTES)
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
    assert effective & ~(1 << 10) == 0  # the gateway may bind a low port (NET_BIND_SERVICE), the others nothing
    assert "NoNewPrivs:\t1" in status
    if service != "gateway":
        assert effective == 0
        assert stack.compose("exec", "-T", service, "id", "-u").strip() == "10001"


def test_secrets_are_in_no_environment(stack: Stack) -> None:
    secrets = [file.read_text() for file in stack.secrets.iterdir() if len(file.read_text()) > 10]
    ids = [
        name for service in (*SERVICES, "canary", "postgres", "kafka", "gateway") for name in stack.containers(service)
    ]
    shown = stack.run("docker", "inspect", *ids).stdout
    assert not [secret for secret in secrets if secret in shown]
    assert not [secret for secret in secrets if secret in stack.logs()]


# ---- databases ----


def as_role(stack: Stack, role: str, database: str, query: str) -> str:
    """What a role's own login gets to see, with psql's words where it is refused."""
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


def asyncio_client(settings: dict[str, Any], **changes: Any) -> AIOKafkaConsumer:
    """aiokafka tells a refusal at once; librdkafka asks again until its time is over."""
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
    if described is not None:  # who may not see a topic is told so here, and a fetch would only wait
        assert described.code() == Code.TOPIC_AUTHORIZATION_FAILED, described
        return False
    try:
        async with asyncio_client(settings) as consumer:
            consumer.assign([AioPartition(topic, number) for number in range(12)])
            await consumer.getmany(timeout_ms=2_500)
    except KafkaError as error:  # at the fetch, or wrapped at the consumer's end where the fetch was still under way
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
        except KafkaError as error:  # the group is looked at first; then the topic, which not everybody may see
            if "TopicAuthorizationFailedError" not in repr(error):
                raise
    return True


def may_write(settings: dict[str, Any], topic: str) -> bool:
    """Asks by a record too large for the topic: one that may write learns that, and nothing gets onto the topic."""
    outcome: list[Any] = []
    producer = Producer(settings | {"message.max.bytes": 8_000_000, "message.timeout.ms": 10_000, "retries": 0})
    producer.produce(topic, b"x" * 4_000_000, on_delivery=lambda error, _: outcome.append(error))
    producer.flush(12)
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


def test_strangers_and_old_passwords_are_refused(stack: Stack, connection: dict[str, str]) -> None:
    def logs_in(settings: dict[str, Any]) -> bool:
        consumer = Consumer(settings | {"group.id": "sandbox", "socket.timeout.ms": 5_000})
        try:
            consumer.list_topics("asn.score.v1", timeout=5)
        except KafkaException:
            return False
        finally:
            consumer.close()
        return True

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


def test_the_stack_stays_within_its_memory(stack: Stack, town: list[str]) -> None:
    ids = [
        name for service in (*SERVICES, "canary", "postgres", "kafka", "gateway") for name in stack.containers(service)
    ]
    lines = stack.run("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *ids).stdout.splitlines()
    used = sum(float(re.match(r"([\d.]+)MiB", line).group(1)) for line in lines)  # type: ignore[union-attr]
    assert used < 1500


def test_a_port_in_use_ends_the_start_with_its_name(stack: Stack) -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        second = Stack(Path(folder), PORT=str(port))
        try:
            words = second.compose("up", "--detach", "--no-deps", "gateway", check=False)
            assert str(port) in words
            assert "in use" in words or "already allocated" in words
        finally:
            second.end()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("operator_key", "", "secret operator_key is empty"), ("kafka_scoring_password", "short", "fewer than 16")],
)
def test_a_bad_secret_ends_the_start_with_its_name(stack: Stack, name: str, content: str, words: str) -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        bad = Stack(Path(folder))
        (bad.secrets / name).chmod(0o644)
        (bad.secrets / name).write_text(content)
        try:
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=120)
            assert ended.returncode != 0
            assert words in bad.logs("preflight")
            assert bad.containers("postgres") == bad.containers("kafka") == []
        finally:
            bad.end()


def test_a_missing_secret_ends_the_start_with_its_name(stack: Stack) -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        bad = Stack(Path(folder))
        (bad.secrets / "link_key").unlink()
        try:
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=120)
            assert ended.returncode != 0
            assert "link_key" in ended.stdout + ended.stderr
        finally:
            bad.end()
