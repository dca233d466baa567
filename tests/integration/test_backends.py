"""Without a container engine, container tests are skipped by name; if they are required, they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = "tests/integration/db/test_schema.py::test_models_equal_migrations[containers-feedback]"


@pytest.mark.parametrize(("required", "status", "words"), [("", 0, "1 skipped"), ("required", 1, "1 error")])
def test_a_missing_engine_is_named_or_fails(required: str, status: int, words: str) -> None:
    environment = os.environ | {"DOCKER_HOST": "tcp://127.0.0.1:1", "KINERJA_TEST_CONTAINERS": required}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", PROBE],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == status, run.stdout
    assert words in run.stdout
    if not required:
        assert "no Docker engine answers on this machine" in run.stdout
