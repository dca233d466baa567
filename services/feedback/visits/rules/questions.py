"""The form's questions: the four of the nine survey elements of PermenPANRB 14/2017 that concern one officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["QUESTIONS", "InvalidRatingsError", "Question", "read_ratings"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the form. `answers` are the labels for 1, 2, 3 and 4, in this order."""

    unsur: str
    text: str
    answers: tuple[str, str, str, str]


QUESTIONS = (
    Question(
        "completion_time",
        "Bagaimana kecepatan pelayanan yang Anda terima?",
        ("Tidak cepat", "Kurang cepat", "Cepat", "Sangat cepat"),
    ),
    Question(
        "product",
        "Apakah hasil pelayanan sesuai dengan yang dijanjikan?",
        ("Tidak sesuai", "Kurang sesuai", "Sesuai", "Sangat sesuai"),
    ),
    Question(
        "officer_competence",
        "Seberapa mampu petugas melayani Anda?",
        ("Tidak mampu", "Kurang mampu", "Mampu", "Sangat mampu"),
    ),
    Question(
        "officer_conduct",
        "Bagaimana kesopanan dan keramahan petugas?",
        ("Tidak sopan", "Kurang sopan", "Sopan dan ramah", "Sangat sopan dan ramah"),
    ),
)


class InvalidRatingsError(ValueError):
    """Answers that the form does not offer; the message is shown to the citizen."""


def read_ratings(answers: Mapping[str, str]) -> dict[str, int]:
    """The ratings 1..4 by survey element; an unanswered question is left out. Raises InvalidRatingsError."""
    ratings = {}
    for question in QUESTIONS:
        answer = answers.get(question.unsur, "")
        if answer == "":
            continue
        if answer not in ("1", "2", "3", "4"):
            raise InvalidRatingsError("Pilih salah satu jawaban yang tersedia untuk setiap pertanyaan.")
        ratings[question.unsur] = int(answer)
    if not ratings:
        raise InvalidRatingsError("Jawablah paling sedikit satu pertanyaan.")
    return ratings
