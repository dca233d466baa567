"""docs/stability.md: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["scores", "verify"], 1),  # no system is named here
        (["no-such-command"], 2),
        (["scores", "--no-such-option"], 2),
        (["scores", "show"], 2),  # an argument is missing
        (["links", "revoke", "not-an-id"], 2),
        (["roster", "import", "no-such-file.csv"], 2),
    ],
)
def test_the_exit_status_tells_usage_from_failure(
    arguments: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KINERJA_URL", "KINERJA_OPERATOR_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA", str(tmp_path))
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, done.output
    if status:
        assert done.stderr
