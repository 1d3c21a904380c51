import hashlib
import shutil
from pathlib import Path

import pytest
from covid_xray.dataset.data_folder import DataFolder
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym
from covid_xray.registry.flavor import import_mlflow
from covid_xray.registry.saved import CARD
from covid_xray.stages.evaluate import apply_baselines, contrast, evaluate, judge
from PIL import Image

from tests.spark.covid_xray.stages.score.conftest import draw


@pytest.fixture
def run_evaluate(trained, run_id, said):
    def run(root, key=None, **changes):
        settings = trained.settings.model_copy(update=changes)
        return evaluate(
            trained.tables, DataFolder(root, None, key), settings, trained.model(), run_id, said.append
        )

    return run


@pytest.fixture
def rows_of(trained):
    def rows(table, protocol, kind="backbone"):
        known = {"run_id": trained.run_id, "kind": kind, "protocol": protocol}
        return sorted(trained.tables.matching(table, known).collect(), key=str)

    return rows


def test_figures_from_elsewhere_stand_beside_those_of_the_models_own_run(
    run_evaluate, elsewhere, rows_of, trained, said
):
    inside = rows_of("predictions", "patient_grouped"), rows_of("metrics", "as_published")
    run_evaluate(elsewhere)
    predictions = rows_of("predictions", "external")
    assert len(predictions) == 6
    assert {(row.label, row.prediction) for row in predictions} == {
        ("Covid-19", "No_findings"),
        ("No_findings", "Covid-19"),
    }
    (accuracy,) = [row for row in rows_of("metrics", "external") if row.metric == "accuracy"]
    assert (accuracy.value, accuracy.n, accuracy.n_patients) == (0.0, 6, 6)
    found = run_evaluate(elsewhere)
    assert rows_of("predictions", "external") == predictions
    of_audit = rows_of("metrics", "patient_grouped", "baseline")
    about = trained.model().model.about
    apply_baselines(trained.tables, elsewhere, trained.settings, about, found, said.append)
    measured = rows_of("metrics", "external", "baseline")
    accuracies = {row.backbone: row.value for row in measured if row.metric == "accuracy"}
    # It takes the shade for the class, if not every time: the better of two methods is chosen.
    assert accuracies["thumbnail"] <= 0.5 == accuracies["majority"] and len(accuracies) == 5
    assert {row.n for row in measured if row.metric == "accuracy"} == {6}
    assert said[-1].note.endswith("thumbnail, compressibility; left out: source, metadata")
    assert rows_of("metrics", "patient_grouped", "baseline") == of_audit
    assert (rows_of("predictions", "patient_grouped"), rows_of("metrics", "as_published")) == inside


@pytest.fixture
def known_patient(trained):
    """The patient of one training image; those of all others are unknown."""
    known = hashlib.sha256((trained.data / "Covid-19" / "1.png").read_bytes()).hexdigest()
    splits = trained.tables.name("splits")
    trained.tables.spark.sql(f"UPDATE {splits} SET patient_id = '73000009' WHERE image_id = '{known}'")
    return "73000009"


