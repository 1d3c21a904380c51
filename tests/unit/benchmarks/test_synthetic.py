import numpy as np

from benchmarks import synthetic


def test_rows_are_like_features_and_the_first_of_many_are_those_of_few():
    few, many = synthetic.draw(300, 40), synthetic.draw(5000, 40)
    np.testing.assert_array_equal(few.features, many.features[:300])
    np.testing.assert_array_equal(few.codes, many.codes[:300])
    assert many.features.dtype == np.float32 and (many.features >= 0).all()
    assert 0.4 < (many.features == 0).mean() < 0.6
    columns = many.features / many.features.std(axis=0)
    assert columns.max() > 10, "heavy-tailed"
    assert np.abs(np.corrcoef(columns.T) - np.eye(40)).max() > 0.5, "correlated"
    assert set(many.codes) == {0, 1, 2}


def test_there_are_forty_fits_of_folds_of_patients_and_of_random_fifths(tmp_path):
    synthetic.write(tmp_path, 200, 8)
    folds = synthetic.folds(tmp_path, 200)
    assert len(folds.fits) == 40 and folds.n_classes == [2, 3]
    patients = folds.images["patient_id"].to_numpy()
    for split, (protocol, _) in enumerate(folds.names):
        if protocol == "patient_grouped":
            held_out = folds.labels.folds[:, split]
            assert all(len(set(held_out[patients == one])) == 1 for one in set(patients))
