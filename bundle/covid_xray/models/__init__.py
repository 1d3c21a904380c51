"""Module paths stored in models and pipelines of version 0.1, kept until version 0.3."""
