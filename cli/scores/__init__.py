"""Scores and notices."""
