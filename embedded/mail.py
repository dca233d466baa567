"""A mail server that stores every mail as a file and forwards nothing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from embedded.children import free_port

__all__ = ["MailSink"]


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        (self._folder / f"{stamp}-{next(self._count):04d}.eml").write_bytes(envelope.content)
        return "250 kept"


class MailSink:
    """Listens on a loopback port; each mail becomes a file `<time>-<number>.eml` in the folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._controller = Controller(_Keeper(folder), hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()
