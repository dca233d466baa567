"""The folder of secret files."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SECRETS_DIR"]

SECRETS_DIR = Path("/run/secrets")  # Docker Compose puts each secret there as a file with the setting's name
