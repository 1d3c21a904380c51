"""The pixels that stored features rest on: whoever changes them raises the version."""

import hashlib
import json

import pytest
from covid_xray.features.preprocessing import VERSIONS, lung_field_of
from sparkdl.images import SCALE_HINTS, to_input

from tests.corpus.pictures import drawn

FILES = {
    "grey": drawn("grey"),
    "colour": drawn("colour", mode="RGB"),
    "transparent": drawn("transparent", mode="LA"),
    "text": b"text",
}
# By version: what the network is shown of the files above, by every scale hint.
SHOWN = {
    "plain": {1: "d0d61fee8af2c36b"},
    "lungs": {1: "43e06188b99d4a37"},
}
SHOW = {"plain": lambda file: file, "lungs": lung_field_of}


@pytest.mark.parametrize("preprocessing", VERSIONS)
def test_a_version_shows_the_network_the_same_pixels_for_ever(preprocessing):
    digest = hashlib.sha256()
    for name, file in FILES.items():
        for hint in SCALE_HINTS:
            pixels = to_input(SHOW[preprocessing](file), 24, hint)
            digest.update(json.dumps([name, hint]).encode() + (b"" if pixels is None else pixels.tobytes()))
    said = "pixels have changed: raise VERSIONS in covid_xray/features/preprocessing.py, and write down"
    found = digest.hexdigest()[:16]
    assert SHOWN[preprocessing].get(VERSIONS[preprocessing]) == found, f"{said} {found} for it"
