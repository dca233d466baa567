"""Stores the scores of the topic asn.score.v1 in SQLite, as an HR system would. It needs no code of Kinerja.

The highest revision of an officer's semester wins, so copies, late records and a second reading change nothing. Offsets
are stored with the rows: it can be killed at any time. They belong to one topic id. A topic that was created again
has another id (as on the embedded broker after each start), and is read from its beginning.
"""

# ruff: noqa: SLF001 - KafkaError's names with an underscore are public: those of the client, not of a broker

import argparse
import json
import os
import sqlite3
import sys
import time

try:
    from confluent_kafka import (
        OFFSET_BEGINNING,
        Consumer,
        KafkaError,
        KafkaException,
        Message,
        TopicCollection,
        TopicPartition,
    )
    from confluent_kafka.admin import AdminClient
except ModuleNotFoundError:
    sys.exit("confluent-kafka is missing in this Python: use .venv/bin/python, or run pip install confluent-kafka")

TOPIC = "asn.score.v1"
SETTINGS = ("KAFKA_BOOTSTRAP_", "KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_")  # the client's own names, in capitals
USE = """Settings are read from the environment, named as in connect.env: KAFKA_BOOTSTRAP_SERVERS (needed), and for a
broker with a login KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and
KAFKA_SSL_CA_LOCATION. Load the file with: set -a; . var/connect.env; set +a
Status: 0 after --once, 1 if the broker or the database cannot be used, 2 after wrong use, 130 after Ctrl-C."""
ADVICE = "Check that the broker runs, that KAFKA_BOOTSTRAP_SERVERS is its address, and the login in KAFKA_SASL_*"
FAULTS: dict[int, str] = {}  # the latest of the connection, by code
LOOK_SECONDS = ANSWER_SECONDS = 10.0
Topic = tuple[str, list[int]]
"""Its id and its partitions."""
STEP_MAX = 1_000_000  # a revision further above the stored one is refused: one wrong record must not block an officer
TABLES = """create table if not exists score (employee_id text not null, semester text not null, revision int not null,
    score text, band text, complete int not null, primary key (employee_id, semester));
create table if not exists place (part int primary key, next int not null, topic_id text not null);"""
KEEP = """insert into score select :employee_id, :semester, :revision, :score, :band, :complete where :employee_id is not
'00000000-0000-7000-8000-000000000001' on conflict do update set (revision, score, band, complete) = (excluded.revision,
excluded.score, excluded.band, excluded.complete) where excluded.revision > revision"""  # that id is the canary, not a person
KNOWN = "select revision from score where employee_id = :employee_id and semester = :semester"
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
UNFIT = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)  # a failing disk is not among them


def keep(database: sqlite3.Connection, message: Message) -> None:
    """Stores a record's score. If it cannot be read, prints its position and skips it: the next one may be good."""
    try:
        record = json.loads(message.value() or b"")
        record = record["data"] if "application/cloudevents+json" in str(message.headers()) else record
        row = {name: record.get(name) for name in ("employee_id", "semester", "complete", "score", "band")}
        revision, known = int(record["revision"]), database.execute(KNOWN, row).fetchone()
        if revision <= (known[0] if known else 0) + STEP_MAX:
            database.execute(KEEP, row | {"revision": revision})
            return
        why = "REVISION_TOO_FAR"
    except (*UNREADABLE, *UNFIT) as error:
        why = type(error).__name__  # never the record's content: it is about a person
    print(f"skipped {TOPIC}/{message.partition()}/{message.offset()}: {why}", file=sys.stderr)


def look_up(admin: AdminClient) -> Topic:
    """The topic's present metadata. Raises ConnectionError with what is wrong and what to do."""
    FAULTS.clear()
    [answer] = admin.describe_topics(TopicCollection([TOPIC]), request_timeout=ANSWER_SECONDS).values()
    try:
        found = answer.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise ConnectionError(f"there is no topic {TOPIC}: was Kinerja started on this broker?") from error
        admin.poll(0)  # collects connection errors: the request itself only times out
        reason = "; ".join(FAULTS.values()) or error.args[0].str()
        raise ConnectionError(f"{TOPIC} cannot be read: {reason}. {ADVICE}") from error
    return str(found.topic_id), [part.id for part in found.partitions]


