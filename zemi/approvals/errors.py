"""What approvals refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class ApprovalNotFound(ZemiError):
    """No such request."""

    code = "approval_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no such request.", sw="Hakuna ombi kama hilo.")
    next_step = Text(
        en="List what waits with `zemi staff queue`, and take the id from there.",
        sw="Orodhesha yanayosubiri kwa `zemi staff queue`, uchukue namba kutoka hapo.",
    )


class ApprovalNotPending(ZemiError):
    """It was decided already, or nobody decided it in time."""

    code = "approval_not_pending"
    kind = Kind.STATE
    text = Text(
        en="This request is {status}: it can't be decided any more. No money was moved.",
        sw="Ombi hili ni {status}: haliwezi kuamuliwa tena. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Ask anew if it is still wanted.", sw="Omba upya kama bado inahitajika.")
    example = {"status": "rejected"}


class SecondPersonNeeded(ZemiError):
    """Whoever asked can't allow it."""

    code = "second_person_needed"
    kind = Kind.PERMISSION
    text = Text(
        en="Somebody else than {maker} has to allow this. No money was moved.",
        sw="Mtu mwingine, si {maker}, lazima aidhinishe hili. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Have somebody else of the staff allow it.", sw="Mwombe mfanyakazi mwingine aidhinishe."
    )
    example = {"maker": "chebet"}


class PayloadChanged(ZemiError):
    """What is stored is not what was asked for: somebody wrote to the database."""

    code = "approval_payload_changed"
    kind = Kind.INTERNAL
    text = Text(
        en="What is stored is not what was asked for. No money was moved; tell security.",
        sw="Kilichohifadhiwa si kilichoombwa. Hakuna pesa iliyotumwa; waambie usalama.",
    )
    next_step = Text(
        en="Allow nothing more, and have the database's own log looked at.",
        sw="Usiidhinishe kingine, na kumbukumbu za hifadhidata zichunguzwe.",
    )
