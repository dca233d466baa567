"""A load in which every punch changes a day, and its results: on Kafka, and in scoring's transactions."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK, SCORE
from tests.e2e.stack import Stack, until
from tests.e2e.town import MACHINE, PUNCHED_DAYS, work_days
from tests.e2e.traffic import Traffic, assert_nothing_is_lost, attendance_rests

__all__ = [
    "OFFICERS",
    "Broker",
    "Load",
    "Punches",
    "assert_each_took_effect_once",
    "copies",
    "days_missed",
    "deliveries",
    "lines_of",
    "make_posts",
    "note_deliveries",
    "slow_days",
    "wait_until_settled",
]

OFFICERS = 40
OFFICERS_A_POST = 10
DAYS_A_POST = 5
DAYS = 60
POST_PAUSE_SECONDS = 0.4
LAG_SECONDS_MAX = 180


Punches = list[tuple[int, str]]
"""PIN and local time of each punch."""


class Load:
    """A machine that posts without a pause; all loads of one stack share the supply of posts.

    It sends a post again if it gets no answer, or another than OK.
    """

    def __init__(self, stack: Stack, posts: Iterator[Punches]) -> None:
        self._url = stack.url
        self._posts = posts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.accepted: Punches = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as http:
            for punches in self._posts:
                while not _accepted(http, lines_of(punches)):
                    if self._stop.wait(POST_PAUSE_SECONDS):
                        return
                self.accepted += punches
                if self._stop.wait(POST_PAUSE_SECONDS):
                    return


def _accepted(http: httpx.Client, lines: str) -> bool:
    try:
        answer = http.post("/iclock/cdata", params={"SN": MACHINE, "table": "ATTLOG"}, content=lines.encode())
    except httpx.TransportError:
        return False
    return answer.text.startswith("OK:")


def make_posts() -> Iterator[Punches]:
    """Ten officers' punches of five days each, on days that the town has not punched.

    After all officers and days they start again, and each day's arrival is a minute earlier: so every punch is a new revision
    of its day and changes its officer's credited minutes; a record delivered again soon finds its day unchanged.
    """
    days = work_days(PUNCHED_DAYS + DAYS)[PUNCHED_DAYS:]
    for number in itertools.count():
        for day in range(0, DAYS, DAYS_A_POST):
            for pin in range(1, OFFICERS + 1, OFFICERS_A_POST):
                yield [
                    (officer, _clock(date, number))
                    for date in days[day : day + DAYS_A_POST]
                    for officer in range(pin, pin + OFFICERS_A_POST)
                ]


def lines_of(punches: Punches) -> str:
    return "".join(f"{pin}\t{moment}\t255\t1\t\t0\t0\n" for pin, moment in punches)


def _clock(day: date, number: int) -> str:
    # taps within a minute count as one; the first punch of a day is the departure
    moment = datetime(day.year, day.month, day.day, 11) - timedelta(seconds=61 * number)  # noqa: DTZ001 - the machine's clock
    return f"{moment:%Y-%m-%d %H:%M:%S}" if number else f"{day} 16:40:00"


class Broker:
    """The stack's Kafka as its services see it, at the outside listener."""

    TOPICS = (EMPLOYEE.name, ATTENDANCE_DAY.name, FEEDBACK.name)
    GROUP = "kinerja-scoring"

    def __init__(self, stack: Stack, port: int) -> None:
        self._stack = stack
        self._port = port
        self._scoring = self._consumer("scoring")
        self._admin = AdminClient(self._login("scoring"))

    def _login(self, user: str) -> dict[str, Any]:
        return {
            "bootstrap.servers": f"127.0.0.1:{self._port}",
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self._stack.secrets / "kafka_ca.pem"),
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": (self._stack.secrets / f"kafka_{user}_password").read_text(),
            "log_level": 0,
        }

    def _consumer(self, user: str) -> Consumer:
        settings = {"group.id": f"kinerja-{user}", "enable.auto.commit": False, "enable.partition.eof": True}
        return Consumer(self._login(user) | settings)

    def close(self) -> None:
        self._scoring.close()

    def records(self, topic: str) -> int:
        """How many records were ever written to it."""
        return sum(self._ends(topic).values())

    def _ends(self, topic: str) -> dict[int, int]:
        partitions = self._scoring.list_topics(topic, timeout=20).topics[topic].partitions
        return {
            number: self._scoring.get_watermark_offsets(TopicPartition(topic, number), timeout=20)[1]
            for number in partitions
        }

    def consumed(self) -> int:
        """Records after the committed offsets of scoring's group, over all its topics."""
        [(_, answer)] = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(self.GROUP)], request_timeout=20
        ).items()
        return sum(max(0, found.offset) for found in answer.result().topic_partitions)

    def lag(self) -> int:
        """Records after the committed offsets."""
        return sum(self.records(topic) for topic in self.TOPICS) - self.consumed()

    def score_revisions(self) -> dict[bytes, list[int]]:
        """The revisions of each key on the topic, in the order in which each was first seen."""
        consumer = self._consumer("notifications")  # which may read scores
        try:
            numbers = consumer.list_topics(SCORE.name, timeout=20).topics[SCORE.name].partitions
            consumer.assign([TopicPartition(SCORE.name, number, OFFSET_BEGINNING) for number in numbers])
            seen: dict[bytes, list[int]] = {}
            open_partitions = set(numbers)
            deadline = time.monotonic() + 60
            while open_partitions:
                assert time.monotonic() < deadline, f"the end of {open_partitions} was not reached"
                message = consumer.poll(5)
                if message is None:
                    continue
                if message.error() is not None:
                    open_partitions.discard(message.partition())
                    continue
                order = seen.setdefault(message.key(), [])
                revision = orjson.loads(message.value())["revision"]
                if revision not in order:
                    order.append(revision)
            return seen
        finally:
            consumer.close()


