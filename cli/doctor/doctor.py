"""`kinerja doctor`: checks what an operator would check, and says what to do."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from cli.client import PREFIXES, client, where, wrong_key
from cli.doctor.collations import examine_collations
from cli.doctor.digests import compare_all
from cli.doctor.keys import examine_keys
from cli.doctor.machines import CLOCK_RUNBOOK, examine_machines, examine_retention
from cli.doctor.mail import examine_mail
from cli.doctor.reach import BROKER_RUNBOOK, CERTIFICATE_RUNBOOK, not_examined, stopped_words
from cli.findings import Finding, read_json
from cli.kafka.topics import DRIFT_RUNBOOK
from cli.progress import doing
from cli.terminal import counted, days_of, echo, fail
from shared.kafka_admin.access import Access, read_rights
from shared.kafka_admin.provision import BrokerError, TopicDriftError, provision, read_topics
from shared.messaging.kafka import client_security
from shared.observability.certificates import served_certificate_ends_at
from shared.settings.reader import read_settings
from shared.settings.settings import KafkaSettings

__all__ = ["Finding", "dead_letters", "doctor", "examine"]

CONSUMERS = ("feedback", "scores", "notices")
CANARY_AGE_MAX = timedelta(minutes=5)
CLOCK_DIFFERENCE_MAX = timedelta(seconds=60)
DISK_FREE_MIN, DISK_FREE_LOW = 0.05, 0.15
CERTIFICATE_DAYS_MIN = 14
SECONDS_MAX = 120.0  # a verification of a large city reads all data
DEAD_LETTER_RUNBOOK = "docs/runbooks/dead-letters.md"
HELD_RUNBOOK = "docs/runbooks/events-held.md"
QUARANTINE_RUNBOOK = "docs/runbooks/quarantined-votes.md"
REPLAY_RUNBOOK = "docs/runbooks/replay.md"
ROSTER_RUNBOOK = "docs/runbooks/roster-ends.md"


def doctor() -> None:
    """Checks the running system, and whether readers have the same state as owners; status 1 if any check failed.

    In the stack (docker compose run --rm --no-deps admin doctor) it also checks topics and rights on Kafka.
    """
    failed = count = 0
    with client() as http:
        http.timeout = httpx.Timeout(SECONDS_MAX)
        echo(f"looking at {where(http)}")
        stopped = stopped_words(http)
        if stopped:
            raise fail(stopped)
        for found in examine(http, lambda: datetime.now(UTC)):
            state = "FAIL" if found.state == "fail" else found.state
            echo(f"{state:4}  {found.what}{': ' + found.todo if found.todo else ''}")
            failed, count = failed + (found.state == "fail"), count + 1
    if failed:
        raise fail(f"{failed} of {count} checks failed")


def examine(
    http: httpx.Client,
    now: Callable[[], datetime],
    folder: Path = Path(),
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """All checks, independent of each other: a failed check is a finding too. `pause` lets queued records arrive."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        *((service, lambda service=service: _service(http, service)) for service in PREFIXES),
        ("canary", lambda: _canary(http, now)),
        ("clock", lambda: _clock(http, now)),
        *((f"dead letters of {prefix}", lambda prefix=prefix: dead_letters(http, prefix)) for prefix in CONSUMERS),
        *((f"outbox of {service}", lambda service=service: _held_events(http, service)) for service in PREFIXES),
        ("machines", lambda: examine_machines(http, now())),
        ("what is kept", lambda: examine_retention(http, now())),
        ("rosters", lambda: _rosters(http)),
        ("quarantined votes", lambda: _quarantined_votes(http)),
        ("keys", lambda: examine_keys(http, now())),
        ("order of text", lambda: examine_collations(http)),
        ("mails", lambda: examine_mail(http, now())),
        ("totals", lambda: _totals(http)),
        ("what readers keep", lambda: _readers(http, pause)),
        ("certificate", lambda: _certificate(http, now())),
        ("disk", lambda: _disk(folder)),
    ]
    if "KINERJA_KAFKA_SASL_USERNAME" in os.environ:  # the stack's inside, with the administrator's password
        checks += [("topics", _topics), ("access", _access)]
    listener = os.environ.get("KINERJA_KAFKA_EXTERNAL_LISTENER")
    if listener and os.environ.get("KINERJA_KAFKA_EXTERNAL_PROTOCOL") == "SASL_SSL":
        checks.append(("Kafka's certificate", lambda: _kafka_certificate(listener, now())))
    for name, check in checks:
        try:
            with doing(f"looking at {name}"):
                found = list(check())
            yield from found
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            todo = wrong_key(http) if status == httpx.codes.UNAUTHORIZED else BROKER_RUNBOOK
            yield Finding("fail", f"{name} cannot be examined (status {status})", todo)
        except (httpx.HTTPError, BrokerError, OSError, ValueError, KeyError) as error:
            yield not_examined(name, error)


