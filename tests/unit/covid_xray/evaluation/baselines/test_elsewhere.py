"""Baselines that were fitted on one set of images say what they would of another."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.baselines.elsewhere import possible_elsewhere, predict_elsewhere
from covid_xray.evaluation.baselines.values import describe
from PIL import Image

CLASSES = ("Covid-19", "No_findings")
FILE = {"height": 200, "bytes": 6000, "format": "JPEG", "mode": "L"}


def images(prefix, count, width, source="x", **others):
    """Images, the first half of the positive class; its files are of another width."""
    positive = np.arange(count) < count // 2
    columns = {
        "image_id": [f"{prefix}{number:02d}" for number in range(count)],
        "label": np.where(positive, *CLASSES),
        "width": np.where(positive, width, 1024),
        "source": source,
        **{f"original_{name}": None for name in ("width", *FILE)},
    }
    return pd.DataFrame(columns | FILE | others)


@pytest.fixture
def training():
    return images("t", 60, 2000)


@pytest.fixture
def external():
    return images("e", 10, 2100, mode="RGBA").drop(columns="original_bytes").assign(note="of no use")


@pytest.fixture
def predict(training, make_settings):
    def run(external, trained_on=training):
        ids = [*trained_on["image_id"], *external["image_id"]]
        noise = np.random.default_rng(4).integers(0, 256, (len(ids), 40, 40), np.uint8)
        pictures = pd.DataFrame([describe(Image.fromarray(pixels)) for pixels in noise], index=ids)
        rows = external[["image_id", "label"]].assign(
            patient_id="p", task="binary", protocol="external", repeat=0, fold=0
        )
        return dict(predict_elsewhere(trained_on, external, pictures, rows, CLASSES, make_settings()))

    return run


def accuracy(predictions):
    return (predictions["label"] == predictions["prediction"]).mean()


@pytest.mark.filterwarnings("error")
def test_what_gives_the_label_away_in_training_is_looked_for_elsewhere(predict, external):
    found = predict(external)
    assert list(found) == ["majority", "file_facts", "border", "thumbnail", "compressibility"]
    facts = found["file_facts"]
    assert accuracy(facts) == 1 and facts["image_id"].tolist() == external["image_id"].tolist()
    assert set(facts["protocol"]) == {"external"}
    assert accuracy(found["majority"]) == 0.5 and accuracy(found["thumbnail"]) < 1
    # Where it means the opposite, it misleads.
    turned = external.assign(width=external["width"].tolist()[::-1])
    assert accuracy(predict(turned)["file_facts"]) == 0


def test_a_colour_mode_that_training_never_had_tells_nothing(predict, external):
    one, other = (predict(external.assign(mode=mode))["file_facts"] for mode in ("RGBA", "CMYK"))
    np.testing.assert_array_equal(np.stack(one["probability"]), np.stack(other["probability"]))


def test_shares_of_the_classes_are_those_of_the_training_images(predict, external, training):
    found = predict(external, training.iloc[15:])["majority"]
    np.testing.assert_allclose(np.stack(found["probability"]), [[1 / 3, 2 / 3]] * 10)
    assert set(found["prediction"]) == {"No_findings"}


def test_the_source_is_told_only_where_training_knows_every_one_of_them(predict, external, training):
    two = training.assign(source=np.where(training["label"] == CLASSES[0], "x", "y"))
    assert accuracy(predict(external, two)["source"]) == 0.5
    assert "source" not in predict(external.assign(source=None), two)
    assert "source" not in predict(external.assign(source="z"), two)
    possible = [b.name for b in possible_elsewhere(two, external.assign(source=["z", *["x"] * 9]))]
    assert "source" not in possible and "file_facts" in possible


@pytest.mark.parametrize(
    ("here", "there", "possible"), [("F", "M", True), ("F", None, False), (None, "F", False)]
)
def test_metadata_tell_only_where_some_are_known_of_both(external, training, here, there, possible):
    found = possible_elsewhere(training.assign(sex=here), external.assign(sex=there))
    assert ("metadata" in {baseline.name for baseline in found}) == possible
