import pandas as pd
import pytest
from covid_xray.dataset.attributes import Attributes
from covid_xray.dataset.given import Given
from covid_xray.dataset.patients import assign_patients, hide_patients
from covid_xray.privacy.pseudonyms import pseudonym

KEY = b"a key of some length, as a secret is"
FRONT, NIH = "Covid-19/front view.png", "Pneumonia/00000583_000.png"
PATIENTS = Given({FRONT: "19", NIH: "nih-583"})


def of(patient):
    return pseudonym(patient, KEY)


@pytest.fixture
def files():
    """An inventory; the last file has the bytes of the one before it."""
    paths = ["Covid-19/front view.png", "No_findings/00000007_001.png", "Pneumonia/00000583_000.png"]
    paths += ["Pneumonia/a.png", "Pneumonia/00000583_002.png", "Pneumonia/00000583_003.png"]
    ids = ["0" * 64, "1" * 64, "2" * 64, None, "4" * 64, "4" * 64]
    return pd.DataFrame(
        {
            "path": paths,
            "label": [path.split("/")[0] for path in paths],
            "image_id": ids,
            "reason": [None, None, None, "unreadable", None, "duplicate"],
            "detail": [None, None, None, "gone", None, "same bytes as Pneumonia/00000583_002.png"],
        }
    )


def test_without_a_key_ids_and_names_are_as_they_are(files):
    found = assign_patients(files, PATIENTS, None)
    assert found["patient_id"].tolist()[:3] == ["19", "00000007", "nih-583"]
    pd.testing.assert_frame_equal(found[files.columns], files)
    assert found[["view", "sex", "age"]].isna().all(axis=None)


def test_with_a_key_hashes_stand_for_ids_wherever_they_would_be_stored(files):
    found = assign_patients(files, PATIENTS, KEY)
    assert found["patient_id"].tolist()[:3] == [of("19"), of("00000007"), of("nih-583")]
    same = f"Pneumonia/{of('00000583')}_002.png"
    assert found["path"].tolist() == [
        "Covid-19/front view.png",
        f"No_findings/{of('00000007')}_001.png",
        f"Pneumonia/{of('00000583')}_000.png",
        "Pneumonia/a.png",
        same,
        f"Pneumonia/{of('00000583')}_003.png",
    ]
    assert found["detail"].tolist() == [None, None, None, "gone", None, f"same bytes as {same}"]
    assert found["found_as"].tolist() == files["path"].tolist()


def test_a_patient_in_two_classes_and_an_image_without_patient_stay_what_they_are(files):
    one = Given({FRONT: "x", "Pneumonia/a.png": "x"})
    files = files.drop(index=5).replace("Pneumonia/00000583_002.png", "Pneumonia/b.png")
    plain, keyed = (assign_patients(files, one, key)["patient_id"] for key in (None, KEY))
    assert keyed[0] == keyed[3] and keyed.nunique() == plain.nunique()
    alone = "image-444444444444"
    assert plain[4] == alone
    assert [patient if patient == alone else of(patient) for patient in plain] == keyed.tolist()


def test_given_sources_are_kept_and_the_others_are_unknown(files):
    given = Given(PATIENTS.patients, {FRONT: "Mercy", "Pneumonia/a.png": "Mercy"})
    for key in (None, KEY):
        found = assign_patients(files, given, key)["source"]
        assert found.tolist() == ["Mercy", None, None, None, None, None]


@pytest.mark.parametrize("key", [None, KEY])
def test_views_sexes_and_ages_stand_beside_the_files_that_have_them(files, key):
    known = {FRONT: Attributes("PA", None, 61), NIH: Attributes(None, "F")}
    found = assign_patients(files, Given(attributes=known), key)[["view", "sex", "age"]]
    rows = [tuple(row) for row in found.itertuples(index=False)]
    assert rows[0] == ("PA", None, 61) and rows[2] == (None, "F", None)
    assert isinstance(rows[0][2], int) and found.drop(index=[0, 2]).isna().all(axis=None)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_known_dataset_tells_the_sources_before_names_are_hidden_and_of_usable_files_only(files, key):
    found = assign_patients(files, Given({FRONT: "cov19"}), key)["source"].tolist()
    nih = "NIH ChestX-ray8"
    assert found == ["ieee8023/covid-chestxray-dataset", nih, nih, None, nih, None]


def test_an_empty_folder_stays_empty(files):
    assert assign_patients(files[:0], Given(), KEY).empty


def test_files_without_known_patients_lose_the_ids_in_their_names(files):
    files["path"] = [path.replace("Pneumonia/", "00000583/") for path in files["path"]]
    files.loc[5, "detail"] = "same bytes as 00000583/00000583_002.png"
    assert hide_patients(files, None) is files
    found = hide_patients(files, KEY)
    assert found["path"][2] == f"{of('00000583')}/{of('00000583')}_000.png"
    assert found["detail"][5] == f"same bytes as {found['path'][4]}"
