"""How views, sexes and ages are written in public datasets, and the one form that each is kept in."""

import pytest
from covid_xray.dataset.attributes import normal_age, normal_sex, normal_view


@pytest.mark.parametrize(
    ("view", "spellings"),
    [
        ("PA", ["PA", "pa", "P.A.", "PA view", "PA erect", "posteroanterior", "Postero-anterior"]),
        (
            "AP",
            [
                "AP",
                "A-P",
                "AP Erect",
                "AP portable",
                "anteroposterior",
                "anterior-posterior",
                "Anteroposterior (AP)",
            ],
        ),
        ("AP supine", ["AP Supine", "ap supine", "AP_horizontal", "Supine", "AP SUPINE view"]),
        ("lateral", ["L", "Lateral", "LATERAL", "LL", "RL", "left lateral", "Lat."]),
        ("AP", ["AP semi erect", "AP (portable)", "AP (Portable) "]),
        ("other", ["Axial", "LLD", "AP LLD", "LAO", "both", "Lordotic", "frontal"]),
        (None, ["Jane Roe", "(", "PA (AP)", "1", "chest"]),
    ],
)
def test_each_spelling_of_a_view_has_one_form(view, spellings):
    assert {text: normal_view(text) for text in spellings} == dict.fromkeys(spellings, view)


def test_a_sex_is_f_or_m_or_missing():
    assert {normal_sex(text) for text in ("F", "f", "Female", "woman")} == {"F"}
    assert {normal_sex(text) for text in ("M", "male", "MALE", "man")} == {"M"}
    assert {normal_sex(text) for text in ("O", "other", "1", "X")} == {None}


@pytest.mark.parametrize(
    ("text", "age"),
    [
        *(("0", 0), ("45", 45), ("045Y", 45), ("45 years", 45), ("45 years old", 45)),
        *(("62.0", 62), ("62,0", 62), ("62.9", 62), ("018M", 1), ("11 months", 0), ("006W", 0), ("010D", 0)),
        *(("89", 89), ("90", 90), ("91", 90), ("120", 90), ("104Y", 90), ("90+", 90), (">89", 90)),
        *(("121", None), ("412", None), ("-3", None), ("old", None), ("40-49", None), ("12345", None)),
    ],
)
def test_an_age_is_completed_years_top_coded_at_ninety_or_missing(text, age):
    assert normal_age(text) == age
