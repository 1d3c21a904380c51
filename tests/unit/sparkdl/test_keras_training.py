"""Labels of a training are of one length."""

import pytest
from sparkdl import SparkdlError
from sparkdl.keras_training import _stacked


def test_labels_of_several_lengths_are_refused():
    assert _stacked([[1.0], [2.0]]).shape == (2, 1)
    with pytest.raises(SparkdlError, match="labels must be arrays of one length, not of 1 and 3"):
        _stacked([[1.0], [1.0, 0.0, 0.0]])
