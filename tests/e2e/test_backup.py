"""A backup in an empty stack gives the same scores; a damaged one, or a stack that is not empty, is refused."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, needs_engine, running_stack, until
from tests.e2e.town import fill_town, punch, scores, work_days

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900), needs_engine]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder, running_stack(Path(folder)) as running:
        running.wait_until_ready()
        yield running


def settled(stack: Stack) -> dict[str, dict[str, object]]:
    """The scores once nothing waits to be published."""
    count = "select count(*) from outbox"
    until("empty outboxes", lambda: {stack.psql(name, count) for name in ("attendance", "scoring")} == {"0"}, 60)
    return scores(stack)


def test_an_empty_stack_gets_the_same_scores(stack: Stack) -> None:
    fill_town(stack)
    before = settled(stack)
    assert len(before) == 4
    words = stack.run("sh", "deploy/backup.sh", str(stack.folder / "backups")).stdout
    folder = words.rpartition(" ")[2].strip()

    refused = stack.run("sh", "deploy/restore.sh", folder, check=False)
    assert refused.returncode == 1
    assert "holds 4 officers" in refused.stderr
    assert settled(stack) == before

    stack.compose("down", "--volumes", "--timeout", "30")
    stack.up()
    assert scores(stack) == {}
    damaged = Path(folder) / "scoring.dump"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    assert "damaged" in stack.run("sh", "deploy/restore.sh", folder, check=False).stderr
    damaged.write_bytes(whole)

    restored = stack.run("sh", "deploy/restore.sh", folder, seconds=400)
    assert "agree" in restored.stdout
    stack.wait_until_ready()
    assert settled(stack) == before
    # it lives on: the rights are there, and a new punch moves a score
    day = work_days()[0]
    assert punch(stack, f"1\t{day} 06:00:00\t255\t1\t\t0\t0\n1\t{day} 16:55:00\t255\t1\t\t0\t0\n") == "OK: 2"
    newest = "select max(revision) from {}"
    until(
        "the new day in scoring",
        lambda: (
            stack.psql("attendance", newest.format("attendance_day"))
            == stack.psql("scoring", newest.format("day_fact"))
        ),
        60,
    )
    assert stack.http.post("/scores/v1/verify").json()["ok"]
