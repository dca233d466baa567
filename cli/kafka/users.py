"""`kinerja access`: users and ACLs on the broker, from deploy/kafka/access.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.group import subject
from cli.kafka.client import administrator
from cli.stack.compose import in_stack
from cli.terminal import echo, fail
from shared.kafka_admin.access import ACCESS_FILE, Access, read_rights
from shared.kafka_admin.provision import BrokerError

__all__ = ["app"]

app = subject("Users and rights on Kafka: apply, verify. Needs the administrator's password.")

FileOption = Annotated[Path, typer.Option("--file", help="The access file.")]


@app.command()
def apply(
    file: FileOption = ACCESS_FILE,
    passwords: Annotated[Path, typer.Option(help="Folder of kafka_USER_password files.")] = Path("/run/secrets"),
) -> None:
    """Creates the services' users with their passwords, adds the rights in the file and removes all others."""
    try:
        rights = read_rights(file)
        secrets = {user: (passwords / f"kafka_{user}_password").read_text() for user in rights.services}
        given, taken = Access(administrator()).apply(rights, secrets)
    except (BrokerError, OSError, ValueError) as error:
        raise fail(str(error)) from error
    echo(f"{len(secrets)} users; {given} rights added, {taken} removed")


@app.command()
@in_stack
def verify(file: FileOption = ACCESS_FILE) -> None:
    """Changes nothing; status 1 and a list when the broker differs from the file."""
    try:
        differences = Access(administrator()).differences(read_rights(file))
    except (BrokerError, ValueError) as error:
        raise fail(str(error)) from error
    if differences:
        raise fail("\n".join(differences))
    echo("users and rights are as the file says")
