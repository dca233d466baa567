"""`kinerja where`: which system the command uses."""

from __future__ import annotations

from cli.client import client
from cli.connection import read_connection
from cli.output import JsonOption, city_zone, details, print_json

__all__ = ["where"]

_SHOWN = ("KINERJA_URL", "KINERJA_OPERATOR_KEY", "KAFKA_BOOTSTRAP_SERVERS", "KINERJA_COMPOSE_PROJECT")


def where(*, as_json: JsonOption = False) -> None:
    """Prints the system's address, the broker and the source of each: the environment, $DATA, var or var/compose.

    Sends no request: `kinerja doctor` checks whether it answers. The operator's key is not shown.
    """
    with client():
        found = read_connection()
    items = [
        {"name": name, "value": None if name.endswith("_KEY") else found.values[name], "from": found.source(name)}
        for name in _SHOWN
        if found.values.get(name)
    ]
    if as_json:
        print_json(items)
        return
    shown = {str(item["name"]): f"{item['value'] or 'is set'}   (from {item['from']})" for item in items}
    details(shown | {"time zone": city_zone().key})
