import pandas as pd
from covid_xray.stages.explain.refit import strictest


def test_patient_grouped_folds_are_stricter_than_the_published_split():
    splits = pd.DataFrame(
        {"protocol": ["as_published", "patient_grouped", "as_published"], "fold": [0, 1, 2]}
    )
    assert strictest(splits)["fold"].tolist() == [1]
    assert strictest(splits[splits["protocol"] == "as_published"])["fold"].tolist() == [0, 2]
