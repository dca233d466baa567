"""The embedded Postgres and broker work as `make up` promises."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from embedded.broker import EmbeddedBroker
from embedded.postgres import EmbeddedPostgres

pytestmark = pytest.mark.embedded


def _wait_for(condition: object, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


async def _count(server: EmbeddedPostgres) -> int:
    connection = await asyncpg.connect(server.dsn())
    try:
        return int(await connection.fetchval("select count(*) from kept"))
    finally:
        await connection.close()


async def test_committed_rows_survive_a_stop_and_a_kill(scratch_folder: Path) -> None:
    folder = scratch_folder / "restart"
    first = EmbeddedPostgres(folder)
    first.start()
    connection = await asyncpg.connect(first.dsn())
    await connection.execute("create table kept (id int)")
    await connection.execute("insert into kept values (1)")
    await connection.close()
    first.stop()

    second = EmbeddedPostgres(folder)
    second.start()
    connection = await asyncpg.connect(second.dsn())
    await connection.execute("insert into kept values (2)")
    second.kill()

    third = EmbeddedPostgres(folder)
    third.start()
    try:
        assert await _count(third) == 2
    finally:
        third.stop()


async def test_busy_children_of_a_killed_server_do_not_hold_its_folder(scratch_folder: Path) -> None:
    folder = scratch_folder / "busy"
    first = EmbeddedPostgres(folder)
    first.start()
    connection, beside = [await asyncpg.connect(first.dsn()) for _ in range(2)]
    busy = asyncio.create_task(connection.fetchval("select count(*) from generate_series(1, 200000000)"))
    active = "select exists (select from pg_stat_activity where pid = $1 and state = 'active')"
    async with asyncio.timeout(20):
        while not await beside.fetchval(active, connection.get_server_pid()):
            pass
    first.kill()

    second = EmbeddedPostgres(folder)
    second.start()
    second.stop()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await busy


def test_a_stale_lock_that_names_another_program_is_no_obstacle(scratch_folder: Path) -> None:
    folder = scratch_folder / "stale"
    server = EmbeddedPostgres(folder)
    server.start()
    pid_file = folder / "data" / "postmaster.pid"
    left = pid_file.read_text()
    server.stop()
    owner = pid_file.parent.stat().st_uid  # Postgres checks only processes of its own user
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None) as other:
        try:
            pid_file.write_text(left.replace(left.partition("\n")[0], str(other.pid), 1))
            server.start()
            assert server.pid != other.pid
            server.stop()
            assert other.poll() is None
        finally:
            other.kill()


async def test_two_servers_run_side_by_side_and_one_folder_takes_one_only(
    scratch_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.postgres.FORMER_SERVER_SECONDS_MAX", 0.5)
    one, other = EmbeddedPostgres(scratch_folder / "one"), EmbeddedPostgres(scratch_folder / "other")
    one.start()
    other.start()
    try:
        with pytest.raises(RuntimeError, match="another copy runs"):
            EmbeddedPostgres(scratch_folder / "one").start()
    finally:
        one.stop()
        other.stop()


def test_a_folder_that_only_root_may_enter_is_no_obstacle(scratch_folder: Path) -> None:
    closed = scratch_folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "postgres")
    server.start()
    assert server.pid
    server.stop()


def test_children_end_when_their_parent_is_killed(scratch_folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from embedded.broker import EmbeddedBroker; from embedded.postgres import EmbeddedPostgres\n"
        f"folder = Path({str(scratch_folder / 'orphans')!r}); folder.mkdir()\n"
        "postgres = EmbeddedPostgres(folder / 'postgres'); postgres.start()\n"
        "broker = EmbeddedBroker(folder / 'broker.log'); broker.start()\n"
        "print(postgres.port, broker.port, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    ports = [int(word) for word in parent.stdout.readline().split()]
    assert len(ports) == 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    def closed(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    assert _wait_for(lambda: all(closed(port) for port in ports))


def test_a_port_in_use_is_named(scratch_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"port {port} is in use"):
            EmbeddedBroker(scratch_folder / "taken.log", port=port).start()
