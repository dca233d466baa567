"""How the form's answers are converted."""

from __future__ import annotations

import pytest

from services.feedback.visits.rules.questions import QUESTIONS, InvalidRatingsError, read_ratings


def test_the_form_asks_the_four_questions_about_an_officer() -> None:
    assert [q.unsur for q in QUESTIONS] == ["completion_time", "product", "officer_competence", "officer_conduct"]
    assert all(len(set(q.answers)) == 4 for q in QUESTIONS)


def test_an_unanswered_question_is_left_out() -> None:
    assert read_ratings({"product": "3", "officer_conduct": "", "foreign": "9"}) == {"product": 3}


def test_every_offered_answer_is_read_as_its_number() -> None:
    for number in (1, 2, 3, 4):
        assert read_ratings({question.unsur: str(number) for question in QUESTIONS}) == {
            question.unsur: number for question in QUESTIONS
        }


@pytest.mark.parametrize(
    "answers", [{}, {"product": ""}, {"product": "5"}, {"product": "0"}, {"product": "4 "}, {"product": "³"}]
)
def test_answers_that_the_form_does_not_offer_are_refused(answers: dict[str, str]) -> None:
    with pytest.raises(InvalidRatingsError):
        read_ratings(answers)
