"""The README's first command in three environments, each in a fresh clone, until a client has read a score; then Ctrl-C.

As root below a folder that only root may enter; as root in a plain Python container; and there as an ordinary user
with umask 077, with a space and a non-ASCII letter in the path.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from embedded.children import free_port
from tests.e2e.make_up.made_up import ROOT, made_up
from tests.e2e.stack import until
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.images import PYTHON

pytestmark = pytest.mark.timeout(1_200)

INSTALL_AND_START_SECONDS = 900
SERIAL, PIN = "NEWMACHINE1", "7"
OFFICERS = 28
SUBSCRIBER = ".venv/bin/python examples/hr_subscriber.py hr.db --once"
SCORES = "select count(*) from score where score is not null"
OUTPUT = "up.log"


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kin-clone-") as folder:
        Path(folder).chmod(0o700)
        subprocess.run(["git", "clone", "--quiet", ROOT, f"{folder}/kinerja"], check=True, timeout=60, umask=0o077)
        yield Path(folder) / "kinerja"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that only root may enter")
def test_below_a_folder_of_root(clone: Path) -> None:
    with made_up(clone / "var", free_port(), free_port(), sample=True, root=clone, umask=0o077) as running:
        connection = running.ready(INSTALL_AND_START_SECONDS)
        punch_becomes_score(connection["KINERJA_URL"], connection["KINERJA_OPERATOR_KEY"])
        subprocess.run(SUBSCRIBER.split(), cwd=clone, env=os.environ | connection, check=True, timeout=120)
        with sqlite3.connect(clone / "hr.db") as database:
            assert database.execute(SCORES).fetchone()[0] >= OFFICERS
        running.interrupt()
        assert "stopped" in running.lines
        assert "***" not in "\n".join(running.lines)


@dataclass(frozen=True)
class Plain:
    """A container of Python's image with make."""

    container: str

    def run(self, command: str, *, user: str = "root", folder: str = "/", seconds: float = 60) -> str:
        """The output of a shell command in it."""
        order = ["docker", "exec", "--user", user, "--workdir", folder, self.container, "sh", "-c", command]
        done = subprocess.run(order, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def plain() -> Iterator[Plain]:
    # it uses the host's package index, as every build here: so it needs the host's network
    run = ["docker", "run", "--detach", "--network", "host", PYTHON, "sleep", "3600"]
    container = subprocess.run(run, check=True, capture_output=True, text=True, timeout=120).stdout.strip()
    try:
        made = Plain(container)
        made.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends make >/dev/null", seconds=300)
        made.run("useradd --create-home pegawai")
        yield made
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", container], capture_output=True, timeout=60, check=True)


@needs_engine
@pytest.mark.parametrize(
    ("user", "home", "mask"), [("root", "/root", "022"), ("pegawai", "/home/pegawai/Balai Kota é", "077")]
)
def test_in_a_plain_container(clone: Path, plain: Plain, user: str, home: str, mask: str) -> None:
    here = f"{home}/kinerja"
    plain.run(f"mkdir -p '{home}'")
    kept = ["git", "archive", "--format=tar", "HEAD"]
    with subprocess.Popen(kept, cwd=clone, stdout=subprocess.PIPE) as archive:
        unpack = ["docker", "exec", "--interactive", plain.container, "sh", "-c"]
        unpack += [f"umask {mask}; mkdir '{here}'; tar -x --no-same-permissions -C '{here}'; chown -R {user}: '{home}'"]
        subprocess.run(unpack, stdin=archive.stdout, check=True, timeout=120)
    if user != "root":  # packages that pip has downloaded for the user before
        cache = f"mkdir -p ~{user}/.cache; cp -r /root/.cache/pip ~{user}/.cache; chown -R {user}: ~{user}/.cache"
        plain.run(f"[ ! -d /root/.cache/pip ] || {{ {cache}; }}")
    ports = f"PORT={free_port()} KAFKA_PORT={free_port()}"
    start = f"umask {mask}; {ports} setsid sh -c 'echo $$ >pid; exec make up' >{OUTPUT} 2>&1 </dev/null &"
    plain.run(start, user=user, folder=here)

    def log() -> str:
        return plain.run(f"cat {OUTPUT}", user=user, folder=here)

    told = until(
        "ready or an end",
        lambda: ("\nready" in (words := log()) or "***" in words) and words,
        INSTALL_AND_START_SECONDS,
    )
    assert "\nready" in told, told[-3000:]
    assert "Permission denied" not in told
    lines = plain.run("cat var/connect.env", user=user, folder=here).splitlines()
    connection = dict(line.split("=", 1) for line in lines)
    punch_becomes_score(connection["KINERJA_URL"], connection["KINERJA_OPERATOR_KEY"])
    plain.run(f"set -a; . var/connect.env; {SUBSCRIBER}", user=user, folder=here, seconds=120)
    count = f"import sqlite3; print(sqlite3.connect('hr.db').execute('{SCORES}').fetchone()[0])"
    assert int(plain.run(f'python3 -c "{count}"', user=user, folder=here)) >= OFFICERS
    plain.run("kill -INT -$(cat pid)", user=user, folder=here)
    told = until("the end", lambda: (words := log()).endswith("stopped\n") and words, 60)
    assert "***" not in told


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Jakarta"))


def punch_becomes_score(url: str, key: str) -> None:
    """A machine reports that an officer came a minute earlier than known, and the score's evidence shows it."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        officer = http.get("/scores/v1/employees").json()["items"][0]["employee_id"]

        def arrivals() -> dict[str, datetime]:
            days = http.get(f"/scores/v1/employees/{officer}").json()["facts"]["days"]
            return {day["work_date"]: local(day["first_in"]) for day in days if day["first_in"]}

        until("a day with an arrival", arrivals, 120)
        work_date, arrival = min(arrivals().items())
        earlier = arrival - timedelta(minutes=1)
        machine = {"name": "test", "timezone": "Asia/Jakarta", "direction_from": "shift"}
        http.put(f"/attendance/v1/machines/{SERIAL}", json=machine).raise_for_status()
        enrolment = {"employee_id": officer, "valid_from": "2026-01-01"}
        http.put(f"/attendance/v1/machines/{SERIAL}/enrolments/{PIN}", json=enrolment).raise_for_status()
        line = f"{PIN}\t{earlier:%Y-%m-%d %H:%M:%S}\t255\t1\t\t0\t0\n"
        answer = http.post("/iclock/cdata", params={"SN": SERIAL, "table": "ATTLOG"}, content=line)
        assert answer.text == "OK: 1"
        until("the punch in the score", lambda: arrivals().get(work_date) == earlier, 60)
