import errno
import os
import shutil
import socket
import subprocess
import sys

import pytest
from sparkdl.backbones import backbone
from sparkdl.errors import WeightsError
from sparkdl.files import atomic_write
from sparkdl.network import Network, NetworkSpec
from sparkdl.obtain import obtain
from sparkdl.weights import kind_of, obtain_in_own_process, resolve


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Random weights of VGG16, drawn twice with one seed, in two processes, and once with another."""
    root = tmp_path_factory.mktemp("drawn")
    one = resolve("random", "VGG16", root / "a", 3)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sparkdl.weights.obtain_in_own_process", obtain)
        return [one, *(resolve("random", "VGG16", root / name, seed) for name, seed in (("b", 3), ("c", 4)))]


@pytest.fixture
def in_this_process(monkeypatch):
    """Obtain weights in the test's own process, where it can replace Keras's host."""
    monkeypatch.setattr("sparkdl.weights.obtain_in_own_process", obtain)


@pytest.fixture
def quick(monkeypatch):
    """Make weights of seven bytes; list the networks for which they were made."""
    made = []

    def make(name, file, seed, top):
        made.append(name)
        file.write_bytes(b"weights")

    monkeypatch.setattr("sparkdl.weights.obtain_in_own_process", make)
    return made


def rename_unsupported(source, target):
    """Fail to rename, as on a volume of a workspace."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def interrupted(source, target):
    """Copy the file to a temporary name, but only half of it to its final name."""
    temporary = target.name.startswith(".")
    target.write_bytes(source.read_bytes()[: None if temporary else 3])
    if not temporary:
        raise OSError("killed")


def recording(order):
    def write_and_record(path, write):
        order.append(path.name)
        atomic_write(path, write)

    return write_and_record


def test_equal_seeds_give_equal_files(drawn):
    one, same, other = drawn
    assert one.path.name == "vgg16-random-3.weights.h5" and one.kind == "random"
    assert one.sha256 == same.sha256 != other.sha256


def test_random_weights_are_drawn_once(drawn):
    before = drawn[0].path.stat().st_mtime_ns
    assert resolve("random", "VGG16", drawn[0].path.parent, 3) == drawn[0]
    assert drawn[0].path.stat().st_mtime_ns == before
    name = drawn[0].path.name
    assert sorted(file.name for file in drawn[0].path.parent.iterdir()) == [name, f"{name}.sha256"]


def test_stored_weights_that_have_changed_are_refused(drawn, tmp_path):
    for file in drawn[2].path.parent.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    path = tmp_path / drawn[2].path.name
    assert resolve("random", "VGG16", tmp_path, 4).sha256 == drawn[2].sha256
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"?")
    with pytest.raises(WeightsError, match=r"is not the file that was stored: delete it and .*\.sha256"):
        resolve("random", "VGG16", tmp_path, 4)


@pytest.mark.parametrize("renames", [True, False])
def test_stored_weights_are_written_before_their_sha256(quick, monkeypatch, tmp_path, renames):
    if not renames:
        monkeypatch.setattr(os, "replace", rename_unsupported)
    order = []
    monkeypatch.setattr("sparkdl.weights.atomic_write", recording(order))
    made = resolve("random", "VGG16", tmp_path)
    name = made.path.name
    assert order == [name, f"{name}.sha256"] == sorted(file.name for file in tmp_path.iterdir())
    assert made.path.read_bytes() == b"weights" and resolve("random", "VGG16", tmp_path) == made
    assert quick == ["VGG16"]


def test_a_stored_file_without_a_sha256_is_incomplete_and_made_again(quick, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "replace", rename_unsupported)
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", interrupted)
        with pytest.raises(OSError, match="killed"):
            resolve("random", "VGG16", tmp_path)
    (half,) = tmp_path.iterdir()
    assert half.read_bytes() == b"wei"
    assert resolve("random", "VGG16", tmp_path).path.read_bytes() == b"weights" and len(quick) == 2


def test_the_sha256_of_a_deleted_file_is_not_used_for_the_next_one(quick, monkeypatch, tmp_path):
    made = resolve("random", "VGG16", tmp_path)
    made.path.unlink()
    monkeypatch.setattr(os, "replace", rename_unsupported)
    monkeypatch.setattr("shutil.copyfile", interrupted)
    with pytest.raises(OSError, match="killed"):
        resolve("random", "VGG16", tmp_path)
    assert list(tmp_path.iterdir()) == [made.path] and len(quick) == 2


def test_imagenet_weights_are_downloaded_once_whatever_keras_keeps(in_this_process, monkeypatch, tmp_path):
    downloaded = []

    def build(net, weights, top):
        downloaded.append(net.name)
        (tmp_path / "keras" / "models").mkdir(parents=True)
        (tmp_path / "keras" / "models" / net.notop.name).write_bytes(b"weights")

    monkeypatch.setattr("sparkdl.network.build", build)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    one = resolve("imagenet", "VGG19", tmp_path / "store")
    shutil.rmtree(tmp_path / "keras")
    assert resolve("imagenet", "VGG19", tmp_path / "store") == one and downloaded == ["VGG19"]
    assert one.path.read_bytes() == b"weights" and one.kind == "imagenet"


