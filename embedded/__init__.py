"""Everything on one machine from Python packages alone: Postgres, a broker, the four services behind one port."""
