import numpy as np
import pytest
from PIL import Image
from radiograph.occlusion import lungs_blanked, lungs_only, shuffled

# In pixels of a picture of 200 x 100: 0.10 to 0.90 across, 0.15 to 0.80 down.
BOX = (slice(15, 80), slice(20, 180))


@pytest.fixture(params=["L", "RGB"])
def picture(request):
    shape = (100, 200) if request.param == "L" else (100, 200, 3)
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, shape, np.uint8))


@pytest.fixture
def in_box():
    mask = np.zeros((100, 200), bool)
    mask[BOX] = True
    return mask


def test_with_the_lungs_blanked_the_box_has_the_mean_of_what_is_left(picture, in_box):
    before, after = np.asarray(picture), np.asarray(lungs_blanked(picture))
    np.testing.assert_array_equal(after[~in_box], before[~in_box])
    expected = np.rint(before[~in_box].mean(axis=0))
    assert (after[in_box] == expected).all()


def test_what_lies_in_the_box_changes_nothing_of_a_picture_with_the_lungs_blanked(picture, in_box):
    other = np.array(picture)
    other[in_box] = 255 - other[in_box]
    assert lungs_blanked(Image.fromarray(other)).tobytes() == lungs_blanked(picture).tobytes()


def test_what_lies_around_the_box_changes_nothing_of_the_lungs_only(picture, in_box):
    before, after = np.asarray(picture), np.asarray(lungs_only(picture))
    np.testing.assert_array_equal(after[in_box], before[in_box])
    other = np.array(picture)
    other[~in_box] = 255 - other[~in_box]
    assert lungs_only(Image.fromarray(other)).tobytes() == lungs_only(picture).tobytes()


def test_a_shuffled_picture_has_the_same_blocks_elsewhere(picture):
    def blocks(pixels):
        cut = pixels[2:98, 4:196]
        return [cut[r : r + 6, c : c + 12].tobytes() for r in range(0, 96, 6) for c in range(0, 192, 12)]

    found = shuffled(picture)
    assert found.size == (192, 96) and found.mode == picture.mode
    before, after = blocks(np.asarray(picture)), blocks(np.pad(np.asarray(found), _around(found)))
    assert sorted(before) == sorted(after)
    assert sum(one == other for one, other in zip(before, after, strict=True)) < 20


def test_each_picture_has_an_order_of_its_own_and_always_the_same(picture):
    other = Image.fromarray(255 - np.asarray(picture))
    assert shuffled(picture).tobytes() == shuffled(picture).tobytes()
    assert (255 - np.asarray(shuffled(other))).tobytes() != shuffled(picture).tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (15, 16)])
def test_pictures_too_small_for_blocks_are_enlarged(size):
    found = shuffled(Image.new("L", size, 7))
    assert min(found.size) >= 16 and set(found.tobytes()) == {7}


def test_a_picture_of_one_pixel_is_left_as_it_is():
    pixel = Image.new("L", (1, 1), 9)
    assert lungs_blanked(pixel).tobytes() == lungs_only(pixel).tobytes() == b"\x09"


def _around(picture):
    return [(2, 2), (4, 4), *[(0, 0)] * (np.asarray(picture).ndim - 2)]
