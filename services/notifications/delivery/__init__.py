"""Delivery of notices: mail queue, mail server, and faults of both."""
