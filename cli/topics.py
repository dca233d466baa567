"""`kinerja topics`: make and verify the topics."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from cli.client import connection, fail
from shared.provision import TOPICS_FILE, TopicDriftError, provision, read_topics

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Topics: provision, verify.")

BootstrapOption = Annotated[str | None, typer.Option("--bootstrap", help="host:port; else KAFKA_BOOTSTRAP_SERVERS.")]
FileOption = Annotated[Path, typer.Option("--file", help="The topics file.")]
FactorOption = Annotated[int | None, typer.Option("--replication-factor", min=1, help="Of new topics, in a cluster.")]


@app.command("provision")
def provision_topics(
    bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE, factor: FactorOption = None
) -> None:
    """Makes the topics that are missing; status 1 and a list when one differs from the file."""
    _run(bootstrap, file, factor, create=True)


@app.command()
def verify(bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE) -> None:
    """Changes nothing; status 1 and a list when a topic is missing or differs from the file."""
    _run(bootstrap, file, None, create=False)


def _run(bootstrap: str | None, file: Path, factor: int | None, *, create: bool) -> None:
    servers = bootstrap or connection().get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise fail("no broker named: give --bootstrap host:port or set KAFKA_BOOTSTRAP_SERVERS")
    try:
        made = asyncio.run(provision(servers, read_topics(file, replication_factor=factor), create=create))
    except TopicDriftError as error:
        raise fail(str(error)) from error
    except (KafkaError, TimeoutError) as error:
        raise fail(f"{servers} does not answer as a broker: {type(error).__name__}") from error
    typer.echo(f"made: {', '.join(made)}" if made else "all topics are as the file says")
