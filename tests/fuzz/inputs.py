"""What parsers are fuzzed with: known traps, mutants of recorded payloads, JSON of any shape, and noise."""

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.table import Parser, Takes
from zemi.api.errors import ApiError
from zemi.api.json import read as read_request
from zemi.common.http_client import Answer

RECORDED = Path(__file__).resolve().parents[1] / "providers" / "recorded" / "scenarios.json"


class Token(str):
    """Written into a payload as it is: JSON that Python's writer would not write."""

    __slots__ = ()


# The traps of SAFETY 5e, as they stand in a body where a value is expected. Half of the stock design's readers fell.
VALUES = tuple(
    Token(text)
    for text in (
        "null", "true", "false", "0", "-0", "1", "1e2", "1E400", "-1", "0.1e1", "1500.001", "00", "NaN", "-Infinity",
        "9" * 5_000, "1." + "0" * 5_000, "12345678901234567890123456789012345678901234567890",
        '""', '" "', '"0"', '"-0"', '"1e2"', '"true"', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"a\\u0000b"',
        '"\uff11\uff15\uff10\uff10"', '"\u0661\u0665\u0660\u0660"', '"\u0967\u0968"', '"\u00b2"', '"\\u202e"', '"\ufeff"',
        '"0.0"', '"1,500"', '"00000000000000"', '"99999999999999"', '"31.02.2026 25:61:61"', '"00010101000000"',
        "[]", "{}", "[[]]", '{"": ""}', '[{"Name": null}]', '{"a": 1, "a": 2}', "[" * 5_000, "[" * 5_000 + "]" * 5_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000, '"' + "a" * 70_000 + '"', "847263", "254712345678", "2.54712345678e11",
    )
)  # fmt: skip
# Whole bodies that are no objects, or no text.
BODIES = (
    b"", b" ", b"\x00", b"{", b"}", b"{}{}", b"{}\x00", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b'{"a": "\xed\xa0\x80"}',
    b"<html>503</html>", b'{"a":1,}', b"{'a':1}", b"{} // yes", b'{"Body": {"stkCallback": []}}', b'{"Result": null}',
    b'{"errorCode": {}}', b'{"ResponseCode": 0}', b'{"SMSMessageData": {"Recipients": [{}]}}',
)  # fmt: skip
TEXTS = (
    "", " ", "\x00", "\ud800", "0", "-0", "+0", "1e2", "NaN", "inf", "0x10", "1_500", "9" * 5_000,
    "\uff11\uff15\uff10\uff10",
    "\u0661\u0665\u0660\u0660", "\u0967", "\u00b2", "\u202e", "\ufeff1500", "1500\n", "tel:+254712345678",
    "0712345678;ext=5",
    "+" * 30, "(" * 25, "ZEM-", "ZEM-\u0130\u0131\ufb01\u00df", "zk_test_", "Bearer",
    "0" * 100, "f" * 100, "ff" + "0" * 98, "01ff" + "0" * 96,
)  # fmt: skip
_SPLINTERS = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b'"', b"[" * 5_000, b"9" * 5_000, b"}",
)  # fmt: skip
STATUSES = (200, 200, 200, 201, 202, 204, 302, 400, 401, 403, 404, 429, 500, 502, 503, 504, 0, 999)


@cache
def recorded() -> tuple[bytes, ...]:
    """Every callback and answer on record, as bytes."""
    found: set[bytes] = set()
    for scenario in json.loads(RECORDED.read_text(), parse_float=Token).values():
        for callback in scenario.get("callbacks", ()):
            found.add(written(callback["json"]))
        for answers in scenario.get("answers", {}).values():
            found |= {written(answer["json"]) for answer in answers if "json" in answer}
    return tuple(sorted(found))


def written(value: Any) -> bytes:
    """Write JSON, with tokens as they are."""
    return _text(value).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    if isinstance(value, Token):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{_name(name)}:{_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)


def _name(name: str) -> str:
    return name if isinstance(name, Token) else json.dumps(name)


@cache
def origins(parser: Parser) -> tuple[bytes, ...]:
    """Recorded bodies to begin with: thrice those that `parser` can read, and all others once."""
    fitting = [body for body in recorded() if _is_read(parser, body)]
    return (*recorded(), *fitting, *fitting, *fitting)


def _is_read(parser: Parser, body: bytes) -> bool:
    given: Any = Answer(200, body) if parser.takes is Takes.ANSWER else body
    try:
        return "unreadable" not in repr(parser.read(given))
    except parser.errors:
        return False


