"""Topics are created as the file says, and every difference is an error that says what to do."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.kafka.topics import app
from shared.contracts.topics import ALL_TOPICS
from shared.kafka_admin.provision import TOPICS_FILE, BrokerError, TopicDriftError, TopicSpec, provision, read_topics
from tests.fixtures.stores.backends import Kafka, remove_topics

NAMES = {topic.name for topic in ALL_TOPICS}
DAYS_MS = 24 * 3600 * 1000


@pytest.fixture
async def broker(kafka: Kafka) -> AsyncIterator[str]:
    """The broker without our topics, before and after: other tests create their own."""
    await remove_topics(kafka.bootstrap_servers)
    yield kafka.bootstrap_servers
    await remove_topics(kafka.bootstrap_servers)


def _with(specs: list[TopicSpec], name: str, **config: str) -> list[TopicSpec]:
    return [replace(s, config={**s.config, **config}) if s.name == name else s for s in specs]


async def _differences(bootstrap: str, specs: list[TopicSpec]) -> tuple[str, ...]:
    with pytest.raises(TopicDriftError) as drift:
        await provision(bootstrap, specs)
    assert str(drift.value) == "\n".join(drift.value.differences)
    return drift.value.differences


async def test_missing_topics_are_made_once(broker: str) -> None:
    specs = read_topics()
    assert set(await provision(broker, specs)) == NAMES
    assert await provision(broker, specs) == []
    assert await provision(broker, specs, create=False) == []


async def test_one_topic_that_is_missing_is_made_beside_the_others(broker: str) -> None:
    specs = read_topics()
    await provision(broker, specs[1:])
    assert await provision(broker, specs) == [specs[0].name]


async def test_verifying_makes_nothing_and_names_what_is_missing(broker: str) -> None:
    for _ in range(2):  # if the check created topics, the second check would not miss them
        with pytest.raises(TopicDriftError) as drift:
            await provision(broker, read_topics(), create=False)
        assert len(drift.value.differences) == len(NAMES)
        assert all("is missing: run `kinerja topics provision`" in line for line in drift.value.differences)


async def test_another_number_of_partitions_is_drift(broker: str) -> None:
    specs = read_topics()
    await provision(broker, [replace(specs[0], partitions=4), *specs[1:]])
    (line,) = await _differences(broker, specs)
    assert line.startswith("asn.employee.v1 has 4 partitions, the file says 12: ")


async def test_another_retention_is_drift(broker: str) -> None:
    specs = read_topics()
    await provision(broker, _with(specs, "asn.feedback.v1", **{"retention.ms": str(7 * DAYS_MS)}))
    (line,) = await _differences(broker, specs)
    assert line.startswith(f"asn.feedback.v1 has retention.ms={7 * DAYS_MS}, the file says {400 * DAYS_MS}: ")


async def test_every_difference_is_listed(broker: str) -> None:
    specs = read_topics()
    await provision(
        broker,
        _with(
            _with(specs, "asn.score.v1", **{"cleanup.policy": "delete"}), "asn.notice.v1", **{"segment.ms": "1000000"}
        ),
    )
    first, second = await _differences(broker, specs)
    assert first.startswith("asn.score.v1 has cleanup.policy=delete, the file says compact: ")
    assert second.startswith("asn.notice.v1 has segment.ms=1000000, the file says ")


async def test_a_setting_that_the_topic_does_not_have_is_drift(broker: str) -> None:
    specs = read_topics()
    await provision(broker, specs)
    (line,) = await _differences(broker, _with(specs, "asn.score.v1", **{"flush.messages": "7"}))
    assert "flush.messages" in line
    assert "the file says 7" in line


async def test_another_number_of_copies_is_drift(broker: str) -> None:
    await provision(broker, read_topics())
    differences = await _differences(broker, read_topics(replication_factor=3))
    assert sum("has [1] replicas, 3 are expected" in line for line in differences) == len(NAMES)
    assert sum("min.insync.replicas=1, the file says 2" in line for line in differences) == len(NAMES)


async def test_a_broker_that_refuses_connections_is_one_clear_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(BrokerError, match=f"no broker answers at {address}: "):
        await provision(address, read_topics())


async def test_a_broker_that_never_answers_is_one_clear_error_in_time() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{silent.getsockname()[1]}"
    started = time.monotonic()
    with silent, pytest.raises(BrokerError, match="no answer"):
        await provision(address, read_topics(), timeout_seconds=1)
    assert time.monotonic() - started < 5


async def test_the_command_ends_with_status_1_on_drift_and_0_without(broker: str, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*words, "--bootstrap", broker])
        return result.exit_code, result.output

    code, output = await asyncio.to_thread(run, "verify")
    assert (code, "asn.score.v1 is missing" in output) == (1, True)
    assert (await asyncio.to_thread(run, "provision"))[0] == 0
    assert (await asyncio.to_thread(run, "verify"))[0] == 0

    document = yaml.safe_load(TOPICS_FILE.read_text())
    document["defaults"]["partitions"] = 13
    other = tmp_path / "topics.yaml"
    other.write_text(yaml.safe_dump(document))
    code, output = await asyncio.to_thread(run, "provision", "--file", str(other))
    assert (code, output.count("the file says 13")) == (1, len(NAMES))


def test_the_file_names_exactly_the_topics_of_the_contract(tmp_path: Path) -> None:
    document = yaml.safe_load(TOPICS_FILE.read_text())
    del document["topics"]["asn.notice.v1"]
    short = tmp_path / "topics.yaml"
    short.write_text(yaml.safe_dump(document))
    with pytest.raises(ValueError, match="exactly the topics of the contract"):
        read_topics(short)


def test_the_file_keeps_what_the_contract_promises() -> None:
    specs = {spec.name: spec for spec in read_topics()}
    assert {spec.partitions for spec in specs.values()} == {12}
    for name in ("asn.employee.v1", "asn.score.v1", "asn.discipline.v1"):
        assert specs[name].config["cleanup.policy"] == "compact"
        assert int(specs[name].config["delete.retention.ms"]) >= 30 * DAYS_MS
    assert specs["asn.score.v1"].config["min.compaction.lag.ms"] == str(7 * DAYS_MS)
    for name in ("asn.attendance-day.v1", "asn.feedback.v1", "asn.notice.v1"):
        assert specs[name].config["retention.ms"] == str(400 * DAYS_MS)
    assert specs["asn.dead-letter.v1"].config["retention.ms"] == str(90 * DAYS_MS)
    assert {s.config["min.insync.replicas"] for s in read_topics(replication_factor=3)} == {"2"}
