"""Republishing, digests, the canary's score, the event contract."""
