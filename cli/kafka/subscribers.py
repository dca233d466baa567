"""`kinerja subscribers`: HR systems that may read the score and notice events from Kafka."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from cli.client import connection
from cli.group import subject
from cli.kafka.client import administrator
from cli.output import JsonOption, nothing, print_json
from cli.stack.compose import in_stack
from cli.terminal import echo, fail
from shared.errors.errors import AppError
from shared.kafka_admin.access import Access, describe, read_rights
from shared.kafka_admin.provision import BrokerError

__all__ = ["app"]

app = subject("HR systems that read events from Kafka: add, list, remove.")

NameArgument = Annotated[str, typer.Argument(help="2 to 30 of a-z, 0-9 and _, beginning with a letter.")]

SNIPPET = """\
# pip install confluent-kafka
from confluent_kafka import Consumer

consumer = Consumer({{
    "bootstrap.servers": "{address}",
    "security.protocol": "{protocol}",{certificate}
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "{name}",
    "sasl.password": "{password}",
    "group.id": "{name}",
    "auto.offset.reset": "earliest",
}})
consumer.subscribe([{topics}])
while True:
    message = consumer.poll(1.0)
    if message is not None and message.error() is None:
        print(message.key(), message.value())
"""


@app.command()
@in_stack
def add(
    name: NameArgument,
    *,
    env: Annotated[bool, typer.Option("--env", help="Print NAME=value lines for connect.env instead.")] = False,
) -> None:
    """Gives an HR system access and prints its password, only this once, with a program that is ready to run."""
    rights = read_rights()
    password = secrets.token_urlsafe(24)
    try:
        Access(administrator()).add_subscriber(rights, name, password)
    except AppError as error:
        raise fail(error.detail) from error
    except BrokerError as error:
        raise fail(str(error)) from error
    values = connection()
    address = values.get("KINERJA_KAFKA_EXTERNAL_ADDRESS") or "the-kafka-address-of-this-city:9094"
    protocol = values.get("KINERJA_KAFKA_EXTERNAL_PROTOCOL") or "SASL_SSL"
    if env:
        echo(f"KAFKA_SASL_USERNAME={name}\nKAFKA_SASL_PASSWORD={password}")
        return
    echo(f"{name} may: {'; '.join(describe(list(rights.of_subscriber(name))))}", err=True)
    if "KINERJA_KAFKA_EXTERNAL_ADDRESS" not in values or not values["KINERJA_KAFKA_EXTERNAL_ADDRESS"]:
        echo("The listener for HR systems is off: see docs/runbooks/subscribers.md", err=True)
    echo(
        SNIPPET.format(
            address=address,
            protocol=protocol,
            certificate='\n    "ssl.ca.location": "kafka_ca.pem",' if protocol == "SASL_SSL" else "",
            name=name,
            password=password,
            topics=", ".join(f'"{topic}"' for topic in rights.subscriber_topics),
        )
    )


@app.command("list")
@in_stack
def list_subscribers(*, as_json: JsonOption = False) -> None:
    """Lists the HR systems that have access."""
    try:
        names = Access(administrator()).subscribers(read_rights())
    except BrokerError as error:
        raise fail(str(error)) from error
    if as_json:
        print_json(names)
        return
    for name in names:
        echo(name)
    if not names:
        nothing("no subscribers")


@app.command()
@in_stack
def remove(name: NameArgument) -> None:
    """Ends an HR system's access at once."""
    try:
        Access(administrator()).remove_subscriber(read_rights(), name)
    except AppError as error:
        raise fail(error.detail) from error
    except BrokerError as error:
        raise fail(str(error)) from error
    echo(f"{name} is removed")
