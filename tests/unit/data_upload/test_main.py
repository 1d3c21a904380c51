import pytest

from data_upload.__main__ import main


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("fetch", "wrapper.sh fetch"),
        ("upload", "wrapper.sh upload"),
        ("download", "wrapper.sh download"),
        ("resize", "wrapper.sh run dataset_resize"),
    ],
)
def test_help_says_what_was_typed(capsys, command, typed):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {typed} [-h]")