@pytest.mark.parametrize(
    "name", ["vgg16_notop.weights.h5", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"]
)
def test_a_folder_is_searched_for_both_file_names(drawn, tmp_path, name):
    (tmp_path / name).hardlink_to(drawn[0].path)
    found = resolve(str(tmp_path), "VGG16", tmp_path / "store")
    assert (found.path, found.sha256, found.kind) == (tmp_path / name, drawn[0].sha256, "file")


def test_a_given_file_is_used_in_place(drawn, tmp_path):
    assert resolve(str(drawn[0].path), "VGG16", tmp_path).path == drawn[0].path


def test_a_given_file_must_match_the_sha256_next_to_it(drawn, tmp_path):
    file = tmp_path / "mine.weights.h5"
    file.hardlink_to(drawn[0].path)
    recorded = tmp_path / "mine.weights.h5.sha256"
    # As sha256sum writes it, and as Windows does.
    for text in (f"{drawn[0].sha256}  mine.weights.h5\n", drawn[0].sha256.upper()):
        recorded.write_text(text)
        assert resolve(str(file), "VGG16", tmp_path).sha256 == drawn[0].sha256
    for text in (drawn[2].sha256, "", "\xe9"):
        recorded.write_text(text, encoding="latin-1")
        with pytest.raises(WeightsError, match=r"whose sha256 is in mine\.weights\.h5\.sha256 next to it"):
            resolve(str(file), "VGG16", tmp_path)


def test_a_folder_without_weights_is_refused_with_the_file_names_that_it_needs(tmp_path):
    with pytest.raises(
        WeightsError, match=r"no weights for VGG19 in .*vgg19_notop\.weights\.h5 or vgg19_weights"
    ):
        resolve(str(tmp_path), "VGG19", tmp_path)


def test_files_that_can_hold_code_are_not_opened(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK")
    with pytest.raises(WeightsError, match="can hold code"):
        resolve(str(tmp_path / "model.keras"), "VGG16", tmp_path)


def test_weights_of_another_network_and_damaged_files_are_refused_in_one_line(drawn, tmp_path):
    damaged = tmp_path / "damaged.weights.h5"
    damaged.write_bytes(drawn[0].path.read_bytes()[:1000])
    for name, file in (("VGG19", drawn[0].path), ("VGG16", damaged)):
        with pytest.raises(WeightsError, match=f"does not hold the weights of {name}") as refusal:
            Network(NetworkSpec(backbone(name), str(file)))
        assert "\n" not in str(refusal.value)


def test_imagenet_weights_that_were_downloaded_before_need_no_network(drawn, tmp_path):
    kept = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    kept.hardlink_to(drawn[0].path)
    kept.with_name(f"{kept.name}.sha256").write_text(drawn[0].sha256)
    found = resolve("imagenet", "VGG16", tmp_path)
    assert (found.path, found.kind) == (kept, "imagenet")


def test_the_kind_of_weights_follows_from_the_text():
    assert [kind_of(text) for text in ("imagenet", "random", "some/folder")] == ["imagenet", "random", "file"]


def test_a_failed_download_says_what_to_do(in_this_process, tmp_path, monkeypatch):
    # No request leaves this machine: the download goes to a local port on which nothing listens.
    import keras

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = sys.modules[keras.applications.vgg16.VGG16.__module__]
    monkeypatch.setattr(source, "WEIGHTS_PATH_NO_TOP", f"http://127.0.0.1:{port}/x.h5")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with pytest.raises(WeightsError, match="ImageNet weights of VGG16 could not be downloaded") as refusal:
        resolve("imagenet", "VGG16", tmp_path / "store")
    assert "give random" in str(refusal.value) and "\n" not in str(refusal.value)
    assert list((tmp_path / "store").iterdir()) == []


_RESOLVE = """
import sys
from pathlib import Path
from sparkdl.errors import WeightsError
from sparkdl.weights import resolve

try:
    resolve("imagenet", "ResNet50", Path(sys.argv[1]))
except WeightsError as error:
    print(error)
print({"tensorflow", "keras", "pyspark"} & set(sys.modules))
"""


def test_resolving_weights_loads_no_tensorflow_and_reports_a_failed_download(tmp_path, monkeypatch):
    # No request leaves this machine: the proxy is a local port on which nothing listens.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free.getsockname()[1]}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    command = [sys.executable, "-c", _RESOLVE, str(tmp_path / "store")]
    said = subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()
    assert "weights of ResNet50 could not be downloaded" in said[-2] and "give random" in said[-2]
    assert said[-1] == "set()"


def test_a_process_that_fails_is_reported_with_its_exit_code(tmp_path):
    with pytest.raises(RuntimeError, match=r"sparkdl.obtain LeNet .* failed with exit code 1: .*LeNet"):
        obtain_in_own_process("LeNet", tmp_path / "lenet.weights.h5", 1)
