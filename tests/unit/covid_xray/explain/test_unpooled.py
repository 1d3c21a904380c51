import hashlib

import pytest
from covid_xray.errors import StageError
from covid_xray.explain.unpooled import weights_of_run


def test_other_weights_than_those_of_the_run_are_refused_in_one_line(tmp_path):
    file = tmp_path / "resnet50_notop.weights.h5"
    file.write_bytes(b"weights")
    own = hashlib.sha256(b"weights").hexdigest()
    assert weights_of_run(str(tmp_path), "ResNet50", tmp_path, 0, own) == file
    with pytest.raises(StageError, match="made with weights 000000000000: give those") as refused:
        weights_of_run(str(tmp_path), "ResNet50", tmp_path, 0, "0" * 64)
    assert "\n" not in str(refused.value) and str(file) in str(refused.value)
