"""Everything on one machine, only from Python packages: Postgres, a broker, the four services behind one port."""
