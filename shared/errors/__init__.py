"""Errors that a client sees, and their problem types."""
