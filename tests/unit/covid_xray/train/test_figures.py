import pandas as pd
import pytest
from covid_xray.train.figures import figures

CLASSES = ("C", "N")


def held_out(*pairs: tuple[str, str], repeat: int = 0) -> pd.DataFrame:
    labels, predictions = zip(*pairs, strict=True)
    return pd.DataFrame({"repeat": repeat, "label": labels, "prediction": predictions})


def by_name(found):
    return {(f.metric, f.class_): f for f in found}


def test_figures_of_a_known_confusion_matrix():
    # 8 of 10 C found; 85 of 90 N found, 5 called C.
    rows = held_out(*[("C", "C")] * 8, *[("C", "N")] * 2, *[("N", "N")] * 85, *[("N", "C")] * 5)
    found = by_name(figures(rows, CLASSES))
    assert found["accuracy", None].value == pytest.approx(0.93)
    assert found["recall", "C"].value == pytest.approx(0.8)
    assert found["specificity", "C"].value == pytest.approx(85 / 90)
    assert found["precision", "C"].value == pytest.approx(8 / 13)
    assert found["f1", "C"].value == pytest.approx(2 * 8 / (2 * 8 + 2 + 5))
    assert found["balanced_accuracy", None].value == pytest.approx((0.8 + 85 / 90) / 2)
    assert found["macro_f1", None].value == pytest.approx((16 / 23 + 170 / 177) / 2)
    assert found["recall", "C"].n == 10 and found["accuracy", None].n == 100


def test_a_proportion_has_wilsons_interval():
    # Wilson's score interval for 8 of 10, from the closed form with z = 1.959964.
    recall = by_name(figures(held_out(*[("C", "C")] * 8, *[("C", "N")] * 2, ("N", "N")), CLASSES))[
        "recall", "C"
    ]
    assert (recall.ci_low, recall.ci_high) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_repeats_are_averaged_and_do_not_narrow_the_interval():
    one = held_out(("C", "C"), ("N", "N"), ("N", "N"), ("N", "N"))
    other = held_out(("C", "N"), ("N", "N"), ("N", "N"), ("N", "C"), repeat=1)
    both = by_name(figures(pd.concat([one, other]), CLASSES))
    assert both["accuracy", None].value == pytest.approx(0.75)
    assert both["accuracy", None].n == 4
    alone = by_name(figures(held_out(("C", "N"), ("N", "N"), ("N", "N"), ("N", "N")), CLASSES))
    assert both["accuracy", None].ci_low == alone["accuracy", None].ci_low


def test_the_precision_of_a_class_never_predicted_is_left_out():
    found = by_name(figures(held_out(("C", "N"), ("N", "N")), CLASSES))
    assert ("precision", "C") not in found and ("precision", "N") in found