def _service(http: httpx.Client, service: str) -> Iterator[Finding]:
    answer = http.get(f"/{PREFIXES[service]}/health/ready")
    if answer.is_success:
        yield Finding("ok", f"{service}: events flow")
    else:
        text = ", ".join(answer.text.strip().splitlines()[:5]) or f"status {answer.status_code}"
        stopped = "consumer stopped" in text
        todo = DEAD_LETTER_RUNBOOK if stopped else f"{BROKER_RUNBOOK}, docs/runbooks/database-full.md"
        yield Finding("fail", f"{service}: {text[:300]}", todo)


def _canary(http: httpx.Client, now: Callable[[], datetime]) -> Iterator[Finding]:
    """No finding if no canary runs (`make up`); in a stack it is also the health check of its container."""
    answer = http.get("/scores/v1/canary")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return
    answer.raise_for_status()
    age = now() - datetime.fromisoformat(answer.json()["as_of"])
    if age > CANARY_AGE_MAX:
        text = f"no punch has become a score for {int(age.total_seconds())} s"
        yield Finding("fail", text, f"docker compose logs --tail 20 canary; {BROKER_RUNBOOK}")
    else:
        yield Finding("ok", "punches become scores")


def _clock(http: httpx.Client, now: Callable[[], datetime]) -> Iterator[Finding]:
    theirs = parsedate_to_datetime(http.get("/attendance/health/live").headers["date"])
    difference = abs(theirs - now())
    if difference > CLOCK_DIFFERENCE_MAX:
        seconds = int(difference.total_seconds())
        yield Finding(
            "fail", f"this clock and the server's differ by {seconds} s", f"days depend on it: {CLOCK_RUNBOOK}"
        )
    else:
        yield Finding("ok", "clocks agree")


def dead_letters(http: httpx.Client, prefix: str) -> Iterator[Finding]:
    """Whether records of a service wait for a person."""
    page = read_json(http, f"/{prefix}/v1/dead-letters")
    count = len(page["items"])
    if count:
        many = count > 1 or page["next"]
        number = f"{count} or more" if page["next"] else count
        text = f"{prefix}: {number} {'records wait' if many else 'record waits'} for a person"
        yield Finding("fail", text, DEAD_LETTER_RUNBOOK)
    else:
        yield Finding("ok", f"{prefix}: no dead letters")


def _held_events(http: httpx.Client, service: str) -> Iterator[Finding]:
    page = read_json(http, f"/{PREFIXES[service]}/v1/outbox/held")
    if not page["items"]:
        yield Finding("ok", f"{service}: no event is held back")
    for topic in sorted({item["topic"] for item in page["items"]}):
        held = [item for item in page["items"] if item["topic"] == topic]
        number = f"{len(held)} or more" if page["next"] else len(held)
        events = "event" if number == 1 else "events"
        text = f"{service}: {number} {events} cannot be published on {topic} ({held[0]['error']})"
        yield Finding("fail", text, HELD_RUNBOOK)


def _rosters(http: httpx.Client) -> Iterator[Finding]:
    """Only a unit's name and dates, without its officers."""
    ends = read_json(http, "/attendance/v1/by-roster/ends")
    for end in ends:
        last = f"its last entry is for {end['last_entry']}" if end["last_entry"] else "it has no entry at all"
        text = f"{end['without_entry']} of {end['by_roster']} officers with a roster have no entry from {end['from_date']} on"
        yield Finding("warn", f"roster of {end['org_unit_id']}: {text}, {last}", ROSTER_RUNBOOK)
    if not ends:
        yield Finding("ok", "no roster ends soon")


