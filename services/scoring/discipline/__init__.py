"""Unexcused days of a year and the step of the ladder that they reach."""
