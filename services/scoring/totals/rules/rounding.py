"""Rounds exact numbers once, at the end. Halves round up, as in the satisfaction index (PermenPANRB 14/2017)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

__all__ = ["half_up", "hundredths_to_decimal"]


def half_up(number: Fraction, places: int) -> Decimal:
    """Rounds a non-negative exact number to `places` decimals, halves up (93.685 -> 93.69)."""
    scaled = number * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(units).scaleb(-places)


def hundredths_to_decimal(hundredths: int | None) -> Decimal | None:
    """9368 -> 93.68; None stays None."""
    return None if hundredths is None else Decimal(hundredths).scaleb(-2)
