"""When the same command finds its results, and when it has to look at the inputs again."""

import os

import pytest

from jobs.local.run_cache import RunCache, fingerprint, load_cached, store

RESULTS = RunCache("r1", ["backbone", "accuracy"], [["ResNet50", "80.0"]], [])


@pytest.fixture
def stored(make_request):
    """A finished run with its page, one commit of its tables, and its cached results."""
    request = make_request()
    log = request.warehouse / "runs" / "_delta_log"
    for file in (request.page, log / "0.json"):
        file.parent.mkdir(parents=True)
        file.write_text("done")
    store(request, fingerprint(request), RESULTS)
    return request


def test_equal_requests_find_the_results(stored, make_request):
    assert load_cached(stored, fingerprint(make_request())) == RESULTS


@pytest.mark.parametrize("change", [{"set": ["seed=9"]}, {"weights": "imagenet"}, {"name": "all"}])
def test_another_request_does_not(stored, make_request, change):
    other = make_request(**change)
    assert load_cached(other, fingerprint(other)) is None


def test_a_touched_or_a_new_file_is_another_input(stored, data):
    before = fingerprint(stored)
    os.utime(data / "Covid-19" / "a.png", (1, 1))
    touched = fingerprint(stored)
    (data / "Covid-19" / "b.png").write_bytes(b"picture")
    assert len({before, touched, fingerprint(stored)}) == 3


@pytest.mark.parametrize("name", ["patients.csv", "metadata.csv"])
def test_what_is_told_of_the_images_is_another_input(stored, make_request, data, name):
    before = fingerprint(stored)
    (data / name).write_text("label,filename,patient_id\n")
    assert fingerprint(make_request()) != before


def test_a_page_that_is_gone_is_made_again(stored):
    stored.page.unlink()
    assert load_cached(stored, fingerprint(stored)) is None


def test_a_later_commit_to_the_tables_makes_the_results_stale(stored):
    (stored.warehouse / "runs" / "_delta_log" / "1.json").write_text("more")
    assert load_cached(stored, fingerprint(stored)) is None
