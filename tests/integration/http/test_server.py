"""A stopping server answers every request that reached it, so that a restart behind a gateway loses no request."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

from embedded.children import free_port

CLIENTS = 6
ROUNDS = 3
HELD_UP_SECONDS = 0.15
SERVE = """
import signal, sys, time, uvicorn
from cli.stack.server import Server
async def app(scope, receive, send):
    time.sleep(0.002)  # holds the loop, as a busy service does
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
kind = Server if sys.argv[2] == "leaves" else uvicorn.Server
server = kind(uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", log_level="critical"))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.run(sockets=[server.config.bind_socket()])
"""


def ask_until_away(port: int, seen: Counter[str]) -> None:
    """Acts like the gateway: reuses a connection, and opens a new one after `Connection: close`."""
    connection: http.client.HTTPConnection | None = None
    while True:
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.connect()
            except ConnectionRefusedError:
                return  # nothing was sent: a gateway tries the next replica
        begun = time.monotonic()
        held_up = True
        try:
            connection.request("POST", "/", b"body")
            held_up = time.monotonic() - begun > HELD_UP_SECONDS
            answer = connection.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError) as error:
            # if sending takes longer than the server waits, the client itself was slow (busy machine)
            seen["held up" if held_up and time.monotonic() - begun > HELD_UP_SECONDS else type(error).__name__] += 1
            connection = None
        else:
            seen["answered"] += 1
            if answer.will_close:
                connection = None


def restart_under_load(kind: str) -> Counter[str]:
    """The results of requests while a server stops."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port), kind])
    seen: Counter[str] = Counter()
    try:
        deadline = time.monotonic() + 30
        while not reached(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        clients = [threading.Thread(target=ask_until_away, args=(port, seen)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    return seen


def reached(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def test_nobody_who_got_through_goes_without_an_answer() -> None:
    for _ in range(ROUNDS):
        seen = restart_under_load("leaves")
        assert seen["answered"]
        assert set(seen) <= {"answered", "held up"}


def test_without_leave_somebody_does() -> None:
    """The control: the unmodified server."""
    assert any(set(restart_under_load("as it comes")) != {"answered"} for _ in range(ROUNDS))
