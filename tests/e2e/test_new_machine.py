"""The README's first command in a fresh clone, where strangers try it: as root below a folder that only root may enter."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from embedded.children import free_port
from tests.e2e.made_up import ROOT, made_up
from tests.e2e.stack import until
from tests.fixtures.engine import needs_engine
from tests.fixtures.images import PYTHON

pytestmark = pytest.mark.timeout(1_200)

INSTALL_AND_START_SECONDS = 900
SERIAL, PIN = "NEWMACHINE1", "7"


@pytest.fixture
def clone() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kin-clone-") as folder:
        Path(folder).chmod(0o700)
        subprocess.run(["git", "clone", "--quiet", ROOT, f"{folder}/kinerja"], check=True, timeout=60, umask=0o077)
        yield Path(folder) / "kinerja"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that only root may enter")
def test_a_punch_becomes_a_score_below_a_folder_of_root(clone: Path) -> None:
    with made_up(clone / "var", free_port(), free_port(), sample=True, root=clone, umask=0o077) as running:
        connection = running.ready(INSTALL_AND_START_SECONDS)
        punch_becomes_score(connection["KINERJA_URL"], connection["KINERJA_OPERATOR_KEY"])
        running.interrupt()
        assert "stopped" in running.lines


@needs_engine
def test_a_punch_becomes_a_score_in_a_plain_container(clone: Path) -> None:
    port, kafka_port = free_port(), free_port()
    # its package index is the host's, as for every build here: so the host's network
    run = ["docker", "run", "--detach", "--network", "host", PYTHON, "sleep", "3600"]
    container = subprocess.run(run, check=True, capture_output=True, text=True, timeout=120).stdout.strip()

    def inside(command: str, seconds: float = 60) -> str:
        shell = ["docker", "exec", "--workdir", "/root", container, "sh", "-c", command]
        done = subprocess.run(shell, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        subprocess.run(["docker", "cp", "--quiet", clone, f"{container}:/root/kinerja"], check=True, timeout=120)
        assert inside("stat -c %a /root") == "700\n"
        inside("apt-get update -qq && apt-get install -y -qq --no-install-recommends make >/dev/null", 300)
        inside("chown -R root:root kinerja")
        make = f"PORT={port} KAFKA_PORT={kafka_port} setsid sh -c 'echo $$ >/root/pid; exec make up'"
        inside(f"cd kinerja; {make} >/root/up.log 2>&1 </dev/null &")
        log = until(
            "ready", lambda: "\nready" in (words := inside("cat up.log")) and words, INSTALL_AND_START_SECONDS, pause=2
        )
        assert "Permission denied" not in log
        lines = inside("cat kinerja/var/connect.env").splitlines()
        connection = dict(line.split("=", 1) for line in lines)
        punch_becomes_score(connection["KINERJA_URL"], connection["KINERJA_OPERATOR_KEY"])
        inside("kill -INT -$(cat pid)")
        until("the end", lambda: inside("cat up.log").endswith("stopped\n"), 60)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", container], capture_output=True, timeout=60, check=True)


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Jakarta"))


def punch_becomes_score(url: str, key: str) -> None:
    """A machine says that an officer came a minute earlier on a day than was known, and the score's evidence says so."""
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
