"""Fifty hostile connections for some seconds: a separate program, so that they use their own processor.

python -m tests.fault.hostile_clients PORT SECONDS SERIAL
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import Awaitable, Callable

from tests.fixtures.faults.raw_http import head, with_length

MIB = 1_048_576
Behaviour = Callable[[asyncio.StreamWriter, asyncio.StreamReader, int, str], Awaitable[None]]


async def _endless_get(writer: asyncio.StreamWriter, _reader: asyncio.StreamReader, number: int, _serial: str) -> None:
    """A GET with a body that does not end."""
    writer.write(head("GET", f"/iclock/devicecmd?SN=X{number}", "Transfer-Encoding: chunked"))
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    while True:
        writer.write(chunk)
        await writer.drain()


async def _tiny_lines(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, number: int, _serial: str) -> None:
    """Eight megabytes with one letter per line, from an unregistered serial."""
    writer.write(with_length("POST", f"/iclock/cdata?SN=Y{number}&table=ATTLOG", b"a\n" * 4 * MIB))
    await reader.read()


async def _foreign_lines(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, _number: int, serial: str) -> None:
    """Forged punches for a registered machine, as many as an unauthenticated client may send."""
    body = b"7\t2026-08-04 07:20:00\t255\t1\n" * 2_000
    writer.write(with_length("POST", f"/iclock/cdata?SN={serial}&table=ATTLOG", body, "Connection: close"))
    await reader.read()


async def _slow_body(writer: asyncio.StreamWriter, _reader: asyncio.StreamReader, number: int, serial: str) -> None:
    """A large body with Content-Length, sent byte by byte."""
    length = f"Content-Length: {8 * MIB}"
    writer.write(head("POST", f"/iclock/cdata?SN={serial if number % 2 else 'Z'}&table=ATTLOG", length))
    while True:
        writer.write(b"7\t")
        await writer.drain()
        await asyncio.sleep(0.2)


async def _large_json(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, _number: int, _serial: str) -> None:
    """A megabyte of JSON without a key."""
    body = b'{"serial": "S1", "rows": [' + b"{}," * 340_000 + b"{}]}"
    writer.write(with_length("POST", "/attendance/v1/punches", body[: MIB - 2], "Connection: close"))
    await reader.read()


async def _serials(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, number: int, _serial: str) -> None:
    """One serial after another."""
    for guess in itertools.count():
        writer.write(
            head("GET", f"/iclock/ping?SN=G{number}X{guess}", "Connection: close" if guess % 9 == 8 else "A: b")
        )
        if not await reader.read(4_096):
            return


BEHAVIOURS: tuple[Behaviour, ...] = (_endless_get, _tiny_lines, _foreign_lines, _slow_body, _large_json, _serials)


async def attack(port: int, seconds: float, serial: str, connections: int = 50) -> int:
    """How many connections were opened in the time."""
    ends, opened = time.monotonic() + seconds, 0

    async def one(number: int) -> None:
        nonlocal opened
        behaviour = BEHAVIOURS[number % len(BEHAVIOURS)]
        while time.monotonic() < ends:
            # a dozen addresses, none of them a real machine's
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(f"127.0.0.{10 + number % 12}", 0)
            )
            opened += 1
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(max(0.1, ends - time.monotonic())):
                    await behaviour(writer, reader, number, serial)
            writer.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    return opened


if __name__ == "__main__":
    print(asyncio.run(attack(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])))
