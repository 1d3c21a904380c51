"""What config.yaml may say of a network of one's own."""

import pytest
from covid_xray.errors import SettingsError
from covid_xray.evaluation.baselines import BASELINES
from covid_xray.features.key import feature_key
from covid_xray.settings import load_settings

ARCHITECTURE = {"architecture": "DenseNet121", "weights": "/w/mine.weights.h5"}
MODEL = {"model": "/w/mine.keras", "preprocessing": "unit"}


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, "'networks.Mine' .*: give an architecture and its weights, or a model"),
        ({"architecture": "DenseNet121"}, "the weights of DenseNet121 are missing: add weights: PATH"),
        (ARCHITECTURE | MODEL, "give either a model, or an architecture and its weights"),
        ({"model": "/w/mine.keras"}, "a model needs its preprocessing: caffe, tf or torch"),
        (ARCHITECTURE | {"architecture": "DenseNet12"}, r"is not a known .*did you mean 'DenseNet121'\?"),
        (
            MODEL | {"preprocessing": "units"},
            "'networks.Mine.preprocessing' .* one of caffe, tf, torch, unit",
        ),
        (MODEL | {"preprocessing": "Torch"}, r"\(did you mean 'torch'\?\)"),
        (MODEL | {"size": 20}, "'networks.Mine.size' .* is 20, but must be a whole number from 32 to 2048"),
        (MODEL | {"pixels": 20}, "'networks.Mine.pixels' .* does not exist"),
        ({"modle": "/w/a.keras"}, r"'networks.Mine.modle' .*\(did you mean 'networks.Mine.model'\?\)"),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_one_line(make_settings, own, message):
    with pytest.raises(SettingsError, match=message) as raised:
        make_settings(networks={"Mine": own})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vgg16", "as VGG16 is one of Keras's"),
        ("Fused", "as 'fused' stands for something else"),
        ("all", "as 'all' stands for something else"),
        # As it could not be told from a network's where both are shown.
        *((one.name, f"as '{one.name}' is a baseline") for one in BASELINES if "_" not in one.name),
    ],
)
def test_a_name_that_stands_for_something_else_is_refused(make_settings, name, message):
    with pytest.raises(SettingsError, match=f"a network cannot be called '{name}', {message}"):
        make_settings(networks={name: MODEL})


@pytest.mark.parametrize("name", ["My_net", "1Net", "Nét", ""])
def test_a_name_that_cannot_be_part_of_a_runs_name_is_refused(make_settings, name):
    with pytest.raises(SettingsError, match="must consist of at most 50 letters and digits"):
        make_settings(networks={name: MODEL})


def test_two_names_that_differ_by_case_alone_are_refused(make_settings):
    with pytest.raises(SettingsError, match="cannot be called 'MINE', as there is 'Mine' already"):
        make_settings(networks={"Mine": MODEL, "MINE": MODEL})


def test_paths_are_relative_to_the_settings_file(root, tmp_path):
    config = tmp_path / "config.yaml"
    text = (root / "config.yaml").read_text()
    mine = "{architecture: VGG16, weights: weights/mine.weights.h5}"
    config.write_text(text.replace("networks: {}", f"networks: {{Mine: {mine}}}"))
    assert load_settings(config).networks["Mine"].file == tmp_path / "weights" / "mine.weights.h5"


def test_weights_of_such_a_network_are_its_own_and_of_others_those_of_the_run(make_settings):
    settings = make_settings(networks={"Mine": MODEL})
    assert [settings.weights_source("imagenet", name) for name in ("Mine", "VGG16")] == [
        "/w/mine.keras",
        "imagenet",
    ]


@pytest.mark.parametrize("change", [{"size": 96}, {"preprocessing": "tf"}])
def test_what_its_features_depend_on_is_part_of_their_key(make_settings, change):
    one, other = (
        feature_key(make_settings(networks={"Mine": own}), "Mine", "sha") for own in (MODEL, MODEL | change)
    )
    assert one != other
    assert feature_key(make_settings(networks={"Mine": MODEL}), "VGG16", "sha") == feature_key(
        make_settings(), "VGG16", "sha"
    )
