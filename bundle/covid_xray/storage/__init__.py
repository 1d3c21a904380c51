"""Delta tables: their columns, how they are read and written, and the session that does it."""