def consume(database: sqlite3.Connection, settings: dict[str, object], topic: Topic) -> Consumer:
    """A consumer of all partitions, which continues where the last one of the same topic id stopped."""
    topic_id, parts = topic
    kept = dict(database.execute("select part, next from place where topic_id = ?", (topic_id,)))
    anew = not kept and database.execute("select 1 from place").fetchone()
    where = "where it stopped" if kept else "the beginning: the topic was created again" if anew else "the beginning"
    print(f"reading {TOPIC} at {settings['bootstrap.servers']} from {where}", flush=True)
    # The client requires a group name. The group is not joined, because that takes seconds.
    group = {"group.id": settings.get("sasl.username", "hr"), "enable.auto.commit": False}
    consumer = Consumer(settings | group | {"auto.offset.reset": "earliest", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, part, kept.get(part, OFFSET_BEGINNING)) for part in parts])
    return consumer


def follow(path: str, settings: dict[str, object], admin: AdminClient, *, once: bool, from_start: bool) -> None:
    """Reads until killed, or with `once` until caught up. The topic's id is looked up every LOOK_SECONDS."""
    topic = look_up(admin)  # before the file is created
    (database := sqlite3.connect(path)).executescript(TABLES)
    if from_start:
        database.executescript("delete from place")
    consumer, ended = consume(database, settings, topic), set[int | None]()
    records, told, waits, looked = 0, False, False, time.monotonic()
    while not (once and told):
        with database:  # rows and offsets together, or neither
            for message in consumer.consume(500, timeout=0.2):
                if (error := message.error()) is None:
                    keep(database, message)
                    place = (message.partition(), message.offset() + 1, topic[0])
                    database.execute("replace into place values (?, ?, ?)", place)
                    records += 1
                elif error.code() == KafkaError._PARTITION_EOF:  # after other errors the client retries automatically
                    ended.add(message.partition())
        due = time.monotonic() > looked + LOOK_SECONDS
        if len(ended) == len(topic[1]) and (not told or (due and records)):
            [scores] = database.execute("select count(*) from score").fetchone()
            print(f"caught up: {records} records read, {scores} scores kept", flush=True)
            records, told = 0, True
        if not due:
            continue
        looked = time.monotonic()
        try:
            now = look_up(admin)
        except ConnectionError as error:
            if not waits:
                print(f"waiting: {error}", file=sys.stderr)
            waits = True
            continue
        waits = False
        if now != topic:
            consumer.close()
            topic, told = now, False
            consumer, ended = consume(database, settings, topic), set()
    consumer.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog=USE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database", help="the SQLite file, such as hr.db; it is created at the first start")
    parser.add_argument("--once", action="store_true", help="end when all records are read")
    parser.add_argument("--from-start", action="store_true", help="read all records again")
    given = parser.parse_args()
    settings: dict[str, object] = {
        name[6:].lower().replace("_", "."): text for name, text in os.environ.items() if name.startswith(SETTINGS)
    }
    if not settings.get("bootstrap.servers"):
        parser.error("KAFKA_BOOTSTRAP_SERVERS is not set. With `make up`: set -a; . var/connect.env; set +a")
    settings |= {"error_cb": lambda error: FAULTS.update({error.code(): error.str()}), "log_level": 0}
    try:
        admin = AdminClient(settings)
    except KafkaException as error:
        parser.error(f"a KAFKA_ setting cannot be used: {error.args[0].str()}")
    try:
        follow(given.database, settings, admin, once=given.once, from_start=given.from_start)
    except ConnectionError as error:
        sys.exit(str(error))
    except sqlite3.Error as error:
        sys.exit(f"the database {given.database} cannot be used: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
