import pandas as pd
import pytest
from covid_xray.evaluation.results_model import ProtocolResult, Result, Value
from covid_xray.stages.evaluate.judged import beside

COLUMNS = ["kind", "backbone", "protocol"]


@pytest.fixture
def result():
    """A classifier that was applied to these images from elsewhere."""

    def make(kind, name, *images):
        there = ProtocolResult({"accuracy": Value(0.5, 0.4, 0.6, 9)}, {}, pd.DataFrame({"image_id": images}))
        about = {"kind": kind, "name": name, "task": "binary", "classes": ("A", "B"), "run_id": "r"}
        return Result(**about, status="succeeded", by_protocol={"external": there})

    return make


def test_a_card_has_baselines_on_the_images_of_its_own_model_and_of_no_other(result, make_model):
    rows = [
        ("backbone", "ResNet50", "external"),
        ("backbone", "VGG16", "external"),
        ("baseline", "border", "patient_grouped"),
        ("baseline", "border", "external"),
        ("baseline", "thumbnail", "external"),
        ("lungs_blanked", "ResNet50", "patient_grouped"),
    ]
    metrics = pd.DataFrame(rows, columns=COLUMNS)
    results = [
        result("backbone", "ResNet50", "a", "b"),
        result("backbone", "VGG16", "c"),
        result("baseline", "border", "b", "a"),
        result("baseline", "thumbnail", "c"),
    ]
    found = beside(metrics, results, make_model().about)
    assert list(found.itertuples(index=False, name=None)) == [rows[0], rows[2], rows[3]]
