"""What a field of a request may hold: its shape, strictly, and the words for when it doesn't.

A JSON value is never turned into another kind: true is no amount, 847263 is no delivery code. What it
means (is this the order's amount, is this its code) is the domain's business (STYLE 4, 36).
"""

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from zemi.api.json import RawNumber, write
from zemi.common.ids import read_reference
from zemi.common.money import InvalidAmount, Money
from zemi.common.phone import InvalidPhone, Phone, holds_phone
from zemi.common.texts import Text

_MAX_METADATA_BYTES = 8 * 1024


class Unreadable(Exception):
    """A value that its field can't take: a stable code, and a sentence that says what would be right."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class Value(serializers.Field[Any, Any, Any, Any]):
    """A field that reads one JSON value. `schema` is what OpenAPI says of it."""

    schema: ClassVar[Mapping[str, Any]] = {}

    def read(self, raw: object) -> Any:
        """Turn `raw` into what the domain takes.

        :raises Unreadable: it has another shape
        """
        raise NotImplementedError

    def openapi(self) -> dict[str, Any]:
        """Describe the field in JSON Schema."""
        return dict(self.schema)

    def to_internal_value(self, data: object) -> Any:
        """Read it, for whoever uses the field by way of DRF."""
        return self.read(data)

    def to_representation(self, value: Any) -> Any:
        """Show it as it is."""
        return value


class ValueSchema(OpenApiSerializerFieldExtension):
    """Lets drf-spectacular ask the field itself."""

    target_class = Value
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Answer with the field's own schema."""
        field: Value = self.target
        return field.openapi()


