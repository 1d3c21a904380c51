"""Sound files with damage done to them, as hypothesis draws it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

from hypothesis import strategies as st

from tests.corpus import dicom
from tests.corpus.pictures import drawn


@cache
def sound() -> tuple[bytes, ...]:
    """One or two small files of each format that is fuzzed."""
    kinds = [("PNG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "L"), ("JPEG", "RGB"), ("TIFF", "L")]
    kinds += [("TIFF", "RGB"), ("BMP", "RGB"), ("GIF", "P")]
    pictures = [drawn(f"fuzz {kind} {mode}", kind, mode) for kind, mode in kinds]
    pictures += [drawn("fuzz lzw", "TIFF", compression="tiff_lzw")]
    pictures += [drawn("fuzz progressive", "JPEG", progressive=True)]
    files = (dicom.radiograph("fuzz"), dicom.coloured("fuzz"), dicom.run_lengths("fuzz"), dicom.jpeg("fuzz"))
    return (*pictures, *map(dicom.written, files))


@st.composite
def mutated(draw: st.DrawFn, files: Sequence[bytes] = ()) -> bytes:
    """One of these files, by default of all sound ones, with one to four kinds of damage.

    By a random generator that hypothesis seeds: its own integers are mostly small, and places in a file with
    them, so that little but signatures would ever be hurt.
    """
    random = draw(st.randoms(use_true_random=True))
    data = bytearray(random.choice(files or sound()))
    for damage in random.choices((_flip, _overwrite, _cut, _splice), (5, 3, 2, 1), k=random.randint(1, 4)):
        if data:
            damage(random, data)
    return bytes(data)


def _place(random: Random, data: bytearray) -> int:
    """A place anywhere, as often as not in the header, where more hangs on a byte."""
    return random.randrange(min(len(data), random.choice((200, len(data)))))


def _flip(random: Random, data: bytearray) -> None:
    for _ in range(random.randint(1, 8)):
        data[_place(random, data)] ^= 1 << random.randrange(8)


def _overwrite(random: Random, data: bytearray) -> None:
    """Numbers that lengths, offsets and sizes are likely to stumble over."""
    place = _place(random, data)
    numbers = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\x01\0")
    data[place : place + 4] = random.choice(numbers)


def _cut(random: Random, data: bytearray) -> None:
    start = _place(random, data)
    end = random.choice((len(data), start + 1, start + 8))
    del data[start:end]


def _splice(random: Random, data: bytearray) -> None:
    """The beginning of another file, in place of this one's or before it."""
    other = random.choice(sound())
    length = random.randint(1, min(200, len(other)))
    data[: random.choice((0, length))] = other[:length]
