"""Example bodies for the attendance service's OpenAPI schemas, by schema name. No real people."""

from __future__ import annotations

from typing import Any

from shared.contracts.examples import EXAMPLES as RECORDS
from shared.openapi.common import COMMON_EXAMPLES
from shared.openapi.texts import OFFICER, SUPERIOR, UNIT

__all__ = ["EXAMPLES"]

_DAY: dict[str, Any] = RECORDS["asn.attendance-day.v1"][0]
_HOURS = {"start": "07:30", "end": "16:00", "break_start": "12:00", "break_end": "13:00", "break_minutes": 0}
_FRIDAY = {"start": "07:30", "end": "16:30", "break_start": "11:30", "break_end": "13:00", "break_minutes": 0}
_DAYS = {
    "monday": _HOURS,
    "tuesday": _HOURS,
    "wednesday": _HOURS,
    "thursday": _HOURS,
    "friday": _FRIDAY,
    "saturday": None,
    "sunday": None,
}
_KEPT_DAYS = {day: hours for day, hours in _DAYS.items() if hours is not None}
_MACHINE = {
    "name": "Lobby, Dinas Kependudukan dan Pencatatan Sipil",
    "timezone": "Asia/Jakarta",
    "direction_from": "shift",
    "org_unit_id": UNIT,
    "in_unit_from": "2026-08-03T01:00:00Z",
    "in_service_to": None,
    "networks": ["10.20.4.0/24"],
}
_EXCUSE = {
    "employee_id": OFFICER,
    "code": "CUTI_TAHUNAN",
    "kind": "leave",
    "first_date": "2026-08-10",
    "last_date": "2026-08-12",
    "half": "none",
    "state": "approved",
    "reference": "800/123/2026",
    "reason": None,
    "decided_by": SUPERIOR,
}
_DECISION = {name: value for name, value in _EXCUSE.items() if name not in ("employee_id", "kind")}
_OUTAGE = {
    "serial": "KNJ2026001",
    "org_unit_id": None,
    "starts_at": "2026-08-04T02:00:00Z",
    "ends_at": "2026-08-04T06:00:00Z",
    "reason": "Power failure",
}
_CORRECTION = {
    "received_from": "1970-01-01T00:04:00Z",
    "received_to": "1970-01-01T06:30:00Z",
    "seconds_behind": 1785798000,
    "reason": "The server started without a battery",
}
_WEEK = {
    "name": "Office hours",
    "kind": "five_day",
    "effective_from": "2026-01-01",
    "effective_to": None,
    "employee_id": None,
    "org_unit_id": None,
}
_OVERRIDE = {
    "name": "Ramadan 1447",
    "code": "RAMADAN",
    "kind": "five_day",
    "decree": "SE Wali Kota 5/2026",
    "first_date": "2026-02-18",
    "last_date": "2026-03-19",
}
_SETTING = {
    "employee_id": None,
    "org_unit_id": "rsud",
    "by_roster": True,
    "effective_from": "2026-08-01",
    "effective_to": None,
}
_SHIFT = {"starts_at": "2026-08-04T21:00:00", "ends_at": "2026-08-05T07:00:00", "break_minutes": 60}
_HOLIDAY = {
    "name": "Hari Kemerdekaan Republik Indonesia",
    "kind": "holiday",
    "confirmed": True,
    "decree": "SKB 3 Menteri 2026",
}
_ROSTER = (
    "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to\n"
    "199001012015011001,Contoh Pegawai,PNS,disdukcapil,Dinas Kependudukan dan Pencatatan Sipil,,"
    "contoh.pegawai@example.go.id,2015-01-01,\n"
)
_RULES = (
    'id: default\nversion: 2\neffective_from: 2027-01-01\ndecree: "Perwali 7/2026"\n# all other rules as in version 1\n'
)

