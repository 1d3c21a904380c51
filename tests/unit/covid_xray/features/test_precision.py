import pytest
from covid_xray.features.key import feature_key
from covid_xray.features.precision import settled


@pytest.mark.parametrize(
    ("found", "precision", "note"),
    [
        ({"avx512_bf16"}, "bfloat16", "computed in bfloat16 (avx512_bf16)"),
        ({"amx_bf16 avx512_bf16", "avx512_bf16"}, "bfloat16", "(amx_bf16 avx512_bf16, avx512_bf16)"),
        ({"avx512_bf16", ""}, "float32", "no instructions for bfloat16, so features are computed in float32"),
        ({""}, "float32", "a worker's processor has no instructions"),
    ],
)
def test_bfloat16_is_used_where_every_worker_has_instructions_for_it(make_settings, found, precision, note):
    given = make_settings(precision="bfloat16")
    settings, said = settled(given, found)
    assert settings == given.model_copy(update={"precision": precision}) and note in said


def test_features_of_each_precision_have_a_key_of_their_own_and_float32_that_of_before(make_settings):
    exact, rounded = (
        feature_key(make_settings(precision=precision), "VGG16", "abc")
        for precision in ("float32", "bfloat16")
    )
    assert exact["preprocessing"] == "plain.1 SCALE_AREA_AVERAGING"
    assert rounded == exact | {"preprocessing": "plain.1 SCALE_AREA_AVERAGING bfloat16"}
