"""Until when a certificate is valid: read from the file, or from the server that shows it, trusted or not.

The standard library tells the end of a certificate only after it has trusted it, and one that has ended is never trusted.
So the end is read from its bytes: DER, of which the few parts before it are skipped (RFC 5280, 4.1).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from datetime import UTC, datetime

__all__ = ["ends_at", "served_certificate_ends_at", "written_certificate_ends_at"]

CONNECT_SECONDS = 10.0
_INTEGER, _UTC_TIME, _GENERALIZED_TIME, _SEQUENCE, _VERSION = 0x02, 0x17, 0x18, 0x30, 0xA0
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s?", re.DOTALL)


def ends_at(certificate: bytes) -> datetime:
    """The end of validity of a certificate in DER. Raises ValueError for other bytes."""
    _, whole, _ = _part(certificate, _SEQUENCE)
    _, rest, _ = _part(whole, _SEQUENCE)
    if rest[:1] == bytes([_VERSION]):
        _, _, rest = _part(rest, _VERSION)
    for kind in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serial number, algorithm, issuer
        _, _, rest = _part(rest, kind)
    _, validity, _ = _part(rest, _SEQUENCE)
    _, _, rest = _part(validity, *_FORMATS)  # not before
    kind, moment, _ = _part(rest, *_FORMATS)
    return datetime.strptime(moment.decode("ascii"), _FORMATS[kind]).replace(tzinfo=UTC)


def _part(data: bytes, *kinds: int) -> tuple[int, bytes, bytes]:
    """The first part's kind and content, and what follows it."""
    if len(data) < 2 or data[0] not in kinds:
        raise ValueError("not a certificate")
    length, start = data[1], 2
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("not a certificate: it is cut off")
    return data[0], data[start : start + length], data[start + length :]


def written_certificate_ends_at(pem: str) -> datetime:
    """The end of the first certificate of a PEM text, which is the server's own. Raises ValueError where there is none."""
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("there is no certificate in it")
    return ends_at(ssl.PEM_cert_to_DER_cert(found.group().strip()))


async def served_certificate_ends_at(host: str, port: int) -> datetime:
    """The end of the certificate that a TLS server shows. Raises OSError (also for TLS), TimeoutError or ValueError."""
    context = ssl.create_default_context()
    # It is asked how long it is valid, not whether it is ours: no secret is sent on this connection.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    if shown is None:
        raise ValueError("the server shows no certificate")
    return ends_at(shown)
