"""Visits at a counter, and the form that a citizen gets for one."""
