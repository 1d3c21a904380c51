"""What a shell may hold that belongs to other work: none of it may reach a run."""

from __future__ import annotations

ANOTHER_SHELL = {
    "SPARK_HOME": "/opt/spark",
    "SPARK_CONF_DIR": "/etc/spark",
    "SPARK_REMOTE": "sc://elsewhere:15002",
    "SPARK_MASTER": "yarn",
    "SPARK_CONNECT_MODE_ENABLED": "1",
    "PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell",
    "PYSPARK_PYTHON": "python2",
    "HADOOP_CONF_DIR": "/etc/hadoop",
    "YARN_CONF_DIR": "/etc/hadoop",
    "MLFLOW_TRACKING_URI": "https://elsewhere",
    "MLFLOW_RUN_ID": "1",
    "MLFLOW_EXPERIMENT_NAME": "other",
    "DATABRICKS_HOST": "https://elsewhere",
    "KERAS_BACKEND": "torch",
    "TF_USE_LEGACY_KERAS": "1",
    "ARROW_PRE_0_15_IPC_FORMAT": "1",
    "MPLBACKEND": "TkAgg",
    "GIT_DIR": "/elsewhere/.git",
    "PYTHONPATH": "/opt/spark/python",
    "PYTHONWARNINGS": "error",
}
