import errno
import os
import shutil
import socket
import subprocess
import sys

import pytest
from sparkdl.errors import WeightsError
from sparkdl.files import write_whole
from sparkdl.network import Network, Recipe
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
    """Obtain weights where a test can stand in for Keras's host."""
    monkeypatch.setattr("sparkdl.weights.obtain_in_own_process", obtain)


@pytest.fixture
def quick(monkeypatch):
    """Weights of seven bytes; the names of the networks for which they were made."""
    made = []

    def make(name, file, seed):
        made.append(name)
        file.write_bytes(b"weights")

    monkeypatch.setattr("sparkdl.weights.obtain_in_own_process", make)
    return made


def refused(source, target):
    """Rename a file as a volume of a workspace does."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def broken_off(source, target):
    """Copy a file whole beside its place, and half of it to its place."""
    whole = target.name.startswith(".")
    target.write_bytes(source.read_bytes()[: None if whole else 3])
    if not whole:
        raise OSError("killed")


def noting(order):
    def noted(path, write):
        order.append(path.name)
        write_whole(path, write)

    return noted


def test_importing_the_package_loads_no_tensorflow():
    code = "import sys, sparkdl, sparkdl.column; print({'tensorflow', 'keras'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
    )


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
def test_stored_weights_are_written_before_their_record(quick, monkeypatch, tmp_path, renames):
    if not renames:
        monkeypatch.setattr(os, "replace", refused)
    order = []
    monkeypatch.setattr("sparkdl.weights.write_whole", noting(order))
    made = resolve("random", "VGG16", tmp_path)
    name = made.path.name
    assert order == [name, f"{name}.sha256"] == sorted(file.name for file in tmp_path.iterdir())
    assert made.path.read_bytes() == b"weights" and resolve("random", "VGG16", tmp_path) == made
    assert quick == ["VGG16"]


def test_a_stored_file_without_its_record_is_a_part_of_one_and_made_anew(quick, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "replace", refused)
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", broken_off)
        with pytest.raises(OSError, match="killed"):
            resolve("random", "VGG16", tmp_path)
    (half,) = tmp_path.iterdir()
    assert half.read_bytes() == b"wei"
    assert resolve("random", "VGG16", tmp_path).path.read_bytes() == b"weights" and len(quick) == 2


def test_the_record_of_a_file_that_was_deleted_speaks_for_no_other(quick, monkeypatch, tmp_path):
    made = resolve("random", "VGG16", tmp_path)
    made.path.unlink()
    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr("shutil.copyfile", broken_off)
    with pytest.raises(OSError, match="killed"):
        resolve("random", "VGG16", tmp_path)
    assert list(tmp_path.iterdir()) == [made.path] and len(quick) == 2


def test_imagenet_weights_are_fetched_once_whatever_keras_keeps(in_this_process, monkeypatch, tmp_path):
    fetched = []

    def build(net, weights):
        fetched.append(net.name)
        (tmp_path / "keras" / "models").mkdir(parents=True)
        (tmp_path / "keras" / "models" / net.weight_files[1]).write_bytes(b"weights")

    monkeypatch.setattr("sparkdl.network.build", build)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    one = resolve("imagenet", "VGG19", tmp_path / "store")
    shutil.rmtree(tmp_path / "keras")
    assert resolve("imagenet", "VGG19", tmp_path / "store") == one and fetched == ["VGG19"]
    assert one.path.read_bytes() == b"weights" and one.kind == "imagenet"


@pytest.mark.parametrize(
    "name", ["vgg16_notop.weights.h5", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"]
)
def test_a_folder_is_searched_for_both_known_names(drawn, tmp_path, name):
    (tmp_path / name).hardlink_to(drawn[0].path)
    found = resolve(str(tmp_path), "VGG16", tmp_path / "store")
    assert (found.path, found.sha256, found.kind) == (tmp_path / name, drawn[0].sha256, "file")


def test_a_file_is_taken_as_it_is(drawn, tmp_path):
    assert resolve(str(drawn[0].path), "VGG16", tmp_path).path == drawn[0].path


def test_a_given_file_must_be_the_one_whose_sha256_lies_beside_it(drawn, tmp_path):
    file = tmp_path / "mine.weights.h5"
    file.hardlink_to(drawn[0].path)
    beside = tmp_path / "mine.weights.h5.sha256"
    # As sha256sum writes it, and as Windows does.
    for text in (f"{drawn[0].sha256}  mine.weights.h5\n", drawn[0].sha256.upper()):
        beside.write_text(text)
        assert resolve(str(file), "VGG16", tmp_path).sha256 == drawn[0].sha256
    for text in (drawn[2].sha256, "", "\xe9"):
        beside.write_text(text, encoding="latin-1")
        with pytest.raises(WeightsError, match=r"whose sha256 stands in mine\.weights\.h5\.sha256 beside it"):
            resolve(str(file), "VGG16", tmp_path)


def test_missing_weights_are_named_beside_the_names_that_would_do(tmp_path):
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
            Network(Recipe(name, str(file)))
        assert "\n" not in str(refusal.value)


def test_imagenet_weights_that_were_fetched_before_need_no_network(drawn, tmp_path):
    kept = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    kept.hardlink_to(drawn[0].path)
    kept.with_name(f"{kept.name}.sha256").write_text(drawn[0].sha256)
    found = resolve("imagenet", "VGG16", tmp_path)
    assert (found.path, found.kind) == (kept, "imagenet")


def test_kinds_are_told_apart():
    assert [kind_of(text) for text in ("imagenet", "random", "some/folder")] == ["imagenet", "random", "file"]


def test_imagenet_weights_that_cannot_be_fetched_say_what_to_do(in_this_process, tmp_path, monkeypatch):
    # Nothing beyond this machine is asked: the download goes to a port on which nobody listens.
    import keras

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = sys.modules[keras.applications.vgg16.VGG16.__module__]
    monkeypatch.setattr(source, "WEIGHTS_PATH_NO_TOP", f"http://127.0.0.1:{port}/x.h5")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with pytest.raises(WeightsError, match="ImageNet weights of VGG16 could not be fetched") as refusal:
        resolve("imagenet", "VGG16", tmp_path / "store")
    assert "give random" in str(refusal.value) and "\n" not in str(refusal.value)
    assert list((tmp_path / "store").iterdir()) == []


_ASKING = """
import sys
from pathlib import Path
from sparkdl.errors import WeightsError
from sparkdl.weights import resolve

try:
    resolve("imagenet", "ResNet50", Path(sys.argv[1]))
except WeightsError as error:
    print(error)
print({"tensorflow", "keras"} & set(sys.modules))
"""


def test_who_asks_for_weights_loads_no_tensorflow_and_is_told_why_there_are_none(tmp_path, monkeypatch):
    # Nothing beyond this machine is asked: the way to Keras's host leads to a port on which nobody listens.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free.getsockname()[1]}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    command = [sys.executable, "-c", _ASKING, str(tmp_path / "store")]
    said = subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()
    assert "weights of ResNet50 could not be fetched" in said[-2] and "give random" in said[-2]
    assert said[-1] == "set()"


def test_a_process_that_fails_says_so(tmp_path):
    with pytest.raises(RuntimeError, match=r"weights of LeNet ended with code 1: .*LeNet"):
        obtain_in_own_process("LeNet", tmp_path / "lenet.weights.h5", 1)
