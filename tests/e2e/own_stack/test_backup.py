"""Restoring a backup in an empty stack gives the same scores and notices; an unusable one is refused and changes nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.semester import Semester
from tests.e2e.stack import Stack, running_stack, until
from tests.e2e.town import open_town, punch, scores, work_days
from tests.fixtures.stores.engine import needs_engine

pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(900),
    needs_engine,
    # notices cover the running semester, and in its first days the town works in the previous one
    pytest.mark.skipif(
        Semester.of(work_days()[0]) != Semester.of(datetime.now(ZoneInfo("Asia/Jakarta")).date()),
        reason="the running semester has too few working days for a notice",
    ),
]

DATABASES = ("attendance", "feedback", "scoring", "notifications")
RULES = "rules/sample/notices.yaml"
EVALUATION_SECONDS = 20  # as set in these rules
QUIET_LOOKS = 8  # one second apart


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="kin-stack-") as folder,
        running_stack(Path(folder), NOTICE_RULES=RULES) as running,
    ):
        running.wait_until_ready()
        yield running


def settled(stack: Stack) -> dict[str, dict[str, object]]:
    """The scores once nothing waits to be published and they no longer change."""
    waiting = {"attendance": "outbox union all select 0 from day_queue", "scoring": "outbox"}
    seen: list[object] = []

    def quiet() -> bool:
        seen.append(
            [scores(stack), *(stack.psql(name, f"select 0 from {table} limit 1") for name, table in waiting.items())]
        )
        return len(seen) > QUIET_LOOKS and all(look == [scores(stack), "", ""] for look in seen[-QUIET_LOOKS:])

    until("scores at rest", quiet, 90, pause=1)
    return scores(stack)


def notices(stack: Stack) -> list[str]:
    """Every notice with its revision, which sending would raise."""
    assert stack.psql("notifications", "select count(*) from delivery") == "0"
    return stack.psql("notifications", "select notice_id, kind, state, revision from notice order by 1").splitlines()


def fill_town_and_send_notices(stack: Stack) -> None:
    """Four officers with scores; one was late and gets a coaching letter, released and delivered, perhaps a nudge too."""
    open_town(stack, 4)
    lines = "".join(
        f"{pin}\t{day} {clock}\t255\t1\t\t0\t0\n"
        for day in sorted(work_days())
        for pin in range(1, 5)
        for clock in (("07:20:00", "16:40:00") if pin < 4 else ("11:00:00", "12:00:00"))
    )
    assert punch(stack, lines) == "OK: 40"

    def drafts() -> list[dict[str, str]]:
        found: list[dict[str, str]] = stack.http.get("/notices/v1/notices", params={"state": "draft"}).json()["items"]
        return found

    [draft] = until("a draft", drafts, 5 * EVALUATION_SECONDS)
    assert stack.http.post(f"/notices/v1/notices/{draft['notice_id']}/release").is_success
    query = "select count(*) from notice where state <> 'delivered'"
    until("delivery", lambda: stack.psql("notifications", query) == "0", 30)


def spoilt(stack: Stack, folder: Path, file: str, old: bytes, new: bytes) -> Path:
    """A copy of the backup with other bytes in a file, and matching checksums."""
    copy = stack.folder / "spoilt"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    content = (copy / file).read_bytes()
    assert old in content
    (copy / file).write_bytes(content.replace(old, new, 1))
    stack.run("sh", "-c", f"cd {copy} && sha256sum manifest *.dump > SHA256SUMS")
    return copy


def refusal(stack: Stack, folder: Path) -> str:
    """The error message for a refused backup; the stack runs as before."""
    refused = stack.run("sh", "deploy/restore.sh", str(folder), check=False)
    assert refused.returncode != 0
    stack.wait_until_ready(30)
    assert set(stack.psql("postgres", "select datname from pg_database").split()) == {
        *DATABASES, "postgres", "template0", "template1",
    }  # fmt: skip
    return refused.stderr


def test_an_empty_stack_gets_the_same_scores(stack: Stack) -> None:
    fill_town_and_send_notices(stack)
    before, sent = settled(stack), notices(stack)
    assert len(before) == 4
    words = stack.run("sh", "deploy/backup.sh", str(stack.folder / "backups")).stdout
    folder = Path(words.rpartition(" ")[2].strip())
    assert [file.name for file in folder.parent.iterdir()] == [folder.name]  # no partial files are left
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in folder.iterdir()} == {"SHA256SUMS", "manifest", *(f"{n}.dump" for n in DATABASES)}
    manifest = dict(line.rsplit(" ", 1) for line in (folder / "manifest").read_text().splitlines())
    assert manifest["time"] == folder.name
    assert manifest["image"].startswith("sha256:")
    version = "select version_num from alembic_version"
    assert {name: manifest[f"schema {name}"] for name in DATABASES} == {n: stack.psql(n, version) for n in DATABASES}

    assert "holds 4 rows of employee" in refusal(stack, folder)
    assert settled(stack) == before

    stack.compose("down", "--volumes", "--timeout", "30")
    stack.up()
    assert scores(stack) == {}
    # as from a newer release: restoring an older backup must remove all of it
    stack.psql("attendance", "set role migrations; create table later (id int)")
    damaged = folder / "scoring.dump"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    assert "damaged" in refusal(stack, folder)
    damaged.write_bytes(whole)
    newer = spoilt(stack, folder, "manifest", b"schema scoring 0", b"schema scoring 9")
    assert "of a newer release" in refusal(stack, newer)
    refusal(stack, spoilt(stack, folder, "notifications.dump", whole[:5], b"PGDMB"))  # not a Postgres dump
    assert scores(stack) == {}

    restored = stack.run("sh", "deploy/restore.sh", str(folder), seconds=400)
    assert "agree" in restored.stdout
    stack.wait_until_ready()
    assert settled(stack) == before
    assert stack.psql("attendance", "select to_regclass('later') is null") == "t"
    assert set(stack.psql("postgres", "select datname from pg_database").split()) >= set(DATABASES)
    time.sleep(EVALUATION_SECONDS + 5)
    assert notices(stack) == sent
    doctor = stack.compose("run", "--rm", "--no-deps", "-T", "admin", "doctor", check=False)
    assert "users and rights on Kafka are as the file says" in doctor
    assert "FAIL  topic" not in doctor
    # the stack works: permissions are restored, and a new punch changes a score
    day = work_days()[0]
    assert punch(stack, f"1\t{day} 06:00:00\t255\t1\t\t0\t0\n1\t{day} 16:55:00\t255\t1\t\t0\t0\n") == "OK: 2"
    newest = f"select max(revision) from {{}} where work_date = '{day}' and employee_id <> '{CANARY_EMPLOYEE_ID}'"
    until(
        "the new day in scoring",
        lambda: (
            stack.psql("attendance", newest.format("attendance_day"))
            == stack.psql("scoring", newest.format("day_fact"))
        ),
        60,
    )
    assert stack.http.post("/scores/v1/verify").json()["ok"]
