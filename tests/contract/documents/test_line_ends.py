"""Files keep LF in every clone: shells, Postgres and Kafka cannot read scripts with CRLF."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def git(*arguments: str, cwd: Path = ROOT) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True, timeout=60).stdout


def test_every_text_file_is_kept_with_lf_and_checked_out_with_lf() -> None:
    lines = [line.split("\t", 1) for line in git("ls-files", "--eol").splitlines()]
    assert len(lines) > 600
    for about, name in lines:
        index, tree, *attributes = about.split()
        text = "attr/text=auto eol=lf" in about
        assert text or "attr/-text" in attributes, (name, about)
        assert not text or (index in ("i/lf", "i/none") and tree in ("w/lf", "w/none", "w/")), (name, about)


def test_a_clone_of_a_computer_that_wants_crlf_has_lf(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    git("init", "--quiet", cwd=made)
    for name in (".gitattributes", "deploy/secrets.sh", "deploy/kafka/start.sh", "docker-compose.yml", "Makefile"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes((ROOT / name).read_bytes())
    git("add", ".", cwd=made)
    git("-c", "user.name=t", "-c", "user.email=t@example.go.id", "commit", "--quiet", "-m", "t", cwd=made)
    git("-c", "core.autocrlf=true", "clone", "--quiet", str(made), str(tmp_path / "clone"), cwd=made)
    for file in (tmp_path / "clone").rglob("*"):
        assert file.is_dir() or ".git" in file.parts or b"\r" not in file.read_bytes(), file
