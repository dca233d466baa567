"""The database: sessions, migrations, collations, digests."""
