"""Users and ACLs on Kafka, as deploy/kafka/access.yaml defines them.

confluent-kafka does the administration that aiokafka lacks (SCRAM users). Rights that a listed user has beyond the file
are removed; a subscriber's rights come from the file's template. Raises BrokerError with an explanation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from shared.base.rule_documents import read_document
from shared.contracts.topics import ALL_TOPICS
from shared.errors.errors import ConflictError, InvalidError, NotFoundError
from shared.kafka_admin.provision import BrokerError
from shared.settings.settings import KafkaSettings

__all__ = ["ACCESS_FILE", "Access", "Right", "Rights", "read_rights"]

ACCESS_FILE = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "access.yaml"
SCRAM_ITERATIONS = 8192
TIMEOUT_SECONDS = 20.0
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
"""A subscriber's name. It has no dash, so that NAME- is not a prefix of another subscriber's groups."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One operation that a user may do. `prefixed`: on every resource whose name begins with `name`."""

    user: str
    operation: str
    kind: str
    name: str
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """The file's content."""

    services: Mapping[str, frozenset[Right]]
    subscriber_topics: tuple[str, ...]

    def of_subscriber(self, name: str) -> frozenset[Right]:
        """A subscriber's rights: the template's topics, the group of its name, and groups that begin with it and a dash."""
        topics = (right for topic in self.subscriber_topics for right in _reading(name, topic))
        groups = (Right(name, "READ", "group", name), Right(name, "READ", "group", f"{name}-", prefixed=True))
        return frozenset((*topics, *groups))


def _reading(user: str, topic: str) -> Iterable[Right]:
    yield Right(user, "READ", "topic", topic)
    yield Right(user, "DESCRIBE", "topic", topic)


def read_rights(file: Path = ACCESS_FILE) -> Rights:
    """The file. Raises ValueError when it names a topic that is not in the contract."""
    document = read_document(file.read_bytes())
    known = {topic.name for topic in ALL_TOPICS}
    services: dict[str, frozenset[Right]] = {}
    for user, what in document["services"].items():
        rights: set[Right] = set()
        for topic in what.get("read", ()):
            rights.update(_reading(user, topic))
        for topic in what.get("write", ()):
            rights |= {Right(user, "WRITE", "topic", topic), Right(user, "DESCRIBE", "topic", topic)}
        if "group" in what:
            rights.add(Right(user, "READ", "group", what["group"]))
        services[user] = frozenset(rights)
    subscriber_topics = tuple(document["subscribers"]["read"])
    named = {right.name for rights in services.values() for right in rights if right.kind == "topic"}
    unknown = (named | set(subscriber_topics)) - known
    if unknown:
        raise ValueError(f"{file.name} names topics that are not in the contract: {', '.join(sorted(unknown))}")
    return Rights(services, subscriber_topics)


