"""Every kind of file has its one end: taken, or refused with the expected reason of the closed list."""

import os

import pytest
from radiograph import FolderError, Reason, Refused, class_folders, open_xray, walk

from tests.corpus.cases import ACCEPTED, LABEL, amiss, cases, lay_out
from tests.corpus.places import places


def ends(root) -> dict[str, str]:
    """How each file ends, by path, when it is found and opened as all parts of the system do."""
    return {found.path: end_of(found) for found in walk(root, class_folders(root))}


def end_of(found) -> str:
    try:
        if found.refused:
            raise found.refused
        xray = open_xray(found.file.read_bytes())
    except Refused as refused:
        assert "\n" not in refused.detail
        return refused.reason
    except OSError:
        return "unreadable"
    # What is stored is an X-ray again, of the same size.
    stored = open_xray(xray.content())
    assert (stored.width, stored.height) == (xray.width, xray.height)
    return ACCEPTED


def test_every_file_is_taken_or_refused_as_it_should(tmp_path):
    assert amiss(ends(lay_out(tmp_path / "root"))) == {}


def test_the_corpus_has_at_least_forty_kinds_and_all_reasons_that_a_single_file_can_have():
    kinds = [one for one in cases() if "tenths" not in one.path]
    assert len(kinds) >= 40
    together = {"duplicate", "label_conflict"}
    assert {end for one in cases() for end in one.ends} >= set(Reason) - together


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    locked = [one for one in places() if one.needs_permissions]
    assert amiss(ends(lay_out(tmp_path / "root", locked)), locked) == {}


def test_an_empty_class_folder_has_no_files(tmp_path):
    assert ends(lay_out(tmp_path / "root", [])) == {}


@pytest.mark.parametrize("there", ["Covid19", "covid-19", "Covid-19 "])
def test_a_misspelt_class_folder_is_named_beside_the_one_that_was_sought(tmp_path, there):
    (tmp_path / there).mkdir()
    with pytest.raises(FolderError, match=f"no class folder {LABEL} .it has {there}"):
        list(walk(tmp_path, [LABEL]))
