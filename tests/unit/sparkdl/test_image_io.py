"""Arrays, Pillow's images and rows of the image schema, back and forth."""

import io

import numpy as np
import pytest
from PIL import Image
from sparkdl import SparkdlError, imageIO, imageSchema


def noise(*shape, dtype="uint8"):
    return np.random.default_rng(1).integers(0, 256, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_array_becomes_a_row_and_an_array_again(dtype, channels):
    array = noise(4, 5, channels, dtype=dtype)
    row = imageIO.imageArrayToStruct(array, origin="a.png")
    kind = imageIO.imageTypeByOrdinal(row.mode)
    assert list(row.asDict()) == imageSchema.names
    assert (row.origin, row.height, row.width, row.nChannels) == ("a.png", 4, 5, channels)
    assert (kind.nChannels, kind.dtype) == (channels, dtype) and imageIO.imageTypeByName(kind.name) == kind
    assert np.array_equal(imageIO.imageStructToArray(row), array)
    # A batch of one is one image.
    assert imageIO.imageArrayToStruct(array[None], origin="a.png") == row


def test_the_codes_are_those_of_opencv():
    codes = {"CV_8UC1": 0, "CV_32FC1": 5, "CV_8UC3": 16, "CV_32FC3": 21, "CV_8UC4": 24, "CV_32FC4": 29}
    assert {name: imageIO.imageTypeByName(name).ord for name in codes} == codes


@pytest.mark.parametrize("kind", [1, "CV_64FC3"])
def test_another_type_is_refused_with_those_that_are_known(kind):
    find = imageIO.imageTypeByOrdinal if isinstance(kind, int) else imageIO.imageTypeByName
    with pytest.raises(KeyError, match=rf"{kind!r} are not supported; convert to one of CV_8UC1 \(0\)"):
        find(kind)


@pytest.mark.parametrize(
    "array", [noise(4, 5), noise(4, 5, 2), noise(2, 4, 5, 3), noise(4, 5, 3, dtype="float64")]
)
def test_an_array_that_is_no_image_is_refused(array):
    with pytest.raises(SparkdlError, match=r"an array of \w+ and shape .* is not an image: it must be"):
        imageIO.imageArrayToStruct(array)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pillows_images_are_stored_blue_first(mode):
    pixels = noise(4, 5, len(mode))
    picture = Image.fromarray(pixels[:, :, 0] if mode == "L" else pixels)
    array = imageIO.PIL_to_imageStruct(picture)
    blue_first = {"L": [0], "RGB": [2, 1, 0], "RGBA": [2, 1, 0, 3]}[mode]
    assert np.array_equal(array, pixels[:, :, blue_first])
    assert imageIO.imageStructToPIL(imageIO.imageArrayToStruct(array)) == picture
    assert np.array_equal(imageIO.fixColorChannelOrdering("L" if mode == "L" else "RGB", pixels), array)
    assert np.array_equal(imageIO.fixColorChannelOrdering("BGR", array), array)


def test_a_row_of_floats_is_no_picture():
    row = imageIO.imageArrayToStruct(noise(4, 5, 3, dtype="float32"))
    with pytest.raises(SparkdlError, match="a row of CV_32FC3 is not a picture of bytes"):
        imageIO.imageStructToPIL(row)


@pytest.mark.parametrize(("order", "channels"), [("L", 3), ("GBR", 3)])
def test_an_order_that_does_not_fit_is_refused(order, channels):
    with pytest.raises(SparkdlError, match="order"):
        imageIO.fixColorChannelOrdering(order, noise(4, 5, channels))


def test_files_are_decoded_and_resized():
    file = io.BytesIO()
    Image.fromarray(noise(6, 8, 3)).save(file, "PNG")
    assert np.array_equal(imageIO.PIL_decode(file.getvalue()), noise(6, 8, 3)[:, :, ::-1])
    assert imageIO.PIL_decode_and_resize((3, 2))(file.getvalue()).shape == (2, 3, 3)


@pytest.mark.parametrize("size", [(1, 2, 3), (0, 5), (5, -1), (1.5, 2), (True, 2), "16", 16, None])
def test_a_size_is_two_numbers(size):
    for make, order in (
        (imageIO.createResizeImageUDF, r"\(height, width\)"),
        (imageIO.PIL_decode_and_resize, r"\(width, height\)"),
    ):
        with pytest.raises(SparkdlError, match=rf"a size is {order}, two whole numbers of at least 1, not "):
            make(size)


def test_there_is_no_image_in_a_null():
    for read in (imageIO.imageStructToArray, imageIO.imageStructToPIL):
        with pytest.raises(
            SparkdlError, match="there is no image in a null: leave out rows whose image is null"
        ):
            read(None)


def test_images_are_read_with_a_function_only():
    with pytest.raises(
        SparkdlError, match="decode_f must be a function from a file's bytes to an array, not 3"
    ):
        imageIO.readImagesWithCustomFn("pictures", 3)
