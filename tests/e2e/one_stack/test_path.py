"""The Docker stack: from a punch to a score that an HR system reads."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.db.migrations import SERVICES
from tests.e2e.hr_system import kafka, read_full_scores
from tests.e2e.stack import LASTING, Stack, until
from tests.e2e.town import HEADER, MACHINE, punch_all, scores, work_days
from tests.e2e.traffic import OFFICERS, assert_scoring_agrees, attendance_rests
from tests.fixtures.documents.documents import ROOT, run_document
from tests.fixtures.faults.raw_http import break_off, chunked, read_answer, with_length
from tests.fixtures.stores.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine]


def test_punches_become_scores_that_an_hr_system_reads(
    stack: Stack, town: list[str], connection: dict[str, str]
) -> None:
    listed = scores(stack)
    assert {listed[officer]["score"] for officer in town} == {"100.00"}
    read_full_scores(connection, set(town), 60)
    assert stack.http.post("/scores/v1/verify").json()["ok"]


async def test_what_is_cut_off_does_nothing_through_the_gateway_either(stack: Stack, town: list[str]) -> None:
    day = work_days()[0]
    line = f"1\t{day} 10:34:56\t255\t1\t\t0\t0\n1\t{day} 10:34:57\t255\t1\t\t0\t0\n".encode()
    kept = (
        f"select count(*) from punch where serial = '{MACHINE}' and local_time::time between '10:34:56' and '10:34:57'"
    )
    for framing in (with_length, chunked):
        whole = framing("POST", f"/iclock/cdata?SN={MACHINE}&table=ATTLOG", line)
        for cut in range(whole.index(b"\r\n\r\n") + 4, len(whole)):
            await break_off(stack.port, whole[:cut], reset=bool(cut % 2))
    roster = f"{HEADER}199601012020011001,Terpotong,PNS,cut,Cut,,terpotong@example.go.id,2026-01-01,\n".encode()
    key = f"Authorization: Bearer {stack.operator_key}"
    whole = with_length("POST", "/attendance/v1/roster", roster, key, "Content-Type: text/csv")
    for cut in range(len(whole) - 40, len(whole)):
        await break_off(stack.port, whole[:cut])
    await asyncio.sleep(2)
    assert stack.psql("attendance", kept) == "0"
    assert stack.psql("attendance", "select count(*) from org_unit where org_unit_id = 'cut'") == "0"
    whole = chunked("POST", f"/iclock/cdata?SN={MACHINE}&table=ATTLOG", line)
    assert (await read_answer(stack.port, whole)).body.endswith(b"OK: 2")
    assert stack.psql("attendance", kept) == "2"


def test_a_machine_s_address_is_the_clients_and_not_what_it_says(stack: Stack, town: list[str]) -> None:
    spoofed = {"X-Forwarded-For": "10.99.99.99", "Forwarded": "for=10.99.99.99", "X-Real-Ip": "10.99.99.99"}
    query = {"SN": MACHINE, "options": "all"}
    assert httpx.get(f"{stack.url}/iclock/cdata", params=query, headers=spoofed).text.startswith("GET OPTION")
    [machine] = [each for each in stack.http.get("/attendance/v1/machines").json() if each["serial"] == MACHINE]
    # Docker forwards a connection of this machine under its bridge's address
    assert ipaddress.ip_address(machine["address"]).is_private
    assert machine["address"] != "10.99.99.99"


def test_the_canarys_punches_become_published_scores(stack: Stack, connection: dict[str, str]) -> None:
    found = httpx.get(f"{stack.url}/scores/v1/canary").json()
    assert found["revision"] >= 1
    [canary] = stack.containers("canary")
    assert stack.run("docker", "inspect", "--format", "{{.State.Health.Status}}", canary).stdout.strip() == "healthy"
    direct = "r.build_opener(r.ProxyHandler({}))"  # here every container has a proxy
    text = f"import urllib.request as r; print({direct}.open('http://127.0.0.1:8000/canary/metrics').read().decode())"
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
    """The path of a form that a browser filled in through the gateway."""
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
    time.sleep(10)  # longer than a group waits at most
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
        # the canary's day may begin between the two queries
        until("equal totals", lambda: stack.psql("scoring", scheduled) == stack.psql("scoring", total), 10)
    finally:
        stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "scoring=1", seconds=300)


def test_no_database_orders_text_by_a_library(stack: Stack) -> None:
    providers = stack.psql(
        "postgres", "select datname, datlocprovider, datlocale, datcollate from pg_database"
    ).splitlines()
    assert {line.partition("|")[0] for line in providers} >= {*SERVICES, "postgres", "template1"}
    assert {line.partition("|")[2] for line in providers} == {"b|C.UTF-8|C"}


def test_the_first_day_of_an_operator_leads_to_a_score(stack: Stack, town: list[str], tmp_path: Path) -> None:
    stack.run("sh", "-c", "make secrets && docker compose up -d --wait")  # the README's command, in a running stack
    environment = stack.environment | {"STACK": str(tmp_path / "connect"), "BACKUPS": str(tmp_path / "backups")}
    apart = {"var/compose": str(tmp_path / "connect"), "var/first-day": str(tmp_path / "first-day")}
    checked = run_document(
        ROOT / "docs/first-day.md", ROOT, environment, tmp_path, variant="With Docker", replace=apart
    )  # fmt: skip
    assert checked >= 20


def test_the_stack_stays_within_its_memory(stack: Stack, town: list[str]) -> None:
    ids = [name for service in LASTING for name in stack.containers(service)]
    lines = stack.run("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *ids).stdout.splitlines()
    used = sum(float(re.match(r"([\d.]+)MiB", line).group(1)) for line in lines)  # type: ignore[union-attr]
    assert used < 1500
