import csv
import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from radiograph import Found

from data_upload.__main__ import main
from data_upload.resize import shrink, target_names


def picture(width, height, mode="L"):
    random = np.random.default_rng(width)
    small = Image.fromarray(random.integers(0, 255, (8, 8), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC).convert(mode)


@pytest.fixture
def originals(tmp_path):
    root = tmp_path / "in folder"
    for name, image in {
        "Covid-19/a.png": picture(900, 600, "RGBA"),
        "Covid-19/a.jpeg": picture(500, 400, "RGB"),
        "No_findings/b.png": picture(300, 200),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(root / name)
    (root / "Covid-19" / "notes.txt").write_text("not a picture")
    return root


def rows(file):
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def resize(data, output):
    return main(["resize", "--data", str(data), "--output", str(output), "--workers", "2"])


def test_copies_are_small_grey_and_named_in_the_manifest(originals, tmp_path, capsys):
    output = tmp_path / "out"
    assert resize(originals, output) == 0
    manifest = {row["path"]: row for row in rows(output / "manifest.csv")}
    assert set(manifest) == {"Covid-19/a.jpg", "Covid-19/a.png.jpg", "No_findings/b.jpg"}
    of_png = manifest["Covid-19/a.png.jpg"]
    original = originals / "Covid-19" / "a.png"
    assert of_png["original_path"] == "Covid-19/a.png"
    assert of_png["original_sha256"] == hashlib.sha256(original.read_bytes()).hexdigest()
    assert (of_png["original_width"], of_png["original_height"]) == ("900", "600")
    assert (of_png["original_format"], of_png["original_mode"]) == ("PNG", "RGBA")
    assert of_png["original_bytes"] == str(original.stat().st_size)
    copy = Image.open(output / "Covid-19" / "a.png.jpg")
    assert (copy.size, copy.mode, copy.format) == ((576, 384), "L", "JPEG")
    assert rows(output / "refused.csv") == [
        {"path": "Covid-19/notes.txt", "reason": "not_an_image", "detail": "starts with b'not '"}
    ]
    printed = capsys.readouterr().out
    assert "3 X-rays accepted" in printed and "Covid-19/notes.txt: not_an_image" in printed


def test_the_manifest_has_the_columns_that_ingest_reads(originals, tmp_path):
    resize(originals, tmp_path / "out")
    header = (tmp_path / "out" / "manifest.csv").read_text().splitlines()[0]
    assert header == (
        "path,original_path,original_sha256,original_width,original_height,"
        "original_bytes,original_format,original_mode"
    )


def test_running_it_again_gives_the_same_bytes(originals, tmp_path):
    def contents():
        return {f: f.read_bytes() for f in (tmp_path / "out").rglob("*") if f.is_file()}

    resize(originals, tmp_path / "out")
    before = contents()
    resize(originals, tmp_path / "out")
    assert contents() == before


@pytest.mark.parametrize("name", ["patients.csv", "metadata.csv"])
def test_what_is_told_of_the_originals_goes_along(originals, tmp_path, name):
    (originals / name).write_text("label,original_filename,patient_id\n")
    resize(originals, tmp_path / "out")
    assert (tmp_path / "out" / name).is_file()


@pytest.mark.parametrize(
    ("size", "expected"), [((900, 600), (576, 384)), ((400, 1000), (384, 960)), ((300, 200), (300, 200))]
)
def test_the_shorter_side_is_at_most_384_and_nothing_is_enlarged(size, expected):
    assert Image.open(io.BytesIO(shrink(picture(*size)))).size == expected


def test_metadata_does_not_pass():
    image = picture(400, 400)
    image.info.update(comment=b"DOE^JANE", exif=b"Exif\0\0DOE")
    assert b"DOE" not in shrink(image)


def test_names_that_collide_keep_their_suffix(tmp_path):
    found = [Found(path, "C", tmp_path) for path in ("C/a.jpeg", "C/a.png", "C/A.tif", "C/b.png")]
    assert target_names(found) == ["C/a.jpg", "C/a.png.jpg", "C/A.tif.jpg", "C/b.jpg"]


def test_a_name_is_not_cut_at_a_dot_that_begins_no_suffix(tmp_path):
    found = [Found(path, "C", tmp_path) for path in ("C/1.2.840.113.1.7", "C/1.2.840.113.1.8.dcm")]
    assert target_names(found) == ["C/1.2.840.113.1.7.jpg", "C/1.2.840.113.1.8.jpg"]


def test_overlapping_folders_and_empty_ones_are_refused_in_one_line(originals, tmp_path, capsys):
    assert resize(originals, originals / "small") == 2
    assert resize(originals, tmp_path) == 2
    (tmp_path / "nothing").mkdir()
    assert resize(tmp_path / "nothing", tmp_path / "out") == 2
    assert resize(tmp_path / "missing", tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and all(line.startswith("data_upload: ") for line in lines)


def test_a_folder_of_nothing_but_refusals_is_a_failure(tmp_path):
    (tmp_path / "in" / "C").mkdir(parents=True)
    (tmp_path / "in" / "C" / "x.png").write_text("text")
    assert resize(tmp_path / "in", tmp_path / "out") == 1
