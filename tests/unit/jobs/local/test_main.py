from pathlib import Path

import pytest

from jobs.local.__main__ import main


@pytest.mark.parametrize("url", ["local[x]", "local", "local[0]", "spark://host", "yarn"])
def test_an_unknown_master_is_refused_before_spark_starts(capsys, url):
    with pytest.raises(SystemExit) as refused:
        main(["run", "sample", "--master", url])
    assert refused.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"'{url}' is none of local[N], local[*], spark://HOST:PORT and sc://HOST:PORT" in last


@pytest.fixture
def refused(capsys, tmp_path):
    """Type a command that must be refused; what it says and the names of what it leaves come back."""

    def typed(*arguments):
        before = set(tmp_path.rglob("*"))
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("wrapper.sh: ") and said.count("\n") == 1
        return said, {file.name for file in set(tmp_path.rglob("*")) - before}

    return typed


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--weights", "nowhere"), "weights: there is no file or folder "),
        (("--weights", "{data}"), "no weights for ResNet50 in "),
        (("--weights", "{data}/Covid-19/a.png"), "is not a .h5 weights file"),
        (("--data", "nowhere"), "there is no folder "),
        (("--data", "{data}/Covid-19"), "has no class folder Covid-19"),
        (("--patients", "nowhere.csv"), "nowhere.csv"),
        (("--set", "seed=010"), "setting 'seed' in config.yaml or --set is \"010\""),
        (("--config", "{data}/Covid-19/a.png"), "contains no settings"),
        (("--set", "occlusion={{VGG: [shuffled]}}"), "names 'VGG', which is not a network"),
        (
            ("--set", "balance=source_class"),
            "no image has one: give it in a column source of metadata",
        ),
    ],
)
def test_a_run_that_is_refused_leaves_nothing_behind(refused, data, tmp_path, options, expected):
    options = [option.format(data=data) for option in options]
    given = ("--data", str(data), "--output", str(tmp_path / "out"), "--weights", "random")
    said, left = refused("run", "ResNet50_binary_classification", *given, *options)
    assert expected in said and not left


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--weights", "nowhere"), "weights: there is no file or folder "),
        (("--set", "tasks={binary: [A, B]}"), "the sample has no images of the class 'A', only of Covid-19"),
        (("--set", "balance=source_class"), "balance source_class needs the source of every image"),
    ],
)
def test_a_sample_that_is_refused_is_not_drawn(refused, tmp_path, options, expected):
    said, left = refused("run", "sample", "--output", str(tmp_path / "out"), *options)
    assert expected in said and not left


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """The output folder of a run that has registered nothing."""
    (tmp_path / "out" / "warehouse").mkdir(parents=True)
    return tmp_path / "out"


@pytest.mark.parametrize("command", ["score", "evaluate"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "there is no model 'VGG16_binary' in "),
        (("--data", "nowhere"), "there is no folder nowhere"),
        (("--set", "repeats=yes"), "setting 'repeats' in config.yaml or --set is \"yes\""),
    ],
)
def test_a_model_is_applied_only_where_all_that_it_needs_exists(
    refused, data, output, command, options, expected
):
    given = ("--data", str(data), "--output", str(output), "--model", "VGG16_binary")
    said, left = refused(command, *given, *options)
    # The lock keeps other commands from the folder while the model is looked up.
    assert expected in said and left == {".lock"}


def test_a_checkpoint_among_the_images_or_in_a_file_is_refused_and_not_made(refused, data, output):
    given = ("score", "--data", str(data), "--output", str(output), "--model", "VGG16_binary")
    for place, expected in (
        (data / "state", "is in the folder of images"),
        (data / "Covid-19" / "a.png", "is in the folder of images"),
        (output.parent / "data.csv" / "state", "data.csv is a file"),
    ):
        (output.parent / "data.csv").touch()
        said, left = refused(*given, "--checkpoint", str(place))
        assert expected in said and left <= {".lock"}
