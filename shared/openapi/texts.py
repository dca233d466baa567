"""Descriptions and examples of fields and parameters with the same meaning everywhere; others are in their models."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "FIELD_TEXTS", "OFFICER", "PAGE_TEXT", "SUPERIOR", "UNIT"]

OFFICER = "0198f3a2-5c1e-7b44-9d0a-3f6c1e2b7a90"
SUPERIOR = "0198f3a2-5c1e-7b44-9d0a-3f6c1e2b7a11"
UNIT = "disdukcapil"

PAGE_TEXT = "One page of a list. Read on with `after` set to `next`, until `next` is null."

FIELD_TEXTS: dict[str, str] = {
    "items": "The items of this page, in the order of the list; at most `limit`.",
    "next": "The cursor of the next page, for the parameter `after`; null on the last page.",
    "employee_id": "The officer's id in Kinerja: a UUID that does not change when the NIP changes.",
    "org_unit_id": "The unit's id, as in the roster.",
    "nip": "The officer's NIP: 18 digits, without spaces.",
    "semester": "The half year: 2026-S1 is January to June 2026, 2026-S2 is July to December.",
    "serial": "The machine's serial number, as printed on it: 1 to 64 letters, digits, `_` or `-`.",
    "pin": "The person's number on the machine, with its leading zeros.",
    "topic": "The Kafka topic of the record.",
    "partition": "The partition of the topic, from 0.",
    "offset": "The record's offset in its partition, from 0.",
    "generation": (
        "0; higher for a record of a topic that was deleted and made again, if an earlier record had the same offset."
    ),
    "notice_id": "The notice.",
    "feedback_id": "The feedback: an assessment, or a single rating inside a group.",
    "group_id": "The group of citizens' ratings.",
    "batch_id": "The batch of votes: all votes of one target, one day and one cause.",
    "key_id": "The key's id: the part of its token before the dot.",
    "link_id": "The link's id, from the list of links. It does not open the page.",
    "event_id": "The event's id: the header `ce_id` of its record.",
    "excuse_id": "The leave or duty: a UUID that the caller makes once, and keeps for later decisions on it.",
    "setting_id": "The setting: a UUID that the caller makes once; the same id again changes the setting.",
    "schedule_id": "The week: a UUID that the caller makes once; the same id again changes the week.",
    "override_id": "The dated hours: a UUID that the caller makes once; the same id again changes them.",
    "outage_id": "The outage: a UUID that the caller makes once; the same id again changes the outage.",
    "correction_id": "The correction: a UUID that the caller makes once; the same id again changes the correction.",
    "work_date": "The date on which the shift starts, in the city's time zone.",
    "effective_from": "The first date on which it applies.",
    "effective_to": "The last date on which it applies; null while it has no end.",
    "first_date": "The first date, included.",
    "last_date": "The last date, included.",
    "break_minutes": "The unpaid break inside the shift, in minutes; 0 without one.",
    "weight_class": (
        "`visit`: belongs to one proven visit. `counter`: given at a tablet on a counter; the scoring policy may weigh it less."
    ),
    "in_unit_from": "The stated time of the move.",
    "valid_from": "The first local date of the enrolment.",
    "from": "The first date, included.",
    "to": "The last date, included; at most 400 days after the first.",
    "year": "The calendar year.",
    "day": "The date.",
    "not_counted": "True: only punches with an impossible time.",
    "received_from": "Only punches received at this time or later.",
    "received_to": "Only punches received at this time or earlier.",
    "bucket": "Numbers of buckets, 0 to 255; at most 16.",
    "idempotency-key": (
        "The caller's own name for this visit, such as a ticket number. The same name with the same body returns the same"
        " link, so that a request can be repeated."
    ),
    "released": "True: also records that were released.",
    "dismissed": "True: also records that were dismissed.",
    "decree": "The citation of the decree that puts it in force.",
    "unreadable": "How many stored records were left out because they cannot be read: the log event `row_unreadable` names each.",
}
"""Name → description, if the model itself has none."""

EXAMPLES: dict[str, Any] = {
    "next": "WyIwMTk4ZjNhMi01YzFlLTdiNDQtOWQwYS0zZjZjMWUyYjdhOTAiXQ",
    "employee_id": OFFICER,
    "org_unit_id": UNIT,
    "semester": "2026-S2",
    "serial": "KNJ2026001",
    "pin": "0001",
    "topic": "asn.attendance-day.v1",
    "reader": "scoring",
    "bucket": [17],
    "partition": 4,
    "offset": 1207,
    "notice_id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10",
    "feedback_id": "8f2b1c77-6a0e-4f0b-9f41-5e2d7c8a1b02",
    "group_id": "c1d7e6b2-0b54-4f6e-9a3c-7d21f0a5e8b4",
    "batch_id": "7b0e7c55-2a41-5d0e-8a7c-3b9d7d1f6a20",
    "key_id": "0198f7c1-2f3a-7c55-b1aa-0c6f9e2d4b13",
    "link_id": "0198f7c4-77ab-7f02-9c3d-5e1a2b3c4d5e",
    "event_id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f77",
    "excuse_id": "0198f7d0-1111-7a2b-8c3d-4e5f60718293",
    "setting_id": "0198f7d0-2222-7a2b-8c3d-4e5f60718293",
    "schedule_id": "0198f7d0-3333-7a2b-8c3d-4e5f60718293",
    "override_id": "0198f7d0-4444-7a2b-8c3d-4e5f60718293",
    "outage_id": "0198f7d0-5555-7a2b-8c3d-4e5f60718293",
    "correction_id": "0198f7d0-6666-7a2b-8c3d-4e5f60718293",
    "work_date": "2026-08-04",
    "effective_from": "2026-08-01",
    "day": "2026-08-17",
    "from": "2026-08-01",
    "to": "2026-08-31",
    "valid_from": "2026-08-01",
    "in_unit_from": "2026-08-03T01:00:00Z",
    "year": 2026,
    "address": "10.20.4.17",
}
"""Name → an example, for required parameters and composed bodies."""
