import hashlib
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from covid_xray.privacy.pseudonyms import pseudonym
from covid_xray.stages.score import score
from PIL import Image
from pyspark.sql import functions as F

NOW = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.fixture
def run_score(trained, run_id, said):
    """Score a folder; returns the rows of its images by path."""

    def run(root, suffix="", key=None):
        score(trained.tables, trained.settings, root, trained.model(), run_id + suffix, NOW, said.append, key)
        ids = [hashlib.sha256(f.read_bytes()).hexdigest() for f in root.rglob("*") if f.is_file()]
        rows = trained.tables.read("scores").where(F.col("image_id").isin(ids)).collect()
        return {row.path: row for row in rows}

    return run


def test_every_image_gets_a_row_with_the_model_that_made_it(run_score, trained, new, said):
    found = run_score(new)
    assert set(found) == {"a.png", "deep/er/b.png"}
    row = found["a.png"]
    assert row.image_id == hashlib.sha256((new / "a.png").read_bytes()).hexdigest()
    assert (row.model, row.model_version) == ("covid_xray_resnet50_binary", "1")
    assert row.weights_id == trained.model().model.about.weights_id
    assert row.classes == ["Covid-19", "No_findings"] and sum(row.probability) == pytest.approx(1)
    assert row.prediction == row.classes[int(np.argmax(row.probability))]
    assert (row.scored_at, row.out_of_distribution) == (NOW.replace(tzinfo=None), False)
    assert {path: row.prediction for path, row in found.items()} == {
        "a.png": "Covid-19",
        "deep/er/b.png": "No_findings",
    }
    assert said[-1].note == "0 images scored before, 0 files refused, 2 images scored"


def test_only_what_is_new_is_scored(run_score, new, said, refused):
    (new / "c.png").write_bytes(b"")
    shutil.copy(new / "a.png", new / "same.png")
    before = run_score(new)
    again = Image.open(new / "a.png").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    again.save(new / "e.png")
    for name in ("a", "e"):
        Image.open(new / f"{name}.png").save(new / f"{name}, in another format.bmp")
    after = run_score(new)
    assert set(after) - set(before) == {"e, in another format.bmp"}
    assert said[-1].note == "3 images scored before, 3 files refused, 1 image scored"
    assert refused()["e.png"].detail == "same pixels as another of these files"


def test_what_cannot_be_read_is_quarantined_and_stops_nothing(run_score, new, refused, tmp_path):
    (new / "empty.png").touch()
    (new / "page.jpg").write_text("<html>not found</html>")
    (new / "cut.png").write_bytes((new / "a.png").read_bytes()[:700])
    (new / "z same.png").write_bytes((new / "a.png").read_bytes())
    (tmp_path / "secret.png").write_bytes((new / "a.png").read_bytes())
    (new / "link.png").symlink_to(tmp_path / "secret.png")
    assert set(run_score(new)) == {"a.png", "deep/er/b.png"}
    assert {path: row.reason for path, row in refused().items()} == {
        "empty.png": "empty",
        "page.jpg": "not_an_image",
        "cut.png": "truncated",
        "z same.png": "duplicate",
        "link.png": "outside_root",
    }


def test_an_image_unlike_the_training_set_is_scored_and_flagged(run_score, trained, new, said):
    stripes = np.kron([[0, 255] * 12] * 20, np.ones((2, 2)))
    Image.fromarray(stripes.astype(np.uint8)).save(new / "foreign.png")
    found = run_score(new)
    assert {path for path, row in found.items() if row.out_of_distribution} == {"foreign.png"}
    assert found["foreign.png"].distance > trained.model().model.classifier.spread.high
    assert said[-1].note.endswith("1 of them out of distribution")


def test_an_empty_folder_scores_nothing(run_score, tmp_path, said):
    (tmp_path / "empty").mkdir()
    assert run_score(tmp_path / "empty") == {}
    assert said[-1].note == "0 images scored before, 0 files refused, 0 images scored"


def test_with_a_key_no_patient_stands_in_the_name_of_a_scored_file(
    run_score, trained, tmp_path, refused, holding
):
    folder = tmp_path / "new" / "74000001"
    folder.mkdir(parents=True)
    Image.effect_noise((40, 40), 60).save(folder / "74000001_000.png")
    shutil.copy(folder / "74000001_000.png", folder / "74000001_001.png")
    found = run_score(tmp_path / "new", key=b"key")
    assert holding(["74000001"], of=trained.tables) == set()
    patient = pseudonym("74000001", b"key")
    assert list(found) == [f"{patient}/{patient}_000.png"]
    assert {path: row.detail for path, row in refused().items()} == {
        f"{patient}/{patient}_001.png": f"same bytes as {patient}/{patient}_000.png"
    }
