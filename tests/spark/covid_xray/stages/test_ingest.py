import hashlib
import shutil
from importlib import import_module
from itertools import pairwise

import pytest
from covid_xray.dataset import inventory
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym
from covid_xray.storage.schemas import TABLES
from PIL import Image
from pyspark.sql import functions as F
from radiograph import SIGNATURE_SIDE

from tests.corpus.pictures import encoded

# The package has a function of the same name.
accept = import_module("covid_xray.stages.ingest.accept")
KEY = b"a key of some length, as a secret is"


@pytest.fixture
def images(tables):
    """The catalogue's row of a file, found by its bytes."""

    def row(file):
        image_id = hashlib.sha256(file.read_bytes()).hexdigest()
        rows = tables.read("images").where(F.col("image_id") == image_id).collect()
        return rows[0] if len(rows) == 1 else rows

    return row


def test_images_are_kept_with_what_is_known_of_them(run_ingest, tables, images, xrays, of_run, tmp_path):
    header = "path,original_width,original_height,original_bytes,original_format,original_mode"
    (xrays / "manifest.csv").write_text(f"{header}\nCovid-19/3 picture.png,2000,1500,999999,TIFF,RGBA\n")
    patients = tmp_path / "patients.csv"
    patients.write_text(
        "label;original_filename;patient_id;sex;age\nCOVID-19;.\\3 Picture.jpeg ;cov9;male;061Y\n"
        "Covid-19;gone.png;cov8;;\n"
    )
    run_ingest(backbones=("VGG16", "ResNet50"), patients=patients)
    for name in TABLES:
        assert tables.read(name).schema.names == tables.columns(name).names
    file = xrays / "Covid-19" / "3 picture.png"
    image = images(file)
    assert (image.path, image.label, image.patient_id) == ("Covid-19/3 picture.png", "Covid-19", "cov9")
    assert (image.width, image.height, image.format, image.mode) == (48, 40, "PNG", "L")
    assert (image.bytes, bytes(image.content)) == (file.stat().st_size, file.read_bytes())
    assert (image.view, image.sex, image.age) == (None, "M", 61)
    assert (image.original_width, image.original_bytes, image.original_mode) == (2000, 999999, "RGBA")
    assert images(xrays / "Covid-19" / "4 picture.png").original_width is None
    assert {row.label for row in of_run("splits") if row.patient_id == "cov9"} == {"Covid-19"}
    (counts,) = {
        (row.patient_rows, row.unmatched_patient_rows, row.images_of_unknown_patients)
        for row in of_run("runs")
    }
    assert counts == (2, 1, 29)
    pairs = {(row.backbone, row.task, row.status) for row in of_run("runs")}
    assert pairs == {(b, t, "pending") for b in ("VGG16", "ResNet50") for t in ("binary", "multiclass")}


def test_what_is_told_later_reaches_images_that_were_accepted_without(
    run_ingest, images, xrays, of_run, said
):
    file = xrays / "Covid-19" / "3 picture.png"
    for number, other in enumerate(sorted(xrays.glob("[NP]*/*.png"))):
        other.rename(other.with_name(f"{number:08d}_000.png"))
    run_ingest("-1")
    assert images(file).source is None
    rows = [f"Covid-19,{n} picture.png,cov{n}\n" for n in range(10)]
    # Used where no file of patients is given.
    (xrays / "patients.csv").write_text("label,filename,patient_id\n" + "".join(rows))
    run_ingest("-2")
    source = "ieee8023/covid-chestxray-dataset"
    assert images(file).source == source and images(file).content
    patients = {row.patient_id for row in of_run("splits", "-2") if row.label == "Covid-19"}
    assert patients == {f"cov{n}" for n in range(10)}
    others = {images(other).source for other in xrays.glob("[NP]*/*1_000.png")}
    assert others == {"NIH ChestX-ray8"}
    (xrays / "patients.csv").write_text("label,filename,patient_id,source\nCovid-19,3 picture.png,p,Mercy\n")
    (xrays / "metadata.csv").write_text(
        "label,filename,view,sex,age\nCovid-19,3 picture.png,AP Supine,,093Y\nCovid-19,4 picture.png,,F,412\n"
    )
    run_ingest("-3")
    told = images(file)
    assert (told.source, told.view, told.sex, told.age) == ("Mercy", "AP supine", None, 90)
    other = images(xrays / "Covid-19" / "4 picture.png")
    assert (other.source, other.view, other.sex, other.age) == (source, None, "F", None)
    assert "1 with an age that is not understood ('412')" in said[-1].note


