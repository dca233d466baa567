"""The Docker stack: from a punch to a score that an HR system reads, and what refuses to start."""

from __future__ import annotations

import re
import socket
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer

from shared.contracts.canary import CANARY_EMPLOYEE_ID
from tests.e2e.hr_system import kafka, read_full_scores
from tests.e2e.stack import LASTING, Stack, until
from tests.e2e.town import fill_town, punch_all, scores, work_days
from tests.e2e.traffic import assert_scoring_agrees, attendance_rests
from tests.fixtures.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine]

OFFICERS = 4


@pytest.fixture(scope="module")
def town(stack: Stack) -> list[str]:
    stack.wait_until_ready()
    return fill_town(stack, OFFICERS)


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


def vote(stack: Stack, officer: str) -> str:
    """The path of a form that was filled in through the gateway, as a browser does."""
    visit = {"employee_id": officer, "service": "KTP-el"}
    link = stack.http.post("/feedback/v1/visits", json=visit).json()["url"]
    assert link.startswith(f"http://localhost:{stack.port}/f/")
    path = str(httpx.URL(link).path)
    names = set(re.findall(r'type="radio" name="([^"]+)"', httpx.get(f"{stack.url}{path}").text))
    answer = httpx.post(f"{stack.url}{path}", data=dict.fromkeys(names, "4"))
    assert answer.status_code == 200, answer.text
    return path


def test_votes_through_the_gateway_count_once_and_as_a_group(stack: Stack, town: list[str]) -> None:
    count = f"select count(*) from feedback_fact where employee_id = '{town[0]}'"
    paths = [vote(stack, town[0]) for _ in range(2)]
    assert [httpx.post(f"{stack.url}{path}", data={"product": "1"}).status_code for path in paths] == [410, 410]
    time.sleep(10)  # more than a group waits at the most
    assert stack.psql("scoring", count) == "0"
    paths.append(vote(stack, town[0]))
    until("the group in scoring", lambda: stack.psql("scoring", count) == "3", 90)
    log = stack.logs("gateway", "feedback", "scoring", "postgres")
    assert '"uri":"/f"' in log
    for path in paths:
        assert path.removeprefix("/f/") not in log


def test_three_scorers_share_the_work_and_nothing_doubles(stack: Stack, town: list[str]) -> None:
    stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "scoring=3", seconds=300)
    try:
        assert len(stack.containers("scoring")) == 3
        punch_all(stack, work_days(), "16:50:00", OFFICERS)
        stack.wait_until_ready()
        until("nothing waiting", lambda: attendance_rests(stack), 90)
        assert_scoring_agrees(stack)
        assert stack.http.post("/scores/v1/verify").json()["ok"]
        scheduled = "select sum(scheduled_minutes) from day_fact where final_days = 1"
        total = "select sum(scheduled_minutes) from semester_total"
        # between the two looks the canary's day may begin
        until("equal totals", lambda: stack.psql("scoring", scheduled) == stack.psql("scoring", total), 10)
    finally:
        stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "scoring=1", seconds=300)


def test_the_stack_stays_within_its_memory(stack: Stack, town: list[str]) -> None:
    ids = [name for service in LASTING for name in stack.containers(service)]
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
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=300)
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
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=300)
            assert ended.returncode != 0
            assert "link_key" in ended.stdout + ended.stderr
        finally:
            bad.end()
