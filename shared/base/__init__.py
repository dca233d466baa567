"""Small parts that need no other room: clock, ids, addresses, rule files."""
