"""The settings of `make up`, and the secrets that it keeps between starts."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Configuration"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """PORT, KAFKA_PORT, DATA and SAMPLE of the environment."""

    port: int
    kafka_port: int
    data: Path
    sample: bool

    @classmethod
    def read(cls) -> Configuration:
        """Ends the program with a message if a value is not valid."""
        sample = os.environ.get("SAMPLE", "yes").lower()
        if sample not in ("yes", "no"):
            sys.exit(f"SAMPLE is {sample!r}: write yes or no")
        port, kafka_port = _port("PORT", 8080), _port("KAFKA_PORT", 9092)
        if port == kafka_port:
            sys.exit(f"PORT and KAFKA_PORT are both {port}: choose two")
        return cls(port, kafka_port, _data(), sample == "yes")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def secret(self, name: str) -> str:
        """A secret that is created at the first start and kept (mode 600)."""
        file = self.data / "secrets" / name
        if not file.is_file():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(file, secrets.token_urlsafe(32))
        return file.read_text()

    def write_connection(self, bootstrap_servers: str) -> Path:
        """connect.env: what scripts and the CLI need to reach this copy."""
        file = self.data / "connect.env"
        lines = (
            f"KINERJA_URL={self.url}",
            f"KINERJA_OPERATOR_KEY={self.secret('operator-key')}",
            f"KAFKA_BOOTSTRAP_SERVERS={bootstrap_servers}",
        )
        write_private(file, "\n".join(lines) + "\n")
        return file


def write_private(file: Path, text: str) -> None:
    """Writes or replaces a file that only its owner may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    file.chmod(0o600)


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        sys.exit(f"{name} is {text!r}: write a port between 1 and 65535")
    return int(text)


def _data() -> Path:
    text = os.environ.get("DATA") or "var"
    folder = Path(text).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"DATA is {text!r}: name a folder that can be created here ({error.strerror})")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        sys.exit(f"DATA is {text!r}: name a folder that this user may write to")
    return folder