class AmountField(Value):
    """Shillings, as JSON number or text; the cents are read from the characters, never from a float."""

    schema = {
        "oneOf": [
            {"type": "number", "minimum": 0, "description": "Plain digits: 1500 or 1500.00, never 1.5e3."},
            {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"},
        ],
        "examples": [1500.00, "1500.00"],
    }
    _NOT_AN_AMOUNT = Text(
        en='Give the amount as a number or a text, such as 1500.00 or "1500.00".',
        sw='Andika kiasi kama namba au maandishi, mfano 1500.00 au "1500.00".',
    )

    def read(self, raw: object) -> Money:
        """Read an amount in Kenyan shillings."""
        if not isinstance(raw, str):
            raise Unreadable("invalid_amount", self._NOT_AN_AMOUNT)
        try:
            return Money.parse(raw)
        except InvalidAmount as error:
            raise Unreadable(error.reason, error.text) from error


class PhoneField(Value):
    """A Kenyan mobile number, in any of the forms that people write."""

    schema = {
        "oneOf": [
            {"type": "string", "minLength": 9, "maxLength": 25},
            {"type": "integer", "minimum": 100_000_000, "maximum": 254_999_999_999},
        ],
        "examples": ["254712345678", "0712 345 678"],
    }

    def read(self, raw: object) -> Phone:
        """Read a number; written as a JSON number it has no leading zero, and needs none."""
        if not isinstance(raw, str):
            raise Unreadable("invalid_phone", InvalidPhone.text)
        try:
            return Phone.parse(raw)
        except InvalidPhone as error:
            raise Unreadable("invalid_phone", error.text) from error


class TextField(Value):
    """Words of people: `least` to `most` characters, no control characters but new line and tab."""

    _NOT_TEXT = Text(
        en="This must be text, in double quotes.", sw="Hii lazima iwe maandishi, ndani ya alama za kunukuu."
    )
    _CONTROL = Text(
        en="This text holds a control character; only new lines and tabs are allowed.",
        sw="Maandishi haya yana herufi ya udhibiti; mistari mipya na tab pekee ndizo zinaruhusiwa.",
    )
    _BLANK = Text(en="This may not be empty.", sw="Hii haiwezi kuwa tupu.")

    def __init__(self, *, least: int = 1, most: int, example: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most, self.example = least, most, example

    def read(self, raw: object) -> str:
        """Read a text, exactly as it is."""
        if type(raw) is not str:
            raise Unreadable("not_text", self._NOT_TEXT)
        if len(raw) > self.most:
            raise Unreadable("too_long", _too_long(self.most))
        if len(raw) < self.least or (self.least and not raw.strip()):
            raise Unreadable("blank", self._BLANK)
        if not raw.isprintable() and any(_is_control(character) for character in raw):
            raise Unreadable("control_character", self._CONTROL)
        return raw

    def openapi(self) -> dict[str, Any]:
        """Text with its lengths."""
        found: dict[str, Any] = {"type": "string", "minLength": self.least, "maxLength": self.most}
        if self.least:
            found["pattern"] = r"\S"
        return found | ({"examples": [self.example]} if self.example else {})


class ReasonField(TextField):
    """Why something is to be done, for people to read: it names nobody's phone."""

    _HAS_PHONE = Text(
        en="This may not hold phone numbers: others read it.",
        sw="Hapa hapawezi kuwa na namba za simu: wengine hupasoma.",
    )

    def read(self, raw: object) -> str:
        """Read a text without phone numbers."""
        text = super().read(raw)
        if holds_phone(text):
            raise Unreadable("reason_phone", self._HAS_PHONE)
        return text


class WordField(TextField):
    """Text of one form only, such as an id: `pattern` is matched whole."""

    def __init__(self, *, pattern: str, sentence: Text, most: int, **kwargs: Any) -> None:
        super().__init__(most=most, **kwargs)
        self.pattern = re.compile(pattern, re.ASCII)
        self.sentence = sentence

    def read(self, raw: object) -> str:
        """Read a word."""
        word = super().read(raw)
        if not self.pattern.fullmatch(word):
            raise Unreadable("invalid_form", self.sentence)
        return word

    def openapi(self) -> dict[str, Any]:
        """Text with its pattern."""
        return super().openapi() | {"pattern": f"^(?:{self.pattern.pattern})$"}


class ReferenceField(WordField):
    """An order's reference, as a person types it; misread letters are mended."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern=r"[A-Za-z0-9-]{1,40}",
            most=40,
            example="ZEM-7K2M9QXA",
            sentence=Text(
                en="An order reference is ZEM- and 8 letters or digits.",
                sw="Namba ya oda ni ZEM- na herufi au tarakimu 8.",
            ),
            **kwargs,
        )

    def read(self, raw: object) -> str:
        """Read a reference into its one form."""
        return read_reference(super().read(raw))


class ReceiptNumberField(WordField):
    """M-Pesa's number of a payment, as its message names it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern="[A-Za-z0-9]{6,20}",
            most=20,
            example="QHJ41HG1W8",
            sentence=Text(
                en="The M-Pesa number has letters and digits only.",
                sw="Namba ya M-Pesa ina herufi na tarakimu tu.",
            ),
            **kwargs,
        )


class CodeField(Value):
    """A delivery code: six digits, as text, because it may begin with zeros."""

    schema = {"type": "string", "pattern": "^[0-9]{6}$", "examples": ["847263"]}
    _FORM = re.compile(r"[0-9]{6}", re.ASCII)
    _NOT_A_CODE = Text(
        en="A delivery code has six digits, 0 to 9.", sw="Namba ya kupokea ina tarakimu sita, 0 hadi 9."
    )
    _NOT_TEXT = Text(
        en='Send the delivery code as text, in double quotes ("012345"): a number loses its leading zeros.',
        sw='Tuma namba ya kupokea kama maandishi, kwenye alama za kunukuu ("012345"): namba hupoteza sifuri.',
    )

    def read(self, raw: object) -> str:
        """Read a code. Refused here it costs no attempt: no code has this shape."""
        if type(raw) is not str:
            raise Unreadable("not_text", self._NOT_TEXT)
        if not self._FORM.fullmatch(raw):
            raise Unreadable("invalid_code", self._NOT_A_CODE)
        return raw


class WholeField(Value):
    """A whole number from `least` to `most`. `is_rule`: the service refuses what lies outside, in words of its own."""

    def __init__(self, *, least: int, most: int, example: int, is_rule: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most, self.example, self.is_rule = least, most, example, is_rule

    def read(self, raw: object) -> int:
        """Read a number in plain digits."""
        if type(raw) is not RawNumber or not re.fullmatch(r"-?[0-9]{1,18}", raw, re.ASCII):
            raise Unreadable("not_whole", self._range())
        if not self.is_rule and not self.least <= int(raw) <= self.most:
            raise Unreadable("out_of_range", self._range())
        return int(raw)

    def openapi(self) -> dict[str, Any]:
        """A number with its bounds."""
        return {
            "type": "integer",
            "minimum": self.least,
            "maximum": self.most,
            "examples": [self.example],
        }

    def _range(self) -> Text:
        return Text(
            en=f"This must be a whole number from {self.least} to {self.most}.",
            sw=f"Hii lazima iwe namba kamili kuanzia {self.least} hadi {self.most}.",
        )


class YesNoField(Value):
    """true or false."""

    schema = {"type": "boolean"}
    _NEITHER = Text(
        en="This is true or false, without quotes.", sw="Hii ni true au false, bila alama za kunukuu."
    )

    def read(self, raw: object) -> bool:
        """Read one of the two."""
        if not isinstance(raw, bool):
            raise Unreadable("not_a_boolean", self._NEITHER)
        return raw


class MetadataField(Value):
    """A merchant's own notes: an object of texts, returned and never used (DOMAIN 4.5)."""

    schema = {
        "type": "object",
        "maxProperties": 50,
        "propertyNames": {"minLength": 1, "maxLength": 40},
        "additionalProperties": {"type": "string", "maxLength": 500},
        "description": "At most 8 kB in all; no phone numbers, e-mail addresses or ID numbers, unless `allow_pii` is true.",
    }
    _NOT_AN_OBJECT = Text(en="Metadata is a JSON object.", sw="Metadata ni kitu cha JSON.")
    _LIMITS = Text(
        en="Metadata holds at most 50 names of 1 to 40 characters, each with a text of at most 500.",
        sw="Metadata ina majina yasiyozidi 50 ya herufi 1 hadi 40, kila moja na maandishi ya herufi 500.",
    )
    _TOO_LARGE = Text(en="Metadata is larger than 8 kB in all.", sw="Metadata imezidi kB 8 kwa jumla.")

    def read(self, raw: object) -> dict[str, Any]:
        """Read the notes."""
        if not isinstance(raw, dict):
            raise Unreadable("not_an_object", self._NOT_AN_OBJECT)
        if len(write(raw)) > _MAX_METADATA_BYTES:
            raise Unreadable("too_large", self._TOO_LARGE)
        return self._checked(raw)

    def _checked(self, raw: dict[str, Any]) -> dict[str, Any]:
        if len(raw) > 50 or not all(
            0 < len(name) <= 40 and type(value) is str and len(value) <= 500 for name, value in raw.items()
        ):
            raise Unreadable("metadata_limits", self._LIMITS)
        return raw


class QueryNumberField(WholeField):
    """A whole number in a query, where all there is is text."""

    def read(self, raw: object) -> int:
        """Read a number in plain digits."""
        return super().read(RawNumber(raw))


class TimeField(Value):
    """A moment, or a day, which means its first moment in UTC."""

    schema = {
        "type": "string",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?$",
        "examples": ["2026-11-01T00:00:00Z", "2026-11-01"],
    }
    _FORM = re.compile(schema["pattern"], re.ASCII)
    _NOT_A_TIME = Text(
        en="Write a time as 2026-11-01T00:00:00Z, or a day as 2026-11-01.",
        sw="Andika wakati kama 2026-11-01T00:00:00Z, au siku kama 2026-11-01.",
    )

    def read(self, raw: object) -> datetime:
        """Read a time, with its zone."""
        # In a query a plus sign that was not escaped is a space.
        text = str(raw).replace(" ", "+")
        if not self._FORM.fullmatch(text):
            raise Unreadable("invalid_time", self._NOT_A_TIME)
        try:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise Unreadable("invalid_time", self._NOT_A_TIME) from error


class ExpandField(Value):
    """Names of parts, separated by commas; which there are is the domain's business."""

    schema = {
        "type": "string",
        "pattern": r"^[a-z_.]+(,[a-z_.]+){0,9}$",
        "examples": ["payments,payouts.attempts"],
    }
    _FORM = re.compile(schema["pattern"], re.ASCII)
    _NOT_PARTS = Text(
        en="Name the parts to expand, separated by commas.",
        sw="Taja sehemu za kupanua, ukitenganisha kwa koma.",
    )

    def read(self, raw: object) -> list[str]:
        """Read the names."""
        text = str(raw)
        if len(text) > 200 or not self._FORM.fullmatch(text):
            raise Unreadable("invalid_form", self._NOT_PARTS)
        return text.split(",")


class FreeMetadataField(MetadataField):
    """What a payment provider says besides: kept as given, under the same size."""

    schema = {"type": "object", "description": "Kept as given, at most 8 kB."}
    _TOO_BIG_NUMBER = Text(
        en="Metadata holds a number that is too large.", sw="Metadata ina namba kubwa mno."
    )

    def _checked(self, raw: dict[str, Any]) -> dict[str, Any]:
        return {name: self._kept(value) for name, value in raw.items()}

    def _kept(self, value: Any) -> Any:
        if isinstance(value, RawNumber):
            # No amount is ever read from here, so JSON's usual numbers will do.
            number = json.loads(value)
            if not math.isfinite(number):
                raise Unreadable("number_too_large", self._TOO_BIG_NUMBER)
            return number
        if isinstance(value, dict):
            return {name: self._kept(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._kept(item) for item in value]
        return value


class Shown(Value):
    """A field of an answer: only described. Answers are written by hand, and tests compare the two."""

    def __init__(self, schema: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schema = schema

    def openapi(self) -> dict[str, Any]:
        """What was declared."""
        return dict(self._schema)


def _is_control(character: str) -> bool:
    # Bidirectional overrides (Cf) would let a description read differently than it is.
    return character not in "\n\t" and (
        unicodedata.category(character) == "Cc"
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _too_long(most: int) -> Text:
    return Text(en=f"This is longer than {most} characters.", sw=f"Hii imezidi herufi {most}.")
