import pandas as pd
import pytest
from covid_xray.stages.audit.baselines import all_baselines, file_facts, names


@pytest.fixture
def facts():
    """Rows of `images`: the first with an original, the second without."""
    file = {"width": 300, "height": 200, "bytes": 6000, "format": "JPEG", "mode": "L"}
    none = dict.fromkeys((f"original_{name}" for name in file), None)
    original = {"width": 2000, "height": 1000, "bytes": 4_000_000, "format": "PNG", "mode": "RGBA"}
    rows = [none | {f"original_{name}": value for name, value in original.items()}, none]
    images = pd.DataFrame([file | row for row in rows])
    return images.assign(image_id=["a", "b"], path=["C/00000001_000.jpg", "C/x.jpg"])


@pytest.fixture
def pictures():
    row = {"thumbnail": bytes(1024), "border": bytes(540), "jpeg_bytes": 900, "png_bytes": 2000}
    return pd.DataFrame([row, row | {"border": bytes([255] * 540)}], index=["b", "a"])


def test_file_facts_are_the_originals_where_they_are_known(facts):
    found = file_facts(facts.set_index("image_id"))
    assert found[["width", "height", "bytes"]].loc["a"].tolist() == [2000, 1000, 4_000_000]
    assert found[["width", "height", "bytes"]].loc["b"].tolist() == [300, 200, 6000]
    assert found["bytes_per_pixel"].tolist() == [2.0, 0.1]
    assert found["aspect_ratio"].tolist() == [2.0, 1.5]
    assert found[["mode_RGBA", "format_PNG"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    assert found[["mode_L", "format_JPEG"]].to_numpy().tolist() == [[0, 0], [1, 1]]


def test_each_baseline_is_told_its_own_of_each_image(facts, pictures):
    values = {baseline.name: baseline.values for baseline in all_baselines(facts, pictures)}
    assert list(values) == names(facts)
    assert {name: len(of_one.columns) for name, of_one in values.items()} == {
        "majority": 0,
        "file_facts": 9,
        "border": 540,
        "thumbnail": 1024,
        "compressibility": 2,
        "source": 1,
    }
    assert all(set(of_one.index) == {"a", "b"} for of_one in values.values())
    assert (values["border"].loc["a"] == 255).all() and (values["border"].loc["b"] == 0).all()
    assert values["source"].loc[["a", "b"], "is_nih"].tolist() == [1, 0]


def test_pseudonyms_leave_the_source_out(facts, pictures):
    renamed = facts.assign(path=[f"C/{'ab' * 32}.jpg", f"C/{'cd' * 32}.jpg"])
    assert "source" not in names(renamed)
    assert [baseline.name for baseline in all_baselines(renamed, pictures)] == names(renamed)
