"""Splits a body into lines as bytes, whatever they contain."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["LINE_BYTES_MAX", "count_lines", "display", "first_lines", "parts_of", "raw_lines", "stamp_text"]

LINE_BYTES_MAX = 2_000
"""The stored length of an unusable line: much longer than any firmware's line. The journal has the whole line."""
PART_BYTES = 65_536
"""A post is parsed and stored in parts of this size: about 1,600 punches, a few milliseconds of work."""


def display(raw: bytes) -> str:
    """A raw line for display: undecodable bytes replaced, NUL shown as U+2400, at most 400 characters."""
    return raw.decode("utf-8", errors="replace")[:400].replace("\0", "\u2400")


def raw_lines(body: bytes) -> list[bytes]:
    """The non-blank lines of a body as bytes, one for each line that the ATTLOG parser returns."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    return [raw.rstrip(b"\r") for raw in body.split(b"\n") if raw.decode("utf-8", errors="replace").strip()]


def parts_of(body: bytes) -> Iterator[bytes]:
    """Splits a body into parts of whole lines, each up to PART_BYTES or one longer line; yields at least one part."""
    start = 0
    while True:
        end = body.rfind(b"\n", start, start + PART_BYTES) + 1
        if len(body) - start <= PART_BYTES or end <= start:
            end = body.find(b"\n", start + PART_BYTES) + 1 if len(body) - start > PART_BYTES else len(body)
            end = end or len(body)
        yield body[start:end]
        if end >= len(body):
            return
        start = end


def first_lines(body: bytes, size: int) -> bytes:
    """The whole lines among the first `size` bytes of a body."""
    return body if len(body) <= size else body[: body.rfind(b"\n", 0, size) + 1]


def count_lines(body: bytes) -> int:
    """The number of non-blank lines, counted part by part."""
    return sum(len(raw_lines(part)) for part in parts_of(body))


def stamp_text(stamp: str | None) -> str | None:
    """A machine's stamp as stored in the journal: at most 100 characters, no NUL."""
    return None if stamp is None else stamp.replace("\0", "\u2400")[:100]
