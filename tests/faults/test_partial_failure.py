"""One network of a run fails: the other is whole, and the same command repairs just the one that failed.

Two whole runs, so a long form; its parts are held to the same by the tests of `featurize` and of `jobgraph`,
and row and exit code by `spark/jobs/test_local.py`.
"""

import os
import shutil

import pytest

from tests.same_tables import rows

pytestmark = pytest.mark.thorough

ONE_TASK = ("--set", "tasks={binary: [Covid-19, No_findings]}")


@pytest.fixture(scope="module")
def output(ran, tmp_path_factory):
    """An output folder with the weights of one network, and a damaged file for another."""
    output = tmp_path_factory.mktemp("partial") / "my output"
    shutil.copytree(ran.output / "weights", output / "weights", copy_function=os.link)
    (good,) = (output / "weights").glob("resnet50-*.h5")
    damaged = good.with_name(good.name.replace("resnet50", "vgg16"))
    damaged.write_bytes(b"\x89HDF\r\n\x1a\n")
    damaged.with_name(f"{damaged.name}.sha256").write_text("0" * 64)
    return output


@pytest.fixture
def type_both(ran, output, type_command, two_networks):
    """Type a run of two networks; the exit code and what was printed come back."""

    def run():
        folders = ("--data", str(ran.data), "--output", str(output))
        typed = type_command("run", "all", *folders, *ran.options, *ONE_TASK, program=two_networks)
        return typed.process.wait(300), typed.said()

    return run


def test_the_other_network_is_whole_and_the_failure_stands_in_table_page_and_exit_code(type_both, output):
    code, printed = type_both()
    assert code == 1 and "Traceback" not in printed
    assert "featurize (VGG16) failed: " in printed and "is not the file that was stored: delete it" in printed
    ended = rows(output, "runs").set_index("backbone")
    assert ended["status"].to_dict() == {"ResNet50": "succeeded", "VGG16": "failed"}
    assert "is not the file that was stored" in ended["error"]["VGG16"]
    page = (output / "report" / "index.html").read_text()
    assert "is not the file that was stored" in page
    assert set(rows(output, "metrics").query("kind == 'backbone'")["backbone"]) >= {"ResNet50"}


def test_the_same_command_repairs_just_that_one(type_both, output):
    before = rows(output, "runs").set_index("backbone").loc["ResNet50"]
    for file in (output / "weights").glob("vgg16-*"):
        file.unlink()
    code, printed = type_both()
    assert code == 0 and "featurize ResNet50: nothing to do" in printed
    ended = rows(output, "runs").set_index("backbone")
    assert ended["status"].to_dict() == {"ResNet50": "succeeded", "VGG16": "succeeded"}
    assert ended.loc["ResNet50"].equals(before)
    assert rows(output, "features").groupby("backbone").size().to_dict() == {"ResNet50": 24, "VGG16": 24}
