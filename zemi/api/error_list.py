"""Every refusal with its cause, its cure and an example: one list, from which /docs/errors, docs/reference/errors.md
and the examples of OpenAPI are made."""

import inspect
import json
from dataclasses import dataclass
from typing import Any

from zemi.api.errors import body_of, status_of
from zemi.common.errors import ZemiError
from zemi.common.texts import Text

_REQUEST_ID = "req_01932f4e6c7a7c3d8e1f5a6b7c8d9e0f"

# What stands in `code` of each entry of details.errors, beside the name of its field.
FIELD_CODES = {
    "blank": "The text is empty, or nothing but spaces.",
    "control_character": "The text holds a control character; only new lines and tabs are allowed.",
    "invalid_amount": 'Neither a plain JSON number nor a text such as "1500.00".',
    "invalid_code": "A delivery code is six digits.",
    "invalid_form": "The text does not have the form of this field; the message says which.",
    "invalid_scopes": "Not a list of scopes that exist, each once.",
    "invalid_time": "Neither a time such as 2026-11-01T00:00:00Z nor a day such as 2026-11-01.",
    "invalid_phone": "Not a Kenyan mobile number.",
    "invalid_types": "Not a list of up to 50 texts.",
    "max_decimals": "More than two decimals.",
    "metadata_email": "A note seems to hold an e-mail address; `allow_pii` lets it through.",
    "metadata_id_number": "A note seems to hold the number of an ID or a tax PIN; `allow_pii` lets it through.",
    "metadata_limits": "More than 50 names, a name longer than 40 characters, or a text longer than 500.",
    "metadata_phone": "A note seems to hold a phone number; `allow_pii` lets it through.",
    "not_a_boolean": "Neither true nor false.",
    "not_an_object": "Not a JSON object.",
    "not_whole": "Not a whole number in plain digits.",
    "not_text": "Not a text in double quotes.",
    "null": "null is no value; leave the field out instead.",
    "number_too_large": "A number in the metadata is too large.",
    "out_of_range": "The number is too small or too large; the message says the bounds.",
    "reason_phone": "The reason holds a phone number.",
    "required": "The field is missing.",
    "too_large": "More than 8 kB of metadata.",
    "too_long": "Longer than the field may be.",
    "unknown": "There is no query parameter of this name.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One refusal as the list shows it."""

    code: str
    status: int
    kind: str
    retryable: bool
    cause: str
    sentence: Text
    fix: Text
    example: dict[str, Any]

    @property
    def example_text(self) -> str:
        """The example as people read it."""
        return json.dumps(self.example, indent=2, ensure_ascii=False)


def explain(error: type[ZemiError]) -> Explained:
    """Say all about a class of refusals. The texts keep their gaps in braces; the example has them filled in."""
    return Explained(
        code=error.code,
        status=status_of(error),
        kind=str(error.kind),
        retryable=error.retryable,
        cause=" ".join((inspect.getdoc(error) or "").split()),
        sentence=error.text,
        fix=error.next_step,
        example=body_of(error.sample(), language="en", request_id=_REQUEST_ID),
    )


def error_list() -> list[Explained]:
    """Every refusal of the product, by code (tests define some of their own)."""
    return [explain(error) for error in ZemiError.catalogue() if error.__module__.startswith("zemi.")]
