"""Decompresses batches up to a limit: a megabyte on the wire can be a gigabyte in memory.

The client library has no limit. It looks up its functions by name in two modules, where these replace them.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Callable
from typing import Any

import cramjam
from aiokafka.record import default_records

__all__ = ["UNPACKED_BYTES_MAX", "bound_unpacking"]

UNPACKED_BYTES_MAX = 4_194_304
"""Limit of one batch: sixteen times our own producers' batch size, and four times the largest record. A service that reads
one briefly uses some 50 MiB."""
XERIAL_MAGIC, XERIAL_HEAD_BYTES = b"\x82SNAPPY\x00", 16

_room = bytearray(UNPACKED_BYTES_MAX)
"""Reused for each batch; one event loop unpacks one at a time."""


class UnpackedTooLargeError(ValueError):
    """The batch is larger than the limit when unpacked."""

    def __init__(self) -> None:
        super().__init__(f"the batch is larger than {UNPACKED_BYTES_MAX} bytes when unpacked")


def _bounded(unpack_into: Callable[[Any, bytearray], int]) -> Callable[[Any], bytes]:
    def unpack(packed: Any) -> bytes:
        try:
            size = unpack_into(packed, _room)
        except cramjam.DecompressionError as error:
            raise UnpackedTooLargeError from error if _is_full(error) else ValueError(str(error))
        return bytes(memoryview(_room)[:size])

    return unpack


def _is_full(error: Exception) -> bool:
    return "whole buffer" in str(error) or "output buffer" in str(error)


def _snappy(packed: Any) -> bytes:
    """Snappy in one piece, or in the blocks that Java clients write."""
    if bytes(packed[: len(XERIAL_MAGIC)]) != XERIAL_MAGIC:
        return _raw_snappy(packed)
    content, position, out = memoryview(packed), XERIAL_HEAD_BYTES, bytearray()
    while position < len(content):
        (size,) = struct.unpack_from("!i", content, position)
        out += _raw_snappy(content[position + 4 : position + 4 + size])
        position += 4 + size
        if len(out) > UNPACKED_BYTES_MAX:
            raise UnpackedTooLargeError
    return bytes(out)


_raw_snappy = _bounded(cramjam.snappy.decompress_raw_into)
_BOUNDED = {
    "gzip_decode": _bounded(cramjam.gzip.decompress_into),
    "snappy_decode": _snappy,
    "lz4_decode": _bounded(cramjam.lz4.decompress_into),
    "zstd_decode": _bounded(cramjam.zstd.decompress_into),
}


def bound_unpacking() -> None:
    """From now on every consumer of this process fails at a batch that is too large when unpacked."""
    fast = importlib.import_module(default_records.DefaultRecordBatch.__module__)
    for module in (default_records, fast):
        for name, function in _BOUNDED.items():
            setattr(module, name, function)
