"""Lines of a blueprint that somebody can read on a screen, and their joining for whoever works.

A flow mapping or a description that is too long goes on in further lines, which YAML reads as one.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

WIDTH: Final = 120
# An input is a row of a table that is read by its left edge: it is broken only where the rest would
# be lost to sight, since five lines an input would make two screens of a blueprint four.
INPUT_WIDTH: Final = 200
_QUOTED: Final = re.compile(r'"[^"]*"')
_INPUT: Final = re.compile(r" {8}[a-z_]+: \{")
_DESCRIPTION: Final = re.compile(r"( +)description:(.*)")


def joined(text: str) -> list[str]:
    """Return the lines with each flow mapping and each description in one."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and (_open(lines[-1]) or _goes_on(lines[-1], line)):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return lines


def broken(lines: Sequence[str]) -> list[str]:
    """Return the lines with those that are too long broken between their parts."""
    return [part for line in lines for part in _broken(line)]


def _open(line: str) -> bool:
    bare = _QUOTED.sub("", line)
    return bare.count("{") + bare.count("[") > bare.count("}") + bare.count("]")


def _goes_on(last: str, line: str) -> bool:
    found = _DESCRIPTION.match(last)
    indent = len(line) - len(line.lstrip())
    return found is not None and not found[2].startswith(" >") and indent > len(found[1])


def _broken(line: str) -> Iterator[str]:
    width = INPUT_WIDTH if _INPUT.match(line) else WIDTH
    if len(line) <= width or not line.startswith(" "):
        yield line
        return
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    if found := _DESCRIPTION.fullmatch(line):
        yield f"{found[1]}description:"
        yield from _folded(found[2].strip(), indent, indent)
    elif "{" not in line:
        yield line  # a paragraph or an address
    else:
        yield from _parts(line, indent)


def _parts(line: str, indent: str) -> Iterator[str]:
    """Break after the commas between a mapping's own parts where that is enough."""
    row = ""
    for part in _top_level(line):
        if row and len(row) + len(part) + 1 > WIDTH:
            yield row
            row = ""
        row = f"{row} {part}" if row else (part if part.startswith(" ") else indent + part)
        if len(row) > WIDTH:
            *full, row = _folded(row.strip(), row[: len(row) - len(row.lstrip())], f"{indent}  ")
            yield from full
    yield row


def _top_level(line: str) -> Iterator[str]:
    """Cut at the commas of the outermost mapping that is opened in the line."""
    depth, quoted, begun = 0, False, 0
    for at, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif not quoted:
            depth += (sign in "{[") - (sign in "}]")
            if sign == "," and depth == 1:
                yield line[begun : at + 1].rstrip() if not begun else line[begun : at + 1].strip()
                begun = at + 1
    yield line[begun:].strip() if begun else line


def _folded(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