def mutant(body: bytes, seed: int) -> bytes:
    """Change a recorded body in one to four places: a value, a name, a whole branch, or some bytes."""
    dice = random.Random(seed)
    if dice.random() < 0.75:
        tree = json.loads(body, parse_float=Token, parse_int=Token)
        for _ in range(dice.randint(1, 4)):
            _change(tree, dice)
        body = written(tree)
    if dice.random() < 0.3:
        body = _bytes_changed(body, dice)
    return body


def _change(tree: Any, dice: random.Random) -> None:
    places = list(_places(tree))
    if not places:
        return
    parent, key = dice.choice(places)
    match dice.randint(0, 6):
        case 0 | 1 | 2:
            parent[key] = dice.choice(VALUES)
        case 3:
            del parent[key]
        case 4:  # the same again: a doubled name, or a doubled entry
            if isinstance(parent, dict):
                parent[Token(json.dumps(key))] = dice.choice((parent[key], dice.choice(VALUES)))
            else:
                parent.append(copy.copy(parent[key]))
        case 5:  # a list for its entry, an entry for its list, or wrapped once more
            parent[key] = parent[key][0] if isinstance(parent[key], list) and parent[key] else [parent[key]]
        case _:  # a branch from elsewhere in the tree, without becoming its own child
            other, name = dice.choice(places)
            parent[key] = copy.deepcopy(other[name]) if name in other or isinstance(other, list) else None


def _places(tree: Any) -> Any:
    if isinstance(tree, dict):
        for name, item in tree.items():
            yield tree, name
            yield from _places(item)
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield tree, index
            yield from _places(item)


def _bytes_changed(body: bytes, dice: random.Random) -> bytes:
    at, length = dice.randint(0, len(body)), dice.randint(0, 8)
    trap = dice.choice(
        (
            b"",
            b"\x00",
            b"\xff",
            b"\xed\xa0\x80",
            b"\\u0000",
            b"\\ud800",
            b'"',
            b"[" * 5_000,
            b"9" * 5_000,
            b"}",
        )
    )
    return body[:at] + trap + body[at + length :]


def _text_mutant(text: str, seed: int) -> str:
    dice = random.Random(seed)
    for _ in range(dice.randint(1, 3)):
        at, length = dice.randint(0, len(text)), dice.randint(0, 2)
        text = text[:at] + dice.choice((*TEXTS, "a", "0", "9", "-", ".")) + text[at + length :]
    return text


def _file_mutant(file: bytes, seed: int) -> bytes:
    """Change some bytes, most of them near the head, where the lengths stand; or cut the rest off."""
    dice, changed = random.Random(seed), bytearray(file)
    for _ in range(dice.randint(1, 8)):
        if changed:
            changed[int(len(changed) * dice.random() ** 3)] = dice.choice(
                (0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256))
            )
    return bytes(changed[: dice.randint(0, len(changed))] if dice.random() < 0.2 else changed)


_seeds = st.integers(min_value=0, max_value=2**48)
_numbers = st.from_regex(r"\A-?[0-9]{1,12}(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?\Z").map(Token)
_json_values = st.recursive(
    st.none() | st.booleans() | _numbers | st.text(st.characters(), max_size=30) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_texts = st.text(st.characters(), max_size=120)


def inputs(parser: Parser) -> st.SearchStrategy[Any]:
    """What to give to one parser."""
    match parser.takes:
        case Takes.BODY:
            return _bodies(parser)
        case Takes.FILE:
            return st.one_of(
                st.binary(max_size=200), st.builds(_file_mutant, st.sampled_from(parser.good), _seeds)
            )
        case Takes.ANSWER:
            return st.builds(Answer, st.sampled_from(STATUSES), _bodies(parser))
        case Takes.VALUE:
            return _values(parser).map(as_read)
        case Takes.TEXT:
            return st.one_of(
                st.sampled_from(TEXTS), _texts, st.builds(_text_mutant, st.sampled_from(parser.good), _seeds)
            )


def _bodies(parser: Parser) -> st.SearchStrategy[bytes]:
    mutants = st.builds(mutant, st.sampled_from(origins(parser)), _seeds)
    traps = st.sampled_from((*BODIES, *(value.encode("utf-8", "surrogatepass") for value in VALUES)))
    return st.one_of(mutants, mutants, mutants, traps, _json_values.map(written), st.binary(max_size=200))


def _values(parser: Parser) -> st.SearchStrategy[Any]:
    good = st.sampled_from([good for good in parser.good if isinstance(good, str)] or ["a"])
    mutants = st.builds(_text_mutant, good, _seeds)
    return st.one_of(
        st.sampled_from((*parser.good, *VALUES)), mutants, mutants.map(Token), _json_values, _json_values
    )


def as_read(value: Any) -> Any:
    """The value as a field gets it: out of a body that was read. What the reader refuses is the reader's case."""
    try:
        return read_request(b'{"x":' + written(value) + b"}")["x"]
    except ApiError:
        return None
