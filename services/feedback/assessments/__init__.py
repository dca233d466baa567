"""Superiors' assessments of officers."""
