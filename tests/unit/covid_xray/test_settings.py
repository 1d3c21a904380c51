from pathlib import Path

import pytest
from covid_xray.errors import SettingsError
from covid_xray.settings import Settings, load_settings, parse_changes


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
        ("limit_per_class", 1, "is 1, but must be a whole number from 2 to 2147483647, or null"),
        ("test_fraction", 1.5, "is 1.5, but must be a number above 0 and below 1"),
        ("pooling", "median", 'is "median", but must be one of published, none, avg, max'),
        ("dimensionality", 0, "is 0, but must be a whole number from 1 to 2147483647, or null"),
        ("dimensionality", "all", "must be a whole number from 1 to"),
        ("tasks", {"binary": ["A", "A"]}, "lists a class twice"),
        ("execution", {"threads": 1}, "execution.chunk_images"),
    ],
)
def test_an_invalid_setting_raises_a_one_line_error_that_names_it(make_settings, key, value, expected):
    with pytest.raises(SettingsError) as raised:
        make_settings(**{key: value})
    message = str(raised.value)
    assert expected in message and "\n" not in message


@pytest.mark.parametrize(
    "text", ["yes", "010", "0x10", "1_000", "1:30", "1e1", "true", '"3"', "null", "9" * 30]
)
def test_what_is_no_plain_whole_number_is_not_taken_for_one(make_settings, text):
    with pytest.raises(
        SettingsError, match=r"setting 'repeats' .* must be a whole number from 1 to 2147483647$"
    ):
        make_settings(**parse_changes([f"repeats={text}"]))


@pytest.mark.parametrize("text", [".inf", ".nan", "1e999", "0,05", "yes", "0"])
def test_what_is_no_finite_number_is_refused(make_settings, text):
    with pytest.raises(SettingsError, match=r"setting 'reg_param' .* must be a number above 0"):
        make_settings(**parse_changes([f"reg_param={text}"]))


@pytest.mark.parametrize(("text", "value"), [("1e-3", 0.001), (".5", 0.5), ("2", 2.0), ("1.5e+2", 150.0)])
def test_numbers_are_read_as_people_write_them(make_settings, text, value):
    assert make_settings(**parse_changes([f"reg_param={text}"])).reg_param == value


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("[no, yes]", ("no", "yes")),
        ("[010, 2020-01-31]", ("010", "2020-01-31")),
        ("[Grün, ß]", ("Grün", "ß")),
    ],
)
def test_names_of_classes_stay_the_text_that_was_written(make_settings, classes, expected):
    changes = parse_changes([f"tasks={{mine: {classes}}}"])
    assert make_settings(**changes).tasks == {"mine": expected}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("{t: [1, 2]}", "setting 'tasks.t.0' in config.yaml or --set is 1, but must be a name; in quotes if"),
        ("{t: [a, '']}", "the class '' of task t cannot be the name of a class folder"),
        ("{t: [a, b/c]}", "the class 'b/c' of task t cannot be the name of a class folder"),
        ("{t: [Caf\u00e9, Cafe\u0301]}", "task t lists a class twice"),
        ("{t/u: [a, b]}", "the name of the task 't/u' must consist of letters, digits, - and _"),
        ("{t: [a, b], T: [a, b]}", "two tasks have names that differ only by case"),
        ("{}", "must be a mapping of keys to values, not empty"),
    ],
)
def test_names_that_no_folder_or_model_can_have_are_refused(make_settings, tasks, expected):
    with pytest.raises(SettingsError) as raised:
        make_settings(**parse_changes([f"tasks={tasks}"]))
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (["seed=1", "seed=2"], "seed is given twice"),
        (["execution=3", "execution.threads=2"], "both 'execution' and 'execution.threads' are set"),
        (
            ["execution.threads=2", "execution={threads: 3}"],
            "both 'execution' and 'execution.threads' are set",
        ),
        (["execution={threads: 2, threads: 3}"], "'threads' is given twice"),
        (["seed.a=2"], "unknown setting 'seed.a'"),
        (["seed=" + "[" * 5000], "nested more than 10 deep"),
        (
            ["seed=!!python/object:os.system 1"],
            "the tag tag:yaml.org,2002:python/object:os.system is not read",
        ),
    ],
)
def test_no_value_of_a_setting_is_lost(make_settings, pairs, expected):
    with pytest.raises(SettingsError) as raised:
        make_settings(**parse_changes(pairs))
    message = str(raised.value)
    assert expected in message and "\n" not in message and len(message) < 200


def test_a_setting_with_a_default_can_be_set_where_the_file_lacks_it(tmp_path: Path, root):
    config = tmp_path / "older.yaml"
    config.write_text((root / "config.yaml").read_text().replace("solver: auto", ""))
    assert load_settings(config, {"solver": "batched"}).solver == "batched"


def test_set_parses_values_as_yaml():
    assert parse_changes(["a=60", "b=null", "c=[x, y]", "d=text"]) == {
        "a": 60,
        "b": None,
        "c": ["x", "y"],
        "d": "text",
    }


