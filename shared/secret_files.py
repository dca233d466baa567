"""Where secrets are as files."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SECRETS_DIR"]

SECRETS_DIR = Path("/run/secrets")  # where Docker Compose puts secrets, a file each, named like the setting
