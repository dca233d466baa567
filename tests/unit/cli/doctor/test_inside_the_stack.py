"""What the doctor examines on the broker, inside the stack."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cli.doctor import doctor
from cli.doctor.doctor import Finding
from shared.kafka_admin.provision import BrokerError, TopicDriftError
from tests.unit.cli.doctor.system import (
    NOW,
    System,
    findings,
)


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
