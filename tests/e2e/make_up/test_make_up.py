"""One command: it starts, works with scripts and the CLI, stops, and starts again with the same scores."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from embedded.children import free_port
from tests.e2e.make_up.made_up import ROOT, MadeUp, made_up, short_folder
from tests.e2e.places import PROXIES
from tests.e2e.stack import until
from tests.fixtures.documents.documents import checkout, reader_environment, run_document

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine"),
]

KINERJA = Path(sys.executable).with_name("kinerja")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def first(data: Path, ports: tuple[int, int]) -> Iterator[MadeUp]:
    # on a computer behind a proxy that cannot reach the programs here
    with made_up(data, *ports, sample=True, environment=PROXIES) as running:
        running.ready()
        yield running


def kinerja(data: Path, *arguments: str, status: int = 0) -> str:
    run = subprocess.run(
        [KINERJA, *arguments],
        env=os.environ | PROXIES | {"DATA": str(data), "COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == status, run.stdout + run.stderr
    return run.stdout + run.stderr


def client_of(connection: dict[str, str]) -> httpx.Client:
    headers = {"Authorization": f"Bearer {connection['KINERJA_OPERATOR_KEY']}"}
    return httpx.Client(base_url=connection["KINERJA_URL"], headers=headers, timeout=30)


def scores_of(connection: dict[str, str]) -> dict[str, dict[str, Any]]:
    with client_of(connection) as http:
        items = http.get("/scores/v1/employees", params={"limit": 500}).json()["items"]
    return {item["employee_id"]: item for item in items}


def settled_scores(connection: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Scores that did not change for a second: a list shows a score at once, but its revision only when it is published."""
    first = scores_of(connection)
    time.sleep(1)
    return {key: item for key, item in scores_of(connection).items() if first.get(key) == item}


def kept_scores(connection: dict[str, str], before: dict[str, dict[str, Any]]) -> bool:
    """Whether no revision went back, and scores at the same revision are equal: at least half of them, because the sample
    office changes the others."""
    after = settled_scores(connection)
    both = before.keys() & after.keys()
    assert all(after[key]["revision"] >= before[key]["revision"] for key in both)
    same = [key for key in both if after[key]["revision"] == before[key]["revision"]]
    return len(same) >= len(before) // 2 and [after[key] for key in same] == [before[key] for key in same]


def wait_out_the_end_of_the_day() -> None:
    """The windows of the office's shifts close at 20:00, on Fridays at 20:30: then every score changes at once."""
    now = datetime.now(ZoneInfo("Asia/Jakarta"))
    for hour, minute in ((20, 0), (20, 30)):
        ends = now.replace(hour=hour, minute=minute, second=0)
        if ends - timedelta(minutes=3) < now < ends + timedelta(minutes=1):
            time.sleep((ends + timedelta(minutes=1) - now).total_seconds())


def test_connection_is_reported_to_its_owner_only(first: MadeUp) -> None:
    connection = first.ready()
    assert set(connection) == {"KINERJA_URL", "KINERJA_OPERATOR_KEY", "KAFKA_BOOTSTRAP_SERVERS"}
    assert stat.S_IMODE((first.data / "connect.env").stat().st_mode) == 0o600
    with client_of(connection) as http:
        assert http.get("/attendance/v1/employees").is_success
        assert http.get("/attendance/v1/employees", headers={"Authorization": "Bearer other"}).status_code == 401


def test_it_prints_its_own_lines_and_no_warning(first: MadeUp) -> None:
    first.ready()
    lines = [line for line in first.lines if not line.startswith(("creating", "installing"))]
    assert lines[0] == "starting Postgres ..."
    assert "Warning" not in "\n".join(first.lines)


def test_the_event_contract_names_this_broker(first: MadeUp) -> None:
    connection = first.ready()
    document = httpx.get(f"{connection['KINERJA_URL']}/scores/asyncapi", timeout=30).json()
    assert [s["host"] for s in document["servers"].values()] == [connection["KAFKA_BOOTSTRAP_SERVERS"]]


