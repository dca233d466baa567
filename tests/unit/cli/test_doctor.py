"""What the doctor reports, with and without faults."""

from __future__ import annotations

import contextlib
import ssl
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.doctor import doctor
from cli.doctor.doctor import Finding, examine
from cli.main import app
from shared.kafka_admin.provision import BrokerError, TopicDriftError

NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)
ROSTER_END = {
    "org_unit_id": "igd", "by_roster": 60, "without_entry": 12, "from_date": "2026-08-11", "last_entry": "2026-08-09"
}  # fmt: skip
Usage = namedtuple("Usage", "total used free")


SIGNAL = {"kind": "TWO_ADDRESSES", "first_at": "2026-08-04", "detail": "also from 10.0.9.9"}
BUILTIN = {"provider": "builtin", "depends_on_library": False, "changes": []}
LIBC = {"provider": "libc", "depends_on_library": True, "changes": []}
CHANGE = {"collation": "default", "recorded": "2.36", "actual": "2.41"}
HELD_LONG = (NOW - timedelta(hours=2)).isoformat()
HELD = {"topic": "asn.score.v1", "error": "TooLarge"}


class System:
    """A running system with configurable answers."""

    def __init__(self) -> None:
        self.ready = 200
        self.date = NOW
        self.parked: list[dict[str, Any]] = []
        self.more: str | None = None
        self.held: list[dict[str, Any]] = []
        self.keys: list[dict[str, Any]] = []
        self.key_is_known = True
        self.machine: dict[str, Any] = {
            "serial": "M1", "clock_wrong_since": None, "in_declared_outage": False, "in_service_to": None,
            "last_contact_at": (NOW - timedelta(minutes=5)).isoformat(), "signals": [], "has_secret": False,
            "address": "10.0.7.5", "org_unit_id": "u1",
        }  # fmt: skip
        self.more_machines: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.oldest: datetime | None = NOW - timedelta(days=30)
        self.bytes = 7 * 1_048_576
        self.canary: httpx.Response = httpx.Response(200, json={"as_of": (NOW - timedelta(seconds=40)).isoformat()})
        self.roster_ends: list[dict[str, Any]] = []
        self.quarantined: list[dict[str, Any]] = []
        self.text_order: dict[str, Any] = BUILTIN
        self.kept: int | None = 3
        self.in_flight = False
        self.mails: dict[str, Any] = {
            "mail_server": {"server": "mail.example.go.id:587"}, "waiting": 3, "held": 0, "held_since": None, "held_by": None,
        }  # fmt: skip
        self.verified: dict[str, Any] = {"ok": True, "totals": 7, "difference_count": 0}

    def digest(self, request: httpx.Request) -> httpx.Response:
        """Scoring and the owner have one thing of each topic; `kept` is scoring's revision, None if missing."""
        reader = request.url.path.split("/")[1] != {"asn.attendance-day.v1": "attendance"}.get(
            request.url.path.split("/")[4]
        )
        revision = self.kept if reader and "asn.attendance-day.v1" in request.url.path else 3
        there = revision is not None
        if request.url.path.endswith("/things"):
            items = [{"thing": "officer/2026-08-04", "revision": revision, "hash": f"{revision}"}] if there else []
            return httpx.Response(200, json={"in_flight": self.in_flight, "more": False, "items": items})
        sums = ["0"] * 255 + [f"{revision}" if there else "0"]
        body = {"semester": "2026-S2", "things": int(there), "in_flight": self.in_flight, "buckets": sums}
        return httpx.Response(200, json=body)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/health/ready"):
            return httpx.Response(self.ready, text="ok\n" if self.ready == 200 else "relay does not reach the broker\n")
        if path.endswith("/health/live"):
            return httpx.Response(200, headers={"date": format_datetime(self.date, usegmt=True)})
        if path == "/scores/v1/canary":
            return self.canary
        if not self.key_is_known:
            return httpx.Response(401)
        if path == "/attendance/v1/units":
            return httpx.Response(200, json={"items": [], "next": None})
        if path.endswith("/dead-letters"):
            return httpx.Response(200, json={"items": self.parked, "next": self.more})
        if path.endswith("/outbox/held"):
            items = self.held if path.startswith("/scores") else []
            return httpx.Response(200, json={"items": items, "next": None})
        if path.endswith("/v1/text-order"):
            return httpx.Response(200, json=self.text_order if path.startswith("/notices") else BUILTIN)
        if path.endswith("/api-keys"):
            return httpx.Response(200, json={"items": self.keys, "next": None})
        if path == "/attendance/v1/machines":
            return httpx.Response(200, json=[self.machine, *self.more_machines])
        if path == "/attendance/v1/machines/refused":
            return httpx.Response(200, json=self.refused)
        if path == "/attendance/v1/retention":
            oldest = None if self.oldest is None else self.oldest.isoformat()
            kept = {"store": "journal", "rows": 5, "bytes": self.bytes, "oldest_at": oldest, "kept_days": 30}
            return httpx.Response(200, json=[kept])
        if path == "/attendance/v1/by-roster/ends":
            return httpx.Response(200, json=self.roster_ends)
        if path == "/feedback/v1/quarantine":
            return httpx.Response(200, json={"items": self.quarantined, "next": self.more})
        if path == "/notices/v1/mail":
            return httpx.Response(200, json=self.mails)
        if "/v1/digests/" in path:
            return self.digest(request)
        if path == "/scores/v1/verify":
            return httpx.Response(200, json=self.verified)
        raise AssertionError(path)


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SASL_USERNAME", "EXTERNAL_LISTENER", "EXTERNAL_PROTOCOL"):
        monkeypatch.delenv(f"KINERJA_KAFKA_{name}", raising=False)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100, 50, 50))


