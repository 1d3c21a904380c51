"""How views, sexes and ages are written in public datasets, and the one form that each is kept in."""

import pytest
from covid_xray.dataset.attributes import VIEWS, normal_age, normal_sex, normal_view


# Of NIH ChestX-ray, CheXpert, MIMIC-CXR, PadChest, BIMCV-COVID19+ and covid-chestxray-dataset, and of people.
@pytest.mark.parametrize(
    ("view", "spellings"),
    [
        ("PA", ["PA", "pa", "P.A.", "PA view", "PA erect", "posteroanterior", "Postero-anterior"]),
        ("PA", ["POSTERO_ANTERIOR", "Posteroanterior (PA)", "CXR PA", "Chest X-ray, PA", "vp-pa"]),
        ("AP", ["AP", "A-P", "AP Erect", "AP portable", "anteroposterior", "anterior-posterior"]),
        ("AP", ["Anteroposterior (AP)", "AP semi erect", "AP semi-upright", "Portable AP chest"]),
        ("AP supine", ["AP Supine", "ap supine", "AP_horizontal", "Supine", "AP SUPINE view"]),
        ("AP supine", ["Anteroposterior (AP), supine", "AP recumbent", "supine AP"]),
        ("lateral", ["L", "Lateral", "LATERAL", "LL", "RL", "left lateral", "Lat.", "Lateral (L)"]),
        ("lateral", ["XTABLE LATERAL", "cross-table lateral", "vp-lateral"]),
        ("other", ["Axial", "AP AXIAL", "Coronal", "LLD", "AP RLD", "LAO", "SWIMMERS", "COSTAL"]),
        ("other", ["AP lordotic", "left anterior oblique", "Left lateral decubitus", "other"]),
        ("AP", ["AP (portable)", "AP (Portable) "]),
        (None, ["Jane Roe", "(", "PA (AP)", "1", "chest"]),
        (None, ["both", "AP/PA", "PA and lateral", "PA supine", "erect", "frontal", "0", "??"]),
    ],
)
def test_each_spelling_of_a_view_has_one_form(view, spellings):
    assert {text: normal_view(text) for text in spellings} == dict.fromkeys(spellings, view)


def test_the_forms_of_views_themselves_are_understood_as_an_upload_writes_them():
    assert [normal_view(view) for view in VIEWS] == list(VIEWS)


def test_a_sex_is_f_or_m_or_not_understood():
    assert {normal_sex(text) for text in ("F", "f", "Female", "woman", "Female (F)", "girl")} == {"F"}
    assert {normal_sex(text) for text in ("M", "male", "MALE", "man", "M (male)", "M.")} == {"M"}
    assert {normal_sex(text) for text in ("O", "other", "1", "X", "M/F", "male?female", "?")} == {None}


@pytest.mark.parametrize(
    ("text", "age"),
    [
        *(("0", 0), ("45", 45), ("045Y", 45), ("45 years", 45), ("45 years old", 45)),
        *(("62.0", 62), ("62,0", 62), ("62.9", 62), ("018M", 1), ("11 months", 0), ("006W", 0), ("010D", 0)),
        *(("89", 89), ("90", 90), ("91", 90), ("120", 90), ("104Y", 90), ("90+", 90), (">89", 90)),
        *(("45 yo", 45), ("45 y/o", 45), ("45 y.o.", 45), (">90", 90), ("\u226590", 90), ("90 or older", 90)),
        *(("121", None), ("412", None), ("-3", None), ("old", None), ("40-49", None), ("12345", None)),
    ],
)
def test_an_age_is_completed_years_top_coded_at_ninety_or_missing(text, age):
    assert normal_age(text) == age
