"""The example that users copy is the one that the tests load."""

import pytest

from script.lib import point_table


@pytest.mark.parametrize(("language", "encoding"), point_table.ENCODINGS.items())
def test_the_example_is_what_the_script_writes(language: str, encoding: str) -> None:
    written = point_table.table(language)
    path = point_table.FOLDER / f"points.{language}.csv"
    assert path.read_bytes() == written.encode(encoding)
    assert written.count("\n") == 2001
