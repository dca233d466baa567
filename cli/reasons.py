"""The API's codes as text: the reasons for a score and for a notice, and the proofs of a machine's identity.

A code that is not here, such as the one that an operator gave for withholding a notice, is printed unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NOTICE_REASONS", "PROOFS", "SCORE_REASONS"]

_ENDS = {
    "MISSING": "not assessed yet",
    "TOO_FEW": "too few assessments",
    "SUPERVISORS_MISSING": "no superior has assessed it",
    "CITIZENS_MISSING": "no citizen has rated it",
    "CITIZENS_TOO_FEW": "too few citizens have rated it",
}

SCORE_REASONS: Mapping[str, str] = {
    "ATTENDANCE_MISSING": "attendance: no working time is final yet",
    **{
        f"{indicator.replace(' ', '_').upper()}_{end}": f"{indicator}: {text}"
        for indicator in ("work quality", "public communication")
        for end, text in _ENDS.items()
    },
    "REWEIGHTED": "the weight of what is not assessed counts for the rest",
    "DEFAULT_PRIOR": "citizens' ratings are weighed with the policy's general average: it sets none for this unit",
    "REWEIGHTING_NOT_ALLOWED": "no score: the rule needs all indicators",
    "NOTHING_ASSESSED": "no score: nothing is assessed yet",
    "TOO_LITTLE_ASSESSED": "no score: what is assessed weighs too little",
}

NOTICE_REASONS: Mapping[str, str] = {
    "BELOW_ENTRY_THRESHOLD": "the value is below the threshold",
    "SCORE_AT_REWARD_LEVEL": "the score is high enough for a reward",
    "LADDER_STEP_REACHED": "days of unexcused absence reach a step of the discipline ladder",
    "NOT_ACKNOWLEDGED_BELOW": "the direct superior did not confirm the alert",
    "NOT_DECIDED": "nobody decided in time",
    "SCORE_NOT_COMPLETE": "the score is not complete any more",
    "UNEXCUSED_ABSENCE": "the semester has an unexcused absence",
    "BELOW_REWARD_THRESHOLD": "the score is too low for a reward now",
    "TOO_FEW_FINAL_DAYS": "too few days are final",
    "NOT_ASSESSED": "the indicator is not assessed any more",
    "ABOVE_EXIT_THRESHOLD": "the value is good again",
    "NOT_BELOW_ENTRY_THRESHOLD": "the value is not below the threshold any more",
    "STEP_NO_LONGER_REACHED": "the days of unexcused absence do not reach the step any more",
    "SUPERIOR_CHANGED": "the officer has another superior now",
    "NO_EMAIL": "not mailed: the recipient has no e-mail address",
    "EMAIL_UNUSABLE": "not mailed: the e-mail address cannot be used",
    "EMAIL_REFUSED": "not mailed: the mail server refused the recipient",
    "EMAIL_NOT_ACCEPTED": "not mailed: the mail server never accepted it",
}

PROOFS: Mapping[str, str] = {
    "host_label": "host label",
    "comm_key": "comm key",
    "network": "network",
    "pinned_address": "one address",
    "nothing_yet": "none yet",
}
