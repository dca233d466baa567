"""Notices: drafted, decided, changed with the records, expired."""