@pytest.mark.parametrize("pair", ["seed", "=3", "seed=", "seed=[1"])
def test_a_malformed_set_raises_an_error(pair):
    with pytest.raises(SettingsError, match="--set"):
        parse_changes([pair])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"", "contains no settings"),
        (b"just text", "contains no settings"),
        (b"a: [", "is not valid YAML"),
        ("a: grün".encode("latin-1"), r"is not UTF-8 \(byte 6\): save it as UTF-8"),
        ("a: 1".encode("utf-16"), "is not UTF-8"),
        (b"a: \x00", "is not valid YAML"),
        (b"seed: 1\nseed: 2", r"'seed' is given twice \(line 2\)"),
        (b"a: &x [1]\nb: [*x, *x]", r"anchors \(&\) and aliases \(\*\) are not read"),
        (b"[" * 100_000, "nested more than 10 deep"),
    ],
)
def test_a_config_that_is_not_a_mapping_raises_an_error(tmp_path: Path, content, expected):
    config = tmp_path / "config.yaml"
    if content is not None:
        config.write_bytes(content)
    with pytest.raises(SettingsError, match=expected) as raised:
        load_settings(config)
    assert "config.yaml" in str(raised.value) and "\n" not in str(raised.value)


def test_the_mark_of_byte_order_is_no_part_of_the_first_key(tmp_path: Path, root):
    config = tmp_path / "config.yaml"
    config.write_bytes(b"\xef\xbb\xbf" + (root / "config.yaml").read_bytes().replace(b"\n", b"\r\n"))
    assert load_settings(config) == load_settings(root / "config.yaml")


def test_an_unknown_key_in_the_file_raises_an_error_with_a_suggestion(tmp_path: Path, root):
    config = tmp_path / "mine.yaml"
    config.write_text((root / "config.yaml").read_text() + "\nrepeat: 3\n")
    with pytest.raises(SettingsError, match="did you mean 'repeats'"):
        load_settings(config)


def test_execution_settings_are_not_among_the_result_parameters(make_settings):
    plain = make_settings().result_parameters()
    assert make_settings(**{"execution.chunk_images": 9}).result_parameters() == plain
    assert make_settings(near_duplicates="kept").result_parameters() == plain
    assert make_settings(seed=9).result_parameters() != plain
    # Which versions may become the champion is decided once for each run.
    assert make_settings(champion="any").result_parameters() != plain


def test_parts_are_hidden_from_the_networks_named_or_from_all(make_settings):
    assert make_settings(occlusion=["shuffled"]).occlusions_of("VGG16") == ("shuffled",)
    some = make_settings(occlusion={"all": ["shuffled"], "VGG16": ["lungs_only", "shuffled"]})
    assert some.occlusions_of("VGG16") == ("shuffled", "lungs_only")
    assert some.occlusions_of("VGG19") == ("shuffled",)
    assert make_settings(occlusion=[]).occlusions_of("VGG16") == ()
    twice, other_order = ["lungs_only", "lungs_only", "shuffled"], ["shuffled", "lungs_only"]
    assert make_settings(occlusion=twice) == make_settings(occlusion=other_order)
    assert some.with_occlusion("shuffled").preprocessing == "shuffled"
    assert Settings.model_validate_json(some.model_dump_json()) == some


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["lung_only"], "setting 'occlusion': 'lung_only' is not one of lungs_blanked, lungs_only, shuffled"),
        (
            {"VGG16": "shuffled"},
            "setting 'occlusion': 'shuffled' is no list of lungs_blanked, lungs_only, shuffled for VGG16: "
            "write [shuffled]",
        ),
        (
            {"VGG16": None},
            "setting 'occlusion': None is no list of lungs_blanked, lungs_only, shuffled for VGG16",
        ),
        (
            [["shuffled"]],
            "setting 'occlusion': ['shuffled'] is not one of lungs_blanked, lungs_only, shuffled",
        ),
        ("shuffled", "setting 'occlusion': 'shuffled' is neither a list of lungs_blanked, lungs_only, shuf"),
    ],
)
def test_what_is_no_way_to_hide_parts_is_refused(make_settings, value, expected):
    with pytest.raises(SettingsError) as raised:
        make_settings(occlusion=value)
    assert str(raised.value).replace(" in config.yaml or --set:", ":").startswith(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["shuffled", "shuffled"], ["shuffled"]),
        ({"VGG16": ["shuffled"], "all": ["shuffled"]}, ["shuffled"]),
        ({"VGG16": [], "all": []}, []),
        ({"VGG16": ["shuffled"], "VGG19": ["shuffled"]}, {"VGG19": ["shuffled"], "VGG16": ["shuffled"]}),
    ],
)
def test_ways_to_hide_the_same_are_one_setting(make_settings, one, other):
    first, second = make_settings(occlusion=one), make_settings(occlusion=other)
    assert first.result_parameters() == second.result_parameters()