def findings(system: System, url: str = "http://testserver") -> list[Finding]:
    with httpx.Client(transport=httpx.MockTransport(system.answer), base_url=url) as http:
        return list(examine(http, lambda: NOW, pause=lambda _: None))


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


def key(ends: int, used: int = -1) -> dict[str, Any]:
    """A key that is half a year old."""
    moments = {"created_at": -180, "expires_at": ends, "last_used_at": used}
    return {
        "id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10", "name": "hris", "scopes": ["scores:read"], "state": "active",
        "machines": None, "employee_id": None, "org_unit_ids": None,
        **{name: (NOW + timedelta(days=days)).isoformat() for name, days in moments.items()},
    }  # fmt: skip


def _set(name: str, value: Any) -> Callable[[System], None]:
    return lambda system: setattr(system, name, value)


@pytest.mark.parametrize(
    ("spoil", "state", "words"),
    [
        (_set("ready", 503), "fail", "relay does not reach the broker"),
        (_set("date", NOW + timedelta(hours=1)), "fail", "differ by 3600 s"),
        (_set("parked", [{}]), "fail", "1 record waits"),
        (_set("held", [HELD, HELD]), "fail", "scoring: 2 events cannot be published on asn.score.v1 (TooLarge)"),
        (
            _set("canary", httpx.Response(200, json={"as_of": (NOW - timedelta(seconds=301)).isoformat()})),
            "fail",
            "no punch has become a score for 301 s",
        ),
        (lambda s: (_set("parked", [{}])(s), _set("more", "next")(s)), "fail", "1 or more records wait"),
        (_set("key_is_known", False), "fail", "cannot be examined (status 401)"),
        (_set("verified", {"ok": False, "totals": 7, "difference_count": 2}), "fail", "2 totals differ"),
        (lambda s: s.machine.update(last_contact_at=(NOW - timedelta(hours=2)).isoformat()), "warn", "silent since"),
        (lambda s: s.machine.update(last_contact_at=None), "warn", "no contact yet"),
        (lambda s: s.machine.update(clock_wrong_since=NOW.isoformat()), "fail", "clock is wrong"),
        (
            lambda s: s.machine.update(signals=[SIGNAL]),
            "warn",
            "TWO_ADDRESSES since 2026-08-04 07:00: also from 10.0.9.9",
        ),
        (
            _set("refused", [{"registered": True}, {"registered": False}]),
            "warn",
            "1 of unregistered serials and 1 of reg",
        ),
        (
            lambda s: s.more_machines.extend(s.machine | {"org_unit_id": u} for u in "ab"),
            "warn",
            "have the address 10.0.7.5",
        ),
        (_set("oldest", NOW - timedelta(days=33)), "warn", "33 days old, and is kept for 30"),
        (
            _set("roster_ends", [ROSTER_END]),
            "warn",
            "roster of igd: 12 of 60 officers with a roster have no entry from 2026-08-11 on, its last entry is for 2026-08-09",
        ),
        (_set("roster_ends", [ROSTER_END | {"last_entry": None}]), "warn", "it has no entry at all"),
        (
            _set("text_order", LIBC),
            "warn",
            "a library of the Postgres image defines the order of text of notifications (libc)",
        ),
        (
            _set("text_order", LIBC | {"changes": [CHANGE]}),
            "fail",
            "notifications: indexes were built for another order of text (collation default: version 2.36 is recorded",
        ),
        (_set("quarantined", [{"ballots": 3}, {"ballots": 40}]), "warn", "43 votes in 2 batches were set aside"),
        (
            lambda s: (_set("quarantined", [{"ballots": 3}])(s), _set("more", "next")(s)),
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


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (13, "warn"), (-1, "fail")])
def test_a_certificate_that_ends_is_named(monkeypatch: pytest.MonkeyPatch, days: int, state: str) -> None:
    class Connection(contextlib.nullcontext[None]):
        def wrap_socket(self, _: object, server_hostname: str) -> Connection:
            assert server_hostname == "testserver"
            return self

        def __enter__(self) -> Connection:  # type: ignore[override]
            return self

        def getpeercert(self) -> dict[str, str]:
            if days < 0:
                raise ssl.SSLCertVerificationError("certificate has expired")
            return {"notAfter": (NOW + timedelta(days=days)).strftime("%b %d %H:%M:%S %Y GMT")}

    monkeypatch.setattr(doctor.socket, "create_connection", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(doctor.ssl, "create_default_context", Connection)
    [found] = [finding for finding in findings(System(), "https://testserver") if "certificate" in finding.what]
    assert found.state == state
    assert found.todo.startswith("" if state == "ok" else "docs/runbooks/certificate.md")
    assert bool(found.todo) == (state != "ok")


def test_a_certificate_that_this_computer_does_not_trust_is_named_by_each_check() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("unable to get local issuer certificate")
        except ssl.SSLError as error:
            raise httpx.ConnectError("handshake", request=request) from error

    with httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://testserver") as http:
        found = [finding for finding in examine(http, lambda: NOW) if finding.state != "ok"]
    assert len(found) == 22
    assert all("local issuer" in finding.what and "SSL_CERT_FILE" in finding.todo for finding in found)


def broker(monkeypatch: pytest.MonkeyPatch, *, topics: Exception | None = None, access: Any = ()) -> list[Finding]:
    """The findings about Kafka inside the stack."""

    async def provision(*_: Any, **options: Any) -> list[str]:
        assert options["create"] is False
        if topics is not None:
            raise topics
        return []

    class Access:
        def __init__(self, _: object) -> None: ...

        def differences(self, _: object) -> list[str]:
            if isinstance(access, Exception):
                raise access
            return list(access)

    monkeypatch.setenv("KINERJA_KAFKA_SASL_USERNAME", "admin")
    monkeypatch.setattr(doctor, "provision", provision)
    monkeypatch.setattr(doctor, "Access", Access)
    return findings(System())[-2:]


def test_inside_the_stack_topics_and_rights_are_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.state for found in broker(monkeypatch)] == ["ok", "ok"]


def test_a_changed_topic_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = broker(monkeypatch, topics=TopicDriftError(["asn.score.v1 is missing"]))[0]
    assert (found.state, found.what) == ("fail", "topic asn.score.v1 is missing")
    assert found.todo == "docs/runbooks/topics-changed.md"


@pytest.mark.parametrize(
    ("days", "state", "words"), [(90, "ok", "90 days"), (3, "warn", "3 days"), (-2, "fail", "ended 2")]
)
def test_the_certificate_for_hr_systems_is_examined_inside(
    monkeypatch: pytest.MonkeyPatch, days: int, state: str, words: str
) -> None:
    async def read(host: str, port: int) -> datetime:
        assert (host, port) == ("kafka", 9094)
        return NOW + timedelta(days=days)

    monkeypatch.setattr(doctor, "served_certificate_ends_at", read)
    monkeypatch.setenv("KINERJA_KAFKA_EXTERNAL_LISTENER", "kafka:9094")
    monkeypatch.setenv("KINERJA_KAFKA_EXTERNAL_PROTOCOL", "SASL_SSL")
    found = broker(monkeypatch)[-1]
    assert (found.state, words in found.what) == (state, True)
    assert found.todo == ("" if state == "ok" else "docs/runbooks/certificate.md")


def test_a_right_that_the_file_does_not_give_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = broker(monkeypatch, access=["hris has WRITE on topic asn.score.v1, which is not in the file"])[1]
    assert found.state == "fail"
    assert "hris has WRITE" in found.what
    assert "docs/runbooks/broker-down.md" in found.todo


def test_a_broker_that_is_away_is_named_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    away = BrokerError("no answer in time")
    found = broker(monkeypatch, topics=away, access=away)
    assert [finding.state for finding in found] == ["fail", "fail"]
    assert all("no answer in time" in finding.what and finding.todo for finding in found)


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
def test_a_reader_that_differs_from_its_owner_is_told(
    kept: int | None, in_flight: bool, state: str, words: str
) -> None:
    system = System()
    system.kept, system.in_flight = kept, in_flight
    [found] = [found for found in findings(system) if found.state != "ok"]
    assert found.state == state
    assert words in found.what
    assert found.todo
