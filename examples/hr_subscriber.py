"""A downstream HR system's own table of scores, filled from asn.score.v1 without any code of Kinerja:
    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 python examples/hr_subscriber.py hr.db [--once] [--from-start]
The highest revision wins: copies and late records change nothing, and one more than STEP_MAX above the kept one is refused,
or a single wrong record would lock its officer out for ever. Offsets are kept with the rows: kill it at any time.
--once ends when caught up; --from-start reads all again, after a broker lost its records (the embedded one restarted)."""

import json
import os
import sqlite3
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

TOPIC = "asn.score.v1"
OURS = ("KAFKA_BOOTSTRAP_", "KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_")  # the client's own names, in capitals
STEP_MAX = 1_000_000  # as Kinerja's own services do; what lies within is put right by a higher revision of the owner
TABLES = """create table if not exists score (employee_id text not null, semester text not null, revision int not null,
    score text, band text, complete int not null, primary key (employee_id, semester));
create table if not exists position (part int primary key, next int not null);"""
KEEP = """insert into score select :employee_id, :semester, :revision, :score, :band, :complete where :employee_id is not
'00000000-0000-7000-8000-000000000001' on conflict do update set (revision, score, band, complete) = (excluded.revision,
excluded.score, excluded.band, excluded.complete) where excluded.revision > revision"""  # that id is no person: the canary
KNOWN = "select revision from score where employee_id = :employee_id and semester = :semester"
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
UNFIT = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)  # a failing disk is not among them


def keep(database: sqlite3.Connection, message: Message) -> None:
    try:
        record = json.loads(message.value() or b"")
        record = record["data"] if "application/cloudevents+json" in str(message.headers()) else record
        row = {name: record.get(name) for name in ("employee_id", "semester", "complete", "score", "band")}
        given, known = int(record["revision"]), database.execute(KNOWN, row).fetchone()
        if given > (known[0] if known else 0) + STEP_MAX:
            raise ValueError("REVISION_TOO_FAR")
        database.execute(KEEP, row | {"revision": given})
    except (*UNREADABLE, *UNFIT) as error:  # the next record may be good: tell where, never what, and go on
        print(f"skipped {TOPIC}/{message.partition()}/{message.offset()}: {_words(error)}", file=sys.stderr)


def _words(error: Exception) -> str:
    """Never what a record says: it is about a person."""
    return "REVISION_TOO_FAR" if error.args == ("REVISION_TOO_FAR",) else type(error).__name__


def follow(path: str, *, once: bool, from_start: bool) -> None:
    (database := sqlite3.connect(path)).executescript(TABLES)
    start = {} if from_start else dict(database.execute("select part, next from position"))
    settings = {
        name[6:].lower().replace("_", "."): words for name, words in os.environ.items() if name.startswith(OURS)
    }
    settings |= {"group.id": settings.get("sasl.username", "hr"), "enable.auto.commit": "false"}
    consumer = Consumer(settings | {"auto.offset.reset": "earliest", "enable.partition.eof": True})
    parts = consumer.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions or sys.exit(f"there is no topic {TOPIC}")
    consumer.assign([TopicPartition(TOPIC, part, start.get(part, OFFSET_BEGINNING)) for part in parts])
    ended: set[int | None] = set()
    while not (once and len(ended) == len(parts)):
        with database:  # rows and positions together, or neither
            for message in consumer.consume(500, timeout=0.2):
                if (error := message.error()) is None:
                    keep(database, message)
                    database.execute("replace into position values (?, ?)", (message.partition(), message.offset() + 1))
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name
                    ended.add(message.partition())
                elif error.fatal():
                    raise KafkaException(error)


if __name__ == "__main__":
    follow(sys.argv[1], once="--once" in sys.argv, from_start="--from-start" in sys.argv)
