"""A notice states the matter and a next step; never the person's worth, a rank or an unfilled placeholder."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.notifications.grounds.rules.grounds import discipline_ground
from services.notifications.notices.letter import INDICATOR_NAMES, Letter, render, render_withdrawal
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE

OFFICER = {"name": "Contoh Pegawai", "unit": "Unit Satu", "superior": "Atasan Contoh"}
NOBODY = dict.fromkeys(OFFICER)
ABSENCES = discipline_ground("TEGURAN_LISAN", DisciplineRecord.model_validate(EXAMPLES[DISCIPLINE.name][0])).facts
TREND = [
    {"on": "2026-07-27", "value": "66.00"},
    {"on": "2026-08-03", "value": None},
    {"on": "2026-08-10", "value": "61.50"},
]
EVIDENCE: dict[str, dict[str, Any]] = {
    "coaching": {"value": "61.50", "target": "75", "n": 20, "interval": None, "trend": TREND},
    "nudge": {"value": "61.50", "target": "75", "n": None, "interval": None, "trend": TREND[2:]},
    "reward": {
        "value": "92.10", "band": "SANGAT_BAIK", "unexcused_days": 0, "complete": True, "final_days": 61,
    },
    "discipline_alert": ABSENCES,
    "discipline_information": ABSENCES,
}  # fmt: skip
FORBIDDEN = ("malas", "bodoh", "terburuk", "terbaik", "peringkat", "gagal", "salah sendiri", "None", "{{", "{%")


def rendered(kind: str, officer: dict[str, Any] = OFFICER, *, raised: bool = False, **changes: Any) -> tuple[str, str]:
    """(subject, body) of a letter of 10 August."""
    facts = changes.pop("facts", EVIDENCE[kind] | {"officer": officer})
    values: dict[str, Any] = {"indicator": "", "semester": "2026-S2"} | changes
    letter = Letter(kind, facts=facts, raised=raised, **values)
    return render(letter, on=date(2026, 8, 10), objection_days=14)


@pytest.mark.parametrize("kind", EVIDENCE)
@pytest.mark.parametrize("indicator", INDICATOR_NAMES)
@pytest.mark.parametrize("officer", [OFFICER, NOBODY], ids=["known", "unknown"])
def test_a_letter_does_not_value_the_person(kind: str, indicator: str, officer: dict[str, Any]) -> None:
    subject, body = rendered(kind, officer, indicator=indicator)
    assert subject
    assert "\n" not in subject
    for word in FORBIDDEN:
        assert word not in f"{subject}\n{body}"
    assert "10 Agustus 2026" in body


@pytest.mark.parametrize("kind", ["coaching", "nudge"])
def test_an_offer_states_value_and_target_with_a_decimal_comma(kind: str) -> None:
    _, body = rendered(kind, indicator="work_quality")
    assert "61,50" in body
    assert "kualitas pekerjaan" in body.lower()
    assert "bukan hukuman disiplin" in body or kind == "nudge"


def test_the_trend_is_stated_with_dates() -> None:
    _, body = rendered("coaching")
    assert "tercatat 66,00 (27 Juli 2026); 61,50 (10 Agustus 2026)." in body
    once = EVIDENCE["coaching"] | {"trend": TREND[1:], "officer": OFFICER}
    assert "evaluasi berkala" not in rendered("coaching", facts=once)[1]


@pytest.mark.parametrize("kind", ["coaching", "reward"])
def test_letters_about_a_score_state_how_to_object(kind: str) -> None:
    _, body = rendered(kind)
    assert "14" in body
    assert "keberatan" in body.lower()
    assert "PermenPANRB" in body
    assert "Atasan Contoh" in body


def test_only_a_raised_alert_says_that_it_was_raised() -> None:
    assert "diteruskan" not in rendered("discipline_alert")[1]
    assert "diteruskan" in rendered("discipline_alert", raised=True)[1]


@pytest.mark.parametrize("kind", ["discipline_alert", "discipline_information"])
def test_absences_are_listed_by_date_without_a_verdict(kind: str) -> None:
    _, body = rendered(kind)
    assert "13 Juli 2026, 14 Juli 2026, 3 Agustus 2026" in body
    assert "pasal 26" in body
    assert "bukan hukuman disiplin" in body
    assert "ditarik" in body
    assert "Tanggal:" not in rendered(kind, facts=EVIDENCE[kind] | {"dates": [], "officer": OFFICER})[1]


def test_the_officer_reads_how_to_correct_a_day() -> None:
    _, body = rendered("discipline_information")
    assert "pengelola kepegawaian unit Unit Satu" in body
    assert "tingkat ringan" in body
    for level, name in (("MEDIUM", "sedang"), ("HEAVY", "berat")):
        assert (
            f"tingkat {name}"
            in rendered("discipline_information", facts=ABSENCES | {"level": level, "officer": OFFICER})[1]
        )


@pytest.mark.parametrize("reason", ["STEP_NO_LONGER_REACHED", "SUPERIOR_CHANGED", "ABOVE_EXIT_THRESHOLD"])
def test_a_withdrawal_names_the_letter_and_the_reason(reason: str) -> None:
    body = render_withdrawal("Informasi", date(2026, 8, 10), reason, name=None)
    assert 'Surat "Informasi" tanggal 10 Agustus 2026 kami tarik' in body
    assert "None" not in body
    assert "mengenai Contoh Pegawai" in render_withdrawal("X", date(2026, 8, 10), reason, name="Contoh Pegawai")
