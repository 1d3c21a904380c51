"""A resize meets every kind of file with the end that ingest has for it."""

import os

from PIL import Image

from data_upload.csv_files import Original
from data_upload.resize import resize_folder
from tests.corpus.cases import ACCEPTED, LABEL, amiss, cases, doubles, lay_out
from tests.corpus.named import tells

# What a copy is first written to has a longer name, and no name may have more than 255 bytes.
LONG = [one for one in cases() if len(os.fsencode(one.path)) > 245]
SHORT = [one for one in cases() if one not in LONG]


def ends(data, output) -> dict[str, str]:
    """How each file ends, by path."""
    outcomes = [result.outcome for result in resize_folder(data, output, 2, lambda done, total: None)]
    ended = {}
    for outcome in outcomes:
        if isinstance(outcome, Original):
            ended[outcome.original_path] = ACCEPTED
            assert Image.open(output / outcome.path).mode == "L"
        else:
            ended[outcome.path] = outcome.reason
    return ended


def test_every_file_is_copied_or_refused_as_it_should(tmp_path, capfd):
    data = lay_out(tmp_path / "in", SHORT)
    assert amiss(ends(data, tmp_path / "out"), SHORT) == {}
    copies = [file for file in (tmp_path / "out" / LABEL).rglob("*") if file.is_file()]
    assert len(copies) == sum(one.ends == (ACCEPTED,) for one in SHORT)
    assert not any(tells(file.read_bytes()) for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert capfd.readouterr() == ("", "")


def test_the_longest_names_are_copied_too(tmp_path):
    assert len(LONG) == 2
    assert amiss(ends(lay_out(tmp_path / "in", LONG), tmp_path / "out"), LONG) == {}


def test_doubles_are_copied_for_ingest_to_judge(tmp_path):
    given = doubles("Covid-19", "Pneumonia")
    for path, (content, _) in given.items():
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_bytes(content)
    assert ends(tmp_path / "in", tmp_path / "out") == dict.fromkeys(given, ACCEPTED)
