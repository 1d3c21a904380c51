"""The key of the patients' pseudonyms, through the real databricks-sdk, in a stand-in's secret scope."""

import base64
import logging

import pytest
from covid_xray.errors import SecretError
from covid_xray.privacy.patient_key import Secret, patient_key

SECRET = Secret("covid_xray.main.xray", "patient_id_key")


@pytest.fixture
def scope(workspace):
    """The scope as `bundle deploy` makes it, with nothing in it."""
    workspace.scopes[SECRET.scope] = {}
    return workspace.scopes[SECRET.scope]


@pytest.fixture
def refusal(workspace):
    """What is said where there is no key to be had."""

    def text():
        with pytest.raises(SecretError) as raised:
            patient_key(SECRET)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return text


def test_a_key_is_made_on_first_use_and_is_the_same_from_then_on(scope):
    key = patient_key(SECRET)
    assert list(scope) == [SECRET.key] and len(bytes.fromhex(scope[SECRET.key])) == 32
    assert patient_key(SECRET) == key == scope[SECRET.key].encode()


def test_two_scopes_get_two_keys(scope, workspace):
    workspace.scopes["other"] = {}
    assert patient_key(SECRET) != patient_key(Secret("other", SECRET.key))


def test_a_key_that_is_there_is_read_whoever_may_not_write(scope, workspace):
    scope[SECRET.key] = f"{'of a person who typed it ' * 2}\n"
    workspace.may_write_secrets = False
    assert patient_key(SECRET) == scope[SECRET.key].strip().encode()


def test_who_may_not_make_one_is_told_what_to_type(scope, workspace, refusal):
    workspace.may_write_secrets = False
    said = refusal()
    assert "secret covid_xray.main.xray/patient_id_key, can be neither read nor created" in said
    assert "databricks secrets put-secret covid_xray.main.xray patient_id_key --string-value" in said
    assert scope == {}


def test_a_scope_that_is_not_there_is_named(refusal):
    assert "Scope covid_xray.main.xray does not exist!" in refusal()


def test_a_key_that_could_be_guessed_is_refused(scope, refusal):
    scope[SECRET.key] = "hospital1"
    assert "has fewer than 32 characters" in refusal() and "hospital1" not in refusal()


def test_outside_of_a_workspace_it_is_said_in_one_line(monkeypatch, refusal):
    monkeypatch.delenv("DATABRICKS_HOST")
    monkeypatch.delenv("DATABRICKS_TOKEN")
    assert "can be neither read nor created" in refusal()


def test_no_secret_means_no_key_and_asks_nobody(workspace):
    assert patient_key(None) is None and workspace.requests == 0


def test_neither_key_nor_token_is_logged(scope, workspace, caplog):
    for name in [None, *logging.root.manager.loggerDict]:
        caplog.set_level("DEBUG", logger=name)
    patient_key(SECRET)
    patient_key(SECRET)
    assert "/api/2.0/secrets/get" in caplog.text
    encoded = base64.b64encode(scope[SECRET.key].encode()).decode()
    assert not [said for said in (scope[SECRET.key], encoded, "secret-token") if said in caplog.text]
