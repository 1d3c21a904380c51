"""The command line: a small real run through the real job graph, with its tables, figures and report."""

import os
import shutil

import pytest
from deltalake import DeltaTable

from jobs.local.__main__ import main

RUN = "ResNet50_binary_classification"


@pytest.fixture
def command(ran, capsys):
    """Run a command on the folders of `ran`; return the exit code and the output.

    A setting among the options takes the place of the one that `ran` was given.
    """

    def run(name=ran.name, *options, data=True):
        data_options = ["--data", str(ran.data)] if data else []
        keys = {option.partition("=")[0] for option in options}
        pairs = zip(ran.options[::2], ran.options[1::2], strict=True)
        same = [part for pair in pairs if pair[1].partition("=")[0] not in keys for part in pair]
        code = main(["run", name, *data_options, "--output", str(ran.output), *same, *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def table(ran, name):
    return DeltaTable(ran.output / "warehouse" / name).to_pandas()


def test_a_run_writes_tables_figures_and_a_report(ran):
    assert ran.code == 0
    assert "24 images accepted, 1 refused" in ran.printed
    assert "featurize ResNet50: 24 of 24 images" in ran.printed
    assert "Weights: random" in ran.printed and "Traceback" not in ran.printed
    assert table(ran, "runs")["status"].tolist() == ["succeeded"]
    assert len(table(ran, "features")) == 24
    report = ran.output / "report"
    page = (report / "index.html").read_text()
    assert "Random weights" in page and "broken.png" in page and "Not for clinical use" in page
    figures = {file.name for file in (report / "figures").iterdir()}
    drawn = ("ResNet50_binary", "curves_binary", "forest_binary")
    assert figures == {f"{name}.{kind}" for name in drawn for kind in ("png", "csv")}
    assert "file_facts" in page and "which sees" in page


def test_repeating_a_command_does_nothing_and_reports_it(command, ran):
    before = table(ran, "runs")
    code, printed = command()
    assert code == 0 and "Nothing to do" in printed and "Starting Spark" not in printed
    assert table(ran, "runs").equals(before)
    assert printed.splitlines()[1:] == ran.printed.splitlines()[-len(printed.splitlines()) + 1 :]


def test_a_touched_file_makes_the_run_compare_contents(command, ran):
    (ran.data / "No_findings" / "3.png").touch()
    code, printed = command()
    assert code == 0 and "Starting Spark" in printed and "Nothing to do" in printed
    assert "Starting Spark" not in command()[1]


@pytest.mark.thorough
def test_again_repeats_the_run_without_featurizing_anything(command, ran):
    code, printed = command(RUN, "--again")
    assert code == 0 and "all features are stored already" in printed
    assert len(table(ran, "runs")) == 2 and len(table(ran, "features")) == 24


@pytest.mark.thorough
def test_weights_of_another_network_give_a_one_line_error_and_a_failed_row(command, ran):
    other = ran.data.parent / "other.h5"
    other.write_bytes(b"\x89HDF\r\n\x1a\n")
    code, printed = command(RUN, "--weights", str(other))
    assert code == 1
    assert f"featurize (ResNet50) failed: {other} does not hold the weights of ResNet50" in printed
    assert "Traceback" not in printed and "failed" in table(ran, "runs")["status"].tolist()


def test_a_run_works_from_another_directory(command, ran, monkeypatch):
    monkeypatch.chdir(ran.data.parent)
    (ran.data.parent / "link").symlink_to(ran.data)
    code, printed = command(RUN, "--data", "link")
    assert code == 0 and "Nothing to do" in printed


def test_clean_removes_superseded_files_but_no_rows(ran, capsys):
    folder = ran.output / "warehouse" / "runs"
    before = table(ran, "runs")
    referred = len(DeltaTable(folder).file_uris())
    # As a writer leaves it that is killed, beside the files of a table of which none is superseded.
    uncommitted = ran.output / "warehouse" / "splits" / "part-0.parquet"
    uncommitted.touch()
    assert len(list(folder.rglob("*.parquet"))) > referred
    assert main(["clean", "--output", str(ran.output)]) == 0
    assert "MB removed" in capsys.readouterr().out
    assert not uncommitted.exists()
    assert len([file for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts]) == referred
    assert table(ran, "runs").equals(before)


def test_an_invalid_request_gives_a_one_line_error(command):
    code, printed = command(RUN, "--patients", "none.csv")
    assert code != 0 and "cannot read the patients file" in printed and "Traceback" not in printed


@pytest.mark.parametrize("query", ["SELECT task FROM metrix", "SELECT tusk FROM metrics", "SELECT FROM"])
def test_a_query_that_cannot_be_answered_gives_a_one_line_error(ran, capsys, query):
    assert main(["sql", query, "--output", str(ran.output)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("wrapper.sh: ") and said.count("\n") == 1
    assert "(tables: comparisons, " in said and "docs/tables.md" in said


def test_a_model_is_a_function_of_a_query(ran, capsys):
    query = "SELECT count(*) AS equal FROM images WHERE classify(content).prediction = label"
    assert main(["sql", query, "--output", str(ran.output)]) == 2
    assert "(classify(content) needs --model, e.g. --model VGG16_binary/1)" in capsys.readouterr().err
    assert main(["sql", query, "--model", "ResNet50_binary/1", "--output", str(ran.output)]) == 0
    # Dark and bright pictures, on which the model was fitted.
    assert "|   24|" in capsys.readouterr().out


def test_a_failed_ingest_stops_the_run_and_shows_no_report_of_another_run(command, ran):
    code, printed = command(RUN, "--set", "patient_grouped.folds=13")
    assert code == 1 and (ran.output / "report" / "index.html").is_file()
    (failure,) = [line for line in printed.splitlines() if " failed: " in line]
    assert failure.startswith("ingest failed: ") and "too few for 13 folds" in failure
    assert "Report:" not in printed
    assert not [stage for stage in ("featurize", "audit", "train", "report:") if stage in printed]


def test_without_data_the_error_says_how_to_get_some(command):
    code, printed = command(data=False)
    assert code == 2
    assert (
        "sh wrapper.sh fetch" in printed
        and "sh wrapper.sh run sample" in printed
        and printed.count("\n") == 1
    )


def test_a_folder_without_class_folders_is_an_error(command, tmp_path):
    code, printed = command(RUN, "--data", str(tmp_path))
    assert code == 2 and "has no class folder" in printed


def test_an_output_folder_that_cannot_be_created_gives_a_one_line_error(command, tmp_path):
    (tmp_path / "file").write_text("kept")
    code, printed = command(RUN, "--output", str(tmp_path / "file" / "out"))
    assert code == 2 and "Not a directory" in printed and printed.count("\n") == 1
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder_gives_a_one_line_error(command, tmp_path):
    tmp_path.chmod(0o500)
    code, printed = command(RUN, "--output", str(tmp_path / "out"))
    tmp_path.chmod(0o700)
    assert code == 2 and "Permission denied" in printed and printed.count("\n") == 1


def test_a_folder_with_one_class_is_an_error_that_names_the_missing_class(command, ran, tmp_path):
    shutil.copytree(ran.data / "Covid-19", tmp_path / "Covid-19")
    code, printed = command(RUN, "--data", str(tmp_path))
    assert code != 0 and "No_findings" in printed and "Traceback" not in printed
