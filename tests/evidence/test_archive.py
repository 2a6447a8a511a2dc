"""The zip of a pack has one form, and what is no pack is refused before it costs anything."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.evidence import PackError
from syncd.evidence.archive import read, refuse_other_form, write

names = st.from_regex(r"[a-z][a-z0-9._-]{0,10}(/[a-z0-9]{1,5})?", fullmatch=True)
files = st.dictionaries(names, st.binary(max_size=200), min_size=1, max_size=6)


@given(files)
def test_what_is_written_is_read_and_any_reader_of_zips_reads_the_same(given_files: dict[str, bytes]) -> None:
    data = write(given_files)
    assert list(read(data).items()) == list(given_files.items())
    refuse_other_form(data, given_files)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == given_files


@given(st.binary(max_size=300))
def test_bytes_that_are_no_zip_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(PackError):
        read(data)


@given(files, st.data())
def test_a_zip_that_was_cut_or_changed_is_refused_in_words_or_is_not_the_canonical_one(
    given_files: dict[str, bytes], data: st.DataObject
) -> None:
    content = bytearray(write(given_files))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PackError):
        refuse_other_form(bytes(content), read(bytes(content)))
    with pytest.raises(PackError):
        refuse_other_form(bytes(content[:at]), read(bytes(content[:at])))


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", "a/../b", "a\\b", ".hidden", "", "a" * 200, "a//b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(PackError, match="no name of a file"):
        write({name: b""})
    data = write({"x" * len(name.encode()): b""} if 0 < len(name) < 150 else {"x": b""})
    if 0 < len(name) < 150:
        with pytest.raises(PackError, match="no name of a file"):
            read(data.replace(b"x" * len(name), name.encode()))


def test_two_files_of_one_name_are_refused() -> None:
    one = write({"a": b"1", "b": b"2"})
    with pytest.raises(PackError, match="two files of that name"):
        read(one.replace(b"b2", b"a2"))


def test_a_bomb_is_refused_unopened() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb", bytes(50_000_000))
    with pytest.raises(PackError, match="compressed"):
        read(bomb.getvalue())


def test_a_size_that_is_a_lie_is_refused() -> None:
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0x21, zlib.crc32(b""), 2**32 - 1, 2**32 - 1, 1, 0)
    with pytest.raises(PackError, match="ends in the middle"):
        read(head + b"a")
