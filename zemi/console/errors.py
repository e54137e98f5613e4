"""What the console refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class NothingWaitsHere(ZemiError):
    """No such thing is in the console's queues: it was never there, or its id is wrong."""

    code = "console_item_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is nothing under this address.", sw="Hakuna kitu kwenye anwani hii.")
    next_step = Text(en="Open it again from its queue.", sw="Kifungue tena kutoka kwenye foleni yake.")


class BadStaffName(ZemiError):
    """It stands in events and approvals beside another one, and must not be taken for the product's own acts."""

    code = "staff_name_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="A name has 2 to 29 small letters, digits and _.-, and is no word for Zemi itself. Nobody was let in.",
        sw="Jina lina herufi ndogo 2 hadi 29, tarakimu na _.-, na si neno la Zemi yenyewe. Hakuna aliyeruhusiwa.",
    )
    next_step = Text(en="Choose another name.", sw="Chagua jina lingine.")


class StaffNameTaken(ZemiError):
    """Two people are never called the same: a name says who acted, for ever."""

    code = "staff_name_taken"
    kind = Kind.STATE
    text = Text(
        en="There is a {name} already. Nothing was changed.",
        sw="{name} yupo tayari. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Lost the phone or the password? zemi staff-user reset {name}",
        sw="Umepoteza simu au nenosiri? zemi staff-user reset {name}",
    )
    example = {"name": "chebet"}


class NoSuchStaff(ZemiError):
    """Nobody of the staff has this name."""

    code = "staff_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no {name}. Nothing was changed.", sw="Hakuna {name}. Hakuna kilichobadilishwa.")
    next_step = Text(
        en="`zemi staff-user list` shows who there is.", sw="`zemi staff-user list` inaonyesha waliopo."
    )
    example = {"name": "chebet"}


class ConfirmFirst(ZemiError):
    """Who acts has not shown the second factor for some minutes: a console left open moves nothing."""

    code = "console_confirm_first"
    kind = Kind.PERMISSION
    text = Text(
        en="You have not shown your second factor for more than five minutes. Nothing was done, no money was moved.",
        sw="Hujaonyesha uthibitisho wa pili kwa zaidi ya dakika tano. Hakuna lililofanyika, hakuna pesa iliyohama.",
    )
    next_step = Text(
        en="Go back, confirm that it is you, and press the button again.",
        sw="Rudi, thibitisha kuwa ni wewe, kisha bonyeza tena.",
    )


class NotOffered(ZemiError):
    """The thing has moved on since its page was read: somebody else acted, or the worker did."""

    code = "console_act_not_offered"
    kind = Kind.STATE
    text = Text(
        en="This can't be done to it any more. Nothing was done, no money was moved.",
        sw="Hili haliwezekani tena kwake. Hakuna lililofanyika, hakuna pesa iliyohama.",
    )
    next_step = Text(en="Go back and read where it stands now.", sw="Rudi usome iko wapi sasa.")
