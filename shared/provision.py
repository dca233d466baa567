"""Topics from deploy/kafka/topics.yaml: what is missing is made, what differs is an error that names every difference."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.contracts.topics import ALL_TOPICS

__all__ = ["TOPICS_FILE", "TopicDriftError", "TopicSpec", "provision", "read_topics"]

TOPICS_FILE = Path(__file__).resolve().parent.parent / "deploy" / "kafka" / "topics.yaml"
VISIBLE_SECONDS_MAX = 15.0


class TopicDriftError(RuntimeError):
    """The broker's topics are not what the file says; the message lists each difference and what to do."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as the file wants it."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def read_topics(file: Path = TOPICS_FILE, *, replication_factor: int | None = None) -> list[TopicSpec]:
    """The file's topics. Raises ValueError when they are not exactly the contract's."""
    document = yaml.safe_load(file.read_text())
    defaults = document["defaults"]
    specs = [
        TopicSpec(
            name,
            int(own.get("partitions", defaults["partitions"])),
            replication_factor or int(own.get("replication_factor", defaults["replication_factor"])),
            {key: str(value) for key, value in {**defaults["config"], **own.get("config", {})}.items()},
        )
        for name, own in document["topics"].items()
    ]
    expected = {topic.name for topic in ALL_TOPICS}
    if {spec.name for spec in specs} != expected:
        raise ValueError(f"{file.name} must describe exactly the topics of the contract: {', '.join(sorted(expected))}")
    return specs


async def provision(
    bootstrap_servers: str, specs: list[TopicSpec], *, create: bool = True, security: Mapping[str, Any] | None = None
) -> list[str]:
    """Makes missing topics (unless `create` is false) and verifies all; returns the names of those made.

    Raises TopicDriftError, and KafkaError when the broker does not answer.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=15_000, **(security or {}))
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [spec for spec in specs if spec.name not in there]
        made = await _create(admin, missing) if create else []
        await _wait_until_visible(admin, made)
        faults = [] if create else [f"{spec.name}: missing; run kinerja topics provision" for spec in missing]
        faults += await _drift(admin, [spec for spec in specs if create or spec not in missing])
    finally:
        await admin.close()
    if faults:
        raise TopicDriftError("\n".join(faults))
    return made


async def _create(admin: AIOKafkaAdminClient, specs: list[TopicSpec]) -> list[str]:
    if not specs:
        return []
    answer = await admin.create_topics(
        [NewTopic(s.name, s.partitions, s.replication_factor, topic_configs=dict(s.config)) for s in specs]
    )
    for name, code, *words in answer.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise TopicDriftError(
                f"{name}: could not be made: {error.__name__} {words[0] if words and words[0] else ''}"
            )
    return [spec.name for spec in specs]


async def _wait_until_visible(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    async with asyncio.timeout(VISIBLE_SECONDS_MAX):
        while not set(names) <= set(await admin.list_topics()):  # noqa: ASYNC110 - the broker sends no event
            await asyncio.sleep(0.1)


async def _drift(admin: AIOKafkaAdminClient, specs: list[TopicSpec]) -> list[str]:
    faults = []
    described = {topic["topic"]: topic for topic in await admin.describe_topics([spec.name for spec in specs])}
    for spec in specs:
        partitions = len(described[spec.name]["partitions"])
        if partitions != spec.partitions:
            faults.append(
                f"{spec.name}: has {partitions} partitions, the file says {spec.partitions}."
                " Keys would move: change the file, or make a new topic and replay."
            )
        config = await _config_of(admin, spec.name)
        for key, wanted in spec.config.items():
            if config.get(key) != wanted:
                is_ = config.get(key, "not set")
                faults.append(f"{spec.name}: {key} is {is_}, the file says {wanted}. Set it, or change the file.")
    return faults


async def _config_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    config: dict[str, str] = {}
    for answer in answers:
        for code, words, _, name, entries in answer.resources:
            if code != 0:
                raise KafkaError(f"{name}: settings cannot be read: {words}")
            config |= {entry[0]: entry[1] for entry in entries}
    return config
