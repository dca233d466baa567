"""Facts from other services: received, stored, added to the totals, verified."""
