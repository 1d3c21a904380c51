import pytest
from radiograph.names import SUFFIXES, cut_suffix, stem


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".DCM", ".Png"])
def test_the_suffix_of_a_picture_is_cut_once_in_any_case(suffix):
    assert cut_suffix(f"C/1.2.840.113.1.7{suffix}") == "C/1.2.840.113.1.7"
    assert stem(f"C/a.png{suffix}") == "a.png"


@pytest.mark.parametrize(
    "name", ["1.2.840.113.1.7", "scan.Smith", "a.b c", "C.png/a", ".png", "C/.dcm", "a."]
)
def test_whatever_else_follows_a_dot_belongs_to_the_name(name):
    assert cut_suffix(name) == name
