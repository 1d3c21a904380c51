"""The work of each script in `jobs/`. Stages meet only in tables: none imports another."""
