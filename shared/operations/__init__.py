"""Routes that every service has for its operator."""