def test_images_of_the_training_set_copies_of_them_its_patients_and_broken_files_are_refused(
    run_evaluate, elsewhere, trained, refused, rows_of, said, known_patient
):
    shutil.copy(trained.data / "Covid-19" / "0.png", elsewhere / "Covid-19" / "known.png")
    Image.open(trained.data / "Covid-19" / "0.png").save(elsewhere / "No_findings" / "known.bmp")
    draw(elsewhere / "Covid-19" / "twin.png", 900, 0)
    Image.open(elsewhere / "Covid-19" / "twin.png").save(elsewhere / "No_findings" / "twin.bmp")
    brighter = [round(255 * (grey / 255) ** 0.9) for grey in range(256)]
    changed = Image.open(trained.data / "No_findings" / "3.png").point(brighter)
    changed.save(elsewhere / "No_findings" / "brighter.png")
    draw(elsewhere / "Covid-19" / f"{known_patient}_001.png", 901, 0)
    (elsewhere / "Covid-19" / "page.png").write_text("no picture")
    (elsewhere / "Covid-19" / "empty.png").touch()
    run_evaluate(elsewhere)
    found = {path: (row.label, row.reason, row.detail) for path, row in refused().items()}
    assert found["Covid-19/known.png"] == ("Covid-19", "duplicate", "the model was trained on this image")
    known = ("No_findings", "duplicate", "the model was trained on this image")
    assert found["No_findings/known.bmp"] == known
    twins = {found["Covid-19/twin.png"][1:], found["No_findings/twin.bmp"][1:]}
    assert twins == {("label_conflict", "the same pixels are in the class folders Covid-19, No_findings")}
    assert found["Covid-19/page.png"][:2] == ("Covid-19", "not_an_image")
    original = "near-duplicate of the training image No_findings/3.png"
    assert found["No_findings/brighter.png"] == ("No_findings", "near_duplicate", original)
    other = ("Covid-19", "training_patient", "the model was trained on other images of this patient")
    assert found[f"Covid-19/{known_patient}_001.png"] == other
    assert found["Covid-19/empty.png"][1] == "empty" and len(found) == 8
    assert len(rows_of("predictions", "external")) == 6
    counted = (
        "6 images evaluated, 6 files refused; 1 image of training patients left out; 1 near-duplicate of "
        "training images left out"
    )
    assert said[-1].note.startswith(counted)
    run_evaluate(elsewhere, near_duplicates="kept")
    assert len(rows_of("predictions", "external")) == 7 and "1 near-duplicate of training images kept" in (
        said[-1].note
    )


def test_a_folder_of_nothing_but_known_images_is_no_evaluation(run_evaluate, trained):
    with pytest.raises(DataError, match="has no image that the model can be evaluated on"):
        run_evaluate(trained.data)


def test_other_classes_than_the_models_are_refused(run_evaluate, elsewhere):
    with pytest.raises(DataError, match=r"has the classes Covid-19, No_findings, but config\.yaml gives"):
        run_evaluate(elsewhere, tasks={"binary": ("No_findings", "Covid-19")})


def test_with_a_key_no_patient_stands_in_any_table(
    run_evaluate, elsewhere, trained, refused, rows_of, holding
):
    for label in ("Covid-19", "No_findings"):
        (elsewhere / label / "0.png").rename(elsewhere / label / "73000001_000.png")
    (elsewhere / "Covid-19" / "73000002_000.png").touch()
    run_evaluate(elsewhere, key=b"key")
    assert holding(["73000001", "73000002"], of=trained.tables) == set()
    patients = [row.patient_id for row in rows_of("predictions", "external")]
    assert sorted(map(patients.count, set(patients))) == [1, 1, 1, 1, 2]
    assert pseudonym("73000001", b"key") in patients
    assert f"Covid-19/{pseudonym('73000002', b'key')}_000.png" in refused()


def test_patients_csv_tells_the_patients_and_a_class_without_a_folder_is_named(
    run_evaluate, elsewhere, rows_of, said
):
    rows = [f"{file.parent.name},{file.name},p1" for file in sorted(elsewhere.glob("*/*.*"))]
    (elsewhere / "patients.csv").write_text("\n".join(["label,filename,patient_id", *rows]))
    (elsewhere / "Covid-19").rename(elsewhere / "covid")
    run_evaluate(elsewhere)
    assert {row.patient_id for row in rows_of("predictions", "external")} == {"p1"}
    note = said[-1].note
    assert note.startswith(
        f"3 images evaluated, 0 files refused; {elsewhere} has no folder Covid-19; ignored"
    )
    assert "class of the model: covid; no image is of Covid-19, so nothing is known of its recall" in note


@pytest.fixture
def one_source(tmp_path):
    """A contrast set: the positive class, and two others that the model takes for it and for the other."""
    for seed, (label, shade) in enumerate([("Covid-19", 0), ("Other", 0), ("Sound", 1)]):
        for number in range(4):
            draw(tmp_path / "one source" / label / f"{number}.png", 950 + 10 * seed + number, shade)
    return tmp_path / "one source"


