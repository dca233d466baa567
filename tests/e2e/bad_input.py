"""Faults that a stack gets from outside, and what it says about them."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

import httpx

from tests.e2e.stack import Stack, until
from tests.e2e.town import MACHINE, punch_all, work_days
from tests.e2e.traffic import assert_scoring_agrees
from tests.fixtures.stores.images import POSTGRES

OFFICERS = 16
"""With so many, some move to another partition when the topic's partitions double; with four, perhaps none."""


LINES = 400
"""Lines per post: enough that its rows need new pages."""


def holder(stack: Stack, volume: str) -> str:
    return f"{stack.name}-holds-{volume}"


@contextlib.contextmanager
def held_disks(stack: Stack) -> Iterator[None]:
    """An in-memory disk disappears with its last container: one more container keeps each."""
    volumes = ("postgres", "kafka")
    try:
        for volume in volumes:
            mount = f"{stack.name}_{volume}:/disk"
            stack.run(
                "docker", "run", "--detach", "--name", holder(stack, volume), "-v", mount, "--network", "none",
                "--entrypoint", "sleep", POSTGRES, "infinity",
            )  # fmt: skip
        yield
    finally:
        stack.run("docker", "rm", "--force", *(holder(stack, volume) for volume in volumes), check=False)


@contextlib.contextmanager
def full_disk(stack: Stack, volume: str) -> Iterator[None]:
    """No byte is free on the disk within the block."""
    inside = ("docker", "exec", holder(stack, volume), "sh", "-c")
    fill = "for size in 1M 4k; do dd if=/dev/zero of=/disk/filler.$size bs=$size; done; true"
    assert "No space left" in stack.run(*inside, fill).stderr
    try:
        yield
    finally:
        stack.run(*inside, "rm /disk/filler.*")


def post(stack: Stack, lines: str) -> httpx.Response:
    return stack.http.post("/iclock/cdata", params={"SN": MACHINE, "table": "ATTLOG"}, content=lines.encode())


def many_punches(number: int) -> str:
    """A post of punches that no other post contains."""
    day = work_days()[0]
    return "".join(
        f"{n % OFFICERS + 1}\t{day} {12 + number % 4}:{n // 60 % 60:02d}:{n % 60:02d}\t255\t{number + 20}\t\t0\t0\n"
        for n in range(LINES)
    )


def change_every_day(stack: Stack, clock: str) -> None:
    """An arrival earlier than all before: every punched day gets a new revision."""
    punch_all(stack, work_days(), clock, OFFICERS)


def kept_punches(stack: Stack) -> int:
    return int(stack.psql("attendance", "select count(*) from punch"))


def assert_all_is_applied(stack: Stack) -> None:
    """Every day is in scoring at its newest revision, and the totals agree with the facts."""
    stack.wait_until_ready(180)
    until("an empty outbox", lambda: stack.psql("attendance", "select count(*) from outbox") == "0", 240)
    assert_scoring_agrees(stack)


def line_with(words: str, logs: str) -> str:
    """The first line that contains this text; empty when there is none."""
    return next((line for line in logs.splitlines() if words in line), "")


def own_words(stack: Stack, service: str) -> str:
    """A service's log without Compose's prefix."""
    return stack.compose("logs", "--no-log-prefix", "--no-color", service).replace("\x1b[2K", "")


def metrics(stack: Stack, service: str, prefix: str) -> dict[str, float]:
    """A service's metrics, read inside the stack: the public port does not serve them."""
    ask = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/{prefix}/metrics').read().decode())"
    lines = stack.compose("exec", "-T", service, "python", "-IS", "-c", ask).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def doctor(stack: Stack) -> str:
    return stack.compose("run", "--rm", "--no-deps", "-T", "admin", "doctor", check=False)


def refusal(stack: Stack) -> str:
    """Why TLS fails at the listener for HR systems for a client that trusts its authority; empty when it works."""
    context = ssl.create_default_context(cafile=str(stack.secrets / "kafka_ca.pem"))
    address = ("127.0.0.1", int(stack.environment["KAFKA_EXTERNAL_PORT"]))
    try:
        with (
            socket.create_connection(address, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
