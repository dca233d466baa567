"""The stack as operators get it, with the listener for HR systems: started once for all files of this folder.

It runs under difficult conditions: a clone made with umask 077, and a Docker client that sets a proxy in every container.
A test may stop, kill and scale its containers, and leaves one healthy replica of each service behind.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.children import free_port
from tests.e2e.places import closed_copy, config_with_proxy
from tests.e2e.stack import Stack, running_stack
from tests.e2e.town import fill_town
from tests.e2e.traffic import OFFICERS


@pytest.fixture(scope="package")
def external_port() -> int:
    return free_port()


@pytest.fixture(scope="package")
def stack(external_port: int) -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="kin-stack-") as folder,
        running_stack(
            Path(folder),
            files=("deploy/compose.external.yml",),
            root=closed_copy(Path(folder) / "clone"),
            DOCKER_CONFIG=str(config_with_proxy(Path(folder) / "docker")),
            KAFKA_EXTERNAL_PORT=str(external_port),
            FEEDBACK_RULES="rules/sample/feedback.yaml",  # groups of three, published within seconds
        ) as running,
    ):
        yield running


@pytest.fixture(scope="package")
def connection(stack: Stack) -> dict[str, str]:
    folder = stack.folder / "connect"
    stack.run("sh", "deploy/connect.sh", str(folder))
    assert (folder / "connect.env").stat().st_mode & 0o777 == 0o600
    return dict(line.split("=", 1) for line in (folder / "connect.env").read_text().splitlines())


@pytest.fixture(scope="package")
def town(stack: Stack) -> list[str]:
    """The ids of its officers, who have scores."""
    stack.wait_until_ready()
    return fill_town(stack, OFFICERS)
