"""Compose reads the stack's files without warnings, in every documented combination; bind mounts are read only."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.stores import images
from tests.fixtures.stores.engine import needs_engine

pytestmark = [pytest.mark.containers, needs_engine]

ROOT = Path(__file__).resolve().parents[3]
BASE = "docker-compose.yml"
CLUSTER_EXTERNAL = "deploy/compose.cluster-external.yml"
NEEDS = {CLUSTER_EXTERNAL: ("deploy/compose.cluster.yml", "deploy/compose.external.yml")}
OVERLAYS = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "deploy").glob("compose.*.yml"))
SETUPS = [(BASE,), *((BASE, *NEEDS.get(overlay, ()), overlay) for overlay in OVERLAYS)]
SETUPS += [(BASE, *(overlay for overlay in OVERLAYS if overlay != CLUSTER_EXTERNAL), CLUSTER_EXTERNAL)]
REQUIRED = {"DOMAIN": "kinerja.example.go.id", "MACHINE_PORT": "8181"}
"""Variables that the overlays require in `.env`."""
PROFILES = ("", "tools", "monitoring", "*")


def composed(files: tuple[str, ...], profile: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    environment |= REQUIRED | {"COMPOSE_PROFILES": profile}
    options = [part for file in files for part in ("--file", file)]
    command = ["docker", "compose", *options, "config", "--format", "json"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile or "none")
@pytest.mark.parametrize("files", SETUPS, ids=lambda files: "+".join(Path(file).name for file in files))
def test_compose_reads_the_files_without_a_warning(files: tuple[str, ...], profile: str) -> None:
    done = composed(files, profile)
    assert (done.returncode, done.stderr) == (0, "")
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    assert ("prometheus" in services) == (profile in ("monitoring", "*"))
    for name, service in services.items():
        for volume in service.get("volumes", ()):
            assert volume["type"] == "volume" or volume.get("read_only"), (name, volume)


def test_the_images_are_those_of_the_one_place() -> None:
    services = json.loads(composed((BASE, "deploy/compose.cluster.yml"), "*").stdout)["services"]
    found = {
        name: services[name]["image"] for name in ("roles", "postgres", "kafka", "kafka3", "gateway", "prometheus")
    }
    assert found == {
        "roles": images.POSTGRES, "postgres": images.POSTGRES, "kafka": images.KAFKA, "kafka3": images.KAFKA,
        "gateway": images.CADDY, "prometheus": images.PROMETHEUS,
    }  # fmt: skip
