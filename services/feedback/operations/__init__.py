"""Digests of what this service owns, and its revisions."""