def test_the_office_is_there_and_every_officer_has_a_score(first: MadeUp) -> None:
    connection = first.ready()
    until("28 scores", lambda: [i["score"] is not None for i in scores_of(connection).values()] == [True] * 28, 60)
    assert not [officer for officer, item in scores_of(connection).items() if item["score"] is None]


def test_shift_workers_of_the_office_are_computed_by_their_roster_alone(first: MadeUp) -> None:
    with client_of(first.ready()) as http:
        unit = {"org_unit_id": "igd-puskesmas", "limit": 10}
        officers = [item["employee_id"] for item in http.get("/attendance/v1/employees", params=unit).json()["items"]]
        assert len(officers) == 4
        today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
        span = {"from": f"{today - timedelta(days=20)}", "to": f"{today}"}
        for officer in officers:
            days = http.get(f"/attendance/v1/employees/{officer}/days", params=span).json()
            reasons = {day["reasons"][0] for day in days}
            assert reasons == {"ROSTER", "ROSTER_NO_ENTRY"}
            nights = [day for day in days if day["scheduled_minutes"] == 540 and day["state"] == "final"]
            assert sum(day["missing_punches"] == [] and day["status"] == "present" for day in nights) >= len(nights) - 1
        assert http.get("/attendance/v1/by-roster/ends").json() == []


def test_printed_links_open(first: MadeUp) -> None:
    first.ready()
    before_ready = first.lines[: next(n for n, line in enumerate(first.lines) if line.startswith("ready"))]
    links = [word for line in before_ready for word in line.split() if "://" in word]
    assert len([link for link in links if link in first.lines]) == 3  # long links stand alone on their line
    assert len(links) >= 8
    for link in links:
        answer = httpx.get(link, follow_redirects=True, timeout=30)
        assert answer.status_code == 200, link


def test_citizens_ratings_are_in_the_scores_and_shown_in_groups_only(first: MadeUp) -> None:
    connection = first.ready()
    [page] = [word for line in first.lines for word in line.split() if "/my/" in word]
    with client_of(connection) as http:
        for officer in scores_of(connection):

            def groups(officer: str = officer) -> list[dict[str, Any]]:
                facts = http.get(f"/scores/v1/employees/{officer}").json()["facts"]
                rated: list[dict[str, Any]] = facts["rating_groups"]
                return rated

            assert all(group["n"] >= 3 for group in until("ratings of an officer", groups, 60))
    assert "Penilaian masyarakat hanya ditampilkan sebagai gabungan" in httpx.get(page, timeout=30).text
    log = (first.data / "kinerja.log").read_text() + (first.data / "postgres/server.log").read_text()
    for secret in ("/f/", "example.go.id", "Edi Saputra", connection["KINERJA_OPERATOR_KEY"]):
        assert secret not in log


def test_a_punch_of_a_machine_gets_into_the_list(first: MadeUp) -> None:
    connection = first.ready()
    with client_of(connection) as http:
        machine = {"name": "test", "timezone": "Asia/Jakarta", "direction_from": "shift"}
        assert http.put("/attendance/v1/machines/E2E0001", json=machine).is_success
        officer = http.get("/attendance/v1/employees", params={"limit": 1}).json()["items"][0]["employee_id"]
        enrolment = {"employee_id": officer, "valid_from": "2026-01-01"}
        assert http.put("/attendance/v1/machines/E2E0001/enrolments/7", json=enrolment).is_success
        body = b"7\t2026-08-03 07:12:00\t255\t1\t\t0\t0\nnot a line\n"
        answer = http.post("/iclock/cdata", params={"SN": "E2E0001", "table": "ATTLOG"}, content=body)
        assert answer.text.startswith("OK: ")
        [punch] = http.get("/attendance/v1/punches", params={"serial": "E2E0001"}).json()["items"]
        assert (punch["employee_id"], punch["at"]) == (officer, "2026-08-03T00:12:00Z")
        [kept] = http.get("/attendance/v1/quarantine", params={"serial": "E2E0001"}).json()["items"]
        assert kept["line"] == "not a line"


