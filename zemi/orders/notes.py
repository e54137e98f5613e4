"""A merchant's own notes on an order: returned, sent in events and kept in the clear, so they name nobody (DOMAIN 4.5)."""

from collections.abc import Iterator, Mapping

from zemi.common.errors import FieldProblem, InvalidInput
from zemi.common.personal import Personal, personal_in
from zemi.common.texts import Text

_MOST_PROBLEMS = 10
_LOOKS = {
    Personal.PHONE: FieldProblem(
        "metadata",
        "metadata_phone",
        Text(
            en="This looks like a phone number, and notes are shown and sent on. Leave it out, or send allow_pii: true.",
            sw="Hii inafanana na namba ya simu, na metadata huonyeshwa na hutumwa. Iondoe, au tuma allow_pii ikiwa true.",
        ),
    ),
    Personal.EMAIL: FieldProblem(
        "metadata",
        "metadata_email",
        Text(
            en="This looks like an e-mail address, and notes are shown and sent on. Leave it out, or send allow_pii: true.",
            sw="Hii inafanana na barua pepe, na metadata huonyeshwa na hutumwa. Iondoe, au tuma allow_pii ikiwa true.",
        ),
    ),
    Personal.ID_NUMBER: FieldProblem(
        "metadata",
        "metadata_id_number",
        Text(
            en="This looks like the number of an ID or a tax PIN. Leave it out, or send allow_pii as true; a number of your"
            " own passes with letters before it, such as cart-12345678.",
            sw="Hii inafanana na namba ya kitambulisho au PIN ya kodi. Iondoe, au tuma allow_pii ikiwa true; namba yako"
            " hupita ukiitanguliza herufi, mfano cart-12345678.",
        ),
    ),
}


def check_notes(metadata: Mapping[str, str], *, allow_pii: bool) -> None:
    """Refuse notes that seem to hold a phone, an e-mail address or an ID number, unless the merchant answers for them.

    :raises InvalidInput: with the name of each note, never with its words
    """
    problems = [] if allow_pii else list(_problems(metadata))
    if problems:
        raise InvalidInput(*problems[:_MOST_PROBLEMS])


def _problems(metadata: Mapping[str, str]) -> Iterator[FieldProblem]:
    for name, text in metadata.items():
        named, noted = personal_in(name), personal_in(text)
        found = named or noted
        if found is not None:
            field = "metadata" if named else f"metadata.{name}"
            yield FieldProblem(field, _LOOKS[found].code, _LOOKS[found].text)
