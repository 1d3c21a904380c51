"""Class paths of pipelines saved by version 0.1, kept until version 0.3."""
