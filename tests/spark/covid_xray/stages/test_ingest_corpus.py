"""Whatever lies in the class folders: every file ends in `images` or in `quarantine`, as it should."""

import pytest
from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import PATIENT_GROUPED
from pyspark.sql import functions as F
from radiograph import open_xray

from tests.corpus.cases import ACCEPTED, LABEL, amiss, cases, doubles
from tests.corpus.named import tells

OTHER = "Pneumonia"


@pytest.fixture
def stored(tables, of_run):
    """The images of this test's run, by path."""

    def rows():
        ids = {row.image_id for row in of_run("splits")}
        found = tables.read("images").where(F.col("image_id").isin(list(ids))).collect()
        assert len(found) == len(ids)
        return {row.path: row for row in found}

    return rows


@pytest.fixture
def corpus(xrays):
    """The whole corpus among the sound pictures; how all but its single files should end, by path."""
    expected = {file.relative_to(xrays).as_posix(): ACCEPTED for file in xrays.rglob("*.png")}
    for one in cases():
        one.put(xrays / LABEL)
    for path, (content, end) in doubles(LABEL, OTHER).items():
        (xrays / path).write_bytes(content)
        expected[path] = end
    return expected


def test_every_file_is_stored_or_quarantined_and_none_tells_whom_it_shows(
    run_ingest, corpus, stored, of_run, spark_log
):
    run_ingest()
    refused = of_run("quarantine")
    ended = {row.path: row.reason for row in refused}
    assert len(ended) == len(refused) and ended.keys().isdisjoint(stored())
    ended |= dict.fromkeys(stored(), ACCEPTED)
    assert {path: ended.pop(path, "lost") for path in corpus} == corpus
    assert amiss(ended) == {}

    for row in stored().values():
        again = open_xray(bytes(row.content))
        assert (again.width, again.height) == (row.width, row.height)
        assert not tells(bytes(row.content))
    assert not tells(str(refused).encode()) and all("\n" not in row.detail for row in refused)
    # What libtiff says of a damaged file goes where nobody who runs this has to read it.
    log = spark_log.read_bytes()
    assert b"ZIPDecode" in log and not tells(log)


def test_a_misspelt_class_folder_fails_the_run_and_is_named_beside_the_class(run_ingest, xrays, of_run):
    (xrays / LABEL).rename(xrays / "Covid19")
    says = f"task binary has no usable images of class {LABEL}: {xrays} has Covid19, No_findings, Pneumonia"
    with pytest.raises(DataError, match=says):
        run_ingest(tasks=("binary",))
    (row,) = of_run("runs")
    assert row.status == "failed" and row.error.startswith(says)


def test_patients_are_known_where_the_table_names_them_and_never_on_both_sides(
    run_ingest, stored, of_run, tmp_path
):
    both = [f"{label},{number} picture.png,p1" for label in (LABEL, OTHER) for number in range(4)]
    foreign = ["Elsewhere,0 picture.png,p8", f"{LABEL},no such picture.png,p9"]
    rows = ["label,filename,patient_id", *both, *both[:2], f"{OTHER},7 picture.png,p2", *foreign]
    (tmp_path / "patients.csv").write_text("\n".join(rows))
    run_ingest(patients=tmp_path / "patients.csv")
    patients = {path: row.patient_id for path, row in stored().items()}
    assert [patients[f"{OTHER}/{number} picture.png"] for number in (0, 3, 7)] == ["p1", "p1", "p2"]
    # The 21 that the table does not name are a patient each.
    assert len(set(patients.values())) == 2 + 21 and not {"p8", "p9"} & set(patients.values())
    sides = {
        (row.label, row.fold)
        for row in of_run("splits")
        if (row.patient_id, row.protocol, row.task) == ("p1", PATIENT_GROUPED, "multiclass")
    }
    assert {label for label, _ in sides} == {LABEL, OTHER} and len({fold for _, fold in sides}) == 1
