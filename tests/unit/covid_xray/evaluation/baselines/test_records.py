import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.baselines.records import (
    BASELINES,
    border,
    compressed_sizes,
    document,
    file_facts,
    metadata,
    no_columns,
    sources,
    thumbnail,
)
from PIL import Image


@pytest.fixture
def pixels():
    """Noise in an odd shape, whose cells do not end where pixels do."""
    return np.random.default_rng(2).integers(0, 256, (203, 317)).astype(np.uint8)


@pytest.fixture
def from_sources():
    """Rows of `images` with these sources, called a, b, c and so on."""

    def make(*names):
        return pd.DataFrame({"source": names}, index=list("abcdef"[: len(names)]), dtype="object")

    return make


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_a_record_is_whole(baseline):
    assert (baseline.of_picture is None) != (baseline.of_facts is None)
    assert baseline.sees and not baseline.sees.endswith(".") and baseline.why.endswith(".")


def test_names_are_given_once():
    assert len({baseline.name for baseline in BASELINES}) == len(BASELINES)


def test_the_majority_is_told_nothing_of_any_image(from_sources):
    assert no_columns(from_sources("x", "y")).shape == (2, 0)


def test_file_facts_are_the_originals_where_they_are_known():
    file = {"width": 300, "height": 200, "bytes": 6000, "format": "JPEG", "mode": "L"}
    original = {"width": 2000, "height": 1000, "bytes": 4_000_000, "format": "PNG", "mode": "RGBA"}
    rows = [file | {f"original_{name}": of.get(name) for name in file} for of in (original, {})]
    found = file_facts(pd.DataFrame(rows, index=["a", "b"]))
    assert found[["width", "height", "bytes"]].loc["a"].tolist() == [2000, 1000, 4_000_000]
    assert found[["width", "height", "bytes"]].loc["b"].tolist() == [300, 200, 6000]
    assert found["bytes_per_pixel"].tolist() == [2.0, 0.1]
    assert found["aspect_ratio"].tolist() == [2.0, 1.5]
    assert found[["mode_RGBA", "format_PNG"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    assert found[["mode_L", "format_JPEG"]].to_numpy().tolist() == [[0, 0], [1, 1]]


def test_two_sources_are_one_column_and_three_are_two(from_sources):
    assert sources(from_sources("NIH ChestX-ray8", "ieee", "NIH ChestX-ray8")).to_dict("list") == {
        "NIH ChestX-ray8": [1.0, 0.0, 1.0]
    }
    assert sources(from_sources("c", "a", "b", "a")).to_dict("list") == {
        "a": [0.0, 1.0, 0.0, 1.0],
        "b": [0.0, 0.0, 1.0, 0.0],
    }


@pytest.mark.parametrize("names", [("x", "x"), ("x", "y", None), (None, None)])
def test_one_source_for_all_or_one_unknown_tells_nothing(from_sources, names):
    assert sources(from_sources(*names)) is None


def test_view_and_sex_are_columns_and_what_is_missing_is_told_by_one():
    facts = {"view": ["PA", "AP", None], "sex": ["F", None, None], "age": [61, None, 0]}
    found = metadata(pd.DataFrame(facts, index=["a", "b", "c"]))
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.to_dict("list") == {
        "view_AP": [0, 1, 0],
        "view_PA": [1, 0, 0],
        "view_missing": [0, 0, 1],
        "sex_F": [1, 0, 0],
        "sex_missing": [0, 1, 1],
        "age": [61, 0, 0],
        "age_missing": [0, 1, 0],
    }


def test_one_known_age_is_enough_and_nothing_known_is_not(from_sources):
    images = from_sources("x", "y")
    assert metadata(images) is None and metadata(images.assign(view=None, sex=None, age=None)) is None
    assert metadata(images.assign(view=None, sex=None, age=[61, None]))["age"].tolist() == [61, 0]


def test_the_border_sees_nothing_of_the_centre(pixels):
    before = border(Image.fromarray(pixels))
    pixels[30:173, 48:269] = 255 - pixels[30:173, 48:269]
    np.testing.assert_array_equal(border(Image.fromarray(pixels)), before)
    assert len(before) == 32 * 32 - 22 * 22


@pytest.mark.parametrize("place", [(0, 0), (202, 316), (100, 0), (0, 150)])
def test_the_border_sees_every_edge(pixels, place):
    pixels[place] = 0
    before = border(Image.fromarray(pixels)).astype(int)
    pixels[max(0, place[0] - 8) :, max(0, place[1] - 8) :][:16, :16] = 255
    assert (border(Image.fromarray(pixels)) != before).any()


def test_a_thumbnail_is_the_mean_of_what_each_cell_covers():
    pixels = np.random.default_rng(3).integers(0, 256, (32 * 4, 32 * 6)).astype(np.uint8)
    expected = pixels.reshape(32, 4, 32, 6).mean(axis=(1, 3))
    np.testing.assert_allclose(thumbnail(Image.fromarray(pixels)).reshape(32, 32), expected, atol=1)


def test_both_sizes_tell_what_compresses_well_whatever_the_size_of_the_picture(pixels):
    smooth = Image.fromarray(np.add.outer(np.arange(200), np.arange(40)).astype(np.uint8))
    assert (compressed_sizes(smooth) < compressed_sizes(Image.fromarray(pixels)) / 2).all()
    enlarged = compressed_sizes(smooth.resize((640, 3200)))
    np.testing.assert_allclose(enlarged, compressed_sizes(smooth), rtol=0.2)


def test_the_page_of_the_docs_is_made_from_the_records(root):
    command = ".venv/bin/python -m covid_xray.evaluation.baselines > docs/baselines.md"
    page = (root / "docs/baselines.md").read_text(encoding="utf-8")
    assert page == document(), f"docs/baselines.md and the records disagree: type {command}"
    assert page.startswith("*For ") and command in page
