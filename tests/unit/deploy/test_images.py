"""`make images`: which lines it writes, and what it does when no registry answers. `docker` is a stand-in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRST, SECOND = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
# Answers with the digest of the file `digest`; `refused` holds tags that no registry knows.
BUILDX = """#!/bin/sh
echo "$*" >>"$DOCKER_HOME/asked"
[ "$1 $2" = 'buildx version' ] && exit 0
for last; do :; done
! grep -qxF "$last" "$DOCKER_HOME/refused" && cat "$DOCKER_HOME/digest"
"""
PLAIN = """#!/bin/sh
case "$1" in
  pull) exit 0 ;;
  image) for last; do :; done; printf '%s@%s\\n\\n' "${last%:*}" "$(cat "$DOCKER_HOME/digest")" ;;
  *) exit 1 ;;
esac
"""


class Checkout:
    """The image files in a separate folder, with a registry that gives one digest for all tags."""

    def __init__(self, folder: Path, docker: str = BUILDX) -> None:
        self.folder = folder
        (folder / "deploy").mkdir()
        for name in ("images.sh", "images.yml", "Dockerfile"):
            shutil.copy(ROOT / "deploy" / name, folder / "deploy")
        self.set_to(FIRST)
        (folder / "refused").touch()
        (folder / "bin").mkdir()
        (folder / "bin/docker").write_text(docker)
        (folder / "bin/docker").chmod(0o755)

    def set_to(self, digest: str) -> None:
        (self.folder / "digest").write_text(f"{digest}\n")

    def refuse(self, tag: str) -> None:
        (self.folder / "refused").write_text(f"{tag}\n")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "DOCKER_HOME": str(self.folder)}
        command = ["sh", str(self.folder / "deploy/images.sh"), *arguments]
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)

    @property
    def references(self) -> list[str]:
        stack, own = ((self.folder / "deploy" / name).read_text() for name in ("images.yml", "Dockerfile"))
        return re.findall(r'image: "(.*)"', stack) + re.findall(r"^ARG BASE=(.*)$", own, re.MULTILINE)


def tag(reference: str) -> str:
    return reference.partition("@")[0]


@pytest.mark.parametrize("docker", [BUILDX, PLAIN], ids=["buildx", "without buildx"])
def test_each_image_is_pinned_and_a_later_run_lifts_it(tmp_path: Path, docker: str) -> None:
    checkout = Checkout(tmp_path, docker)
    tags = [tag(reference) for reference in checkout.references]
    assert len(tags) == len(set(tags)) == 6

    assert checkout.run().returncode == 0
    assert checkout.references == [f"{each}@{FIRST}" for each in tags]
    checkout.set_to(SECOND)
    assert checkout.run().returncode == 0
    assert checkout.references == [f"{each}@{SECOND}" for each in tags]
    again = checkout.run()
    assert (again.returncode, again.stdout.count("already at")) == (0, len(tags))


def test_a_line_whose_digest_cannot_be_had_stays_and_is_named(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    before = checkout.references
    unknown = tag(before[2])
    checkout.refuse(unknown)

    done = checkout.run()

    assert done.returncode == 1
    assert done.stderr == f"{unknown}: no registry returned a digest, the line is unchanged\n"
    expected = [each if tag(each) == unknown else f"{tag(each)}@{FIRST}" for each in before]
    assert checkout.references == expected


@pytest.mark.parametrize("answer", ["", "not found", "sha256:abc"])
def test_what_is_no_digest_is_never_written(tmp_path: Path, answer: str) -> None:
    checkout = Checkout(tmp_path)
    before = checkout.references
    checkout.set_to(answer)
    assert checkout.run().returncode == 1
    assert checkout.references == before


def test_an_image_gets_another_tag(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    assert checkout.run().returncode == 0
    assert checkout.run("apache/kafka:4.3.2", "python:3.14-slim").returncode == 0
    kafka, python = (r for r in checkout.references if r.startswith(("apache/kafka", "python")))
    assert (kafka, python) == (f"apache/kafka:4.3.2@{FIRST}", f"python:3.14-slim@{FIRST}")
    assert len({tag(reference) for reference in checkout.references}) == 6


@pytest.mark.parametrize(
    ("argument", "words"),
    [("redis:8", "the stack has no image redis, but: postgres:17"), ("caddy", "caddy has no tag: give name:tag")],
)
def test_what_is_no_image_of_the_stack_is_refused(tmp_path: Path, argument: str, words: str) -> None:
    checkout = Checkout(tmp_path)
    before = checkout.references
    done = checkout.run(argument)
    assert (done.returncode, checkout.references) == (2, before)
    assert words in done.stderr


def test_images_are_named_in_one_place_only() -> None:
    names = [tag(reference) for reference in (ROOT / "deploy/images.yml").read_text().split('"')[1::2]] + ["python:3"]
    files = subprocess.run(
        ["git", "ls-files", "*.yml", "*.yaml", "*.py", "*.sh", "*Dockerfile", "Makefile", ".ci/*"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    here = str(Path(__file__).relative_to(ROOT))
    pattern = re.compile(r"(?<![\w/])(" + "|".join(map(re.escape, names)) + ")")
    naming = {file for file in files if file != here and pattern.search((ROOT / file).read_text())}
    assert naming == {"deploy/images.yml", "deploy/images.sh", "deploy/Dockerfile"}
