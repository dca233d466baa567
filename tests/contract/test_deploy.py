"""The stack's files agree with the code and with each other; no container is left without its bounds."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.preflight import LENGTH_MIN, SECRETS
from shared.access import read_rights
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTER

ROOT = Path(__file__).resolve().parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = ("attendance", "feedback", "scoring", "notifications")


@pytest.mark.parametrize("service", ["feedback", "scoring", "notifications"])
def test_a_service_may_read_what_its_code_reads_and_no_more(service: str) -> None:
    topics = importlib.import_module(f"services.{service}.consumers").TOPICS
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
    assert groups == {("hris", False), ("hris-", True)}  # hris2 has neither


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


@pytest.mark.parametrize("name", STACK["services"])
def test_every_container_is_bounded(name: str) -> None:
    service = STACK["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "container_name" not in service
    assert not service.get("privileged")
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))
    if name not in ("postgres", "kafka", "grafana"):
        assert service["read_only"] is True


def test_a_stores_network_reaches_nothing_outside() -> None:
    assert STACK["networks"]["data"]["internal"]
    assert STACK["networks"]["front"]["internal"]
    reach_out = {name for name, service in STACK["services"].items() if "outside" in service.get("networks", ())}
    assert reach_out == {"gateway", "notifications", "grafana"}