@pytest.mark.parametrize(("files_at_once", "commits"), [(100, 1), (13, 3)])
def test_each_file_of_the_table_holds_a_range_of_images_whatever_the_commits(
    run_ingest, tables, of_run, monkeypatch, files_at_once, commits
):
    monkeypatch.setattr(inventory, "_TASK_FILES", 8)
    monkeypatch.setattr(inventory, "FILES_AT_ONCE", files_at_once // 2)
    monkeypatch.setattr(accept, "FILES_AT_ONCE", files_at_once)

    def versions():
        return tables.spark.sql(f"DESCRIBE HISTORY {tables.name('images')}").count()

    before = versions()
    run_ingest()
    assert versions() == before + commits
    own = {row.image_id for row in of_run("splits")}
    assert len(own) == 30
    stored = tables.read("images").where(F.col("image_id").isin(list(own)))
    files = stored.groupBy("_metadata.file_path").agg(F.min("image_id"), F.max("image_id")).collect()
    ranges = sorted((first, last) for _, first, last in files)
    assert len(ranges) > 2
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))


def test_a_file_that_opens_only_at_a_second_look_is_refused_and_taken_next_time(
    run_ingest, xrays, of_run, images, monkeypatch
):
    file, to_dataframe = xrays / "Covid-19" / "3 picture.png", accept.to_dataframe
    hidden = iter([str(file)])

    def looking_elsewhere(spark, files):
        elsewhere = files["file"].replace(next(hidden, ""), str(file / "nowhere"))
        return to_dataframe(spark, files.assign(file=elsewhere))

    monkeypatch.setattr(accept, "to_dataframe", looking_elsewhere)
    run_ingest()
    (row,) = of_run("quarantine")
    assert (row.path, row.reason) == ("Covid-19/3 picture.png", "unreadable")
    assert row.detail.endswith("run ingest again") and images(file) == []
    run_ingest()
    assert of_run("quarantine") == [] and images(file).path == "Covid-19/3 picture.png"


