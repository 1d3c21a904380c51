"""What the tasks are told, as far as it is looked at before anything is started."""

import pytest
from covid_xray.privacy.patient_key import Secret
from covid_xray.task import entry, images
from pyspark.sql import SparkSession

GIVEN = ["--run-id", "r1", "--data", "folder"]


@pytest.fixture
def parse(capsys, monkeypatch):
    """Parse the arguments of a task; returns them, or what was printed where they were refused."""

    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", lambda _: None)

    def run(catalog="main", schema="xray", key=""):
        given = []
        main = entry("a task", lambda tables, args, notify: given.append(args), images)
        try:
            main([*GIVEN, f"--catalog={catalog}", f"--schema={schema}", f"--patient-id-key={key}"])
            return given[0]
        except SystemExit as ended:
            assert ended.code == 2
            return capsys.readouterr().err.splitlines()[-1]

    return run


@pytest.mark.parametrize("name", ["xray_jane", "with-hyphen", "röntgen", "`; DROP SCHEMA x", "x" * 255])
def test_names_that_unity_catalog_takes_are_taken(parse, name):
    name = name.replace(" ", "")
    assert (parse(catalog=name).catalog, parse(schema=name).schema) == (name, name)


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "a\nb", "a\x7fb", "x" * 256])
def test_names_that_it_does_not_take_are_refused_in_one_line(parse, name):
    for argument in ("catalog", "schema"):
        said = parse(**{argument: name})
        assert f"argument --{argument}: no name for Unity Catalog: {name!r} (at most 255" in said


def test_the_secret_of_the_key_is_a_scope_and_a_key_or_nothing(parse):
    assert parse(key="covid_xray.main.xray/patient_id_key").patient_id_key == Secret(
        "covid_xray.main.xray", "patient_id_key"
    )
    assert parse(key="").patient_id_key is None


@pytest.mark.parametrize("key", ["patient_id_key", "a/b/c", "/b", "a/", "a b/c", "a/b;c"])
def test_what_names_no_secret_is_refused_in_one_line(parse, key):
    assert f"argument --patient-id-key: no secret: {key!r} (write <scope>/<key>)" in parse(key=key)
