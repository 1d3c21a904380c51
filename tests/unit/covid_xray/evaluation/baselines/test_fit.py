import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.baselines.fit import better, candidates
from covid_xray.evaluation.splits import split

CLASSES = ("Covid-19", "No_findings")
BOTH = {"logistic regression", "gradient boosting"}


@pytest.fixture
def settings(make_settings):
    return make_settings(repeats=1, **{"patient_grouped.repeats": 1, "patient_grouped.folds": 3})


@pytest.fixture
def images():
    """150 images, a third of them positive."""
    ids = [f"{n:03d}" for n in range(150)]
    labels = [CLASSES[n % 3 > 0] for n in range(150)]
    return pd.DataFrame({"image_id": ids, "label": labels, "patient_id": ids, "source": None})


@pytest.fixture
def splits(images, settings):
    return split(images, settings).query("task == 'binary'").astype({"fold": "float"})


@pytest.fixture
def noise(images):
    values = np.random.default_rng(5).normal(size=(len(images), 6))
    return pd.DataFrame(values, index=images["image_id"])


def accuracy(predictions):
    return (predictions["label"] == predictions["prediction"]).mean()


def test_every_fold_predicts_what_it_holds_out_and_nothing_else(noise, splits, settings):
    expected = splits[splits["fold"].notna()]
    for found in candidates(noise, False, splits, CLASSES, settings).values():
        key = ["protocol", "repeat", "fold", "image_id", "patient_id", "label"]
        pd.testing.assert_frame_equal(
            found[key].astype({"fold": float}),
            expected[key].sort_values(key, ignore_index=True),
            check_dtype=False,
        )
        shares = np.stack(found["probability"])
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        assert found["prediction"].tolist() == [CLASSES[code] for code in shares.argmax(axis=1)]


@pytest.mark.parametrize("method", sorted(BOTH))
def test_what_gives_the_label_away_is_found_and_noise_is_not(noise, images, splits, settings, method):
    telling = noise.assign(width=np.where(images["label"] == CLASSES[0], 2000.0, 1024.0))
    assert accuracy(candidates(telling, False, splits, CLASSES, settings)[method]) == 1
    assert accuracy(candidates(noise, False, splits, CLASSES, settings)[method]) < 0.8


def test_without_columns_the_shares_of_the_training_rows_are_said(noise, images, splits, settings):
    (found,) = candidates(noise[[]], False, splits, CLASSES, settings).values()
    for (protocol, fold), part in found.groupby(["protocol", "fold"]):
        training = splits[(splits["protocol"] == protocol) & (splits["fold"] != fold)]
        share = (training["label"] == CLASSES[0]).mean()
        np.testing.assert_allclose(np.stack(part["probability"]), [[share, 1 - share]] * len(part))
    assert set(found["prediction"]) == {"No_findings"}


def test_groups_of_a_class_and_a_source_weigh_equally_where_fits_are_balanced(noise, splits, make_settings):
    balanced = make_settings(balance="source_class")
    of_b = splits["image_id"].isin([f"{n:03d}" for n in range(0, 30)]) & (splits["label"] == CLASSES[0])
    sourced = splits.assign(source=np.where(of_b, "B", "A"))
    (found,) = candidates(noise[[]], False, sourced, CLASSES, balanced).values()
    # Two of three groups are positive, however few images they have.
    np.testing.assert_allclose(np.stack(found["probability"]), [[2 / 3, 1 / 3]] * len(found))
    logistic = candidates(noise, False, sourced, CLASSES, balanced)["logistic regression"]
    assert np.stack(logistic["probability"])[:, 0].mean() > 0.5


@pytest.mark.parametrize("are_pixels", [False, True])
def test_what_is_fitted_never_sees_a_held_out_row(noise, splits, settings, are_pixels):
    once = splits[splits["protocol"] == "as_published"]
    stranger = once.loc[once["fold"] == 0, "image_id"].iloc[0]
    changed = noise.copy()
    changed.loc[stranger] += 1e6
    before, after = (candidates(values, are_pixels, once, CLASSES, settings) for values in (noise, changed))
    assert set(before) == BOTH
    for method, found in before.items():
        others = found["image_id"] != stranger
        same = [np.stack(of_one[others]["probability"]) for of_one in (found, after[method])]
        np.testing.assert_allclose(*same, rtol=1e-9)
        assert found[~others]["probability"].iloc[0] != after[method][~others]["probability"].iloc[0]


def test_with_fewer_rows_than_axes_pixels_are_still_fitted(splits, images, settings):
    values = np.random.default_rng(6).normal(size=(len(images), 400))
    pixels = pd.DataFrame(values, index=images["image_id"])
    assert set(candidates(pixels, True, splits, CLASSES, settings)) == BOTH


def test_the_better_method_is_chosen_in_each_protocol_and_the_first_of_equals():
    def said(*of_each):
        rows = [(protocol, "a", text) for protocol, text in zip("xyz", of_each, strict=True)]
        return pd.DataFrame(rows, columns=["protocol", "label", "prediction"])

    chosen, methods = better({"first": said("a", "b", "a"), "second": said("b", "a", "a")})
    assert methods == {"x": "first", "y": "second", "z": "first"}
    assert accuracy(chosen) == 1 and chosen["protocol"].tolist() == ["x", "y", "z"]
