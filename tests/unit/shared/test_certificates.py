"""The end of a certificate, read from its bytes, even if it is expired or untrusted."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.observability.certificates import served_certificate_ends_at, written_certificate_ends_at

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps the authority between certificates: a key takes a second to make."""
    return tmp_path_factory.mktemp("certificates")


def made(folder: Path, days: int) -> Path:
    """A certificate as `make kafka-certificate` makes it, valid for `days` days; openssl accepts -1 for an expired one."""
    environment = os.environ | {"DAYS": str(days)}
    script = ["sh", "deploy/kafka-certificate.sh", str(folder)]
    subprocess.run(script, cwd=ROOT, env=environment, check=True, capture_output=True)
    return folder / "kafka_certificate.pem"


def told_by_openssl(file: Path) -> datetime:
    order = ["openssl", "x509", "-noout", "-enddate", "-in", str(file)]
    words = subprocess.run(order, check=True, capture_output=True, text=True).stdout.strip().removeprefix("notAfter=")
    return datetime.strptime(words, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def ended(folder: Path) -> Path:
    return shutil.copy(made(folder, -1), folder / "ended.pem")


# dates from 2050 on have another encoding
@pytest.mark.parametrize("days", [397, 20_000])
def test_the_end_is_that_which_openssl_tells(folder: Path, days: int) -> None:
    file = made(folder, days)
    found = written_certificate_ends_at(file.read_text())
    assert found == told_by_openssl(file)
    assert abs(found - datetime.now(UTC) - timedelta(days=days)) < timedelta(hours=1)


def test_an_end_in_the_past_is_reported_too(ended: Path) -> None:
    assert written_certificate_ends_at(ended.read_text()) == told_by_openssl(ended) < datetime.now(UTC)


async def test_a_server_s_certificate_is_read_although_it_has_ended(ended: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ended)
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        assert await served_certificate_ends_at("127.0.0.1", port) == told_by_openssl(ended)


async def test_a_server_without_tls_is_an_error() -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        with pytest.raises(OSError):  # noqa: PT011 - a TLS error or a closed connection
            await served_certificate_ends_at("127.0.0.1", server.sockets[0].getsockname()[1])


def test_other_bytes_are_refused(ended: Path) -> None:
    whole = ended.read_text()
    assert "PRIVATE KEY" in whole  # before or after the certificate
    for words in (
        "",
        whole[:200],
        "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n",
        whole.replace("MII", "!!!"),
    ):
        with pytest.raises(ValueError, match=r"(?i)certificate|pem|parsing"):
            written_certificate_ends_at(words)
