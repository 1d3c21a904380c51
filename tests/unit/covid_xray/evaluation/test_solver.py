import pytest
from covid_xray.errors import SettingsError, StageError
from covid_xray.evaluation.solver import MOST_FEATURES, MOST_IMAGES, check_networks, check_occlusion, way
from sparkdl.backbones import PUBLISHED

from tests.models import save_model


@pytest.mark.parametrize(
    ("images", "features", "solver", "expected"),
    [
        (1123, 204_800, "auto", "row_space"),
        (MOST_IMAGES, 512, "auto", "row_space"),
        (MOST_IMAGES + 1, 512, "auto", "batched"),
        (112_120, MOST_FEATURES, "auto", "batched"),
        (60, 512, "batched", "batched"),
        (5000, 25_088, "row_space", "row_space"),
    ],
)
def test_few_images_are_fitted_in_the_row_space_and_many_all_at_once(images, features, solver, expected):
    assert way(images, features, solver) == expected


def test_many_images_of_flat_features_are_refused_with_what_to_change():
    with pytest.raises(
        StageError,
        match=r"3001 images of 25088 features .* --set dimensionality=1024 or --set pooling=avg.* most 3000",
    ):
        way(3001, 25_088, "auto")
    with pytest.raises(StageError, match=r"25088 features cannot .* use --set solver=auto"):
        way(60, 25_088, "batched")


def test_a_matrix_that_no_table_could_hold_is_refused():
    with pytest.raises(StageError, match="a matrix of 10000 x 10000, and can do 5000: use --set solver=auto"):
        way(10_000, 25_088, "row_space")


def test_a_network_whose_features_are_too_wide_is_named_before_they_are_computed(make_settings):
    check_networks(5000, ["ResNet50"], make_settings())
    check_networks(5000, ["ResNet50", "VGG16"], make_settings(pooling="avg"))
    with pytest.raises(StageError, match="VGG16: 5000 images of 25088 features"):
        check_networks(5000, ["ResNet50", "VGG16"], make_settings())


def test_features_count_as_many_as_are_left_after_the_projection_also_together(make_settings):
    few, many = make_settings(dimensionality=1024), make_settings(dimensionality=2048)
    check_networks(112_120, PUBLISHED, few)
    check_networks(112_120, PUBLISHED[:4], many)
    with pytest.raises(StageError, match="Fused: 112120 images of 10240 features"):
        check_networks(112_120, PUBLISHED, many)
    # In the row space there may be any number.
    check_networks(MOST_IMAGES, PUBLISHED, many)


def test_a_network_to_hide_parts_from_must_exist(make_settings):
    check_occlusion(make_settings(occlusion={"all": ["shuffled"], "VGG19": ["lungs_only"]}))
    says = r"'occlusion' names 'VGG61', which is not a network \(did you mean 'VGG19'\?\): use InceptionV3, "
    with pytest.raises(SettingsError, match=says):
        check_occlusion(make_settings(occlusion={"VGG61": ["shuffled"]}))


def test_a_network_of_ones_own_that_has_no_file_is_named_before_features_are_computed(make_settings):
    settings = make_settings(networks={"Mine": {"model": "/w/mine.keras", "preprocessing": "unit"}})
    with pytest.raises(SettingsError, match=r"'networks\.Mine': /w/mine\.keras is not a file"):
        check_networks(10, ["ResNet50", "Mine"], settings)


def test_a_model_in_a_file_is_computed_in_float32_alone(make_settings, tmp_path):
    file = tmp_path / "mine.keras"
    save_model(file, (64, 64, 3))
    own = {"Mine": {"model": str(file), "preprocessing": "unit"}}
    with pytest.raises(SettingsError, match="Mine is a model in a file, whose layers are not computed in bf"):
        check_networks(10, ["Mine"], make_settings(networks=own, precision="bfloat16"))
