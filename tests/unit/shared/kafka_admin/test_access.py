"""An HR system's access to Kafka ends completely: its login and every right, also one that nobody listed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from shared.errors.errors import NotFoundError
from shared.kafka_admin.access import Access, read_rights
from shared.settings.settings import KafkaSettings

RIGHTS = read_rights()


def done(value: Any = None) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class Broker:
    """A broker's users and ACLs, with the methods of an AdminClient."""

    def __init__(self) -> None:
        self.logins = set(RIGHTS.services)
        self.acls: set[AclBinding] = set()

    def describe_user_scram_credentials(self) -> Future[Any]:
        return done(dict.fromkeys(self.logins))

    def alter_user_scram_credentials(self, changes: Sequence[Any]) -> dict[str, Future[Any]]:
        for change in changes:
            (self.logins.add if hasattr(change, "password") else self.logins.discard)(change.user)
        return {change.user: done() for change in changes}

    def describe_acls(self, _everything: Any) -> Future[Any]:
        return done(list(self.acls))

    def create_acls(self, bindings: Sequence[AclBinding], **_: Any) -> dict[AclBinding, Future[Any]]:
        self.acls |= set(bindings)
        return {binding: done() for binding in bindings}

    def delete_acls(self, filters: Sequence[Any], **_: Any) -> dict[Any, Future[Any]]:
        fields = ("principal", "restype", "name", "operation", "resource_pattern_type")
        self.acls -= {a for a in self.acls for f in filters if all(getattr(a, n) == getattr(f, n) for n in fields)}
        return {each: done() for each in filters}

    def rights_of(self, user: str) -> set[str]:
        return {f"{acl.operation.name} {acl.name}" for acl in self.acls if acl.principal == f"User:{user}"}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr("shared.kafka_admin.access.AdminClient", lambda _options: broker)
    return broker


@pytest.fixture
def access(broker: Broker) -> Access:
    access = Access(KafkaSettings())
    access.apply(RIGHTS, {})
    access.add_subscriber(RIGHTS, "hris", "a-password")
    access.add_subscriber(RIGHTS, "payroll", "a-password")
    return access


def grant(broker: Broker, user: str, topic: str) -> None:
    """An ACL that somebody added by hand."""
    pattern, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    broker.acls.add(AclBinding(ResourceType.TOPIC, topic, pattern, f"User:{user}", "*", AclOperation.WRITE, allow))


def test_a_removed_subscriber_has_neither_a_login_nor_a_right(access: Access, broker: Broker) -> None:
    grant(broker, "hris", "asn.score.v1")
    kept = {user: broker.rights_of(user) for user in (*RIGHTS.services, "payroll")}
    access.remove_subscriber(RIGHTS, "hris")
    assert "hris" not in broker.logins
    assert broker.rights_of("hris") == set()
    assert {user: broker.rights_of(user) for user in kept} == kept
    assert access.subscribers(RIGHTS) == ["payroll"]
    with pytest.raises(NotFoundError):
        access.remove_subscriber(RIGHTS, "hris")
    with pytest.raises(NotFoundError):
        access.remove_subscriber(RIGHTS, "attendance")  # a service is no subscriber
    assert "attendance" in broker.logins


@pytest.mark.parametrize("user", ["payroll", "scoring", "nobody_any_more"])
def test_a_right_that_is_not_in_the_file_is_reported_and_taken_away(access: Access, broker: Broker, user: str) -> None:
    assert access.differences(RIGHTS) == []
    before = broker.rights_of(user)
    grant(broker, user, "asn.employee.v1")
    [difference] = access.differences(RIGHTS)
    assert difference == f"{user} has WRITE on topic asn.employee.v1, which is not in the file"
    assert access.apply(RIGHTS, {}) == (0, 1)
    assert broker.rights_of(user) == before
