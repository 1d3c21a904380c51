"""How the images of a run are cut into commits."""

import pytest
from covid_xray.features.key import chunked


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        (3, 4, [3]),
        (4, 4, [4]),
        # Not 4 and 1: the cores would wait for each other twice as often.
        (5, 4, [2, 3]),
        (1124, 256, [224, 225, 225, 225, 225]),
    ],
)
def test_chunks_are_as_few_as_there_must_be_and_as_long_as_each_other(count, size, lengths):
    ids = [str(number) for number in range(count)]
    chunks = chunked(ids, size)
    assert [len(chunk) for chunk in chunks] == lengths
    assert [one for chunk in chunks for one in chunk] == ids
