"""`kinerja topics`: create and verify the topics."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.group import subject
from cli.kafka.client import kafka_settings
from cli.progress import doing
from cli.stack.compose import in_stack
from cli.terminal import echo, fail
from shared.kafka_admin.provision import TOPICS_FILE, BrokerError, TopicDriftError, provision, read_topics
from shared.messaging.kafka import client_security

__all__ = ["DRIFT_RUNBOOK", "app"]

DRIFT_RUNBOOK = "docs/runbooks/topics-changed.md"

app = subject("Topics on the broker of connect.env or of KINERJA_KAFKA_*: provision, verify.")

BootstrapOption = Annotated[str | None, typer.Option("--bootstrap", help="Another broker, host:port.")]
FileOption = Annotated[Path, typer.Option("--file", help="The topics file.")]
FactorOption = Annotated[
    int | None,
    typer.Option("--replication-factor", min=1, help="Copies, in a cluster; else KINERJA_KAFKA_REPLICATION_FACTOR."),
]


@app.command("provision")
def provision_topics(
    bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE, factor: FactorOption = None
) -> None:
    """Creates the missing topics; status 1 and a list if one differs from the file."""
    _run(bootstrap, file, factor, create=True)


@app.command()
@in_stack
def verify(bootstrap: BootstrapOption = None, file: FileOption = TOPICS_FILE, factor: FactorOption = None) -> None:
    """Changes nothing; status 1 and a list when a topic is missing or differs from the file."""
    _run(bootstrap, file, factor, create=False)


def _run(bootstrap: str | None, file: Path, factor: int | None, *, create: bool) -> None:
    settings = kafka_settings(bootstrap)
    servers = settings.kafka_bootstrap_servers
    try:
        specs = read_topics(file, replication_factor=factor or settings.kafka_replication_factor)
        with doing(f"asking {servers}"):
            made = asyncio.run(provision(servers, specs, create=create, security=client_security(settings)))
    except TopicDriftError as error:
        raise fail("\n".join(f"{text}: {DRIFT_RUNBOOK}" for text in error.differences)) from error
    except (BrokerError, OSError, ValueError) as error:
        raise fail(str(error)) from error
    echo(f"created: {', '.join(made)}" if made else "all topics are as the file says")
