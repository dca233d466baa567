"""Pure rules of attendance: parse machine uploads, find the shift of a date, compute the status of the day."""
