"""Spark's workers say which instructions their processors have."""

from covid_xray.features.precision import settle_precision, settled
from sparkdl.precision import bfloat16_instructions


def test_the_workers_are_asked_only_where_bfloat16_is_wanted(spark, make_settings):
    exact, wanted = make_settings(), make_settings(precision="bfloat16")
    assert settle_precision(spark, exact) == (exact, "")
    # They run on this machine.
    assert settle_precision(spark, wanted) == settled(wanted, {" ".join(bfloat16_instructions())})
