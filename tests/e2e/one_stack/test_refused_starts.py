"""Configurations with which the stack does not start, and says why."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest

from tests.e2e.places import closed_copy
from tests.e2e.stack import Stack
from tests.fixtures.stores.engine import needs_engine

# The shared stack has built the image.
pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine, pytest.mark.usefixtures("stack")]


def test_a_port_in_use_ends_the_start_with_its_name() -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        second = Stack(Path(folder), PORT=str(port))
        try:
            words = second.compose("up", "--detach", "--no-deps", "gateway", check=False)
            assert str(port) in words
            assert "in use" in words or "already allocated" in words
        finally:
            second.end()


def test_what_cannot_be_used_ends_the_start_with_a_line_each() -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        bad = Stack(Path(folder), root=closed_copy(Path(folder) / "clone"))
        (bad.root / ".env").write_text("TIMEZONE=WIB\nMACHINE_NETWORKS=10.0.0.0/8,192.168.0.0/16\n")
        (bad.root / "deploy/kafka/start.sh").chmod(0o600)  # as a pull with umask 077 leaves a changed file
        for name, content in (("operator_key", ""), ("kafka_scoring_password", "short")):
            (bad.secrets / name).chmod(0o644)
            (bad.secrets / name).write_text(content)
        try:
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=300)
            assert ended.returncode != 0
            told = bad.logs("preflight")
            for words in (
                "secret operator_key is empty",
                "secret kafka_scoring_password has fewer than 16",
                "TIMEZONE is 'WIB': write Asia/Jakarta",
                "MACHINE_NETWORKS is '10.0.0.0/8,192.168.0.0/16': ",
                "deploy/kafka/start.sh cannot be read",
            ):
                assert words in told
            assert "Traceback" not in told
            assert bad.containers("postgres") == bad.containers("kafka") == []
        finally:
            bad.end()


def test_a_missing_secret_ends_the_start_with_its_name() -> None:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder:
        bad = Stack(Path(folder))
        (bad.secrets / "link_key").unlink()
        try:
            ended = bad.run("docker", "compose", "up", "--detach", "--wait", check=False, seconds=300)
            assert ended.returncode != 0
            assert "link_key" in ended.stdout + ended.stderr
        finally:
            bad.end()
