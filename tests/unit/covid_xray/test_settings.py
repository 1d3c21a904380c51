from pathlib import Path

import pytest
from covid_xray.errors import SettingsError
from covid_xray.settings import load_settings, parse_changes


def test_a_change_replaces_one_value_and_leaves_the_others(root, make_settings):
    changed = make_settings(limit_per_class=60)
    assert changed.limit_per_class == 60
    assert changed.model_copy(update={"limit_per_class": None}) == load_settings(root / "config.yaml")


def test_a_dotted_key_reaches_a_section(make_settings):
    assert make_settings(**{"execution.threads": 3}).execution.threads == 3


def test_classes_are_the_distinct_classes_of_all_tasks(make_settings):
    assert make_settings().classes == ("Covid-19", "No_findings", "Pneumonia")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("limit_per_clas", 60, "did you mean 'limit_per_class'"),
        ("execution.thread", 1, "did you mean 'execution.threads'"),
        ("limit_per_class", 1, "greater than or equal to 2"),
        ("test_fraction", 1.5, "less than 1"),
        ("pooling", "median", "'published', 'none', 'avg' or 'max'"),
        ("tasks", {"binary": ["A", "A"]}, "lists a class twice"),
        ("execution", {"threads": 1}, "execution.chunk_images"),
    ],
)
def test_an_invalid_setting_raises_a_one_line_error_that_names_it(make_settings, key, value, expected):
    with pytest.raises(SettingsError) as raised:
        make_settings(**{key: value})
    message = str(raised.value)
    assert expected in message and "\n" not in message


def test_set_parses_values_as_yaml():
    assert parse_changes(["a=60", "b=null", "c=[x, y]", "d=text"]) == {
        "a": 60,
        "b": None,
        "c": ["x", "y"],
        "d": "text",
    }


@pytest.mark.parametrize("pair", ["seed", "=3", "seed=[1"])
def test_a_malformed_set_raises_an_error(pair):
    with pytest.raises(SettingsError, match="--set"):
        parse_changes([pair])


@pytest.mark.parametrize("text", [None, "just text", "a: [", ""])
def test_a_config_that_is_not_a_mapping_raises_an_error(tmp_path: Path, text):
    config = tmp_path / "config.yaml"
    if text is not None:
        config.write_text(text)
    with pytest.raises(SettingsError, match=r"config\.yaml"):
        load_settings(config)


def test_an_unknown_key_in_the_file_raises_an_error_with_a_suggestion(tmp_path: Path, root):
    config = tmp_path / "mine.yaml"
    config.write_text((root / "config.yaml").read_text() + "\nrepeat: 3\n")
    with pytest.raises(SettingsError, match="did you mean 'repeats'"):
        load_settings(config)


def test_execution_settings_are_not_among_the_result_parameters(make_settings):
    plain = make_settings().result_parameters()
    assert make_settings(**{"execution.chunk_images": 9}).result_parameters() == plain
    assert make_settings(seed=9).result_parameters() != plain
