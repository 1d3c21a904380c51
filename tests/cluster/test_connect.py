"""The same run through Spark Connect: a client without a JVM, and workers that are processes of a cluster.

That is as far from one process as a run gets: what works here needs neither the driver's JVM nor its memory.
"""

import ast
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyspark
import pytest
from covid_xray.session import session_settings

from tests.same_tables import differences

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
# What only a driver with a JVM has: https://spark.apache.org/docs/latest/spark-connect-overview.html
CLASSIC_ONLY = {"sparkContext", "rdd", "_jvm", "_jdf", "_jsparkSession", "_sc", "_java_obj"}


@pytest.fixture(scope="module")
def server(master, tmp_path_factory):
    """A Spark Connect server from the installed pyspark, on loopback, whose work the cluster does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = Path(pyspark.__file__).parent
    settings = session_settings() | {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command = [str(home / "bin" / "spark-submit"), "--master", master, "--class", SERVER, *options]
    environment = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    log = tmp_path_factory.mktemp("connect") / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "spark-internal"], env=os.environ | environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_for(port, process, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port, process, log):
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.2)
    pytest.fail(f"the server did not come up: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def ran_there(server, type_again):
    return type_again(server)


def test_it_finds_the_tables_of_a_local_run(ran, ran_there):
    assert list(differences(ran.output, ran_there)) == []


def test_the_work_was_done_by_the_workers_of_the_cluster(ran_there, folder):
    logs = list((folder / "work").glob("app-*/*/stderr"))
    assert len(logs) == 2


def test_nothing_asks_for_what_only_a_driver_with_a_jvm_has(root):
    files = [file for folder in ("bundle", "jobs") for file in (root / folder).rglob("*.py")]
    found = [
        f"{file}:{node.lineno} {node.attr}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in CLASSIC_ONLY
    ]
    assert files and found == []
