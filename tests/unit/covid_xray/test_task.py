"""The arguments of tasks, which are checked before anything is started."""

import pytest
from covid_xray.privacy.patient_key import Secret
from covid_xray.task import add_images, add_settings, task_main
from pyspark.sql import SparkSession

GIVEN = ["--run-id", "r1", "--data", "folder"]


@pytest.fixture
def parse(capsys, monkeypatch):
    """Parse the arguments of a task; return them, or the error that was printed."""

    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", lambda _: None)

    def run(catalog="main", schema="xray", key=""):
        parsed = []
        main = task_main("a task", lambda tables, args, notify: parsed.append(args), add_images)
        try:
            main([*GIVEN, f"--catalog={catalog}", f"--schema={schema}", f"--patient-id-key={key}"])
            return parsed[0]
        except SystemExit as exit_:
            assert exit_.code == 2
            return capsys.readouterr().err.splitlines()[-1]

    return run


@pytest.mark.parametrize("name", ["xray_jane", "with-hyphen", "röntgen", "`; DROP SCHEMA x", "x" * 255])
def test_valid_unity_catalog_names_are_accepted(parse, name):
    name = name.replace(" ", "")
    assert (parse(catalog=name).catalog, parse(schema=name).schema) == (name, name)


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "a\nb", "a\x7fb", "x" * 256])
def test_invalid_unity_catalog_names_are_rejected_with_a_one_line_message(parse, name):
    for argument in ("catalog", "schema"):
        message = parse(**{argument: name})
        assert f"argument --{argument}: not a valid Unity Catalog name: {name!r} (at most 255" in message


def test_the_secret_is_a_scope_and_a_key_or_empty(parse):
    assert parse(key="covid_xray.main.xray/patient_id_key").patient_id_key == Secret(
        "covid_xray.main.xray", "patient_id_key"
    )
    assert parse(key="").patient_id_key is None


@pytest.mark.parametrize("key", ["patient_id_key", "a/b/c", "/b", "a/", "a b/c", "a/b;c"])
def test_a_malformed_secret_is_rejected_with_a_one_line_message(parse, key):
    assert f"argument --patient-id-key: not a secret: {key!r} (write <scope>/<key>)" in parse(key=key)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [('{"seed": 1, "seed": 2}', "a key is given twice: seed, seed"), ("[" * 100_000, "nested too deep")],
)
def test_settings_of_a_job_lose_no_key(capsys, settings, expected):
    main = task_main("a task", lambda tables, args, notify: None, add_settings)
    with pytest.raises(SystemExit):
        main(["--run-id=r1", "--catalog=c", "--schema=s", "--config=c.yaml", f"--settings={settings}"])
    assert expected in capsys.readouterr().err.splitlines()[-1]
