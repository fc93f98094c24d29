"""Tables as comma-separated values (RFC 4180), read as strictly as the C++ programs do (examples/support/csv.hpp)."""

import pathlib
from collections.abc import Iterator

from .faults import DataError

MOST_BYTES = 64 << 20


def separator_of(text: str) -> str:
    """A semicolon where the first line has one, and no comma, outside quotes."""
    quoted = semicolon = False
    for c in text:
        if c == "\n" and not quoted:
            break
        quoted ^= c == '"'
        if not quoted and c == ",":
            return ","
        semicolon |= not quoted and c == ";"
    return ";" if semicolon else ","


def records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every record. A byte order mark is skipped, records end with LF or CRLF, empty lines
    are none. Errors: DataError that names the line."""
    text = text.removeprefix("\ufeff")
    separator, at, line = separator_of(text), 0, 1
    while at < len(text):
        begun, fields, empty, ended = line, [""], True, False
        while at < len(text) and not ended:
            c = text[at]
            at += 1
            if c == "\0":
                raise DataError(f"line {line}: a zero byte; is it text in UTF-8?")
            if c == '"':
                if fields[-1]:
                    raise DataError(f"line {line}: a quote inside a field that does not begin with one")
                fields[-1], at, lines = quoted_field(text, at, separator, begun, line)
                line, empty = line + lines, False
            elif c == separator:
                fields.append("")
                empty = False
            elif c == "\n" or text.startswith("\r\n", at - 1):
                at += c == "\r"
                line, ended = line + 1, True
            elif c == "\r":
                raise DataError(f"line {line}: a carriage return alone; lines end with LF or CRLF")
            else:
                fields[-1] += c
                empty = False
        if not empty:
            yield begun, fields


def quoted_field(text: str, at: int, separator: str, begun: int, line: int) -> tuple[str, int, int]:
    """The field behind an opening quote, the place behind its closing one, and how many lines it holds."""
    field, lines = "", 0
    while at < len(text):
        end = text.find('"', at)
        part = text[at:] if end < 0 else text[at:end]
        if "\0" in part:
            line += lines + part[:part.index("\0")].count("\n")
            raise DataError(f"line {line}: a zero byte; is it text in UTF-8?")
        field, lines = field + part, lines + part.count("\n")
        if end < 0:
            break
        at = end + 1
        if text.startswith('"', at):
            field, at = field + '"', at + 1
            continue
        if at < len(text) and text[at] not in (separator, "\n") and not text.startswith("\r\n", at):
            raise DataError(f"line {line + lines}: text behind a closing quote")
        return field, at, lines
    raise DataError(f"line {begun}: a quote is opened and never closed")


def read(path: pathlib.Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields by name of every record behind the header, which has each of `wanted` once. Errors:
    DataError that names the line."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError("more than 64 MiB")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start} is not UTF-8") from error
    rows = records(text)
    _, head = next(rows, (0, []))
    if not head:
        raise DataError("empty")
    if missing := [name for name in wanted if name not in head]:
        raise DataError(f"no column {', '.join(missing)} in the header")
    if twice := [name for name in wanted if head.count(name) > 1]:
        raise DataError(f"two columns {twice[0]} in the header")
    for line, fields in rows:
        if len(fields) != len(head):
            raise DataError(f"line {line}: {len(fields)} fields, but the header has {len(head)}")
        yield line, dict(zip(head, fields, strict=True))
