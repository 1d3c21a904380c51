import pytest
from covid_xray.privacy.pseudonyms import PSEUDONYM, pseudonym, pseudonymize_name

KEY = b"a key of some length, as a secret is"


def of(patient):
    return pseudonym(patient, KEY)


def test_a_pseudonym_is_hmac_sha256_truncated_to_64_bits():
    # RFC 4231, test case 2.
    assert pseudonym("what do ya want for nothing?", b"Jefe") == "p5bdcc146bf60754e"
    assert PSEUDONYM.fullmatch(of("00000583"))


def test_pseudonyms_are_equal_only_for_equal_patients_and_keys():
    assert of("cov4") == of("cov4") != of("cov5")
    assert pseudonym("cov4", b"another key") != of("cov4")


@pytest.mark.parametrize(
    ("name", "patient", "expected"),
    [
        ("00000583_008.png", "00000583", f"{of('00000583')}_008.png"),
        ("00000583/00000583_008.png", "00000583", f"{of('00000583')}/{of('00000583')}_008.png"),
        # The NIH patient number is replaced whatever id the CSV gives, also in copies.
        ("00000583_008.png", "nih-7", f"{of('00000583')}_008.png"),
        ("00000583_008 (1).png", "", f"{of('00000583')}_008 (1).png"),
        ("JANE ROE front.png", "Jane Roe", f"{of('JANE ROE')} front.png"),
        ("ward3-jane.png", "jane", f"ward3-{of('jane')}.png"),
        ("a+b.png", "a+b", f"{of('a+b')}.png"),
        # A number inside a longer number is not this patient's.
        ("12_112_2.png", "12", f"{of('12')}_112_2.png"),
        ("scan 20200131.png", "", "scan 20200131.png"),
        ("a b.png", "cov4", "a b.png"),
    ],
)
def test_only_patient_ids_are_replaced_in_a_file_name(name, patient, expected):
    assert pseudonymize_name(name, patient, KEY) == expected


def test_different_names_stay_different():
    names = ["7_1.png", "7_2.png", "07_1.png", "x7_1.png", "X7_1.png", "00000007_1.png", "00000008_1.png"]
    assert len({pseudonymize_name(name, "7", KEY) for name in names}) == len(names)
