import csv

import numpy as np
from PIL import Image

from data_upload.phantom import PATTERNS, draw_phantom
from data_upload.sample import draw_sample


def test_each_class_gets_its_pictures_and_every_picture_a_patient(tmp_path):
    draw_sample(tmp_path, per_class=6, seed=1)
    with (tmp_path / "patients.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for label in PATTERNS:
        files = {file.name for file in (tmp_path / label).iterdir()}
        mine = [row for row in rows if row["label"] == label]
        assert files == {row["original_filename"] for row in mine} and len(files) == 6
        assert len({row["patient_id"] for row in mine}) == 4


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        draw_sample(tmp_path / name, per_class=2, seed=seed)
    a, b, c = (
        {f.relative_to(tmp_path / name): f.read_bytes() for f in (tmp_path / name).rglob("*.png")}
        for name in "abc"
    )
    assert a == b and all(a[name] != c[name] for name in a)


def test_classes_differ_in_the_lungs_and_nowhere_else():
    def pixels(label):
        picture = draw_phantom(label, np.random.default_rng(5), np.random.default_rng(6))
        assert (picture.mode, picture.size) == ("L", (256, 300))
        return np.asarray(picture, int)

    clear = pixels("No_findings")
    border = np.ones(clear.shape, bool)
    border[30:270, 20:236] = False
    for label in ("Covid-19", "Pneumonia"):
        assert np.abs(pixels(label) - clear)[80:220, 40:216].max() > 40
        assert np.abs(pixels(label) - clear)[border].mean() < 12


def test_pictures_are_no_larger_than_a_sample_should_be(tmp_path):
    draw_sample(tmp_path, per_class=1, seed=1)
    assert all(file.stat().st_size < 80_000 for file in tmp_path.rglob("*.png"))
    assert Image.open(next(tmp_path.rglob("*.png"))).mode == "L"


def test_drawn_again_nothing_is_touched_and_what_is_too_much_goes(tmp_path):
    def times():
        return {file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*.*")}

    draw_sample(tmp_path, per_class=3, seed=1)
    before = times()
    draw_sample(tmp_path, per_class=3, seed=1)
    assert times() == before and len(before) == 10
    draw_sample(tmp_path, per_class=2, seed=1)
    assert len(times()) == 7
