"""The command line, from a name to tables, figures and a page: a small real run through the real graph."""

import numpy as np
import pytest
from deltalake import DeltaTable
from PIL import Image

from jobs.local import main

RUN = "ResNet50_binary_classification"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Twelve tiny pictures in each of two classes, and a folder with a space for what comes of them."""
    root = tmp_path_factory.mktemp("local")
    random = np.random.default_rng(8)
    for shade, label in enumerate(("Covid-19", "No_findings")):
        (root / "my data" / label).mkdir(parents=True)
        for n in range(12):
            pixels = random.integers(0, 150, (40, 40)) + 100 * shade
            Image.fromarray(pixels.astype(np.uint8)).save(root / "my data" / label / f"{n}.png")
    (root / "my data" / "Covid-19" / "broken.png").write_text("no picture")
    return root


@pytest.fixture
def command(spark, place, capsys):
    """Type a run; what is printed and the exit code come back. The session's Spark serves all of them."""

    def run(name=RUN, *options, data=True, weights="random"):
        given = ["--data", str(place / "my data")] if data else []
        given += ["--weights", weights] if weights else []
        code = main(["run", name, *given, "--output", str(place / "my output"), *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def table(place, name):
    return DeltaTable(place / "my output" / "warehouse" / name).to_pandas()


def test_a_run_ends_with_tables_figure_and_page(command, place):
    code, printed = command()
    assert code == 0
    assert "24 images accepted, 1 refused" in printed and "featurize ResNet50: 24 of 24 images" in printed
    assert "succeeded" in printed and "Traceback" not in printed
    assert table(place, "runs")["status"].tolist() == ["succeeded"]
    assert len(table(place, "features")) == 24
    report = place / "my output" / "report"
    page = (report / "index.html").read_text()
    assert "Random weights" in page and "broken.png" in page and "Not for clinical use" in page
    assert [file.name for file in (report / "figures").iterdir()] == ["ResNet50_binary.png"]


def test_the_same_command_again_does_nothing_but_say_so(command, place):
    before = table(place, "runs")
    code, printed = command()
    assert code == 0 and "Nothing to do" in printed and "ingest" not in printed
    assert table(place, "runs").equals(before)


@pytest.mark.thorough
def test_again_repeats_it_without_featurizing_anything(command, place):
    code, printed = command(RUN, "--again")
    assert code == 0 and "all 24 images are there already" in printed
    assert len(table(place, "runs")) == 2 and len(table(place, "features")) == 24


def test_missing_weights_end_in_one_line_and_a_failed_row(command, place):
    code, printed = command(RUN, weights=str(place / "nowhere"))
    assert code == 1
    assert "featurize (ResNet50) failed: no weights for ResNet50 in" in printed
    assert "Traceback" not in printed and "failed" in table(place, "runs")["status"].tolist()


def test_works_from_another_directory(command, place, monkeypatch):
    monkeypatch.chdir(place)
    (place / "link").symlink_to(place / "my data")
    code, printed = command(RUN, "--data", "link")
    assert code == 0 and "Nothing to do" in printed


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("VGG_binary_classification", [], "did you mean VGG1"),
        (RUN, ["--set", "limit=3"], "unknown setting 'limit'"),
        (RUN, ["--patients", "none.csv"], "cannot read the patients file"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(command, name, options, says):
    code, printed = command(name, *options)
    assert code != 0 and says in printed and "Traceback" not in printed


def test_without_data_it_says_how_to_get_some(command):
    code, printed = command(data=False)
    assert code == 2
    assert (
        "sh wrapper.sh fetch" in printed
        and "sh wrapper.sh run sample" in printed
        and printed.count("\n") == 1
    )


def test_a_folder_without_class_folders_is_refused(command, tmp_path):
    code, printed = command(RUN, "--data", str(tmp_path))
    assert code == 2 and "has no class folder" in printed
