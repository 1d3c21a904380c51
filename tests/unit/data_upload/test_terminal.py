"""What a command prints while it works."""

import os

from data_upload.terminal import progress_bar, suppress_stderr


def test_without_a_terminal_progress_is_a_line_for_every_tenth(capsys):
    with progress_bar("resize") as notify:
        for done in range(1, 26):
            notify(done, 25)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "resize: 3 of 25" and lines[-1] == "resize: 25 of 25" and len(lines) == 10


def test_standard_error_is_silent_inside_and_works_again_after(capfd):
    with suppress_stderr():
        os.write(2, b"from a library in C")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
