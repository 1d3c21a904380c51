"""The command-line interface that runs the bundle's jobs on this machine."""
