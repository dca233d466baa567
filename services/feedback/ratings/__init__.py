"""Citizens' ratings: anonymous intake, groups, publication, quarantine."""
