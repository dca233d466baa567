"""Who may do what: keys, links, scopes."""
