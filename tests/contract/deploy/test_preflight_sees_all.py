"""The preflight step gets every setting of the operator and every folder that a container mounts."""

from __future__ import annotations

import re

import pytest

from cli.stack.stack_settings import name_in_dotenv
from tests.contract.deploy.test_deploy import BASE, CLUSTER_EXTERNAL, STACK, stack

HTTPS = stack(BASE, "deploy/compose.https.yml", "deploy/compose.machines.yml")
CHECKED_BY_COMPOSE = {
    "PORT",
    "HTTP_PORT",
    "HTTPS_PORT",
    "KAFKA_EXTERNAL_PORT",
    "KAFKA_EXTERNAL_PORT_2",
    "KAFKA_EXTERNAL_PORT_3",
}
"""Published ports: `docker compose` itself refuses another value before it starts anything."""


def set_in_env(value: str) -> set[str]:
    return set(re.findall(r"\$\{([A-Z_0-9]+)", value))


@pytest.mark.parametrize("whole", [STACK, CLUSTER_EXTERNAL, HTTPS], ids=["base", "cluster", "https"])
def test_every_setting_of_the_stack_is_checked_by_its_first_step(whole: dict) -> None:  # type: ignore[type-arg]
    services = whole["services"]
    checked = set().union(*(set_in_env(str(value)) for value in services["preflight"]["environment"].values()))
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            assert set_in_env(str(value)) <= checked | CHECKED_BY_COMPOSE, (name, variable)


@pytest.mark.parametrize("whole", [STACK, CLUSTER_EXTERNAL, HTTPS], ids=["base", "cluster", "https"])
def test_the_first_step_names_settings_as_env_does(whole: dict) -> None:  # type: ignore[type-arg]
    for variable, value in whole["services"]["preflight"]["environment"].items():
        if found := re.findall(r"\$\{([A-Z_0-9]+)", str(value)):
            assert found[0] == name_in_dotenv(variable)


def test_every_folder_that_a_container_mounts_is_looked_at_by_the_first_step() -> None:
    looked_at = {volume.split(":")[0] for volume in STACK["services"]["preflight"]["volumes"]}
    mounted = {
        volume.split(":")[0]
        for whole in (STACK, CLUSTER_EXTERNAL, HTTPS)
        for service in whole["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    }
    assert mounted == looked_at
    waiting = {name for name, service in STACK["services"].items() if "preflight" in service.get("depends_on", {})}
    assert {"postgres", "kafka", "gateway", "prometheus", "grafana"} <= waiting
