"""Which connection is accepted as which machine, and what happens with the others."""
