"""`kinerja topics`: make and verify the topics."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.client import connection, fail, settings_of
from shared.kafka import client_security
from shared.provision import TOPICS_FILE, BrokerError, TopicDriftError, provision, read_topics
from shared.settings import KafkaSettings

__all__ = ["DRIFT_RUNBOOK", "app", "kafka_settings"]

DRIFT_RUNBOOK = "docs/runbooks/topics-changed.md"

app = typer.Typer(
    no_args_is_help=True,
    help="Topics: provision, verify. A secured broker is described by KINERJA_KAFKA_*, as for the services.",
)

BootstrapOption = Annotated[
    str | None,
    typer.Option("--bootstrap", help="host:port; else KAFKA_BOOTSTRAP_SERVERS or KINERJA_KAFKA_BOOTSTRAP_SERVERS."),
]
FileOption = Annotated[Path, typer.Option("--file", help="The topics file.")]
FactorOption = Annotated[
    int | None,
    typer.Option("--replication-factor", min=1, help="Copies, in a cluster; else KINERJA_KAFKA_REPLICATION_FACTOR."),
]


@app.command("provision")
def provision_topics(
    bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE, factor: FactorOption = None
) -> None:
    """Makes the topics that are missing; status 1 and a list when one differs from the file."""
    _run(bootstrap, file, factor, create=True)


@app.command()
def verify(bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE, factor: FactorOption = None) -> None:
    """Changes nothing; status 1 and a list when a topic is missing or differs from the file."""
    _run(bootstrap, file, factor, create=False)


def _run(bootstrap: str | None, file: Path, factor: int | None, *, create: bool) -> None:
    values = connection()
    servers = bootstrap or values.get("KAFKA_BOOTSTRAP_SERVERS") or values.get("KINERJA_KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise fail("no broker named: give --bootstrap host:port or set KAFKA_BOOTSTRAP_SERVERS")
    settings = kafka_settings()
    try:
        specs = read_topics(file, replication_factor=factor or settings.kafka_replication_factor)
        made = asyncio.run(provision(servers, specs, create=create, security=client_security(settings)))
    except TopicDriftError as error:
        raise fail("\n".join(f"{words}: {DRIFT_RUNBOOK}" for words in error.differences)) from error
    except (BrokerError, OSError, ValueError) as error:
        raise fail(str(error)) from error
    typer.echo(f"made: {', '.join(made)}" if made else "all topics are as the file says")


def kafka_settings() -> KafkaSettings:
    """The broker's settings from the environment and secrets; ends the command with a line for each that cannot be used."""
    return settings_of(KafkaSettings)
