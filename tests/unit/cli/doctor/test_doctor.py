"""What the doctor reports, with and without faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.doctor import doctor
from cli.doctor.doctor import examine
from cli.main import app
from tests.unit.cli.doctor.system import (
    CHANGE,
    HELD,
    HELD_LONG,
    LIBC,
    NOW,
    ROSTER_END,
    SIGNAL,
    System,
    Usage,
    findings,
    key,
    set_to,
)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (
            0,
            (
                "no machines are in service",
                "no keys yet",
                "journal: less than 1 MiB, the oldest is less than a day old",
            ),
        ),
        (
            1,
            (
                "1 machine is in service, 1 of them without a secret",
                "1 key works",
                "journal: 1 MiB, the oldest is 1 day old",
            ),
        ),
        (
            2,
            (
                "2 machines are in service, 2 of them without a secret",
                "2 keys work",
                "journal: 2 MiB, the oldest is 2 days old",
            ),
        ),
    ],
)
def test_none_and_one_are_counted_in_words(count: int, words: tuple[str, ...]) -> None:
    system = System()
    system.keys = [key(ends=200) | {"id": str(number)} for number in range(count)]
    system.more_machines = [dict(system.machine) for _ in range(count - 1)]
    system.machine["in_service_to"] = None if count else NOW.isoformat()
    system.oldest, system.bytes = NOW - timedelta(days=count), count * 1_048_576
    assert set(words) <= {found.what for found in findings(system)}


def test_a_healthy_system_is_well() -> None:
    assert {found.state for found in findings(System())} == {"ok"}


@pytest.mark.parametrize(
    ("spoil", "state", "words"),
    [
        (set_to("ready", 503), "fail", "relay does not reach the broker"),
        (set_to("date", NOW + timedelta(hours=1)), "fail", "differ by 3600 s"),
        (set_to("parked", [{}]), "fail", "1 record waits"),
        (set_to("held", [HELD, HELD]), "fail", "scoring: 2 events cannot be published on asn.score.v1 (TooLarge)"),
        (
            set_to("canary", httpx.Response(200, json={"as_of": (NOW - timedelta(seconds=301)).isoformat()})),
            "fail",
            "no punch has become a score for 301 s",
        ),
        (lambda s: (set_to("parked", [{}])(s), set_to("more", "next")(s)), "fail", "1 or more records wait"),
        (set_to("key_is_known", False), "fail", "cannot be examined (status 401)"),
        (set_to("verified", {"ok": False, "totals": 7, "difference_count": 2}), "fail", "2 totals differ"),
        (lambda s: s.machine.update(last_contact_at=(NOW - timedelta(hours=2)).isoformat()), "warn", "silent since"),
        (lambda s: s.machine.update(last_contact_at=None), "warn", "no contact yet"),
        (lambda s: s.machine.update(clock_wrong_since=NOW.isoformat()), "fail", "clock is wrong"),
        (
            lambda s: s.machine.update(signals=[SIGNAL]),
            "warn",
            "TWO_ADDRESSES since 2026-08-04 07:00: also from 10.0.9.9",
        ),
        (
            set_to("refused", [{"registered": True}, {"registered": False}]),
            "warn",
            "1 of unregistered serials and 1 of reg",
        ),
        (
            lambda s: s.more_machines.extend(s.machine | {"org_unit_id": u} for u in "ab"),
            "warn",
            "have the address 10.0.7.5",
        ),
        (set_to("oldest", NOW - timedelta(days=33)), "warn", "33 days old, and is kept for 30"),
        (
            set_to("roster_ends", [ROSTER_END]),
            "warn",
            "roster of igd: 12 of 60 officers with a roster have no entry from 2026-08-11 on, its last entry is for 2026-08-09",
        ),
        (set_to("roster_ends", [ROSTER_END | {"last_entry": None}]), "warn", "it has no entry at all"),
        (
            set_to("text_order", LIBC),
            "warn",
            "a library of the Postgres image defines the order of text of notifications (libc)",
        ),
        (
            set_to("text_order", LIBC | {"changes": [CHANGE]}),
            "fail",
            "notifications: indexes were built for another order of text (collation default: version 2.36 is recorded",
        ),
        (set_to("quarantined", [{"ballots": 3}, {"ballots": 40}]), "warn", "43 votes in 2 batches were set aside"),
        (
            lambda s: (set_to("quarantined", [{"ballots": 3}])(s), set_to("more", "next")(s)),
            "warn",
            "3 or more votes in 1 or more batches",
        ),
        (lambda s: s.machine.update(signals=[SIGNAL], in_service_to=NOW.isoformat()), "warn", "TWO_ADDRESSES since"),
        (
            lambda s: s.mails.update(held=2, held_since=HELD_LONG, held_by="rcpt 550 5.7.1"),
            "fail",
            "2 of 3 mails are held",
        ),
        (
            lambda s: s.mails.update(held=1, held_since=NOW.isoformat(), held_by="connect"),
            "warn",
            "for less than a minute (connect)",
        ),
        (lambda s: s.keys.append(key(ends=29)), "warn", "(hris) ends in 29 days"),
        (lambda s: s.keys.append(key(ends=200, used=-90)), "warn", "(hris): not used since 2026-05-06"),
    ],
)
def test_each_fault_is_named_with_what_to_do(spoil: Callable[[System], None], state: str, words: str) -> None:
    system = System()
    spoil(system)
    found = [finding for finding in findings(system) if finding.state != "ok"]
    assert found
    assert {finding.state for finding in found} == {state}
    assert all(words in finding.what for finding in found)
    assert all(finding.todo for finding in found)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({"in_declared_outage": True}, "ok"),
        ({"in_service_to": (NOW - timedelta(days=1)).isoformat()}, "ok"),
        ({"in_service_to": (NOW + timedelta(days=1)).isoformat()}, "warn"),
    ],
)
def test_a_silent_machine_of_which_somebody_knows_is_not_named(known: dict[str, Any], state: str) -> None:
    system = System()
    system.machine |= {"last_contact_at": (NOW - timedelta(days=5)).isoformat()} | known
    found = [finding.state for finding in findings(system) if "machine" in finding.what]
    assert ("warn" in found) == (state == "warn")


@pytest.mark.parametrize(("free", "state"), [(4, "fail"), (10, "warn"), (20, "ok")])
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100, 100 - free, free))
    found = findings(System())[-1]
    assert found.state == state
    assert found.todo == ("" if state == "ok" else "docs/runbooks/database-full.md")


def test_one_service_that_does_not_answer_leaves_the_others_examined() -> None:
    system = System()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/attendance/health/ready":
            raise httpx.ReadTimeout("slow", request=request)
        return system.answer(request)

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver") as http:
        found = list(examine(http, lambda: NOW))
    assert [finding.what for finding in found if finding.state != "ok"] == [
        "attendance cannot be examined (ReadTimeout)"
    ]
    assert "scoring: events flow" in {finding.what for finding in found}


@pytest.mark.parametrize(("ready", "status"), [(200, 0), (503, 1)])
def test_the_command_prints_a_line_a_check(monkeypatch: pytest.MonkeyPatch, ready: int, status: int) -> None:
    system = System()
    system.ready, system.date = ready, datetime.now(UTC)
    system.canary = httpx.Response(404)
    system.machine["last_contact_at"] = system.date.isoformat()
    http = httpx.Client(transport=httpx.MockTransport(system.answer), base_url="http://testserver")
    monkeypatch.setattr(doctor, "client", lambda: http)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == status
    lines = [line for line in done.stdout.splitlines() if line[:6] in ("ok    ", "warn  ", "FAIL  ")]
    assert len(lines) == 22
    assert ("FAIL  attendance: relay does not reach the broker: docs/runbooks/broker-down.md" in done.stdout) == (
        status == 1
    )


def test_a_system_that_is_away_fails_every_check_and_ends_none() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://testserver") as http:
        found = list(examine(http, lambda: NOW))
    assert [finding.state for finding in found] == ["fail"] * 22 + ["ok"]


@pytest.mark.parametrize(
    ("kept", "in_flight", "state", "words"),
    [
        (4, False, "fail", "asn.attendance-day.v1 at scoring: 1 or more records differ from the owner's"),
        (4, True, "fail", "differ from the owner's"),  # records in flight do not explain a higher revision
        (2, False, "fail", "differ from the owner's"),
        (None, False, "fail", "differ from the owner's"),
        (2, True, "warn", "1 or more records are on their way"),
    ],
)
def test_a_reader_that_differs_from_its_owner_is_reported(
    kept: int | None, in_flight: bool, state: str, words: str
) -> None:
    system = System()
    system.kept, system.in_flight = kept, in_flight
    [found] = [found for found in findings(system) if found.state != "ok"]
    assert found.state == state
    assert words in found.what
    assert found.todo
