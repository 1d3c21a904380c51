"""The same run through Spark Connect: a client without a JVM.

What works here needs neither the driver's JVM nor its memory. Among the quick tests a run that was killed is
finished so: `faults/test_killed_run.py`.
"""

import ast
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from covid_xray.progress import counted
from covid_xray.storage.session import CATALOG, SCHEMA
from PIL import Image

from jobs.local.request import tracking_uri
from tests.connect_server import server
from tests.same_tables import differences
from tests.unit.docs.pages import ROOT, blocks

# What only a driver with a JVM has: https://spark.apache.org/docs/latest/spark-connect-overview.html
CLASSIC_ONLY = {"sparkContext", "rdd", "_jvm", "_jdf", "_jsparkSession", "_sc", "_java_obj"}
# What serverless compute refuses: https://docs.databricks.com/aws/en/compute/serverless/limitations
REFUSED = {"persist", "unpersist", "cache", "checkpoint", "localCheckpoint", "conf"}


@pytest.mark.thorough
def test_it_finds_the_tables_of_a_local_run(ran, type_again, short_lived, tmp_path):
    # With one worker: each loads TensorFlow.
    with server("local[1]", tmp_path / "server.log", short_lived) as url:
        assert list(differences(ran.output, type_again(url))) == []


@pytest.mark.thorough
def test_the_samples_ten_runs_five_at_once_find_the_tables_of_local_mode(type_run, short_lived, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    at_once = ("--set", "execution.local_backbones=5")
    type_run("sample", here, *at_once)
    with server("local[2]", tmp_path / "server.log", short_lived) as url:
        type_run("sample", there, "--master", url, *at_once)
    assert list(differences(here, there)) == []


@pytest.mark.thorough
def test_a_run_does_so_when_the_workers_of_a_cluster_do_the_work(
    ran, master, folder, type_again, short_lived, tmp_path
):
    of_others = set((folder / "work").glob("app-*/*/stderr"))
    with server(master, tmp_path / "server.log", short_lived) as url:
        there = type_again(url)
    assert list(differences(ran.output, there)) == []
    assert len(set((folder / "work").glob("app-*/*/stderr")) - of_others) == 2


# Of docs/sparkdl, those that need no weights.
EXAMPLES = (
    "KerasTransformer",
    "KerasImageFileTransformer",
    "KerasImageFileEstimator",
    "registerKerasImageUDF",
    "imageIO",
)
CLIENT = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
for page in sys.argv[2:]:
    exec(compile(Path(page).read_text(), page, "exec"), {"__name__": "__main__", "spark": spark})
spark.stop()
"""


@pytest.mark.thorough
def test_the_examples_of_the_docs_run_there_too(short_lived, tmp_path):
    (tmp_path / "pictures").mkdir()
    for place in range(4):
        pixels = np.random.default_rng(place).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{place}.png")
    for name in EXAMPLES:
        text = "\n".join(blocks(ROOT / "docs" / "sparkdl" / f"{name}.md", "python"))
        (tmp_path / name).write_text(text.replace('"pictures"', repr(str(tmp_path / "pictures"))))
    own = os.environ | {"KERAS_HOME": str(tmp_path / "keras")}
    with server("local[1]", tmp_path / "server.log", short_lived) as url:
        command = [sys.executable, "-c", CLIENT, url, *EXAMPLES]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SCORING = """
import runpy, sys
from pathlib import Path
from covid_xray.storage.session import attach_warehouse, local_session
url, output, *parameters = sys.argv[1:]
attach_warehouse(local_session(url, Path(output) / "client.log"), Path(output) / "warehouse")
runpy.run_path("jobs/score.py", run_name="task")["main"](parameters)
"""


@pytest.fixture
def score_there(ran, root, short_lived, tmp_path):
    """Run the scoring job on what has arrived, as a client of a server; what it printed comes back."""
    shutil.copytree(ran.output / "warehouse", tmp_path / "warehouse")
    given = {
        **{"config": root / "config.yaml", "settings": "{}", "catalog": CATALOG, "schema": SCHEMA},
        **{"data": tmp_path / "new", "checkpoint": tmp_path / "check point", "model": "ResNet50_binary/1"},
        **{"run-id": "r", "patient-id-key": "", "tracking-uri": tracking_uri(ran.output)},
    }
    options = [str(part) for name, value in given.items() for part in (f"--{name}", value)]

    def run(url):
        command = [sys.executable, "-c", SCORING, url, str(tmp_path), *options]
        own = os.environ | short_lived
        done = subprocess.run(command, cwd=root, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.thorough
def test_what_arrives_is_scored_once_there_too(score_there, short_lived, tmp_path):
    (tmp_path / "new").mkdir()
    with server("local[1]", tmp_path / "server.log", short_lived) as url:
        for arriving in (("1.png", "2.png"), ("3.png",)):
            for name in arriving:
                pixels = np.random.default_rng(int(name[0])).integers(0, 256, (40, 40), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "new" / name)
            said = f"0 images scored before, 0 files refused, {counted(len(arriving), 'image')} scored"
            assert said in score_there(url)


def test_nothing_asks_for_what_serverless_compute_lacks_or_refuses(root):
    files = [file for folder in ("bundle", "jobs") for file in (root / folder).rglob("*.py")]
    found = [
        f"{file}:{node.lineno} {node.attr}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in CLASSIC_ONLY | REFUSED
        # An option of a command.
        and not (node.attr == "checkpoint" and ast.unparse(node.value) == "args")
        # It goes on where that is refused: tests/spark/logistic/test_estimator.py.
        and not (file.name == "dataset.py" and node.attr in {"persist", "unpersist"})
    ]
    assert files and found == []
