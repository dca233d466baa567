"""Enough free disk space, in each test."""

from __future__ import annotations

import pytest

from cli.doctor import doctor
from tests.unit.cli.doctor.system import Usage


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SASL_USERNAME", "EXTERNAL_LISTENER", "EXTERNAL_PROTOCOL"):
        monkeypatch.delenv(f"KINERJA_KAFKA_{name}", raising=False)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100, 50, 50))
