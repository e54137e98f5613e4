"""Signing in and out over HTTP, under /api/v1 only: the seed has no such thing."""

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, SignedIn, caller, person_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import PhoneField, Shown, WordField
from zemi.api.shapes import MESSAGE, TIME
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.texts import Text
from zemi.identity.errors import OneTimeCodeWrong
from zemi.identity.sessions import sign_out
from zemi.trust.errors import TooManyAttempts
from zemi.trust.otp import sign_in

SIX_DIGITS = Text(en="A one-time code has six digits.", sw="Namba ya mara moja ina tarakimu sita.")


class SignInInput(Shape):
    """The phone, and the one-time code that was texted to it for the purpose sign_in."""

    phone_number = PhoneField()
    otp = WordField(pattern="[0-9]{6}", most=6, example="847263", sentence=SIX_DIGITS)


class SessionData(Shape):
    """A session. Its token is there only this once: send it as `Authorization: Bearer zs_...`."""

    session_token = Shown({"type": "string", "pattern": "^zs_[A-Za-z0-9_-]{43}$"})
    phone_masked = Shown({"type": "string", "pattern": r"^\*{4}[0-9]{4}$", "examples": ["****5678"]})
    expires_at = Shown(TIME)


class SignIn(Endpoint):
    """Exchange a one-time code for a session of a person.

    The code proves the phone; the session is short, and opens that phone's own orders.
    """

    access = Anyone()
    tag = "identity"
    input = SignInInput
    output = SessionData
    statuses = {201: "Signed in."}
    errors = (OneTimeCodeWrong, TooManyAttempts)

    def post(self, request: Request) -> Response:
        """Sign in."""
        given = self.read(request)
        session, token = sign_in(
            phone=given["phone_number"], code=given["otp"], caller=caller(request), now=clock.now()
        )
        return self.answer(
            {
                "session_token": token,
                "phone_masked": session.party.phone_masked,
                "expires_at": stamp(session.expires_at),
            },
            status=201,
        )


class SignedOutData(Shape):
    """The session is over."""

    message = Shown(MESSAGE)


class SignOut(Endpoint):
    """End the session whose token is sent."""

    access = SignedIn()
    tag = "identity"
    output = SignedOutData

    def post(self, request: Request) -> Response:
        """Sign out."""
        sign_out(person_of(request), now=clock.now())
        return self.answer({"message": "You are signed out."})
