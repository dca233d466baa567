"""`kinerja serve` and `kinerja migrate`: one image, four commands."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from typing import Annotated, Any

import typer
import uvicorn
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from cli.settings import settings_of
from cli.stack.server import Server
from cli.terminal import echo, fail
from shared.db.collations import CollationError
from shared.db.migrations import SERVICES, upgrade
from shared.http.server_protocol import BoundedProtocol
from shared.observability import logs
from shared.observability.trace_export import export_traces, flush_traces
from shared.settings.settings import DatabaseSettings, LogSettings

__all__ = ["leave", "migrate", "serve"]

GRACEFUL_SECONDS = 20

ServiceArgument = Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}.")]


def serve(
    service: ServiceArgument,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    log_level: Annotated[
        str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR; else KINERJA_LOG_LEVEL.")
    ] = None,
) -> None:
    """Runs one service; settings come from the environment (KINERJA_...)."""
    settings = settings_of(_module(service, "settings").Settings)
    logs.configure(settings_of(LogSettings, **({"log_level": log_level} if log_level else {})).log_level)
    logs.log_uncaught()
    export_traces(service)
    module = _module(service, "app")
    signal.signal(signal.SIGTERM, leave)
    server = Server(
        uvicorn.Config(
            module.create(settings),
            host=host,
            port=port,
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
            proxy_headers=False,  # shared.http.forwarded reads them
            ws="none",  # it would log clients' addresses and whole paths
            server_header=False,
        )
    )
    gc.collect()
    gc.freeze()  # the app's objects are permanent: scanning them in each collection delayed requests by 0.1 s
    with contextlib.suppress(KeyboardInterrupt):  # raised again by uvicorn once everything has stopped
        server.run(sockets=[server.config.bind_socket()])
    if not server.started:
        raise fail(f"{service} did not start: see above")


def leave(_number: int, _frame: object) -> None:
    """uvicorn raises the signal again when everything has stopped: end at once, with status 0 for the supervisor.

    Otherwise a thread that still resolves the name of a broker that is down would delay the end by ten seconds.
    """
    flush_traces()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def migrate(service: Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}; or all.")]) -> None:
    """Migrates a service's database to the newest schema and ends. In KINERJA_DATABASE_URL, {service} is its name.

    Indexes of text are rebuilt if the library that defines the order of text has changed.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = SERVICES if service == "all" else (_known(service),)
    try:
        database = settings_of(DatabaseSettings).database
        for name in names:
            for change in upgrade(name, database.replace("{service}", name).replace("%7Bservice%7D", name)):
                echo(f"{name}: rebuilt the indexes of text ({change})")
            echo(f"{name}: schema is up to date")
    except (OSError, SQLAlchemyError, CommandError, CollationError) as error:
        text = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise fail(f"the schema cannot be brought up to date: {text}") from error


def _known(service: str) -> str:
    if service not in SERVICES:
        raise fail(f"no such service: {service}; one of {', '.join(SERVICES)}")
    return service


def _module(service: str, name: str) -> Any:
    return importlib.import_module(f"services.{_known(service)}.{name}")
