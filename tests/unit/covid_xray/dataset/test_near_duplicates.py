"""Copies of a picture are found among others, however they were changed, and nothing else is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from covid_xray.dataset import near_duplicates as module
from covid_xray.dataset.near_duplicates import near_duplicates, near_duplicates_between, signature_array
from PIL import Image
from radiograph import SIGNATURE_SIDE, signature

OTHERS = 40


def drawn(number: int) -> Image.Image:
    """A picture of smooth noise, unlike that of any other number."""
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (9, 8), np.uint8))
    return coarse.resize((300, 340), Image.Resampling.BICUBIC)


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - bottom) * height))
    )


def encoded_again(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.resize((150, 170)).save(file, "JPEG", quality=50)
    return Image.open(file)


COPIES = {
    "encoded again and resized": encoded_again,
    "brightened": lambda image: image.point([round(255 * (v / 255) ** 0.8) for v in range(256)]),
    "cropped at all sides": lambda image: cropped(image, 0.05, 0.05, 0.05, 0.05),
    "cropped at one side": lambda image: cropped(image, 0.08, 0, 0, 0),
    "cropped unevenly": lambda image: cropped(image, 0.02, 0.07, 0.05, 0.01),
}


def signatures(*images: Image.Image) -> np.ndarray:
    return signature_array(map(signature, images))


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_beside_its_original(name):
    others = [drawn(number) for number in range(OTHERS)]
    pairs = near_duplicates(signatures(*others, COPIES[name](drawn(7))))
    assert [(pair.first, pair.second) for pair in pairs] == [(7, OTHERS)]
    assert 0.93 <= pairs[0].similarity <= 1.000001


def test_different_pictures_are_no_pairs():
    assert near_duplicates(signatures(*map(drawn, range(OTHERS)))) == []
    assert near_duplicates(signatures(drawn(1))) == []


def test_pairs_come_with_the_most_similar_first_and_each_once():
    images = [drawn(1), drawn(2), cropped(drawn(1), 0.06, 0.06, 0.06, 0.06), drawn(2)]
    pairs = near_duplicates(signatures(*images, *map(drawn, range(10, 30))))
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 3), (0, 2)]
    assert pairs[0].similarity == pytest.approx(1, abs=1e-5)


def test_of_pictures_that_all_resemble_each_other_nothing_is_said():
    assert near_duplicates(signatures(*[drawn(1)] * OTHERS)) is None


def test_a_picture_of_one_shade_resembles_nothing():
    assert near_duplicates(np.zeros((2, SIGNATURE_SIDE, SIGNATURE_SIDE), np.uint8)) == []


@pytest.mark.parametrize("change", COPIES.values(), ids=list(COPIES))
def test_between_two_sets_a_copy_is_found_whichever_of_the_two_was_changed(change):
    one = signatures(*map(drawn, range(20)), drawn(3))
    other = signatures(*map(drawn, range(30, 35)), change(drawn(7)))
    pairs = near_duplicates_between(one, other)
    assert [(pair.first, pair.second) for pair in pairs] == [(7, 5)]
    turned = near_duplicates_between(other, one)
    assert [(pair.first, pair.second, pair.similarity) for pair in turned] == [(5, 7, pairs[0].similarity)]


def test_between_sets_of_which_one_is_empty_or_that_are_all_alike_there_are_no_pairs():
    none, alike = signatures(), signatures(*[drawn(1)] * 20)
    assert near_duplicates_between(none, alike) == near_duplicates_between(alike, none) == []
    assert near_duplicates_between(alike, alike) is None
    # As many as this one picture may have.
    assert len(near_duplicates_between(alike, signatures(drawn(1)))) == 20


def test_between_two_large_sets_only_whole_pictures_are_compared(monkeypatch):
    monkeypatch.setattr(module, "MOST_CROPPED", 3)
    one = signatures(*map(drawn, range(5)))
    other = signatures(cropped(drawn(2), 0.08, 0.08, 0, 0), encoded_again(drawn(4)))
    assert [(p.first, p.second) for p in near_duplicates_between(one, other)] == [(4, 1)]


def test_of_very_many_pictures_only_whole_ones_are_compared(monkeypatch):
    monkeypatch.setattr(module, "MOST_CROPPED", 3)
    others = [drawn(number) for number in range(5)]
    assert near_duplicates(signatures(*others, cropped(drawn(2), 0.08, 0.08, 0, 0))) == []
    assert [p.second for p in near_duplicates(signatures(*others, encoded_again(drawn(2))))] == [5]
