import pytest
from covid_xray.privacy.pseudonyms import PSEUDONYM, hidden, pseudonym

KEY = b"a key of some length, as a secret is"


def of(patient):
    return pseudonym(patient, KEY)


def test_a_pseudonym_is_the_keyed_hash_of_rfc_2104_cut_to_64_bits():
    # RFC 4231, test case 2.
    assert pseudonym("what do ya want for nothing?", b"Jefe") == "p5bdcc146bf60754e"
    assert PSEUDONYM.fullmatch(of("00000583"))


def test_one_key_gives_one_patient_one_pseudonym_and_another_key_another():
    assert of("cov4") == of("cov4") != of("cov5")
    assert pseudonym("cov4", b"another key") != of("cov4")


@pytest.mark.parametrize(
    ("name", "patient", "becomes"),
    [
        ("00000583_008.png", "00000583", f"{of('00000583')}_008.png"),
        ("00000583/00000583_008.png", "00000583", f"{of('00000583')}/{of('00000583')}_008.png"),
        # The number stands there whoever the CSV says it is, and in copies.
        ("00000583_008.png", "nih-7", f"{of('00000583')}_008.png"),
        ("00000583_008 (1).png", "", f"{of('00000583')}_008 (1).png"),
        ("JANE ROE front.png", "Jane Roe", f"{of('JANE ROE')} front.png"),
        ("ward3-jane.png", "jane", f"ward3-{of('jane')}.png"),
        ("a+b.png", "a+b", f"{of('a+b')}.png"),
        # A number in a longer number is another number.
        ("12_112_2.png", "12", f"{of('12')}_112_2.png"),
        ("scan 20200131.png", "", "scan 20200131.png"),
        ("a b.png", "cov4", "a b.png"),
    ],
)
def test_the_name_of_a_file_keeps_all_but_the_patients_id(name, patient, becomes):
    assert hidden(name, patient, KEY) == becomes


def test_names_that_differ_stay_different():
    names = ["7_1.png", "7_2.png", "07_1.png", "x7_1.png", "X7_1.png", "00000007_1.png", "00000008_1.png"]
    assert len({hidden(name, "7", KEY) for name in names}) == len(names)
