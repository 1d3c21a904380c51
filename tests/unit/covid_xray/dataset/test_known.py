"""Which images are of a known dataset, and what follows from that."""

from itertools import product

import pandas as pd
import pytest
from covid_xray.dataset.known import COVID_19, KNOWN, document, patient_in_name, recognise, tell_sources
from covid_xray.dataset.record import ImageFacts

IEEE, NIH = (collection.name for collection in COVID_19.collections)
COVID = ImageFacts("Covid-19", "Covid-19/a lung.jpg", "cov12")
NO_FINDINGS = ImageFacts("No_findings", "No_findings/00000007_001.jpg", "00000007")
PNEUMONIA = ImageFacts("Pneumonia", "Pneumonia/00000583_008.png", "00000583")
WITHOUT_PATIENT = COVID._replace(path="Covid-19/b.jpg", patient_id="image-0123456789ab")
PSEUDONYMS = {"path": f"Covid-19/{'0a' * 32}.jpg", "patient_id": f"p{'0a' * 8}"}


def test_each_collection_is_told_by_its_own_names():
    assert recognise([COVID, NO_FINDINGS, PNEUMONIA]) == (COVID_19, [IEEE, NIH, NIH])


def test_some_of_the_classes_are_enough():
    assert recognise([NO_FINDINGS, PNEUMONIA]) == (COVID_19, [NIH, NIH])


@pytest.mark.parametrize(
    "other",
    [
        NO_FINDINGS._replace(label="Tuberculosis"),
        NO_FINDINGS._replace(path="No_findings/scan 7.png", patient_id="7"),
        NO_FINDINGS._replace(path="No_findings/00000007_001 (1).png", patient_id="image-0123456789ab"),
        COVID._replace(patient_id="Jane Roe"),
        COVID._replace(patient_id="cov"),
        COVID._replace(path="Covid-19/00000583_008.png", patient_id="00000583"),
        COVID._replace(source="Mercy Hospital"),
        COVID._replace(source=NIH),
        COVID._replace(**PSEUDONYMS),
    ],
)
def test_one_image_of_another_class_or_source_makes_them_other_images(other):
    dataset, sources = recognise([COVID, NO_FINDINGS, PNEUMONIA, other])
    assert dataset is None and sources == [None, None, None, other.source]


def test_in_a_class_told_by_patients_a_few_may_be_unknown_but_not_most():
    assert recognise([COVID, WITHOUT_PATIENT, NO_FINDINGS]) == (COVID_19, [IEEE, IEEE, NIH])
    assert recognise([COVID, WITHOUT_PATIENT, WITHOUT_PATIENT, NO_FINDINGS])[0] is None


def test_where_names_are_pseudonyms_given_sources_tell():
    hidden = [
        image._replace(**PSEUDONYMS, source=source)
        for image, source in ((COVID, IEEE), (NO_FINDINGS, NIH), (PNEUMONIA, NIH))
    ]
    assert recognise(hidden) == (COVID_19, [IEEE, NIH, NIH])


def test_without_images_there_is_no_dataset():
    assert recognise([]) == (None, [])


def test_a_file_name_holds_the_patient_in_whatever_folder():
    assert (
        patient_in_name("Pneumonia/00000583_008.png") == patient_in_name("x/00000583_009.jpg") == "00000583"
    )
    assert patient_in_name("Pneumonia/1-s2.0_lrg.jpg") == patient_in_name("x/00000583.png") == ""
    # What follows a dot is a suffix only where pictures have it.
    assert patient_in_name("Pneumonia/00000583_008.840.7") == ""
    assert patient_in_name("Pneumonia/00000583_008.DCM") == patient_in_name("x/00000583_008") == "00000583"


def test_rows_of_the_table_get_their_sources_whether_or_not_it_has_the_column():
    rows = pd.DataFrame([COVID, NO_FINDINGS]).assign(width=300)
    for images in (rows, rows.drop(columns="source"), rows.assign(source=[IEEE, float("nan")])):
        told, dataset = tell_sources(images)
        assert (told["source"].tolist(), told["width"].tolist()) == ([IEEE, NIH], [300, 300])
        assert dataset is COVID_19


def test_a_published_result_is_found_by_network_and_classes_in_any_order():
    found = COVID_19.result("VGG16", ("No_findings", "Covid-19"))
    assert (found.accuracy, found.recall) == (1.0, {"Covid-19": 1.0})
    assert COVID_19.result("VGG16", ("Covid-19", "Pneumonia")) is None
    assert COVID_19.result("Xception", ("Covid-19", "No_findings")) is None


@pytest.mark.parametrize("dataset", KNOWN, ids=lambda dataset: dataset.name)
def test_a_record_is_whole(dataset):
    labels = set(dataset.sources)
    assert dataset.images.path in labels and len(dataset.images.commit) == 40
    assert all(
        set(result.classes) <= labels and result.recall.keys() <= labels for result in dataset.published
    )
    assert all(0 <= share <= 1 for r in dataset.published for share in (r.accuracy, *r.recall.values()))
    assert bool(dataset.published) == bool(dataset.published_by) and dataset.reference_standard
    assert all(c.licence and (c.file_name or c.patient_prefix) for c in dataset.collections)


def test_no_two_records_claim_the_same_name():
    assert len({dataset.name for dataset in KNOWN}) == len(KNOWN)
    for one, other in product(KNOWN, KNOWN):
        assert one is other or not {c.name for c in one.collections} & {c.name for c in other.collections}


def test_the_page_of_the_docs_is_made_from_the_records(root):
    command = ".venv/bin/python -m covid_xray.dataset.known > docs/datasets.md"
    page = (root / "docs/datasets.md").read_text(encoding="utf-8")
    assert page == document(), f"docs/datasets.md and the records disagree: type {command}"
    assert page.startswith("*For ") and command in page
