"""What a notice says: the matter and a next step; never the person's worth, a rank or a placeholder left open."""

from __future__ import annotations

import pytest

from services.notifications.words import INDICATOR_NAMES, render

EVIDENCE = {
    "coaching": {"value": "61.50", "target": "75", "n": 20, "interval": None, "trend": ["66.00", None, "61.50"]},
    "nudge": {"value": "61.50", "target": "75", "n": None, "interval": None, "trend": ["61.50"]},
    "reward": {"value": "92.10", "band": "SANGAT_BAIK", "unexcused_days": 0},
    "discipline_alert": {"cumulative_days": 3, "longest_streak_days": 2, "step": "TEGURAN_LISAN", "year": 2026},
}
FORBIDDEN = ("malas", "bodoh", "terburuk", "terbaik", "peringkat", "gagal", "None", "{{", "{%")


def words(kind: str, **changes: object) -> tuple[str, str]:
    values = {
        "indicator": "",
        "evidence": EVIDENCE[kind],
        "name": "Contoh Pegawai",
        "unit": "Unit Satu",
        "semester": "2026-S2",
        "objection_days": 14,
        "score_link": "http://localhost/my/token",
        "raised": False,
    }
    return render(kind, **(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EVIDENCE)
@pytest.mark.parametrize("indicator", INDICATOR_NAMES)
@pytest.mark.parametrize("name", ["Contoh Pegawai", None])
def test_words_judge_no_person(kind: str, indicator: str, name: str | None) -> None:
    subject, body = words(kind, indicator=indicator, name=name)
    assert subject
    assert "\n" not in subject
    for word in FORBIDDEN:
        assert word not in f"{subject}\n{body}"


@pytest.mark.parametrize("kind", ["coaching", "nudge"])
def test_help_tells_evidence_and_target_with_a_decimal_comma(kind: str) -> None:
    _, body = words(kind, indicator="work_quality")
    assert "61,50" in body
    assert "kualitas pekerjaan" in body.lower()
    assert "bukan hukuman disiplin" in body or kind == "nudge"


@pytest.mark.parametrize("kind", ["coaching", "reward"])
def test_letters_tell_how_to_object(kind: str) -> None:
    _, body = words(kind)
    assert "14" in body
    assert "keberatan" in body.lower()
    assert "PermenPANRB" in body


def test_only_a_raised_alert_says_that_it_was_raised() -> None:
    assert "diteruskan" not in words("discipline_alert")[1]
    assert "diteruskan" in words("discipline_alert", raised=True)[1]
