"""Models: as files, as Spark pipelines and in MLflow."""