def _quarantined_votes(http: httpx.Client) -> Iterator[Finding]:
    """Only the number, no names: the list is for the person who decides."""
    page = read_json(http, "/feedback/v1/quarantine")
    count, votes = len(page["items"]), sum(batch["ballots"] for batch in page["items"])
    if count:
        more = " or more" if page["next"] else ""
        text = f"{votes}{more} votes in {count}{more} batches were set aside and wait for a decision"
        yield Finding("warn", text, QUARANTINE_RUNBOOK)
    else:
        yield Finding("ok", "no votes wait for a decision")


def _totals(http: httpx.Client) -> Iterator[Finding]:
    answer = http.post("/scores/v1/verify")
    answer.raise_for_status()
    found = answer.json()
    if found["ok"]:
        agree = counted(found["totals"], "total agrees with its facts", "totals agree with their facts")
        yield Finding("ok", agree if found["totals"] else "no totals yet")
    else:
        yield Finding(
            "fail",
            counted(found["difference_count"], "total differs from its facts", "totals differ from their facts"),
            f"kinerja scores verify names them; {REPLAY_RUNBOOK}",
        )


def _readers(http: httpx.Client, pause: Callable[[float], None]) -> Iterator[Finding]:
    """Of the current semester; `kinerja scores verify` checks earlier ones."""
    found = list(compare_all(http, pause=pause))
    differing = [one for one in found if one.differences]
    on_their_way = [one for one in found if one.on_their_way or one.buckets_left]
    for one in differing:
        text = f"{one.topic} at {one.reader}: {len(one.differences)} or more records differ from the owner's"
        yield Finding("fail", text, f"kinerja scores verify names them; {REPLAY_RUNBOOK}")
    if on_their_way and not differing:
        text = f"{sum(one.on_their_way for one in on_their_way)} or more records are on their way to their readers"
        yield Finding("warn", text, "run the doctor again when they have arrived")
    if not on_their_way and not differing:
        things = sum(one.things for one in found)
        yield Finding("ok", f"{things} records of {found[-1].semester} are at their readers as at their owners")


def _certificate(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    if http.base_url.scheme != "https":
        return
    with (
        socket.create_connection((http.base_url.host, http.base_url.port or 443), timeout=10) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=http.base_url.host) as connection,
    ):
        certificate = connection.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    yield _valid_for("the certificate", ends, now)


def _kafka_certificate(listener: str, now: datetime) -> Iterator[Finding]:
    host, _, port = listener.rpartition(":")
    ends = asyncio.run(served_certificate_ends_at(host, int(port)))
    yield _valid_for("Kafka's certificate for HR systems", ends, now)


def _valid_for(name: str, ends: datetime, now: datetime) -> Finding:
    days = (ends - now).days
    if ends < now:
        return Finding("fail", f"{name} ended {days_of(-days)} ago", CERTIFICATE_RUNBOOK)
    if days < CERTIFICATE_DAYS_MIN:
        return Finding("warn", f"{name} is valid for {days_of(days)}", CERTIFICATE_RUNBOOK)
    return Finding("ok", f"{name} is valid for {days_of(days)}")


def _disk(folder: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    text = f"{free:.0%} of the disk here is free"
    if free >= DISK_FREE_LOW:
        yield Finding("ok", text)
    else:
        yield Finding("fail" if free < DISK_FREE_MIN else "warn", text, "docs/runbooks/database-full.md")


def _topics() -> Iterator[Finding]:
    settings = read_settings(KafkaSettings)
    specs = read_topics(replication_factor=settings.kafka_replication_factor)
    servers, security = settings.kafka_bootstrap_servers, client_security(settings)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its messages would mix with our lines
    try:
        asyncio.run(provision(servers, specs, create=False, security=security))
    except TopicDriftError as error:
        for difference in error.differences:
            yield Finding("fail", f"topic {difference}", DRIFT_RUNBOOK)
    else:
        yield Finding("ok", f"{len(specs)} topics are as the file says")


def _access() -> Iterator[Finding]:
    differences = Access(read_settings(KafkaSettings)).differences(read_rights())
    for difference in differences:
        yield Finding("fail", f"Kafka: {difference}", f"docker compose run --rm access; {BROKER_RUNBOOK}")
    if not differences:
        yield Finding("ok", "users and rights on Kafka are as the file says")
