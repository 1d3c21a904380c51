"""What a session sets up for the Python workers."""

import os

from pyspark.sql import functions as F


def test_python_workers_ask_for_large_pages_in_which_networks_are_faster(spark):
    @F.udf("string")
    def of_worker(_):
        return os.environ.get("GLIBC_TUNABLES")

    (found,) = spark.range(1).select(of_worker("id")).first()
    assert found == "glibc.malloc.hugetlb=1"
