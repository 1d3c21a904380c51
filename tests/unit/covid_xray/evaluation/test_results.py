"""What a classifier's predictions become on their way to the tables."""

import pandas as pd
import pyarrow as pa
import pytest
from covid_xray.evaluation.results import results
from covid_xray.storage.frames import split_table

KEY = {"run_id": "r", "kind": "backbone", "backbone": "VGG16"}
CLASSES = {"binary": ("Covid-19", "No_findings"), "multiclass": ("Covid-19", "No_findings", "Pneumonia")}


@pytest.fixture
def predictions():
    """Each class's own image, found by both tasks."""
    parts = [
        pd.DataFrame(
            {"task": task, "protocol": "as_published", "repeat": 0, "fold": 0, "image_id": list(names)}
            | {"patient_id": "p", "label": list(names), "prediction": list(names)}
            | {"probability": [[float(one == name) for one in names] for name in names]}
        )
        for task, names in CLASSES.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def replacements(predictions, make_settings):
    # Nothing is read from a table.
    return results(None, *KEY.values(), predictions, make_settings(bootstrap_resamples=100))


def test_predictions_have_the_classes_of_their_task_and_the_classifiers_key(replacements, predictions):
    table, where = replacements["predictions"]
    fields = [(name, pa.string()) for name in (*KEY, "task", "image_id", "label")]
    lists = [("probability", pa.list_(pa.float64())), ("classes", pa.list_(pa.string()))]
    (part,) = split_table(table, pa.schema([*fields, *lists]))
    expected = [
        KEY
        | {name: row[name] for name in ("task", "image_id", "label", "probability")}
        | {"classes": list(CLASSES[row["task"]])}
        for row in predictions.to_dict("records")
    ]
    assert part.to_pylist() == expected
    tasks = {"task": ["binary", "multiclass"], "protocol": ["as_published"]}
    assert where == {column: [value] for column, value in KEY.items()} | tasks


def test_metrics_are_rows_of_each_task(replacements):
    rows, _ = replacements["metrics"]
    accuracy = {row["task"]: row for row in rows if row["metric"] == "accuracy"}
    assert set(accuracy) == set(CLASSES)
    assert accuracy["multiclass"] | KEY | {"class": None, "value": 1.0, "n": 3} == accuracy["multiclass"]


def test_what_all_rows_share_takes_next_to_nothing_in_each(replacements, predictions, make_settings):
    table, _ = replacements["predictions"]
    many = pd.concat([predictions] * 100, ignore_index=True).assign(image_id=range(500))
    settings = make_settings(bootstrap_resamples=100)
    longer = results(None, *["x" * 10_000] * 3, many, settings)["predictions"][0]
    # A place in a dictionary takes a byte; of numbers and texts of the frame itself there are 60.
    assert longer.nbytes < table.nbytes + 3 * 10_000 + 500 * 100
