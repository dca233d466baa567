"""Commands that need the stack's internal network: on the host, they run in the stack's `admin` container."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.client import connection
from cli.terminal import fail

__all__ = ["compose", "in_stack"]

ROOT = Path(__file__).resolve().parents[2]


def compose(*arguments: str) -> list[str]:
    """A `docker compose` command for the stack that connect.env names."""
    project = connection().get("KINERJA_COMPOSE_PROJECT")
    if not project:
        raise fail("no stack is named: start it with docker compose up -d --wait, then run make connect")
    return ["docker", "compose", "--project-directory", str(ROOT), "--project-name", project, *arguments]


def environment() -> dict[str, str]:
    """The environment for it, with the overlays that the stack was started with."""
    files = connection().get("KINERJA_COMPOSE_FILE")
    return os.environ | ({"COMPOSE_FILE": files} if files else {})


def in_stack(command: Callable[..., None]) -> Callable[..., None]:
    """Runs the command here if the administrator's password is here, else the same command in the stack."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        inside = "KINERJA_KAFKA_SASL_USERNAME" in os.environ or not connection().get("KINERJA_COMPOSE_PROJECT")
        if inside or kwargs.get("bootstrap"):  # a broker from --bootstrap is reached from here
            command(*args, **kwargs)
            return
        order = compose("run", "--rm", "--no-deps", "-T", "admin", *sys.argv[1:])
        done = subprocess.run(order, env=environment(), cwd=ROOT, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
        if done.returncode:
            sys.exit(2 if done.returncode == 2 else 1)

    return run
