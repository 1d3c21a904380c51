import pytest
from sparkdl.backbones import BACKBONES, backbone
from sparkdl.errors import SparkdlError


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
def test_the_five_networks_give_the_published_number_of_features(name, size, length):
    assert backbone(name).size == size
    assert backbone(name).feature_length("published") == length


def test_pooling_changes_the_number_of_features():
    assert backbone("ResNet50").feature_length("none") == 100_352
    assert [backbone("VGG16").feature_length(p) for p in ("none", "avg", "max")] == [25_088, 512, 512]


def test_an_unknown_network_is_refused_beside_the_known_ones():
    with pytest.raises(SparkdlError, match="'VGG11' is not a supported network; these are: InceptionV3"):
        backbone("VGG11")
    assert len(BACKBONES) == 5
