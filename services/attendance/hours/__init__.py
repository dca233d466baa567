"""Working hours: week schedules, their overrides, holidays."""
