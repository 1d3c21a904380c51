"""Networks in bfloat16 compute nearly what they do in float32, on the pictures of the sample."""

import numpy as np
import pytest
from sparkdl.backbones import backbone
from sparkdl.images import to_input
from sparkdl.network import Network, NetworkSpec
from sparkdl.precision import BFLOAT16, FLOAT32, bfloat16_instructions
from sparkdl.weights import resolve
from sparkdl.worker import cached_model

from data_upload.sample import draw_sample
from tests.networks import networks

# Random weights carry errors farther than trained ones do: the more layers, and the narrower, the farther.
COSINES = {"Xception": 0.9998, "MobileNetV2": 0.98, "EfficientNetV2B0": 0.95}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    draw_sample(folder, per_class=2, seed=1)
    return [file.read_bytes() for file in sorted(folder.glob("*/*.png"))[::2]]


# Without them TensorFlow takes minutes for what takes seconds.
with_instructions = pytest.mark.skipif(
    not bfloat16_instructions(), reason="this processor has no instructions for bfloat16"
)


@with_instructions
@pytest.mark.parametrize("name", networks("VGG16"))
def test_features_point_where_those_in_float32_do(name, pictures, store):
    size, weights = backbone(name).size, str(resolve("random", name, store).path)
    images = np.stack([to_input(file, size, "SCALE_AREA_AVERAGING") for file in pictures])
    exact, rounded = (
        Network(NetworkSpec(backbone(name), weights, precision=precision)).apply(images)
        for precision in (FLOAT32, BFLOAT16)
    )
    assert rounded.dtype == np.float32 and (exact != rounded).any()
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rounded, axis=1)
    assert ((exact * rounded).sum(axis=1) / lengths).min() >= COSINES.get(name, 0.9999)


@with_instructions
def test_a_process_keeps_one_precision_at_a_time(store):
    weights = str(resolve("random", "VGG16", store).path)
    net = backbone("VGG16")
    exact, rounded = (NetworkSpec(net, weights, "avg", precision=one) for one in (FLOAT32, BFLOAT16))
    assert cached_model(exact) is cached_model(exact)
    kept = cached_model(rounded)
    assert kept is cached_model(rounded) and kept is not cached_model(exact)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_bf16 sse\n", ["avx512_bf16"]),
        ("flags : amx_tile amx_bf16 avx512_bf16\n", ["amx_bf16", "avx512_bf16"]),
        ("Features : fp asimd bf16 sve\n", ["bf16"]),
        ("flags : fpu avx2\nbugs : amx_bf16\n", []),
        ("", []),
    ],
)
def test_a_processor_has_the_instructions_that_linux_names(tmp_path, facts, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(facts)
    assert bfloat16_instructions(file) == expected


def test_nothing_is_known_of_a_processor_where_linux_says_nothing(tmp_path):
    assert bfloat16_instructions(tmp_path / "none") == []