_NOTE_DELIVERIES = """
    create table delivery (employee_id uuid, work_date date, revision int);
    create function note_delivery() returns trigger language plpgsql security definer as
    $$ begin insert into public.delivery values (new.employee_id, new.work_date, new.revision); return new; end $$;
    create trigger note_delivery before insert on day_fact for each row execute function note_delivery();
"""


def note_deliveries(stack: Stack) -> None:
    """From now on scoring's database records each day that a batch brings, in the batch's transaction.

    A trigger fires before the upsert looks for the row, so a repeated day without a change is recorded too.
    """
    stack.psql("scoring", _NOTE_DELIVERIES)


def deliveries(stack: Stack) -> int:
    return int(stack.psql("scoring", "select count(*) from delivery"))


def copies(stack: Stack) -> int:
    """How many days were applied again at the same revision."""
    return deliveries(stack) - int(stack.psql("scoring", "select count(*) from (select distinct * from delivery) d"))


@contextlib.contextmanager
def slow_days(stack: Stack, seconds: float) -> Iterator[None]:
    """Within the block scoring's database takes so many seconds per day: a fault then probably hits a transaction."""
    slow = f"create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep({seconds});"
    slow += (
        " return new; end $$; create trigger linger before insert on day_fact for each row execute function linger()"
    )
    stack.psql("scoring", slow)
    yield
    stack.psql("scoring", "drop function linger cascade")


def wait_until_settled(stack: Stack, broker: Broker) -> None:
    """Waits until intake has computed and published everything, and scoring's group has no lag."""
    until(
        "nothing waiting and no lag",
        lambda: attendance_rests(stack) and broker.lag() == 0,
        LAG_SECONDS_MAX,
    )


def days_missed(stack: Stack) -> int:
    """How many revisions of days scoring has not applied."""
    return int(stack.psql("attendance", "select sum(revision) from attendance_day")) - int(
        stack.psql("scoring", "select sum(revision) from day_fact")
    )


def assert_each_took_effect_once(stack: Stack, broker: Broker, accepted: Punches) -> None:
    """Call it after fault and load have ended, with the punches accepted during them."""
    wait_until_settled(stack, broker)
    assert_nothing_is_lost(stack, cast(Traffic, SimpleNamespace(accepted=accepted)))
    credited = "select sum((record::json ->> 'credited_minutes')::int) from attendance_day where state = 'final'"
    credited += " and status in ('present', 'absent', 'official_duty')"
    total = "select sum(credited_minutes) from semester_total"
    assert stack.psql("attendance", credited) == stack.psql("scoring", total)
    revisions = broker.score_revisions()
    assert len(revisions) >= OFFICERS
    assert {key: order for key, order in revisions.items() if order != list(range(1, len(order) + 1))} == {}
