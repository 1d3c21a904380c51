import hashlib
import shutil

import pytest
from covid_xray.errors import DataError
from covid_xray.schemas import TABLES
from PIL import Image
from pyspark.sql import functions as F


def quarantined(tables, run_id="r1"):
    rows = tables.read("quarantine").where(F.col("run_id") == run_id).collect()
    return {row.path: row.reason for row in rows}


def test_every_table_is_created_with_its_columns(run_ingest, tables):
    run_ingest()
    for name in TABLES:
        assert tables.read(name).schema.names == tables.columns(name).names


def test_an_image_is_known_by_its_bytes_and_keeps_what_was_found(run_ingest, tables, xrays):
    run_ingest()
    image = tables.read("images").where(F.col("path") == "Covid-19/3 picture.png").collect()[0]
    found = (xrays / "Covid-19/3 picture.png").read_bytes()
    assert image.image_id == hashlib.sha256(found).hexdigest()
    assert (image.label, image.width, image.height, image.format, image.mode) == (
        "Covid-19",
        48,
        40,
        "PNG",
        "L",
    )
    assert (image.bytes, bytes(image.content)) == (len(found), found)
    assert image.original_width is None


def test_the_manifest_adds_what_the_original_was(run_ingest, tables, xrays):
    (xrays / "manifest.csv").write_text(
        "path,original_path,original_sha256,original_width,original_height,original_bytes,original_format,original_mode\n"
        "Covid-19/3 picture.png,Covid-19/3 picture.tif,00,2000,1500,999999,TIFF,RGBA\n"
    )
    run_ingest()
    image = tables.read("images").where(F.col("original_width").isNotNull()).collect()
    assert [(row.path, row.original_width, row.original_mode) for row in image] == [
        ("Covid-19/3 picture.png", 2000, "RGBA")
    ]


def test_a_second_run_adds_no_image_twice_and_a_new_one_once(run_ingest, tables, xrays):
    run_ingest("r1")
    noise = Image.effect_noise((64, 64), 60)
    noise.save(xrays / "Covid-19" / "new.png")
    run_ingest("r2")
    run_ingest("r2")
    assert tables.read("images").count() == 31
    assert tables.read("splits").where("run_id = 'r1' AND task = 'multiclass'").count() == 30
    assert tables.read("splits").where("run_id = 'r2' AND task = 'multiclass'").count() == 31


def test_what_cannot_be_used_is_quarantined_and_stops_nothing(run_ingest, tables, xrays):
    (xrays / "Covid-19" / "empty.png").touch()
    (xrays / "Covid-19" / "page.jpg").write_text("<html>not found</html>")
    whole = (xrays / "Covid-19" / "1 picture.png").read_bytes()
    (xrays / "Covid-19" / "cut.png").write_bytes(whole[: len(whole) // 2])
    shutil.copy(xrays / "Covid-19" / "2 picture.png", xrays / "Covid-19" / "9 same.png")
    shutil.copy(xrays / "Pneumonia" / "4 picture.png", xrays / "No_findings" / "other label.png")
    run_ingest()
    assert quarantined(tables) == {
        "Covid-19/empty.png": "empty",
        "Covid-19/page.jpg": "not_an_image",
        "Covid-19/cut.png": "truncated",
        "Covid-19/9 same.png": "duplicate",
        "Pneumonia/4 picture.png": "label_conflict",
        "No_findings/other label.png": "label_conflict",
    }
    used = {row.path for row in tables.read("images").collect()}
    assert len(used) == 29 and used.isdisjoint(quarantined(tables))


def test_a_link_out_of_the_folder_is_not_followed(run_ingest, tables, xrays, tmp_path):
    Image.effect_noise((64, 64), 60).save(tmp_path / "secret.png")
    (xrays / "Covid-19" / "link.png").symlink_to(tmp_path / "secret.png")
    run_ingest()
    assert quarantined(tables) == {"Covid-19/link.png": "outside_root"}


def test_every_pair_asked_for_is_pending_in_runs(run_ingest, tables):
    run_ingest(backbones=("VGG16", "ResNet50"), tasks=("binary",))
    rows = {(row.backbone, row.task, row.status) for row in tables.read("runs").collect()}
    assert rows == {("VGG16", "binary", "pending"), ("ResNet50", "binary", "pending")}


def test_a_run_is_known_by_what_its_figures_depend_on(run_ingest, tables, xrays):
    run_ingest("r1")
    run_ingest("r2", backbones=("VGG16",))
    run_ingest("r3", seed=9)
    (xrays / "Covid-19" / "3 picture.png").unlink()
    run_ingest("r4")
    inputs = {row.run_id: row.inputs_id for row in tables.read("runs").collect()}
    assert inputs["r1"] == inputs["r2"]
    assert len(set(inputs.values())) == 3


def test_patients_come_from_the_csv_and_stand_in_splits(run_ingest, tables, tmp_path):
    csv = tmp_path / "patients.csv"
    csv.write_text("label,original_filename,patient_id\nCovid-19,3 picture.jpeg,cov9\n")
    run_ingest(patients=csv)
    known = tables.read("splits").where("patient_id = 'cov9'").select("label").distinct().collect()
    assert [row.label for row in known] == ["Covid-19"]


def test_a_missing_class_folder_is_an_error_only_for_the_tasks_that_need_it(run_ingest, xrays):
    shutil.rmtree(xrays / "Pneumonia")
    run_ingest(tasks=("binary",))
    with pytest.raises(DataError, match="task multiclass has no usable images of class Pneumonia"):
        run_ingest()


def test_folders_that_no_task_names_are_told_and_left_alone(run_ingest, tables, xrays, said):
    shutil.copytree(xrays / "Covid-19", xrays / "Tuberculosis")
    run_ingest()
    assert "Tuberculosis" in said[-1].note
    assert quarantined(tables) == {}
