import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.baselines.records import BASELINES, border, thumbnail
from covid_xray.evaluation.baselines.values import all_values, describe, left_out, names
from PIL import Image

PICTURES = {"a": Image.new("L", (50, 40), 30), "b": Image.effect_noise((64, 48), 60).convert("RGB")}


@pytest.fixture
def facts():
    """Rows of `images`, without originals, from two sources, and of one view."""
    file = {"width": 300, "height": 200, "bytes": 6000, "format": "JPEG", "mode": "L"}
    image = file | dict.fromkeys(f"original_{name}" for name in file)
    images = pd.DataFrame([image, image | {"mode": "RGB"}])
    return images.assign(image_id=["a", "b"], source=["x", "y"], view="PA")


@pytest.fixture
def pictures():
    """What workers return of the pictures, in another order."""
    return pd.DataFrame({name: describe(PICTURES[name]) for name in "ba"}).T


def test_every_baseline_is_told_of_every_image(facts, pictures):
    values = {baseline.name: of_one for baseline, of_one in all_values(facts, pictures)}
    assert list(values) == names(facts) == [baseline.name for baseline in BASELINES]
    assert all(set(of_one.index) == {"a", "b"} for of_one in values.values())
    assert [len(values[name].columns) for name in ("majority", "border", "thumbnail")] == [0, 540, 1024]


def test_what_is_computed_of_a_picture_is_what_its_baseline_is_told(facts, pictures):
    values = {baseline.name: of_one for baseline, of_one in all_values(facts, pictures)}
    for name, picture in PICTURES.items():
        np.testing.assert_array_equal(values["border"].loc[name], border(picture.convert("L")))
        np.testing.assert_array_equal(values["thumbnail"].loc[name], thumbnail(picture.convert("L")))
    assert (values["compressibility"].loc["b"] > 4 * values["compressibility"].loc["a"]).all()


def test_unknown_sources_leave_their_baseline_out(facts, pictures):
    unknown = facts.assign(source=["x", None])
    assert "source" not in names(unknown) and [b.name for b in left_out(unknown)] == ["source"]
    assert [baseline.name for baseline, _ in all_values(unknown, pictures)] == names(unknown)
    assert left_out(facts) == [] and left_out(unknown)[0].needs
