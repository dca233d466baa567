"""The expiry of a certificate: read from the file, or from the server that presents it, trusted or not.

The standard library returns the expiry only of a trusted certificate, and an expired one is never trusted.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime

from cryptography import x509

__all__ = ["served_certificate_ends_at", "written_certificate_ends_at"]

CONNECT_SECONDS = 10.0


def written_certificate_ends_at(pem: str) -> datetime:
    """The expiry of the first certificate of a PEM text, which is the server's own. Raises ValueError if there is none."""
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


async def served_certificate_ends_at(host: str, port: int) -> datetime:
    """The expiry of the certificate that a TLS server presents. Raises OSError (also for TLS), TimeoutError or ValueError."""
    context = ssl.create_default_context()
    # Only the expiry is read, so the certificate is not verified: no secret is sent on this connection.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    if shown is None:
        raise ValueError("the server presents no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc
