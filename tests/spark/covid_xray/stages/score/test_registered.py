"""What `register` leaves behind, looked at from outside."""

import json
import os
import socket
import sys
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from time import sleep
from urllib.request import Request, urlopen

import numpy as np
import psutil
import pytest
from covid_xray.errors import ModelError
from covid_xray.registry.flavor import import_mlflow
from covid_xray.stages.register import register
from scipy.special import expit

from tests.listening import beyond_loopback, listening


@pytest.fixture(scope="module")
def server(trained, tmp_path_factory):
    """The registered model in MLflow's own server, as anyone would start it: no table, no Java, no Spark."""
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log"
    mlflow = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command = [*mlflow, "-m", "models:/covid_xray_resnet50_binary/1", "-h", "127.0.0.1", "-p", str(port)]
    registry = dict.fromkeys(("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"), trained.registry.tracking_uri)
    # MLflow finds its web server on the path, as in an activated environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "JAVA_HOME": "/nowhere", "PATH": path}
    with log.open("w") as output:
        process = psutil.Popen(
            command, cwd=log.parent, env=os.environ | registry | quiet, stdout=output, stderr=output
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process, log)
        assert beyond_loopback(listening([process])) == []
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        end(process)


def end(process):
    with suppress(psutil.NoSuchProcess):
        for one in [*process.children(recursive=True), process]:
            one.terminate()
    process.wait(30)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(url, process, log):
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urlopen(url) as answer:
            assert answer.status == 200
            return
        sleep(0.1)
    raise TimeoutError(log.read_text())


def test_a_served_model_gives_an_image_the_probability_that_it_had_in_training(trained, server):
    files = [trained.data / "Covid-19" / "0.png", trained.data / "No_findings" / "3.png"]
    contents = [file.read_bytes() for file in files] + [b"no picture"]
    posted = {"dataframe_records": [{"content": b64encode(one).decode()} for one in contents]}
    request = Request(server, json.dumps(posted).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        *found, broken = json.load(answer)["predictions"]

    model = trained.model().model
    images = trained.tables.read("images").select("image_id", "content").toPandas()
    features = trained.tables.read("features").where("backbone = 'ResNet50'").toPandas()
    for file, row in zip(files, found, strict=True):
        same = [bytes(content) == file.read_bytes() for content in images["content"]]
        (image_id,) = images.loc[same, "image_id"]
        (packed,) = features.loc[
            (features["image_id"] == image_id) & (features["weights_id"] == model.about.weights_id),
            "features",
        ]
        margin = model.classifier.coefficients @ np.frombuffer(packed, "<f4") + model.classifier.intercepts
        second = float(expit(margin[0]))
        np.testing.assert_allclose(row["probability"], [1 - second, second], atol=1e-6)
        assert row["prediction"] == file.parent.name
        assert row["out_of_distribution"] is False
    nothing = dict.fromkeys(("prediction", "probability", "distance"))
    assert broken == {**nothing, "out_of_distribution": True}


def test_registering_the_same_run_again_logs_nothing(trained, said):
    register(trained.tables, trained.run_id, "ResNet50", trained.registry, said.append)
    assert said[-1].note == "nothing to do"
    assert trained.model().version.number == "1"
    with pytest.raises(ModelError, match="ResNet50_binary has no version '2'"):
        trained.registry.fetch("ResNet50_binary/2")


def test_a_run_is_logged_with_its_settings_figures_and_card(trained, ran, tmp_path):
    client = import_mlflow().MlflowClient(trained.registry.tracking_uri)
    experiment = client.get_experiment_by_name(trained.registry.experiment)
    (run,) = client.search_runs([experiment.experiment_id])
    metric = {
        row.metric: row
        for row in trained.tables.matching(
            "metrics", {"run_id": trained.run_id, "kind": "backbone"}
        ).collect()
        if row.protocol == "patient_grouped"
    }["accuracy"]
    assert run.data.metrics["patient_grouped.accuracy"] == metric.value
    assert run.data.metrics["patient_grouped.accuracy.ci_low"] == metric.ci_low
    assert run.data.params["reg_param"] == str(trained.settings.reg_param)
    about = trained.model().model.about
    assert run.data.tags["weights"] == "random" and run.data.tags["weights_id"] == about.weights_id
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["card.md", "figures"]
    logged = Path(client.download_artifacts(run.info.run_id, "figures", str(tmp_path)))
    page = ran.output / "report" / "figures"
    # With one network, what belongs to it is all that the page shows.
    of_page = {"confusion.png": "ResNet50_binary.png", "curves.png": "curves_binary.png"}
    assert sorted(file.name for file in logged.iterdir()) == sorted(of_page)
    assert all((logged / own).read_bytes() == (page / there).read_bytes() for own, there in of_page.items())
