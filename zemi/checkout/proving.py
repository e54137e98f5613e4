"""Forms whose phones are proved by one-time codes: the first sending has the codes texted, the second one acts."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from zemi.checkout.page import render
from zemi.checkout.texts import TEXTS
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity.otp import Purpose
from zemi.trust.otp import request_otp
from zemi.web.page import language
from zemi.web.requests import caller_address

RECEIPT_NUMBER = re.compile(r"[A-Za-z0-9]{6,20}", re.ASCII)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)

# What does it: it gets the words that were written, and the phones that they say.
Act = Callable[[Mapping[str, str], Mapping[str, Phone]], HttpResponse]


@dataclass(frozen=True, slots=True)
class ProvingForm:
    """One form: its template, the form of each word in it, and of each phone what its code is for and in which field."""

    template: str
    words: Mapping[str, re.Pattern[str]]
    phones: Mapping[str, tuple[Purpose, str]]

    def answer(self, request: HttpRequest, act: Act, **facts: Any) -> HttpResponse:
        """Show the form; have the codes texted; `act` once they are written. What was written stays, but for the codes.

        A refusal of `act` is shown on the form, too. `facts` are for the template.
        """
        if request.method != "POST":
            return render(request, self.template, **facts)
        codes = [code for _, code in self.phones.values()]
        sent = {name: request.POST[name].strip() for name in request.POST}
        given = {name: sent[name] for name in (*self.words, *self.phones, *codes) if name in sent}
        if "again" in sent:
            # Other codes are wanted, whatever is written in the fields for the last ones.
            given = {name: given[name] for name in given if name not in codes}
        asked = any(code in given for code in codes)
        facts |= {"given": given, "asked": asked}
        wrong = self._wrong(given, codes if asked else [], language(request))
        if wrong:
            return render(request, self.template, status=400, wrong=wrong, **facts)
        phones = {name: Phone.parse(given[name]) for name in self.phones}
        try:
            if asked:
                return act(given, phones)
            for name, (purpose, _) in self.phones.items():
                request_otp(
                    phone=phones[name], purpose=purpose, caller=caller_address(request), now=clock.now()
                )
        except ZemiError as error:
            return render(request, self.template, error=error, **facts)
        return render(request, self.template, **facts | {"asked": True})

    def _wrong(self, given: Mapping[str, str], codes: list[str], spoken: str) -> dict[str, str]:
        """What is written wrongly: a sentence for each field."""
        unlike = TEXTS["field_wrong"].render(spoken)
        shapes = {**self.words, **dict.fromkeys(codes, _CODE)}
        wrong = {name: unlike for name, shape in shapes.items() if not shape.fullmatch(given.get(name, ""))}
        for name in self.phones:
            try:
                Phone.parse(given.get(name, ""))
            except InvalidPhone as problem:
                wrong[name] = problem.text.render(spoken)
        return wrong
