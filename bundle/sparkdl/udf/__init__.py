"""Functions for SQL, under the module names of Deep Learning Pipelines 1.5."""
