"""Findings when the doctor cannot check something: the whole system does not answer, or one check fails."""

from __future__ import annotations

import ssl

import httpx

from cli.client import unreachable, wrong_key
from cli.findings import Finding
from shared.kafka_admin.provision import BrokerError

__all__ = ["BROKER_RUNBOOK", "CERTIFICATE_RUNBOOK", "not_examined", "stopped_words"]

BROKER_RUNBOOK = "docs/runbooks/broker-down.md"
CERTIFICATE_RUNBOOK = "docs/runbooks/certificate.md"


def stopped_words(http: httpx.Client) -> str | None:
    """A cause that makes every check fail, reported once: no answer at the address, or the key of another system."""
    try:
        answer = http.get("/attendance/v1/units", params={"limit": 1})
    except httpx.TransportError as error:
        certificate = _certificate_fault("the system", error)
        return unreachable(http, error) if certificate is None else f"{certificate.what}: {certificate.todo}"
    return wrong_key(http) if answer.status_code == httpx.codes.UNAUTHORIZED else None


def not_examined(name: str, error: Exception) -> Finding:
    """A check that failed to run."""
    certificate = _certificate_fault(name, error)
    if certificate is not None:
        return certificate
    text = f": {error}" if isinstance(error, BrokerError) else ""
    return Finding("fail", f"{name} cannot be examined ({type(error).__name__}{text})", BROKER_RUNBOOK)


def _certificate_fault(name: str, error: Exception) -> Finding | None:
    """If the cause is a certificate that this computer does not trust."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            text = getattr(cause, "verify_message", str(cause))
            todo = f"{CERTIFICATE_RUNBOOK}; for your own certificate authority set SSL_CERT_FILE to its certificate"
            return Finding("fail", f"{name} cannot be examined (certificate: {text})", todo)
        cause = cause.__cause__ or cause.__context__
    return None
