"""Models: as files, on Spark, in one process and in MLflow."""
