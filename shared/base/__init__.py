"""Small parts without dependencies: clock, ids, addresses, rule documents."""
