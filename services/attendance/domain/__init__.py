"""Pure rules of attendance: what machines say, which shift a day has, and what the day was worth."""
