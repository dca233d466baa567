"""The queue of days to compute again, and how far back days are computed."""
