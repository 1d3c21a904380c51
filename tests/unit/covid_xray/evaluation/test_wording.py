import pytest
from covid_xray.evaluation.metrics import METRICS
from covid_xray.evaluation.results_model import Value
from covid_xray.evaluation.wording import area, weighting

GROUPS = "groups of images of one class and one source weigh the same in every fit"


@pytest.mark.parametrize(
    ("balance", "sources", "groups", "by_class"),
    [
        ("none", [{"A", "B"}, {"B"}], False, False),
        ("source_class", [{"A", "B"}, {"B"}], True, False),
        # Where each class has one source, groups are classes.
        ("source_class", [{"A"}, {"B"}], True, True),
        ("source_class", [{"A"}, {"A"}], True, True),
    ],
)
def test_how_images_weigh_is_said_and_where_sources_make_no_difference(balance, sources, groups, by_class):
    said = weighting(balance, sources)
    assert (GROUPS in said, "no more than weigh the classes equally" in said) == (groups, by_class)
    assert ("All images weigh the same" in said) != groups


def test_areas_under_curves_are_numbers_with_three_decimals_and_never_per_cent():
    assert area(Value(0.991, 0.98, 1.0, 20)) == "0.991 (0.980 to 1.000)"
    assert area(Value(0.62, None, None, 20)) == "0.620" and area(None) == "\N{EN DASH}"
    assert {one.unit for one in METRICS if one.name.endswith(("auroc", "auprc"))} == {"number"}
