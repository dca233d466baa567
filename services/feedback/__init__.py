"""Visits, citizens' ratings, supervisors' assessments and the satisfaction index."""
