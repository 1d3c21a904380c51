"""What `register` leaves behind, looked at from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from covid_xray.errors import ModelError
from covid_xray.registry.flavor import import_mlflow
from covid_xray.stages.register import register
from scipy.special import expit

# As anyone would use a registered model: no table and nothing of this process.
STRANGER = """
import json, sys
import pandas as pd
from pathlib import Path
from covid_xray.storage.session import local_session
local_session("local[1]", Path(sys.argv[1]))
import mlflow
mlflow.set_tracking_uri(sys.argv[2])
mlflow.set_registry_uri(sys.argv[2])
model = mlflow.pyfunc.load_model("models:/covid_xray_resnet50_binary/1")
files = [Path(file).read_bytes() for file in sys.argv[3:]]
found = model.predict(pd.DataFrame({"content": [*files, b"no picture"]}))
print("FOUND", found.to_json(orient="records", double_precision=15))
"""


def test_a_new_process_gives_an_image_the_probability_that_it_had_in_training(trained, short_lived, tmp_path):
    files = [trained.data / "Covid-19" / "0.png", trained.data / "No_findings" / "3.png"]
    registry = trained.registry.tracking_uri
    command = [sys.executable, "-c", STRANGER, str(tmp_path / "spark.log"), registry, *map(str, files)]
    silent = os.environ | short_lived | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=silent)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("FOUND")]
    *found, broken = json.loads(line.removeprefix("FOUND"))

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
    assert (broken["prediction"], broken["probability"]) == (None, None)


def test_registering_the_same_run_again_logs_nothing(trained, said):
    register(trained.tables, trained.run_id, "ResNet50", trained.registry, said.append)
    assert said[-1].note == "nothing to do"
    assert trained.model().version.number == "1"
    with pytest.raises(ModelError, match="no model"):
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
