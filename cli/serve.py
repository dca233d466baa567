"""`kinerja serve` and `kinerja migrate`: one image, four commands."""

from __future__ import annotations

import importlib
import signal
from typing import Annotated, Any

import typer
import uvicorn

from cli.client import fail
from shared import logs
from shared.migrations import SERVICES, upgrade

__all__ = ["migrate", "serve"]

GRACEFUL_SECONDS = 20

ServiceArgument = Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}.")]


def serve(
    service: ServiceArgument,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Runs one service; settings come from the environment (KINERJA_...)."""
    logs.configure(log_level)
    module = _module(service, "app")
    settings = _module(service, "settings").Settings()
    uvicorn.run(
        module.create(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        proxy_headers=True,
        server_header=False,
    )


def migrate(service: ServiceArgument) -> None:
    """Brings a service's database to the newest schema and ends."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = _module(service, "settings").Settings()
    upgrade(service, settings.database_url.get_secret_value())
    typer.echo(f"{service}: schema is up to date")


def _module(service: str, name: str) -> Any:
    if service not in SERVICES:
        raise fail(f"no such service: {service}; one of {', '.join(SERVICES)}")
    return importlib.import_module(f"services.{service}.{name}")
