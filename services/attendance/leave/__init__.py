"""Leave and duty: requests, decisions and the days that they excuse."""
