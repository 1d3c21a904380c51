import io

import numpy as np
import pandas as pd
import pytest
from covid_xray.errors import DataError
from covid_xray.evaluation.explanations import (
    LUNG_BOX,
    SAMPLE,
    Box,
    box_area,
    box_shares,
    box_summary,
    box_weights,
    images_to_explain,
    lung_box,
    overlay_png,
)
from PIL import Image

CLASSES = ("Covid-19", "No_findings", "Pneumonia")
HALF = Box(left=0.25, top=0.0, right=1.0, bottom=0.5)
SIZE = 64
# In the middle of the four quarters there is no line.
EVERYTHING = Box(0.0, 0.0, 1.0, 1.0)


def test_a_cell_weighs_as_much_of_it_as_the_box_covers():
    np.testing.assert_allclose(box_weights(2, HALF), [[0.5, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(box_weights(2), [[0.8 * 0.7, 0.8 * 0.7], [0.8 * 0.6, 0.8 * 0.6]])


@pytest.mark.parametrize("grid", [7, 8, 10])
def test_on_every_grid_the_weights_make_the_area_of_the_box(grid):
    assert box_weights(grid).mean() == pytest.approx(box_area())
    assert box_area() == pytest.approx(0.52)


def test_the_share_counts_what_speaks_for_a_class_and_not_what_speaks_against_it():
    maps = np.array([[3.0, 1.0, 4.0, -9.0], [0.0, 2.0, -5.0, -1.0], [1.0, 1.0, 1.0, 1.0]], np.float32)
    np.testing.assert_allclose(box_shares(maps, HALF), [(3 * 0.5 + 1) / 8, 1.0, box_area(HALF)])


def test_a_map_that_is_positive_nowhere_has_no_share():
    assert np.isnan(box_shares(np.array([[0.0, -1.0, -2.0, 0.0]], np.float32))).tolist() == [True]


def test_in_the_lung_field_variant_the_box_is_where_its_part_of_the_picture_is():
    assert lung_box("plain") == LUNG_BOX
    within = lung_box("lungs")
    assert (within.left, within.top, within.right) == (0.0, 0.0, 1.0)
    assert 0.15 + 0.7 * within.bottom == pytest.approx(LUNG_BOX.bottom)


@pytest.fixture
def rows():
    """Images with random shares, each of a patient of its own, or several alike of each."""

    def make(patients=40, copies=1):
        shares = np.random.default_rng(2).uniform(0.2, 0.9, patients)
        names = [f"p{number}" for number in range(patients)]
        return pd.DataFrame({"patient_id": np.repeat(names, copies), "box_share": np.repeat(shares, copies)})

    return make


def test_it_is_the_mean_over_images_with_an_interval_around_it_beside_the_area_of_the_box(rows):
    given = rows()
    found = box_summary(given, 2000, seed=7)
    error = given["box_share"].std() / np.sqrt(40)
    assert found.value == pytest.approx(given["box_share"].mean())
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (found.n, found.n_patients, found.area) == (40, 40, box_area())
    assert box_summary(given, 2000, seed=7) == found


def test_more_images_of_the_same_patients_make_no_interval_narrower(rows):
    one, many = box_summary(rows(), 2000, seed=7), box_summary(rows(copies=9), 2000, seed=7)
    assert (many.n, many.n_patients) == (360, 40)
    assert (many.ci_low, many.ci_high) == pytest.approx((one.ci_low, one.ci_high))


def test_a_patient_with_more_images_counts_more():
    given = pd.DataFrame({"patient_id": ["a", "a", "a", "b"], "box_share": [0.8, 0.8, 0.8, 0.4]})
    found = box_summary(given, 500, seed=1)
    assert found.value == pytest.approx(0.7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.4, 0.8))


def test_images_without_a_share_do_not_count(rows):
    given = rows(patients=41)
    given.loc[40, "box_share"] = None
    assert box_summary(given, 500, seed=1) == box_summary(given[:40], 500, seed=1)
    assert box_summary(given[40:], 500, seed=1).n == 0


@pytest.fixture
def held_out():
    """Thirty images a class, in no order, all of them predicted rightly but the ones named."""

    def make(*wrong):
        ids = [f"{number:03d}" for number in range(90)]
        rows = pd.DataFrame({"image_id": ids, "label": CLASSES * 30, "prediction": CLASSES * 30})
        rows.loc[rows["image_id"].isin(wrong), "prediction"] = "No_findings"
        return rows.sample(frac=1, random_state=1)

    return make


def test_a_sample_has_the_first_images_of_each_class_and_equally_many(held_out):
    found = images_to_explain(held_out(), CLASSES)
    assert found == [f"{number:03d}" for number in range(SAMPLE)]


def test_every_missed_image_of_the_positive_class_comes_on_top(held_out):
    # 087 and 003 are Covid-19, the second in the sample anyway; 089 is Pneumonia.
    found = images_to_explain(held_out("087", "003", "089"), CLASSES)
    assert found == [*(f"{number:03d}" for number in range(SAMPLE)), "087"]


def test_a_class_with_few_images_gives_what_it_has(held_out):
    rows = held_out()
    few = rows[(rows["label"] != "Pneumonia") | (rows["image_id"] == "089")]
    assert few["image_id"].isin(images_to_explain(few, CLASSES)).sum() == 8 + 8 + 1


@pytest.fixture
def grey():
    """A wide picture of one shade of grey, as a file."""
    file = io.BytesIO()
    Image.new("L", (120, 50), 100).save(file, "PNG")
    return file.getvalue()


def drawn(*args, box=EVERYTHING):
    return np.asarray(Image.open(io.BytesIO(overlay_png(*args, box=box))).convert("RGB")).astype(int)


def test_what_speaks_for_a_class_is_orange_and_what_speaks_against_it_purple(grey):
    pixels = drawn(grey, SIZE, np.array([[1.0, -1.0], [0.0, 0.0]], np.float32), 1.0)
    assert pixels.shape == (SIZE, SIZE, 3)
    red, green, blue = pixels[5, 5]
    assert red > green > blue
    red, green, blue = pixels[5, -6]
    assert blue > red > green


def test_where_a_map_says_nothing_the_picture_shows(grey):
    pixels = drawn(grey, SIZE, np.zeros((7, 7), np.float32), 1.0)
    assert (pixels[1:-1, 1:-1] == 100).all()


def test_the_scale_is_the_value_of_the_strongest_colour(grey):
    map_ = np.full((7, 7), 0.5, np.float32)
    faint, strong, beyond = (drawn(grey, SIZE, map_, scale)[30, 30] for scale in (5.0, 0.5, 0.1))
    assert (strong == beyond).all() and np.ptp(strong) > np.ptp(faint) > 0


def test_the_map_is_smooth_and_lies_where_its_cells_are(grey):
    map_ = np.zeros((4, 4), np.float32)
    map_[1, 2] = 1
    hue = np.ptp(drawn(grey, SIZE, map_, 1.0), axis=2)
    row, column = np.unravel_index(hue.argmax(), hue.shape)
    assert 16 <= row < 32 and 32 <= column < 48
    assert len(np.unique(hue)) > 10


def test_the_box_is_drawn_as_a_white_line(grey):
    pixels = drawn(grey, 101, np.zeros((7, 7), np.float32), 1.0, box=Box(0.1, 0.2, 0.9, 0.8))
    white = np.argwhere((pixels == 255).all(axis=2))
    assert white.min(axis=0).tolist() == [20, 10] and white.max(axis=0).tolist() == [80, 90]
    assert len(white) == 2 * 81 + 2 * 59


def test_equal_maps_are_equal_files(grey):
    map_ = np.random.default_rng(1).standard_normal((7, 7)).astype(np.float32)
    assert overlay_png(grey, SIZE, map_, 2.0) == overlay_png(grey, SIZE, map_, 2.0)


def test_a_picture_that_cannot_be_opened_is_an_error():
    with pytest.raises(DataError, match="cannot be opened"):
        overlay_png(b"no picture", SIZE, np.zeros((7, 7), np.float32), 1.0)