def test_a_contrast_tells_the_positive_class_from_others_that_the_model_need_not_know(
    trained, run_id, one_source, said, rows_of
):
    files = sorted(one_source.glob("*/*.*"))[:10]
    rows = [f"{file.parent.name},{file.name},male,{'A' if n else 'B'}" for n, file in enumerate(files)]
    (one_source / "metadata.csv").write_text("\n".join(["label,filename,sex,source", *rows]))
    arguments = (trained.settings, trained.model(), run_id, said.append)
    contrast(trained.tables, DataFolder(one_source, None), *arguments)
    predictions = rows_of("predictions", "contrast")
    assert sorted({row.label for row in predictions}) == ["Covid-19", "Other", "Sound"]
    found = {(row.metric, row["class"]): row.value for row in rows_of("metrics", "contrast")}
    assert found["false_positive_rate", "Other"] == 1 and found["false_positive_rate", "Sound"] == 0
    assert found["contrast_auroc", "Sound"] == 1 and 0 <= found["contrast_auroc", "Other"] <= 1
    assert found["recall", "Covid-19"] == 1 and found["sources", None] == 2
    of_sex = [row for row in rows_of("strata", "contrast") if row.attribute == "sex"]
    strata = {row.metric: (row.stratum, row.value, row.n) for row in of_sex}
    assert strata["accuracy"] == ("M", 0.6, 10) and strata["recall"] == ("M", 1.0, 4)
    assert said[-1].note.startswith("contrast: 12 images evaluated, 0 files refused")
    assert said[-1].note.endswith("the images are of 2 sources, which may tell the classes apart")


def test_a_contrast_without_the_positive_class_or_without_another_is_refused(
    trained, run_id, one_source, said
):
    arguments = (trained.settings, trained.model(), run_id, said.append)
    (one_source / "Covid-19").rename(one_source / "covid")
    with pytest.raises(DataError, match="has no folder Covid-19: a contrast set has the positive class"):
        contrast(trained.tables, DataFolder(one_source, None), *arguments)
    (one_source / "covid").rename(one_source / "Covid-19")
    for name in ("Other", "Sound"):
        shutil.rmtree(one_source / name)
    with pytest.raises(DataError, match="has no folder beside Covid-19"):
        contrast(trained.tables, DataFolder(one_source, None), *arguments)


@pytest.fixture
def card_of(trained, tmp_path):
    """The card that the registry shows of a version."""

    def read(version):
        client = import_mlflow().MlflowClient(trained.registry.tracking_uri)
        run_id = client.get_model_version(version.name, version.number).run_id
        return Path(client.download_artifacts(run_id, CARD, str(tmp_path))).read_text(encoding="utf-8")

    return read


def test_a_model_that_is_no_better_than_chance_elsewhere_gets_another_card_and_is_champion_no_longer(
    run_evaluate, trained, elsewhere, said, card_of
):
    registered = trained.model()
    assert "No external validation" in card_of(registered.version)
    trained.registry.promote(registered.version)
    run_evaluate(elsewhere)
    any_may = trained.settings.model_copy(update={"champion": "any"})
    judge(trained.tables, any_may, trained.registry, registered, said.append)
    assert trained.registry.champion(registered.version.name).number == "1"
    assert said[-1].note == "the model card is written anew"
    card = card_of(registered.version)
    assert "### external: images from elsewhere" in card and "No external validation" not in card
    assert "**On images from elsewhere ResNet50 tells Covid-19 with an AUROC of 0.00" in card
    assert "24 images of 24 patients." in card
    judge(trained.tables, trained.settings, trained.registry, registered, said.append)
    assert trained.registry.champion(registered.version.name) is None
    assert "version 1 is no longer the champion, as its AUROC on images from elsewhere" in said[-1].note
    assert said[-1].note.endswith("is no better than chance")
