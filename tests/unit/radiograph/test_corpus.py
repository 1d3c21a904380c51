"""Every kind of file is accepted, or refused with the expected reason of the closed list."""

import os

import pytest
from radiograph import FolderError, Reason, Refused, class_folders, open_xray, walk

from tests.corpus.cases import ACCEPTED, LABEL, amiss, cases, lay_out
from tests.corpus.places import places


def outcomes(root) -> dict[str, str]:
    """The outcome of each file, by path, when it is found and opened as everywhere in the project."""
    return {found.path: outcome_of(found) for found in walk(root, class_folders(root))}


def outcome_of(found) -> str:
    try:
        if found.refused:
            raise found.refused
        xray = open_xray(found.file.read_bytes())
    except Refused as refused:
        assert "\n" not in refused.detail
        return refused.reason
    except OSError:
        return "unreadable"
    # The stored file is an X-ray of the same size.
    stored = open_xray(xray.content())
    assert (stored.width, stored.height) == (xray.width, xray.height)
    return ACCEPTED


def test_every_file_has_its_expected_outcome(tmp_path):
    assert amiss(outcomes(lay_out(tmp_path / "root"))) == {}


def test_the_corpus_has_forty_kinds_of_files_and_every_reason_that_a_single_file_can_have():
    kinds = [one for one in cases() if "tenths" not in one.path]
    assert len(kinds) >= 40
    together = {"duplicate", "label_conflict", "near_duplicate", "training_patient"}
    assert {end for one in cases() for end in one.ends} >= set(Reason) - together


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_refused(tmp_path):
    locked = [one for one in places() if one.needs_permissions]
    assert amiss(outcomes(lay_out(tmp_path / "root", locked)), locked) == {}


def test_an_empty_class_folder_has_no_files(tmp_path):
    assert outcomes(lay_out(tmp_path / "root", [])) == {}


@pytest.mark.parametrize("present", ["Covid19", "covid-19", "Covid-19 "])
def test_a_missing_class_folder_is_named_with_the_misspelt_one(tmp_path, present):
    (tmp_path / present).mkdir()
    with pytest.raises(FolderError, match=f"no class folder {LABEL} .it has {present}"):
        list(walk(tmp_path, [LABEL]))
