"""Encryption of ballot boxes: their content can be read only with a key that is in no database, dump or backup."""

from __future__ import annotations

import base64
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.feedback.ratings.rules.ballots import Content

__all__ = ["Seal", "SealError"]

KEY_CHARS_MIN = 16
BLOCK_BYTES = 4096
"""Contents are padded to a multiple of this: twenty ballots are as long as none."""


class SealError(Exception):
    """A box cannot be decrypted with any of the keys; the message says what to do."""

    safe_to_log = True


class _Sealed(msgspec.Struct):
    box: UUID
    content: Content


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Sealed).decode


class Seal:
    """Fernet (AES-128-CBC with HMAC-SHA256) with keys derived from the lines of `keys`, the newest first.

    Its tokens contain the time 0 instead of the current time. Raises ValueError for a line that is too short.
    """

    def __init__(self, keys: str) -> None:
        lines = [line.strip() for line in keys.splitlines() if line.strip()]
        if not lines or min(map(len, lines)) < KEY_CHARS_MIN:
            raise ValueError(f"KINERJA_BALLOT_KEY has a line shorter than {KEY_CHARS_MIN} characters: use longer lines")
        self._newest, *self._older = [_fernet(line) for line in lines]

    def close(self, box: UUID, content: Content) -> bytes:
        """Encrypts the content of a box."""
        plain = _ENCODE(_Sealed(box, content))
        whole = plain.ljust(-(-len(plain) // BLOCK_BYTES) * BLOCK_BYTES)
        return self._newest.encrypt_at_time(whole, 0)

    def open(self, box: UUID, sealed: bytes) -> tuple[Content, bool]:
        """(decrypted content, whether the newest key encrypted it). Raises SealError."""
        for fernet in (self._newest, *self._older):
            try:
                found = _DECODE(fernet.decrypt(sealed))
            except InvalidToken:
                continue
            if found.box != box:
                raise SealError("a ballot box contains another box's content: restore the database from a backup")
            return found.content, fernet is self._newest
        raise SealError(
            "a ballot box was encrypted with a ballot_key that is missing: restore that key as a further line of the"
            " secret, or empty the boxes (docs/runbooks/secrets.md)"
        )


def _fernet(line: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kinerja ballot box").derive(line.encode())
    return Fernet(base64.urlsafe_b64encode(key))
