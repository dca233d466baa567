"""Creates the topics of deploy/kafka/topics.yaml, and fails if the broker's topics differ from the file.

Existing topics are never altered: a changed partition count moves keys, and a shorter retention deletes data, so a
person decides. Works on Apache Kafka and on the embedded broker, which differs in three ways: it reports only the
settings that were set at creation, it creates a topic when its metadata is requested by name, and it drops the connection
on a request for single settings. So topics are listed all at once, and all settings are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared.base.rule_documents import read_document
from shared.contracts.asyncapi import TOPICS_FILE
from shared.contracts.topics import ALL_TOPICS

__all__ = ["TOPICS_FILE", "BrokerError", "TopicDriftError", "TopicSpec", "provision", "read_topics"]

SET_ON_TOPIC = 1  # DescribeConfigs' source of a value that was set on this topic; the embedded broker returns 5 for all
REQUEST_TIMEOUT_MS = 10_000


class BrokerError(RuntimeError):
    """The broker cannot be reached, or it refuses; the message says which, and what to look at."""


class TopicDriftError(RuntimeError):
    """Topics differ from the file; `differences` lists each one with what to do."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join(differences))
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic of the file. `config` has every setting of ours, with values in Kafka's form."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    partitions: int
    copies: frozenset[int]
    config: Mapping[str, str | None]
    set_on_topic: frozenset[str]


def read_topics(file: Path = TOPICS_FILE, *, replication_factor: int | None = None) -> list[TopicSpec]:
    """The file's topics. Raises ValueError when they are not exactly the contract's.

    `replication_factor` overrides the file's. min.insync.replicas follows from it: one less than the copies, at least
    1, so that one broker of a cluster may be down while an acknowledged record is still on two disks.
    """
    document = read_document(file.read_bytes())
    defaults = document["defaults"]
    specs = []
    for name, own in document["topics"].items():
        copies = replication_factor or int(own.get("replication_factor", defaults["replication_factor"]))
        config = {**defaults["config"], "min.insync.replicas": max(1, copies - 1), **own.get("config", {})}
        partitions = int(own.get("partitions", defaults["partitions"]))
        specs.append(TopicSpec(name, partitions, copies, {key: str(value) for key, value in sorted(config.items())}))
    expected = {topic.name for topic in ALL_TOPICS}
    if {spec.name for spec in specs} != expected:
        raise ValueError(f"{file.name} must describe exactly the topics of the contract: {', '.join(sorted(expected))}")
    return specs


async def provision(
    bootstrap_servers: str,
    specs: Sequence[TopicSpec],
    *,
    create: bool = True,
    security: Mapping[str, Any] | None = None,
    timeout_seconds: float = 30.0,
) -> list[str]:
    """Creates missing topics (unless `create` is false) and verifies all; returns the names of those created.

    `security` has aiokafka's options. Raises TopicDriftError, and BrokerError within `timeout_seconds`.
    """
    async with _admin(bootstrap_servers, security, timeout_seconds) as admin:
        found = await _find(admin, specs)
        made: list[str] = []
        if create and len(found) < len(specs):
            made = await _create(admin, [spec for spec in specs if spec.name not in found])
            # Another broker of a cluster may learn of a new topic a little later than the controller.
            while len(found := await _find(admin, specs)) < len(specs):  # noqa: ASYNC110 - the broker sends no event
                await asyncio.sleep(0.2)
        differences = [line for spec in specs for line in _differences(spec, found.get(spec.name))]
    if differences:
        raise TopicDriftError(differences)
    return made


@asynccontextmanager
async def _admin(
    bootstrap_servers: str, security: Mapping[str, Any] | None, timeout_seconds: float
) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers,
        client_id="kinerja-provision",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        **(security or {}),
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            await admin.start()
            yield admin
    except TimeoutError as error:
        raise BrokerError(
            f"no answer from Kafka at {bootstrap_servers} within {timeout_seconds:g} s: is it up, and does it advertise"
            " an address that can be reached from here?"
        ) from error
    except KafkaConnectionError as error:
        raise BrokerError(f"no broker answers at {bootstrap_servers}: is it up, and is the address right?") from error
    except (KafkaError, OSError) as error:
        raise BrokerError(
            f"Kafka at {bootstrap_servers} cannot be used ({type(error).__name__}: {error}): check the address, that"
            " the broker is up, and the user, password and rights of this client"
        ) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> list[str]:
    wanted = [
        NewTopic(spec.name, spec.partitions, spec.replication_factor, topic_configs=dict(spec.config)) for spec in specs
    ]
    if not wanted:
        return []
    created: list[str] = []
    refused: list[str] = []
    for name, code, message in (await admin.create_topics(wanted)).topic_errors:
        if code == 0:
            created.append(name)
        elif for_code(code) is not TopicAlreadyExistsError:  # another provisioner has created it in the meantime
            refused.append(f"{name}: {for_code(code).__name__}: {message or 'no reason given'}")
    if refused:
        raise BrokerError("the broker refused to create topics: " + "; ".join(refused))
    return created


async def _find(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, _Found]:
    names = {spec.name for spec in specs}
    listed = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(names & listed.keys())]
    found: dict[str, _Found] = {}
    for answer in await admin.describe_configs(resources) if resources else ():
        for code, message, _, name, entries in answer.resources:
            if for_code(code) is UnknownTopicOrPartitionError:
                continue  # this broker does not know the new topic yet
            if code != 0:
                raise BrokerError(f"the settings of {name} cannot be read: {for_code(code).__name__}: {message}")
            found[name] = _Found(
                partitions=len(listed[name]),
                copies=frozenset(len(partition["replicas"]) for partition in listed[name]),
                config={entry[0]: entry[1] for entry in entries},
                set_on_topic=frozenset(entry[0] for entry in entries if entry[3] == SET_ON_TOPIC),
            )
    return found


def _differences(spec: TopicSpec, found: _Found | None) -> Iterable[str]:
    name = spec.name
    if found is None:
        yield f"{name} is missing: run `kinerja topics provision`"
        return
    if found.partitions != spec.partitions:
        yield (
            f"{name} has {found.partitions} partitions, the file says {spec.partitions}: correct the file, or delete"
            " the topic, provision it again and publish again"
        )
    if found.copies != {spec.replication_factor}:
        yield (
            f"{name} has {sorted(found.copies)} replicas, {spec.replication_factor} are expected: set"
            " --replication-factor to the cluster's, or reassign with kafka-reassign-partitions.sh"
        )
    for key, value in spec.config.items():
        has = found.config.get(key)
        if has is None:
            yield f"{name} reports no {key}, the file says {value}: {_set(name, key, value)}"
        elif _normal(key, has) != _normal(key, value):
            yield f"{name} has {key}={has}, the file says {value}: correct the file, or {_set(name, key, value)}"
    for key in sorted(found.set_on_topic - spec.config.keys()):
        yield (
            f"{name} has {key}={found.config[key]} set manually, the file does not: add it there, or"
            f" kafka-configs.sh --alter --topic {name} --delete-config {key}"
        )


def _set(name: str, key: str, value: str) -> str:
    return (
        f"kafka-configs.sh --alter --topic {name} --add-config {key}={value}"
        " (the embedded broker: restart it, it keeps nothing)"
    )


def _normal(key: str, value: str) -> str:
    """Sorts a list: Kafka keeps the order in which it was set, which has no meaning."""
    return ",".join(sorted(value.replace(" ", "").split(","))) if key == "cleanup.policy" else value
