"""People, machines, schedules, punches and the daily status."""
