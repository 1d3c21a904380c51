import keras
import pytest
from keras.src.utils import file_utils
from sparkdl.backbones import BACKBONES, IMAGENET_CLASSES, KerasFile, backbone, document
from sparkdl.errors import SparkdlError
from sparkdl.network import build

from tests.networks import networks

REGENERATE = ".venv/bin/python -m sparkdl.backbones >docs/backbones.md"


@pytest.fixture
def file_asked_for(monkeypatch):
    """Return the name of the file that Keras would download."""

    def ask(net, top):
        asked = []

        def stop(fname, *_, **__):
            asked.append(fname)
            raise ConnectionError

        monkeypatch.setattr(file_utils, "get_file", stop)
        with pytest.raises(ConnectionError):
            build(net, weights="imagenet", top=top)
        return asked[0]

    return ask


@pytest.mark.parametrize("net", BACKBONES.values(), ids=BACKBONES)
def test_a_record_agrees_with_the_network_that_keras_builds(net, file_asked_for):
    keras.backend.clear_session()
    model = build(net)
    _, grid, width, channels = model.output_shape
    assert (net.grid, net.channels, net.notop) == (
        grid,
        channels,
        keras_file(model, file_asked_for(net, False)),
    )
    assert width == grid
    # Keras says for which input its weights were trained when it is asked for another one.
    application = getattr(keras.applications, net.name)
    with pytest.raises(ValueError, match=rf"should be \({net.size}, {net.size}, 3\)"):
        application(weights="imagenet", input_shape=(net.size + 1, net.size + 1, 3))


@pytest.mark.parametrize("name", networks("MobileNetV2"))
def test_a_record_agrees_with_the_network_with_its_top(name, file_asked_for):
    keras.backend.clear_session()
    net = backbone(name)
    model = build(net, top=True)
    assert model.output_shape == (None, IMAGENET_CLASSES)
    assert net.top == keras_file(model, file_asked_for(net, True))


def keras_file(model, name):
    arrays = [array.size for array in model.get_weights()]
    return KerasFile(name, len(arrays), sum(arrays))


@pytest.mark.parametrize(
    ("name", "size", "length"),
    [
        ("InceptionV3", 299, 131_072),
        ("Xception", 299, 204_800),
        ("ResNet50", 224, 2_048),
        ("VGG16", 224, 25_088),
        ("VGG19", 224, 25_088),
    ],
)
def test_the_networks_of_sparkdl_1_5_give_the_published_number_of_features(name, size, length):
    assert backbone(name).size == size
    assert backbone(name).feature_length("published") == length
    assert backbone(name).published_pooling is not None


def test_pooling_changes_the_number_of_features():
    assert backbone("ResNet50").feature_length("none") == 100_352
    assert [backbone("VGG16").feature_length(p) for p in ("none", "avg", "max")] == [25_088, 512, 512]


def test_an_unknown_network_is_refused_with_the_names_of_the_supported_ones():
    with pytest.raises(SparkdlError, match="'VGG11' is not a supported network; choose one of InceptionV3, "):
        backbone("VGG11")


def test_the_page_of_the_docs_agrees_with_the_records(root):
    page = root / "docs" / "backbones.md"
    assert page.read_text(encoding="utf-8") == document(), f"run {REGENERATE}"
    assert REGENERATE in document()
