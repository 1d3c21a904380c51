"""The commands start at once: what they do needs neither Spark nor TensorFlow."""

import json
import os
import subprocess
import sys

import pytest

from tests.corpus.pictures import drawn

# A fresh process, since the tests themselves load Spark. An upload stops where it finds no workspace: by then
# it has imported all that it needs.
COMMANDS = """
import importlib, json, pkgutil, sys
import data_upload
from data_upload.__main__ import main

data, output = sys.argv[1:]
for module in pkgutil.iter_modules(data_upload.__path__):
    importlib.import_module(f"data_upload.{module.name}")
try:
    main(["upload", "--help"])
except SystemExit as end:
    codes = [end.code]
codes.append(main(["resize", "--data", data, "--output", output]))
codes.append(main(["upload", "--data", output, "--to", "/Volumes/main/xray/images"]))
print(json.dumps({"codes": codes, "packages": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


@pytest.fixture
def data(tmp_path):
    """Two small X-rays of two classes."""
    for label in ("Covid-19", "No_findings"):
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "a.png").write_bytes(drawn(label))
    return tmp_path / "data"


def test_no_command_loads_spark_or_tensorflow(data, root, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")}
    environment["DATABRICKS_CONFIG_FILE"] = str(tmp_path / "none")
    command = [sys.executable, "-c", COMMANDS, str(data), str(tmp_path / "small")]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "no workspace is configured" in done.stderr, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended["codes"] == [0, 0, 2] and len(list((tmp_path / "small").glob("*/a.jpg"))) == 2
    heavy = {"pyspark", "py4j", "delta", "tensorflow", "keras", "sklearn", "mlflow"}
    assert heavy & set(ended["packages"]) == set()
