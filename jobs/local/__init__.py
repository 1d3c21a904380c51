"""The commands that a person types: they run the jobs of the bundle on this machine."""
