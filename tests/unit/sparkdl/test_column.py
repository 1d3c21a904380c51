import io
import os

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from sparkdl.backbones import backbone
from sparkdl.column import features
from sparkdl.network import NetworkSpec


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A weights file, and a fake network instead of the one built from it."""
    monkeypatch.setattr("sparkdl.worker._cached", None)
    monkeypatch.setattr("sparkdl.network.Network", FakeNetwork)
    monkeypatch.setattr(FakeNetwork, "made", 0)
    file = tmp_path / "vgg16.weights.h5"
    file.write_bytes(b"weights")
    return file


@pytest.fixture
def task(weights, monkeypatch):
    """Compute the features of one task's batches in this process instead of in a Spark worker."""
    monkeypatch.setattr("sparkdl.column.arrow_udf", lambda kind: FakeUdf)

    def run(*batches):
        compute = features(None, NetworkSpec(backbone("VGG16"), str(weights)), "SCALE_SMOOTH", batch_size=2)
        return [row for batch in compute(map(pa.array, batches)) for row in batch.to_pylist()]

    return run


class FakeNetwork:
    made = 0

    def __init__(self, spec):
        FakeNetwork.made += 1

    def apply(self, images):
        return np.full((len(images), 1), FakeNetwork.made, np.float32)


class FakeUdf:
    """The part of a Spark UDF that `features` uses."""

    def __init__(self, compute):
        self.compute = compute

    def asNondeterministic(self):
        return lambda column: self.compute


@pytest.fixture
def png():
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "PNG")
    return file.getvalue()


def test_a_task_checks_the_weights_file_once_for_all_its_batches(task, weights, png, monkeypatch):
    asked, stat = [], os.stat
    monkeypatch.setattr(os, "stat", lambda path, **how: (asked.append(str(path)), stat(path, **how))[1])
    assert task([png] * 5, [b"no picture"], [png] * 3) == [*[[1.0]] * 5, None, *[[1.0]] * 3]
    assert asked.count(str(weights)) == 1


def test_the_next_task_notices_a_changed_weights_file(task, weights, png):
    assert task([png]) == task([png]) == [[1.0]]
    os.utime(weights, ns=(0, 0))
    assert task([png], [png]) == [[2.0], [2.0]]


def test_a_task_without_a_decodable_image_builds_no_network(task, weights):
    weights.unlink()
    assert task([b"no picture", None], [b""]) == [None, None, None]
    assert FakeNetwork.made == 0
