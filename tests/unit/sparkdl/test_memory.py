import sys

import pytest
from sparkdl.memory import hide_packages


def test_hidden_packages_cannot_be_imported_inside_the_block_but_afterwards():
    sys.modules.pop("colorsys", None)
    with hide_packages(["colorsys", "no_such_package"]), pytest.raises(ImportError):
        import colorsys
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert "no_such_package" not in sys.modules


def test_a_package_that_is_loaded_already_is_not_hidden():
    import json

    with hide_packages(["json"]):
        import json as again
    assert again is json and sys.modules["json"] is json
