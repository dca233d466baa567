"""A downstream HR system at the stack's outside listener; it uses another client library than the services."""

from __future__ import annotations

from typing import Any

import orjson
from confluent_kafka import Consumer

from shared.contracts.semester import Semester
from tests.e2e.stack import until
from tests.e2e.town import work_days

__all__ = ["kafka", "read_full_scores"]


def kafka(connection: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The client's settings from connect.env."""
    return {
        "bootstrap.servers": connection["KAFKA_BOOTSTRAP_SERVERS"],
        "security.protocol": connection["KAFKA_SECURITY_PROTOCOL"],
        "ssl.ca.location": connection["KAFKA_SSL_CA_LOCATION"],
        "sasl.mechanism": connection["KAFKA_SASL_MECHANISM"],
        "sasl.username": connection["KAFKA_SASL_USERNAME"],
        "sasl.password": connection["KAFKA_SASL_PASSWORD"],
        "log_level": 0,
    } | changes


def read_full_scores(connection: dict[str, str], officers: set[str], seconds: float) -> None:
    """Reads until each of these officers has the full score in the town's semester; a failure shows what was read."""
    consumer = Consumer(kafka(connection, **{"group.id": "sandbox", "auto.offset.reset": "earliest"}))
    consumer.subscribe(["asn.score.v1"])
    read: dict[str, str] = {}
    semester = str(Semester.of(work_days()[0]))  # the previous semester has scores too, on other partitions

    def all_read() -> bool:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            record = orjson.loads(message.value())
            if record["semester"] == semester:
                read[record["employee_id"]] = record["score"]
        return {officer for officer in officers if read.get(officer) == "100.00"} == officers

    try:
        until("the scores on Kafka", all_read, seconds, pause=0)
    except AssertionError as error:
        raise AssertionError(
            f"{error}: {len(read)} of {len(officers)} read, of partitions {consumer.assignment()}"
        ) from error
    finally:
        consumer.close()
