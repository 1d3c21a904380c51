"""The input pixels of each preprocessing version: changing them requires a new version."""

import hashlib
import json

import pytest
from covid_xray.features.pictures import VERSIONS, input_of
from sparkdl.images import SCALE_HINTS, to_input

from tests.corpus.pictures import drawn

FILES = {
    "grey": drawn("grey"),
    "colour": drawn("colour", mode="RGB"),
    "transparent": drawn("transparent", mode="LA"),
    "text": b"text",
}
# By version: hash of the network's input for the files above with every scale hint.
HASHES = {
    "plain": {1: "d0d61fee8af2c36b"},
    "lungs": {1: "43e06188b99d4a37"},
    "lungs_blanked": {1: "2c4ec7cb9a4ef06e"},
    "lungs_only": {1: "8184469a1af09b58"},
    "shuffled": {1: "8dc7757cd9c524fc"},
}


@pytest.mark.parametrize("preprocessing", VERSIONS)
def test_the_input_pixels_of_a_version_never_change(preprocessing):
    digest = hashlib.sha256()
    for name, file in FILES.items():
        for hint in SCALE_HINTS:
            shown = file if preprocessing == "plain" else input_of(file, preprocessing)
            pixels = to_input(shown, 24, hint)
            digest.update(json.dumps([name, hint]).encode() + (b"" if pixels is None else pixels.tobytes()))
    actual = digest.hexdigest()[:16]
    hint = "pixels have changed: increment VERSIONS in covid_xray/features/preprocessing.py and add the hash"
    assert HASHES[preprocessing].get(VERSIONS[preprocessing]) == actual, f"{hint} {actual}"
