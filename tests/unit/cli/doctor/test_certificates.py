"""Certificates that end, and ones that this computer does not trust."""

from __future__ import annotations

import contextlib
import ssl
from datetime import timedelta

import httpx
import pytest

from cli.doctor import doctor
from cli.doctor.doctor import examine
from tests.unit.cli.doctor.system import (
    NOW,
    System,
    findings,
)


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (13, "warn"), (-1, "fail")])
def test_a_certificate_that_ends_is_named(monkeypatch: pytest.MonkeyPatch, days: int, state: str) -> None:
    class Connection(contextlib.nullcontext[None]):
        def wrap_socket(self, _: object, server_hostname: str) -> Connection:
            assert server_hostname == "testserver"
            return self

        def __enter__(self) -> Connection:  # type: ignore[override]
            return self

        def getpeercert(self) -> dict[str, str]:
            if days < 0:
                raise ssl.SSLCertVerificationError("certificate has expired")
            return {"notAfter": (NOW + timedelta(days=days)).strftime("%b %d %H:%M:%S %Y GMT")}

    monkeypatch.setattr(doctor.socket, "create_connection", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(doctor.ssl, "create_default_context", Connection)
    [found] = [finding for finding in findings(System(), "https://testserver") if "certificate" in finding.what]
    assert found.state == state
    assert found.todo.startswith("" if state == "ok" else "docs/runbooks/certificate.md")
    assert bool(found.todo) == (state != "ok")


def test_a_certificate_that_this_computer_does_not_trust_is_named_by_each_check() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("unable to get local issuer certificate")
        except ssl.SSLError as error:
            raise httpx.ConnectError("handshake", request=request) from error

    with httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://testserver") as http:
        found = [finding for finding in examine(http, lambda: NOW) if finding.state != "ok"]
    assert len(found) == 22
    assert all("local issuer" in finding.what and "SSL_CERT_FILE" in finding.todo for finding in found)