class Access:
    """The administrator's connection."""

    def __init__(self, settings: KafkaSettings) -> None:
        password = settings.kafka_sasl_password
        options: dict[str, Any] = {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "client.id": "kinerja-access",
            "security.protocol": settings.kafka_security_protocol,
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_sasl_username or "",
            "sasl.password": "" if password is None else password.get_secret_value(),
            "socket.timeout.ms": 10_000,
            "log_level": 0,
        }
        if settings.kafka_ca_file is not None:
            options["ssl.ca.location"] = str(settings.kafka_ca_file)
        self._address = settings.kafka_bootstrap_servers
        self.client = AdminClient(options)

    def users(self) -> set[str]:
        """All users with a SCRAM password."""
        described: dict[str, Any] = self._ask("users", lambda: self.client.describe_user_scram_credentials())
        return set(described)

    def rights(self) -> set[Right]:
        """All ACLs on the broker."""
        everything = AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
        )
        return {_right(binding) for binding in self._ask("rights", lambda: self.client.describe_acls(everything))}

    def set_password(self, user: str, password: str) -> None:
        """Creates the user, or changes its password; open connections stay open."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        self._each("password", self.client.alter_user_scram_credentials([change]))

    def apply(self, rights: Rights, passwords: Mapping[str, str]) -> tuple[int, int]:
        """Applies the file to services and existing subscribers; returns how many rights were added and removed."""
        for user, password in sorted(passwords.items()):
            self.set_password(user, password)
        wanted = {right for of_user in rights.services.values() for right in of_user}
        for name in self.subscribers(rights):
            wanted |= rights.of_subscriber(name)
        present = self.rights()
        self._give(wanted - present)
        self._take(present - wanted)
        return len(wanted - present), len(present - wanted)

    def differences(self, rights: Rights) -> list[str]:
        """The differences between the broker and the file."""
        users = self.users()
        wanted = {right for of_user in rights.services.values() for right in of_user}
        for name in self.subscribers(rights):
            wanted |= rights.of_subscriber(name)
        present = self.rights()
        return [
            *(f"user {user} is missing" for user in sorted(set(rights.services) - users)),
            *(
                f"{right.user} lacks {right.operation} on {right.kind} {right.name}"
                for right in sorted(wanted - present)
            ),
            *(
                f"{right.user} has {right.operation} on {right.kind} {right.name}, which is not in the file"
                for right in sorted(present - wanted)
            ),
        ]

    def subscribers(self, rights: Rights) -> list[str]:
        """The HR systems that have access."""
        return sorted(self.users() - set(rights.services))

    def add_subscriber(self, rights: Rights, name: str, password: str) -> None:
        """Gives an HR system access. Raises InvalidError for an invalid name, ConflictError for one that is taken."""
        if not NAME.fullmatch(name) or name in rights.services or name in ("admin", "broker", "kinerja"):
            raise InvalidError("A name is 2 to 30 letters a-z, digits or _, begins with a letter, and is no service's.")
        if name in self.users():
            raise ConflictError(f"{name} exists: remove it first to give it a new password.")
        self._give(rights.of_subscriber(name))
        self.set_password(name, password)

    def remove_subscriber(self, rights: Rights, name: str) -> None:
        """Ends an HR system's access: new logins fail, open connections lose their rights. Raises NotFoundError."""
        if name not in self.subscribers(rights):
            raise NotFoundError(f"There is no subscriber {name}. List them with kinerja subscribers list.")
        self._take({right for right in self.rights() if right.user == name})
        deletion = UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512)
        self._each("removal", self.client.alter_user_scram_credentials([deletion]))

    def _give(self, rights: Iterable[Right]) -> None:
        bindings = [_binding(right) for right in sorted(rights)]
        if bindings:
            self._each("rights", self.client.create_acls(bindings, request_timeout=TIMEOUT_SECONDS))

    def _take(self, rights: Iterable[Right]) -> None:
        filters = [_filter(right) for right in sorted(rights)]
        if filters:
            self._each("rights", self.client.delete_acls(filters, request_timeout=TIMEOUT_SECONDS))

    def _each(self, what: str, futures: Mapping[Any, Any]) -> None:
        for future in futures.values():
            self._ask(what, lambda future=future: future)

    def _ask(self, what: str, call: Any) -> Any:
        try:
            return call().result(timeout=TIMEOUT_SECONDS)
        except (KafkaException, TimeoutError) as error:
            text = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
            raise BrokerError(
                f"Kafka at {self._address}: {what}: {text}. Check the address, that the broker is up, and the"
                " administrator's password (secret kafka_admin_password)."
            ) from error


_KINDS = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}


def _binding(right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
    operation, principal = AclOperation[right.operation], f"User:{right.user}"
    return AclBinding(_KINDS[right.kind], right.name, pattern, principal, "*", operation, AclPermissionType.ALLOW)


def _filter(right: Right) -> AclBindingFilter:
    binding = _binding(right) if right.kind in _KINDS else None
    if binding is not None:
        return AclBindingFilter(
            binding.restype, binding.name, binding.resource_pattern_type, binding.principal, binding.host,
            binding.operation, binding.permission_type,
        )  # fmt: skip
    kind, pattern = ResourceType[right.kind.upper()], ResourcePatternType.ANY
    principal = f"User:{right.user}"
    return AclBindingFilter(kind, right.name, pattern, principal, None, AclOperation.ANY, AclPermissionType.ANY)


def _right(binding: AclBinding) -> Right:
    return Right(
        user=binding.principal.removeprefix("User:"),
        operation=binding.operation.name,
        kind=binding.restype.name.lower(),
        name=binding.name,
        prefixed=binding.resource_pattern_type is ResourcePatternType.PREFIXED,
    )


def describe(rights: Sequence[Right]) -> list[str]:
    """One readable line for each right."""
    return [f"{right.operation} {right.kind} {right.name}{'*' if right.prefixed else ''}" for right in sorted(rights)]
