"""A run on other people's images, of classes and sources of their own: what its page says of them."""

from datetime import UTC, datetime

import numpy as np
import pytest
from covid_xray.errors import RunFailedError
from covid_xray.evaluation.results import results
from covid_xray.stages.audit import audit
from covid_xray.stages.report import write_report
from covid_xray.storage import runs
from pyspark.sql import functions as F

NAMES = {"Covid-19": "TB", "No_findings": "Healthy", "Pneumonia": "Silicosis"}
TASKS = {"tasks.binary": ["TB", "Healthy"], "tasks.multiclass": ["TB", "Healthy", "Silicosis"]}
# Words of the record of a known dataset.
OF_A_KNOWN_DATASET = ("NIH", "ieee8023", "Covid", "98 %", "Published")


@pytest.fixture
def other_images(xrays):
    """Class folders of other names, and a patients.csv with a source for each image."""
    rows = ["label,filename,patient_id,source"]
    for label, name in NAMES.items():
        (xrays / label).rename(xrays / name)
        for number in range(10):
            source = "Mercy Hospital" if name == "TB" or number < 5 else "County Hospital"
            rows.append(f"{name},{number} picture.png,{name}-{number},{source}")
    (xrays / "patients.csv").write_text("\n".join(rows))


@pytest.fixture
def guessed(tables, run_id):
    """Give the network results that are as good as chance."""

    def write(settings):
        random = np.random.default_rng(1)
        drawn = (F.col("run_id") == run_id) & (F.col("task") == "multiclass") & F.col("fold").isNotNull()
        rows = tables.read("splits").where(drawn).drop("run_id").toPandas()
        shares = random.dirichlet([1, 1, 1], len(rows))
        said = np.array(settings.tasks["multiclass"])[shares.argmax(axis=1)]
        held_out = rows.assign(prediction=said, probability=shares.tolist())
        tables.replace_each(results(tables, run_id, "backbone", "ResNet50", held_out, settings))
        runs.update(tables, runs.state(tables, run_id), status=runs.SUCCEEDED, weights_id="w")

    return write


def test_the_page_names_their_classes_and_sources_and_nothing_of_a_known_dataset(
    other_images, run_ingest, guessed, few_fits, tables, run_id, said, of_run, tmp_path
):
    settings = few_fits(**TASKS)
    run_ingest(tasks=("multiclass",), **TASKS)
    audit(tables, run_id, said.append)
    assert "source" in {row.backbone for row in of_run("predictions")}
    guessed(settings)
    with pytest.raises(RunFailedError, match="no comparisons"):
        write_report(tables, run_id, tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
    page = (tmp_path / "index.html").read_text()
    assert "Mercy Hospital 10" in page and "County Hospital 5, Mercy Hospital 5" in page
    assert "Silicosis" in page and "VGG16" not in page and "ResNet50, multiclass (random weights)" in page
    assert not [word for word in OF_A_KNOWN_DATASET if word in page]