EXAMPLES: dict[str, Any] = {
    **COMMON_EXAMPLES,
    "Officer": {
        "employee_id": OFFICER,
        "nip": "199001012015011001",
        "name": "Contoh Pegawai",
        "employment_type": "PNS",
        "employment_type_from": "2015-01-01",
        "org_unit_id": UNIT,
        "org_unit_name": "Dinas Kependudukan dan Pencatatan Sipil",
        "unit_from": "2020-03-01",
        "superior_id": SUPERIOR,
        "email": "contoh.pegawai@example.go.id",
        "active_from": "2015-01-01",
        "active_to": None,
        "revision": 2,
    },
    "Nip": {"nip": "199001012015011001"},
    "OfficerSearch": {"q": "siti nur"},
    "Unit": {"org_unit_id": UNIT, "name": "Dinas Kependudukan dan Pencatatan Sipil", "officers": 42, "machines": 2},
    "take_roster.request": _ROSTER,
    "RosterReport": {"created": 1, "changed": 3, "unchanged": 996, "errors": []},
    "Republished": {"employees": 1000, "days": 42000, "unreadable": 0},
    "UnitIn": {"org_unit_id": UNIT},
    "UnitItem": {"effective_from": "2020-03-01", "org_unit_id": UNIT},
    "TypeIn": {"employment_type": "PPPK"},
    "TypeItem": {"effective_from": "2015-01-01", "employment_type": "PNS"},
    "MachineIn": _MACHINE,
    "MachineItem": {
        "serial": "KNJ2026001",
        **_MACHINE,
        "in_declared_outage": False,
        "registered_at": "2026-08-01T02:00:00Z",
        "last_contact_at": "2026-08-04T09:02:10Z",
        "last_upload_at": "2026-08-04T09:02:09Z",
        "complete_until": "2026-08-04T09:02:09Z",
        "clock_wrong_since": None,
        "address": "10.20.4.17",
        "push_version": "2.2.14",
        "info": None,
        "dialect": None,
        "proof": "network",
        "has_secret": False,
        "secret_pending": False,
        "pinned_address": None,
        "refused": 0,
        "signals": [
            {
                "kind": "TWO_ADDRESSES",
                "first_at": "2026-08-03T03:00:00Z",
                "last_at": "2026-08-03T03:05:00Z",
                "times": 2,
                "detail": "also from 10.20.9.3",
            }
        ],
        "unknown_pins": 1,
        "quarantined": 0,
    },
    "give_command.request": {"kind": "resend", "from": "2026-08-01T00:00:00", "to": "2026-08-03T23:59:59"},
    "CommandOut": {"id": "9f86d081884c7d65"},
    "RefusedItem": {
        "serial": "KNJ2026009",
        "address": "10.20.9.3",
        "reason": "UNREGISTERED_SERIAL",
        "registered": False,
        "first_seen_at": "2026-08-03T03:00:00Z",
        "last_seen_at": "2026-08-04T09:00:00Z",
        "requests": 310,
        "dialect": None,
        "kept_lines": 12,
    },
    "AcceptIn": {"address": "10.20.9.3", "network": "10.20.9.0/24"},
    "Accepted": {"punches": 12},
    "SecretIn": {"kind": "host_label", "from_first_use": True},
    "SecretMade": {
        "kind": "host_label",
        "host_label": "kqvmzxrtwnabcd",
        "host": "kqvmzxrtwnabcd.mesin.example.go.id",
    },
    "EnrolmentIn": {"employee_id": OFFICER, "valid_from": "2026-08-01", "valid_to": None},
    "EnrolmentItem": {"pin": "0001", "valid_from": "2026-08-01", "valid_to": None, "employee_id": OFFICER},
    "PunchesIn": {
        "serial": "KNJ2026001",
        "rows": [
            {"pin": "0001", "at": "2026-08-04T07:38:00+07:00"},
            {"pin": "0002", "local_time": "2026-08-04T07:40:12"},
        ],
        "complete_until": "2026-08-04T07:45:00+07:00",
    },
    "PunchesOut": {
        "results": [
            {"index": 0, "result": "accepted", "reason": None, "flags": []},
            {"index": 1, "result": "duplicate", "reason": None, "flags": []},
        ]
    },
    "PunchItem": {
        "serial": "KNJ2026001",
        "pin": "0001",
        "employee_id": OFFICER,
        "local_time": "2026-08-04T07:38:00",
        "at": "2026-08-04T00:38:00Z",
        "direction": "unknown",
        "status": 255,
        "verify": 1,
        "flags": [],
        "counted": True,
        "received_at": "2026-08-04T00:38:02Z",
    },
    "QuarantineItem": {
        "serial": "KNJ2026001",
        "address": "",
        "kind": "ATTLOG",
        "line": "0001\t2026-13-40 07:38:00\t255\t1",
        "reason": "time_invalid",
        "received_at": "2026-08-04T00:38:02Z",
    },
    "AttendanceDayRecord": _DAY,
    "DayExplained": {
        "day": _DAY,
        "window_from": "2026-08-04T03:30:00+07:00",
        "window_to": "2026-08-04T20:00:00+07:00",
        "punches": [
            {
                "id": 4711,
                "serial": "KNJ2026001",
                "at": "2026-08-04T00:38:00Z",
                "local_time": "2026-08-04T07:38:00",
                "status": 255,
                "verify": 1,
                "flags": [],
                "counted": True,
                "own_site": True,
                "source": "iclock",
                "received_at": "2026-08-04T00:38:02Z",
            }
        ],
    },
    "WeekIn": {**_WEEK, "days": _DAYS},
    "WeekItem": {"schedule_id": "0198f7d0-3333-7a2b-8c3d-4e5f60718293", **_WEEK, "days": _KEPT_DAYS},
    "OverrideIn": {**_OVERRIDE, "days": _DAYS},
    "OverrideItem": {"override_id": "0198f7d0-4444-7a2b-8c3d-4e5f60718293", **_OVERRIDE, "days": _KEPT_DAYS},
    "SettingIn": _SETTING,
    "SettingItem": {"setting_id": "0198f7d0-2222-7a2b-8c3d-4e5f60718293", **_SETTING},
    "RosterEndItem": {
        "org_unit_id": "rsud",
        "by_roster": 120,
        "without_entry": 7,
        "from_date": "2026-08-18",
        "last_entry": "2026-08-31",
    },
    "ShiftIn": _SHIFT,
    "ShiftItem": {"work_date": "2026-08-04", **_SHIFT},
    "EntriesIn": {
        "entries": [
            {"employee_id": OFFICER, "work_date": "2026-08-04", **_SHIFT},
            {"employee_id": OFFICER, "work_date": "2026-08-05", "entry": "off"},
        ]
    },
    "take_shift_file.request": "nip,work_date,start,end,break_minutes\n199001012015011001,2026-08-04,21:00,07:00,60\n",
    "ShiftReport": {"created": 60, "changed": 2, "removed": 0, "unchanged": 118},
    "CalendarIn": _HOLIDAY,
    "CalendarItem": {"day": "2026-08-17", **_HOLIDAY},
    "ExcuseIn": _EXCUSE,
    "ExcuseItem": {
        "excuse_id": "0198f7d0-1111-7a2b-8c3d-4e5f60718293",
        **_EXCUSE,
        "decided_at": "2026-08-03T02:10:00Z",
    },
    "DecisionItem": {**_DECISION, "recorded_by": "operator", "recorded_at": "2026-08-03T02:10:00Z"},
    "OutageIn": _OUTAGE,
    "OutageItem": {"outage_id": "0198f7d0-5555-7a2b-8c3d-4e5f60718293", **_OUTAGE},
    "ClockCorrectionIn": _CORRECTION,
    "ClockCorrectionItem": {
        "correction_id": "0198f7d0-6666-7a2b-8c3d-4e5f60718293",
        **_CORRECTION,
        "recorded_at": "2026-08-04T03:00:00Z",
    },
    "keep_rules.request": _RULES,
    "RuleItem": {
        "id": "default",
        "version": 1,
        "effective_from": "2020-01-01",
        "decree": "Contoh: belum ditetapkan",
        "content": {"id": "default", "version": 1},
    },
    "RuleLoaded": {"id": "default", "version": 2, "effective_from": "2027-01-01"},
    "KeptItem": {
        "store": "journal",
        "rows": 120000,
        "bytes": 73400320,
        "oldest_at": "2025-07-01T00:00:03Z",
        "kept_days": 400,
    },
}
