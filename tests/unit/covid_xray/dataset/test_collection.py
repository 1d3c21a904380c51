import pandas as pd
import pytest
from covid_xray.dataset.collection import NIH, OTHER, collections


def test_the_collection_is_told_by_the_file_name_whatever_the_class():
    paths = pd.Series(["Pneumonia/00000583_008.jpg", "No_findings/1-s2.0_lrg.jpg", "C/00000583_008 (1).png"])
    assert list(collections(paths)) == [NIH, OTHER, OTHER]


@pytest.mark.parametrize("name", ["0a" * 32, f"p{'0a' * 8}_008", f"front view of p{'0a' * 8}"])
def test_pseudonyms_tell_no_collection(name):
    paths = pd.Series(["Pneumonia/00000583_008.jpg", f"Pneumonia/{name}.jpg"])
    assert collections(paths) is None
