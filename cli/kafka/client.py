"""How a command reaches the broker: inside the stack like the services, else with the settings of connect.env."""

from __future__ import annotations

from cli.client import connection
from cli.connection import read_connection
from cli.settings import settings_of
from cli.terminal import fail
from shared.settings.settings import KafkaSettings

__all__ = ["administrator", "kafka_settings"]

NAMES = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka_bootstrap_servers",
    "KAFKA_SECURITY_PROTOCOL": "kafka_security_protocol",
    "KAFKA_SASL_MECHANISM": "kafka_sasl_mechanism",
    "KAFKA_SASL_USERNAME": "kafka_sasl_username",
    "KAFKA_SASL_PASSWORD": "kafka_sasl_password",
    "KAFKA_SSL_CA_LOCATION": "kafka_ca_file",
}
"""A client's names, as connect.env has them, and the settings that they are here."""


def kafka_settings(bootstrap: str | None = None) -> KafkaSettings:
    """The broker's settings; --bootstrap takes precedence.

    Inside the stack KINERJA_KAFKA_* define it completely. Elsewhere it is the broker of connect.env. Ends the command with
    a message if there is none, or if the settings are not valid.
    """
    values = connection()
    named = {"kafka_bootstrap_servers": bootstrap} if bootstrap else {}
    if not values.get("KINERJA_KAFKA_BOOTSTRAP_SERVERS"):
        named = {field: values[name] for name, field in NAMES.items() if values.get(name)} | named
        if "kafka_bootstrap_servers" not in named:
            raise fail(
                "No broker is named: give --bootstrap host:port, or run make connect for a stack with a listener for HR"
                " systems (docs/runbooks/subscribers.md), or set DATA to the folder of a make up."
            )
    return settings_of(KafkaSettings, **named)


def administrator() -> KafkaSettings:
    """The settings of the broker's administrator; ends the command if the broker has no users."""
    settings = kafka_settings()
    if settings.kafka_sasl_username is None:
        found = read_connection()
        source = (
            "KINERJA_KAFKA_BOOTSTRAP_SERVERS"
            if found.values.get("KINERJA_KAFKA_BOOTSTRAP_SERVERS")
            else "KAFKA_BOOTSTRAP_SERVERS"
        )
        raise fail(
            f"The broker {settings.kafka_bootstrap_servers} (from {found.source(source)}) has no users and no rights, like"
            " the broker of make up: anyone who reaches it can read everything. Users exist only in the stack:"
            " docs/runbooks/subscribers.md."
        )
    return settings
