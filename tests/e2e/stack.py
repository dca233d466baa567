"""The Docker stack as an operator starts it: this repository's docker-compose.yml, with its own project name and port."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from testcontainers.compose import DockerCompose

from embedded.children import free_port
from shared.db.migrations import SERVICES

__all__ = ["LASTING", "NO_CANARY", "ROOT", "Stack", "running_stack", "until"]

ROOT = Path(__file__).resolve().parents[2]
IMAGE = os.environ.get("KINERJA_IMAGE") or "-".join(
    filter(None, ("kinerja:test", os.environ.get("PYTEST_XDIST_WORKER")))
)
"""Of this worker alone: another checkout's build under the same tag would make Compose recreate containers."""
LASTING = (*SERVICES, "canary", "postgres", "kafka", "gateway")
"""Services that keep running; the setup steps end."""
READY_SECONDS_MAX = 600


def until(what: str, holds: Callable[[], Any], seconds: float, pause: float = 0.5) -> Any:
    """The first true answer; a failure names the condition that was not met in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:.0f} s")
        time.sleep(pause)


NO_CANARY = "tests/e2e/overlays/no-canary.yml"


class Stack:
    """A running stack."""

    def __init__(self, folder: Path, *, files: tuple[str, ...] = (), root: Path = ROOT, **environment: str) -> None:
        self.folder = folder
        self.root = root
        self.secrets = folder / "secrets"
        self.port = free_port()
        self.name = f"kinerja-test-{uuid4().hex[:8]}"
        self.environment = os.environ | {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_FILE": ":".join(("docker-compose.yml", *files)),
            "KINERJA_IMAGE": IMAGE,
            "PORT": str(self.port),
            "BIND": "127.0.0.1",
            "SECRETS": str(self.secrets),
            **environment,
        }
        subprocess.run(["sh", "deploy/secrets.sh", str(self.secrets)], cwd=root, check=True, capture_output=True)
        if "deploy/compose.external.yml" in files:
            self.run("sh", "deploy/kafka-certificate.sh", str(self.secrets))
        self.url = f"http://127.0.0.1:{self.port}"
        self.operator_key = (self.secrets / "operator_key").read_text()
        self.http = httpx.Client(
            base_url=self.url, timeout=30, headers={"Authorization": f"Bearer {self.operator_key}"}
        )

    def run(self, *command: str, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs a command on the host in the stack's environment."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def compose(self, *arguments: str, check: bool = True, seconds: float = 300) -> str:
        """The output of a `docker compose` command."""
        done = self.run("docker", "compose", *arguments, check=check, seconds=seconds)
        return done.stdout if check else done.stdout + done.stderr

    def build(self) -> None:
        """Builds the image with the proxies of this machine's own Docker configuration: a build needs the package index."""
        environment = {name: value for name, value in self.environment.items() if name != "DOCKER_CONFIG"}
        order = ["docker", "compose", "build", "--quiet", "attendance"]
        subprocess.run(order, cwd=self.root, env=environment, check=True, capture_output=True, timeout=600, text=True)

    def up(self, *arguments: str) -> None:
        self.compose("up", "--detach", "--wait", *arguments, seconds=READY_SECONDS_MAX)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def healthy(self, container: str) -> bool:
        """Whether the container's own health check passes."""
        return self.run("docker", "inspect", "--format", "{{.State.Health.Status}}", container).stdout == "healthy\n"

    def psql(self, database: str, query: str, *, user: str = "postgres") -> str:
        """A superuser's query result, one value per line."""
        order = ("exec", "-T", "postgres", "psql", "-U", user, "-d", database, "-Atc", query)
        return self.compose(*order).strip()

    def logs(self, *services: str) -> str:
        return self.compose("logs", "--no-color", *services)

    def wait_until_ready(self, seconds: float = 120) -> None:
        """Waits until every service is ready, through the gateway."""
        for prefix in ("attendance", "feedback", "scores", "notices"):
            until(f"{prefix} ready", lambda prefix=prefix: self.ready(prefix), seconds)  # type: ignore[misc]

    def ready(self, prefix: str) -> bool:
        """Whether the service's readiness endpoint reports that events flow."""
        try:
            return self.http.get(f"/{prefix}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def end(self) -> None:
        """Kills and removes it: a graceful stop would only take time."""
        self.http.close()
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "0", check=False)


@contextlib.contextmanager
def no_other_start() -> Iterator[None]:
    """One stack of this machine after the other: two at once on two cores would not be healthy in time."""
    with (Path(tempfile.gettempdir()) / "kinerja-test-stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def running_stack(
    folder: Path, *, files: tuple[str, ...] = (), root: Path = ROOT, **environment: str
) -> Iterator[Stack]:
    """A stack of the checkout in `root`: healthy at the start of the block, removed at its end."""
    stack = Stack(folder, files=files, root=root, **environment)
    before = dict(os.environ)
    os.environ.update({name: value for name, value in stack.environment.items() if before.get(name) != value})
    # testcontainers runs the compose file in this process's environment
    compose = DockerCompose(root, compose_file_name=[*stack.environment["COMPOSE_FILE"].split(":")], wait=True)
    try:
        # separately: after `up --build`, Compose sees a changed image at the next `up` and recreates all
        with no_other_start():
            stack.build()
            compose.start()
        yield stack
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"the stack did not start: {error.stderr}\n{stack.logs()[-6000:]}") from error
    finally:
        stack.end()
        os.environ.clear()
        os.environ.update(before)