def test_commands_work_against_it(first: MadeUp) -> None:
    first.ready()
    assert "agree" in kinerja(first.data, "scores", "verify")
    officer = next(iter(scores_of(first.ready())))
    assert orjson.loads(kinerja(first.data, "scores", "show", officer, "--json"))["employee_id"] == officer
    # early in a semester no score is complete, so there are no rewards; low quality still gives notices
    kinds = ("reward", "nudge", "coaching")
    until("a notice", lambda: any(kind in kinerja(first.data, "notices", "list") for kind in kinds), 90, pause=1)
    assert "record" in kinerja(first.data, "dead-letters", "list")
    assert "as the file says" in kinerja(first.data, "topics", "verify")
    assert "on their way" in kinerja(first.data, "scores", "republish")
    roster = first.data / "roster.csv"
    header = "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to"
    roster.write_text(f"{header}\n199501012020011003,Pegawai Baru,PNS,dukcapil,Dukcapil,,,2026-08-01,\n")
    assert "created: 1" in kinerja(first.data, "roster", "import", str(roster))
    roster.write_text(f"{header}\n123,Salah,PNS,dukcapil,Dukcapil,,,2026-08-01,\n")
    assert "nip" in kinerja(first.data, "roster", "import", str(roster), status=1)


@pytest.mark.parametrize("document", ["docs/api.md", "docs/command-line.md"])
def test_what_a_document_says_is_so_in_the_sample_office(first: MadeUp, document: str, tmp_path: Path) -> None:
    first.ready()
    until("a draft notice", lambda: '"draft"' in kinerja(first.data, "notices", "list", "--json"), 120, pause=1)
    (tmp_path / "checkout").mkdir()
    folder = checkout(tmp_path / "checkout", first.data)
    assert run_document(ROOT / document, folder, reader_environment(), tmp_path) >= 9


def test_a_second_copy_on_the_same_port_says_so(first: MadeUp, ports: tuple[int, int], tmp_path: Path) -> None:
    connection = first.ready()
    with made_up(tmp_path / "data", ports[0], free_port(), sample=False) as second:
        second.wait_for("word about the port", lambda line: f"port {ports[0]} is in use" in line, 60)
        assert second.status() == 2  # make's own status where a program ends with another status than 0
    assert scores_of(connection)


def test_it_stops_and_goes_on_with_the_same_scores(first: MadeUp, data: Path, ports: tuple[int, int]) -> None:
    connection = first.ready()
    wait_out_the_end_of_the_day()
    before = settled_scores(connection)
    first.interrupt()
    assert "stopped" in first.lines
    assert "Traceback" not in "\n".join(first.lines)
    assert "***" not in "\n".join(first.lines)  # make prints this where a program ends with another status than 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=2)
    with made_up(data, *ports, sample=True) as second:
        assert second.ready() == connection
        assert set(before) <= set(scores_of(connection))
        # all records come again after the start, and the backlog delays publishing: a score may be ahead of its revision
        until("the scores of before", lambda: kept_scores(connection, before), 60, pause=1)
        assert "agree" in kinerja(data, "scores", "verify")
        second.wait_for("moving score", lambda line: line.startswith("score "), 60)
        assert not [line for line in second.lines if "its backlog: 0 punches" in line]
        second.interrupt()
        assert "stopped" in second.lines


def test_without_the_sample_it_is_empty_and_the_first_day_leads_to_a_score(tmp_path: Path) -> None:
    with short_folder() as data, made_up(data, free_port(), free_port(), sample=False) as running:
        connection = running.ready()
        with client_of(connection) as http:
            for path in ("/attendance/v1/employees", "/scores/v1/employees", "/notices/v1/notices"):
                assert http.get(path).json() == {"items": [], "next": None}
        (tmp_path / "checkout").mkdir()
        reader = checkout(tmp_path / "checkout", data)
        assert run_document(ROOT / "docs/first-day.md", reader, reader_environment(), tmp_path) >= 20
        running.interrupt()
        assert "stopped" in running.lines