def test_what_cannot_be_used_is_quarantined_and_stops_nothing(
    run_ingest, xrays, of_run, said, images, tmp_path
):
    covid = xrays / "Covid-19"
    (covid / "empty.png").touch()
    (covid / "page.jpg").write_text("<html>not found</html>")
    whole = (covid / "1 picture.png").read_bytes()
    (covid / "cut.png").write_bytes(whole[: len(whole) // 2])
    shutil.copy(covid / "2 picture.png", covid / "9 same.png")
    shutil.copy(xrays / "Pneumonia" / "4 picture.png", xrays / "No_findings" / "other label.png")
    Image.effect_noise((64, 64), 60).save(tmp_path / "secret.png")
    (covid / "link.png").symlink_to(tmp_path / "secret.png")
    shutil.copytree(xrays / "Pneumonia", xrays / "Tuberculosis")
    noise = encoded(Image.effect_noise((64, 64), 60), "JPEG")
    (covid / "noise.jpg").write_bytes(noise)
    (covid / "noise, commented.jpg").write_bytes(noise[:2] + b"\xff\xfe\0\x06note" + noise[2:])
    Image.open(covid / "noise.jpg").save(covid / "noise.png")
    Image.open(xrays / "Pneumonia" / "5 picture.png").convert("RGB").save(xrays / "No_findings" / "5.bmp")
    run_ingest()
    assert {row.path: row.reason for row in of_run("quarantine")} == {
        "Covid-19/empty.png": "empty",
        "Covid-19/page.jpg": "not_an_image",
        "Covid-19/cut.png": "truncated",
        "Covid-19/9 same.png": "duplicate",
        "Covid-19/link.png": "outside_root",
        "Pneumonia/4 picture.png": "label_conflict",
        "No_findings/other label.png": "label_conflict",
        "Covid-19/noise.jpg": "duplicate",
        "Covid-19/noise.png": "duplicate",
        "Pneumonia/5 picture.png": "label_conflict",
        "No_findings/5.bmp": "label_conflict",
    }
    details = {row.path: row.detail for row in of_run("quarantine")}
    assert details["Covid-19/noise.png"] == "same pixels as Covid-19/noise, commented.jpg"
    assert details["No_findings/5.bmp"] == "the same pixels are in the class folders No_findings, Pneumonia"
    assert said[-1].note == (
        "29 images accepted, 11 refused; 29 whose patient is unknown, each counted as a separate patient; "
        "ignored, as not in config.yaml: Tuberculosis"
    )
    assert len({row.image_id for row in of_run("splits")}) == 29
    assert images(xrays / "Pneumonia" / "4 picture.png") == []


def test_a_second_run_adds_only_what_is_new_and_knows_whether_its_inputs_are_the_same(
    run_ingest, tables, xrays, of_run
):
    before = tables.read("images").count()
    run_ingest("-1")
    one = hashlib.sha256((xrays / "Covid-19" / "1 picture.png").read_bytes()).hexdigest()
    stored = tables.read("images").where(F.col("image_id") == one).select("pixel_id", "signature")
    (before_update,) = stored.collect()
    assert before_update.pixel_id and len(before_update.signature) == SIGNATURE_SIDE**2
    # As a version before the column left it.
    tables.spark.sql(f"UPDATE {tables.name('images')} SET signature = NULL WHERE image_id = '{one}'")
    run_ingest("-1")
    assert stored.collect() == [before_update]
    # 20 and 30 images, with two protocols.
    assert len(of_run("splits", "-1")) == 100 and len(of_run("runs", "-1")) == 2
    Image.effect_noise((64, 64), 60).save(xrays / "Covid-19" / "new.png")
    run_ingest("-2", backbones=("VGG16",))
    assert tables.read("images").count() == before + 31
    assert [len({row.image_id for row in of_run("splits", run)}) for run in ("-1", "-2")] == [30, 31]
    assert of_run("runs", "-1")[0].inputs_id != of_run("runs", "-2")[0].inputs_id


def test_a_missing_class_folder_fails_the_run_and_is_named(run_ingest, xrays, of_run):
    shutil.rmtree(xrays / "Pneumonia")
    with pytest.raises(DataError, match="task multiclass has no usable images of class Pneumonia"):
        run_ingest()
    assert {(row.status, row.error.split(":")[0]) for row in of_run("runs")} == {
        ("failed", "task multiclass has no usable images of class Pneumonia")
    }


def test_with_a_key_no_patient_stands_in_any_table_or_message(
    run_ingest, xrays, holding, images, of_run, said, tmp_path
):
    for label, n in (("Covid-19", 0), ("Pneumonia", 1)):
        (xrays / label / "71000001").mkdir()
        file = xrays / label / "71000001" / f"71000001_00{n}.png"
        (xrays / label / f"{n} picture.png").rename(file)
        shutil.copy(file, file.with_name("71000001_009.png"))
    (xrays / "No_findings" / "2 picture.png").rename(xrays / "No_findings" / "Jane Roe; DROP TABLE `x'.png")
    (xrays / "No_findings" / "71000002_1.png").touch()
    header = "path,original_width,original_height,original_bytes,original_format,original_mode"
    (xrays / "manifest.csv").write_text(f"{header}\nCovid-19/71000001/71000001_000.png,2000,1,1,TIFF,L\n")
    patients = tmp_path / "patients.csv"
    patients.write_text("label,filename,patient_id\nNo_findings,Jane Roe; DROP TABLE `x',Jane Roe\n")
    run_ingest(patients=patients, key=KEY)
    ids = ("71000001", "71000002", "Jane Roe")
    assert holding(ids) == set() and not any(name in str(progress) for name in ids for progress in said)

    same = pseudonym("71000001", KEY)
    image = images(xrays / "Covid-19" / "71000001" / "71000001_000.png")
    assert (image.path, image.patient_id) == (f"Covid-19/{same}/{same}_000.png", same)
    assert image.original_width == 2000
    assert {row.label for row in of_run("splits") if row.patient_id == same} == {"Covid-19", "Pneumonia"}
    refused = {row.path: row.detail for row in of_run("quarantine")}
    assert refused[f"Covid-19/{same}/{same}_009.png"] == f"same bytes as {image.path}"
    jane = pseudonym("Jane Roe", KEY)
    assert images(xrays / "No_findings" / "Jane Roe; DROP TABLE `x'.png").path.startswith(
        f"No_findings/{jane}; "
    )
