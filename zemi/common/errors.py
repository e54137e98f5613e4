"""The root of every refusal: a class per situation, a stable code, a sentence for people in two languages.

Which HTTP status a kind becomes is known only to the interfaces (DOMAIN 4.2).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

from zemi.common.texts import Text, wait_in_words

REQUIRED = Text(en="This field is required.", sw="Sehemu hii inahitajika.")


class Kind(StrEnum):
    """What sort of refusal it is; the type list of DOMAIN 4.2."""

    VALIDATION = "validation_error"
    AUTHENTICATION = "authentication_error"
    PERMISSION = "permission_error"
    NOT_FOUND = "not_found"
    STATE = "state_error"
    AMOUNT = "amount_error"
    VERIFICATION = "verification_error"
    LOCKED = "locked"
    IDEMPOTENCY = "idempotency_error"
    RATE_LIMIT = "rate_limit_error"
    DECLINED = "payment_declined"
    PROVIDER = "provider_error"
    INTERNAL = "internal_error"


class ZemiError(Exception):
    """A refusal that a person or a program can act on.

    `facts` fill in the sentences and are shown as the error's details: no phone, code or key may be among them.
    `retry_after_s` is in seconds, where waiting helps; a `next_step` may say it as `{wait}`. The docstring of a class
    says the cause, `next_step` the cure, and `example` holds facts as they may be: the list of errors is made from them.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    text: ClassVar[Text]
    next_step: ClassVar[Text]
    retryable: ClassVar[bool] = False
    example: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *, retry_after_s: int | None = None, **facts: Any) -> None:
        super().__init__(self.code)
        self.retry_after_s = retry_after_s
        self.facts = facts

    def sentence(self, language: str = "en") -> str:
        """Say what happened in `language`."""
        return self.text.render(language, **self.facts)

    def advice(self, language: str = "en") -> str:
        """Say what to do next in `language`."""
        return self.next_step.render(language, wait=wait_in_words(self.retry_after_s, language), **self.facts)

    @classmethod
    def sample(cls) -> Self:
        """Make one as it may be, to show what it looks like."""
        return cls(**cls.example)

    @classmethod
    def catalogue(cls) -> list[type["ZemiError"]]:
        """List every concrete error that is loaded, by code."""
        found: dict[str, type[ZemiError]] = {}
        waiting = list(cls.__subclasses__())
        while waiting:
            error = waiting.pop()
            waiting.extend(error.__subclasses__())
            if "code" in error.__dict__:
                found[error.code] = error
        return [found[code] for code in sorted(found)]


class FieldProblem:
    """One thing wrong with one field of the input."""

    __slots__ = ("code", "field", "text")

    def __init__(self, field: str, code: str, text: Text) -> None:
        self.field = field
        self.code = code
        self.text = text


class InvalidInput(ZemiError):
    """One or more fields can't be read as what they have to be."""

    code = "invalid_input"
    kind = Kind.VALIDATION
    text = Text(
        en="The request has a field that cannot be accepted. Nothing was changed.",
        sw="Ombi lina sehemu isiyokubalika. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Correct the fields in details.errors, then send the request again.",
        sw="Sahihisha sehemu zilizo kwenye details.errors, kisha tuma ombi tena.",
    )

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__()
        self.problems = problems

    @classmethod
    def sample(cls) -> Self:
        """Make one about one field."""
        return cls(
            FieldProblem(
                "amount",
                "max_decimals",
                Text(en="An amount has at most two decimals.", sw="Kiasi kina desimali mbili tu."),
            )
        )

    def sentence(self, language: str = "en") -> str:
        """Say the first problem itself: it is more use than saying that there is one."""
        first = self.problems[0]
        return f"{first.field}: {first.text.render(language)}"


def missing(**fields: object) -> InvalidInput:
    """The refusal that names those of `fields` that are None: they are needed together."""
    return InvalidInput(
        *(FieldProblem(name, "required", REQUIRED) for name, given in fields.items() if given is None)
    )
