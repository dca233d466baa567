"""The stack's files agree with the code and with each other; every container has limits."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.stack.preflight import LENGTH_MIN, SECRETS
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTER
from shared.db.migrations import SERVICES
from shared.kafka_admin.access import read_rights

ROOT = Path(__file__).resolve().parents[3]
BROKERS = ("kafka", "kafka2", "kafka3")


class Override(list[Any]):
    """A list that replaces the earlier one instead of extending it."""


class Loader(yaml.SafeLoader):
    """Reads Compose's own tag."""


Loader.add_constructor("!override", lambda loader, node: Override(loader.construct_sequence(node)))


def merged(below: Any, above: Any) -> Any:
    """Merges files as Compose does: mappings and lists grow, a volume replaces the one with the same target."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: merged(below.get(name), value) for name, value in above.items()}
    if isinstance(below, list) and isinstance(above, list) and not isinstance(above, Override):
        return list({str(item).split(":", 1)[-1]: item for item in [*below, *above]}.values())
    return above


def stack(*files: str) -> dict[str, Any]:
    """The stack of these files, `extends` resolved."""
    whole: dict[str, Any] = {}
    for file in files:
        document = yaml.load((ROOT / file).read_text(), Loader)  # noqa: S506 - a SafeLoader with one more tag
        for name, service in document["services"].items():
            if "extends" in service:
                source = service.pop("extends")
                document["services"][name] = merged(stack(source["file"])["services"][source["service"]], service)
        whole = merged(whole, document)
    return whole


BASE = "docker-compose.yml"
STACK = stack(BASE)
CLUSTER = stack(BASE, "deploy/compose.cluster.yml")
CLUSTER_EXTERNAL = stack(
    BASE, "deploy/compose.cluster.yml", "deploy/compose.external.yml", "deploy/compose.cluster-external.yml"
)


@pytest.mark.parametrize(
    ("service", "room"), [("feedback", "people"), ("scoring", "facts"), ("notifications", "notices")]
)
def test_a_service_may_read_what_its_code_reads_and_no_more(service: str, room: str) -> None:
    topics = importlib.import_module(f"services.{service}.{room}.consumer").TOPICS
    mine = read_rights().services[service]
    assert {right.name for right in mine if (right.kind, right.operation) == ("topic", "READ")} == set(topics)
    assert {right.name for right in mine if right.kind == "group"} == {f"kinerja-{service}"}
    assert DEAD_LETTER.name in {right.name for right in mine if right.operation == "WRITE"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_write_the_topics_that_it_owns(service: str) -> None:
    owned = {topic.name for topic in ALL_TOPICS if topic.owner == service}
    written = {right.name for right in read_rights().services[service] if right.operation == "WRITE"}
    assert written - {DEAD_LETTER.name} == owned


def test_subscribers_have_groups_of_their_own_name() -> None:
    rights = read_rights()
    groups = {(right.name, right.prefixed) for right in rights.of_subscriber("hris") if right.kind == "group"}
    assert groups == {("hris", False), ("hris-", True)}  # neither matches hris2


def test_the_stacks_secrets_are_those_that_are_made_and_looked_at(tmp_path: Path) -> None:
    subprocess.run(["sh", ROOT / "deploy/secrets.sh", tmp_path], check=True, capture_output=True)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert made.keys() - {"smtp_password"} == set(SECRETS) == set(STACK["services"]["preflight"]["secrets"])
    assert set(STACK["secrets"]) == made.keys()
    assert all(len(made[name]) >= LENGTH_MIN and made[name].isalnum() for name in SECRETS)
    assert len(set(made.values())) == len(made)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    subprocess.run(["sh", ROOT / "deploy/secrets.sh", tmp_path], check=True, capture_output=True)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == made


@pytest.mark.parametrize(
    "line", ["SECRETS=./mine", 'SECRETS="./mine"  # not the other stack\'s', "export SECRETS='./mine'"]
)
def test_what_env_says_holds_for_the_scripts_too_unless_the_environment_says_otherwise(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / ".env").write_text(f"#SECRETS=./theirs\nPORT=8081\n{line}\n")
    command = ["sh", ROOT / "deploy/secrets.sh"]
    path = {"PATH": os.environ["PATH"]}
    subprocess.run(command, cwd=tmp_path, env=path, check=True, capture_output=True)
    assert (tmp_path / "mine/operator_key").exists()
    subprocess.run(command, cwd=tmp_path, env=path | {"SECRETS": "given"}, check=True, capture_output=True)
    assert (tmp_path / "given/operator_key").exists()
    assert {file.name for file in tmp_path.iterdir()} == {".env", "mine", "given"}


@pytest.mark.parametrize("name", CLUSTER_EXTERNAL["services"])
def test_every_container_is_bounded(name: str) -> None:
    service = CLUSTER_EXTERNAL["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "container_name" not in service
    assert not service.get("privileged")
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))
    if name not in ("postgres", "grafana", *BROKERS):
        assert service["read_only"] is True


def test_a_stores_network_reaches_nothing_outside() -> None:
    assert STACK["networks"]["data"]["internal"]
    assert STACK["networks"]["front"]["internal"]
    assert not any("outside" in CLUSTER["services"][name]["networks"] for name in BROKERS)
    reach_out = {name for name, service in STACK["services"].items() if "outside" in service.get("networks", ())}
    assert reach_out == {"gateway", "notifications", "grafana"}


def test_three_brokers_are_one_cluster_and_each_has_its_own_disk_and_name() -> None:
    brokers = {name: CLUSTER["services"][name] for name in BROKERS}
    settings = {name: broker["environment"] for name, broker in brokers.items()}
    assert {each["KAFKA_NODE_ID"] for each in settings.values()} == {"1", "2", "3"}
    voters = ",".join(f"{each['KAFKA_NODE_ID']}@{name}:9093" for name, each in settings.items())
    assert {each["KAFKA_CONTROLLER_QUORUM_VOTERS"] for each in settings.values()} == {voters}
    assert {name: each["KAFKA_ADVERTISED_LISTENERS"] for name, each in settings.items()} == {
        name: f"INTERNAL://{name}:9092" for name in BROKERS
    }
    (cluster,) = {each["CLUSTER_ID"] for each in settings.values()}
    assert (
        cluster != STACK["services"]["kafka"]["environment"]["CLUSTER_ID"]
    )  # otherwise Kafka would accept the other's volume
    for name, broker in brokers.items():
        assert [volume for volume in broker["volumes"] if "/var/lib/kafka/data" in volume] == [
            f"{name}:/var/lib/kafka/data"
        ]
        assert name in CLUSTER["volumes"]


@pytest.mark.parametrize("name", BROKERS)
def test_what_a_cluster_keeps_of_its_own_outlives_a_broker_too(name: str) -> None:
    settings = CLUSTER["services"][name]["environment"]
    copies = {key: value for key, value in settings.items() if key.endswith("REPLICATION_FACTOR")}
    assert len(copies) == 4
    assert set(copies.values()) == {"3"}
    least = {key: value for key, value in settings.items() if key.endswith(("MIN_ISR", "MIN_INSYNC_REPLICAS"))}
    assert len(least) == 3
    assert set(least.values()) == {"2"}


def test_everybody_knows_all_brokers_and_the_steps_wait_for_them() -> None:
    for name, service in STACK["services"].items():
        address = "KINERJA_KAFKA_BOOTSTRAP_SERVERS"
        if address in service.get("environment", {}):
            value = CLUSTER["services"][name]["environment"][address]
            assert value == "${KAFKA_BROKERS:-" + ",".join(f"{broker}:9092" for broker in BROKERS) + "}"
    for step in ("topics", "access"):
        assert CLUSTER["services"][step]["depends_on"] == {name: {"condition": "service_healthy"} for name in BROKERS}
    for name in ("topics", "admin"):  # one creates the topics, the other runs the doctor's check
        assert CLUSTER["services"][name]["environment"]["KINERJA_KAFKA_REPLICATION_FACTOR"] == "3"


def test_hr_systems_reach_each_broker_at_its_own_port() -> None:
    brokers = [CLUSTER_EXTERNAL["services"][name] for name in BROKERS]
    ports = [port for broker in brokers for port in broker["ports"]]
    assert len(ports) == len({port.rsplit(":", 1)[0] for port in ports}) == len(BROKERS)
    for broker in brokers:
        (port,) = broker["ports"]
        outside = port.removeprefix("${BIND:-0.0.0.0}:").removesuffix(":9094")
        assert broker["environment"]["KAFKA_ADVERTISED_LISTENERS"].endswith(":" + outside)
        assert "EXTERNAL://:9094" in broker["environment"]["KAFKA_LISTENERS"]
        assert "kafka_certificate.pem" in broker["secrets"]
        assert set(broker["networks"]) == {"data", "outside"}
    for name in ("admin", "scoring"):
        address = CLUSTER_EXTERNAL["services"][name]["environment"]["KINERJA_KAFKA_EXTERNAL_ADDRESS"]
        assert len(address.split(",")) == len(BROKERS)
