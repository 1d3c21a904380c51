"""Where registered models of version 0.1 look for their loader; it goes with version 0.3."""
