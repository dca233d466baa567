"""The import of a roster file: read, compared with the stored officers, written completely or not at all."""
