"""Words of the frame that all pages share, and of the pages for what is refused, not there or broken."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "skip": Text(en="Skip to the page", sw="Nenda kwenye ukurasa"),
    "tagline": Text(en="Your money waits until the goods are in your hand.", sw="Pesa yako inasubiri hadi upokee bidhaa."),
    "footer_help": Text(en="Help", sw="Msaada"),
    "footer_claim": Text(en="Paid with a wrong number?", sw="Ulilipa kwa namba isiyo sahihi?"),
    "footer_promise": Text(
        en="Zemi never asks for your M-Pesa PIN on a page or by phone.",
        sw="Zemi haiombi PIN yako ya M-Pesa kwenye ukurasa au kwa simu.",
    ),
    "sandbox_ribbon": Text(en="no real money", sw="si pesa halisi"),
    "sell_link": Text(en="Sell with Zemi", sw="Uza kwa Zemi"),
    "not_found_title": Text(en="There is nothing here", sw="Hakuna kitu hapa"),
    "not_found": Text(
        en="The link is wrong or incomplete. Open it again from the text message.",
        sw="Kiungo si sahihi au hakijakamilika. Kifungue tena kutoka kwenye SMS.",
    ),
    "broken_title": Text(en="That went wrong on our side", sw="Kuna tatizo upande wetu"),
    "broken": Text(en="We have a note of it. Try again in a minute.", sw="Tumeliandika. Jaribu tena baada ya dakika moja."),
    "stale_title": Text(en="This page was open for too long", sw="Ukurasa huu umekuwa wazi muda mrefu"),
    "stale": Text(en="Go back, reload it and try again.", sw="Rudi, upakie upya, kisha jaribu tena."),
    "refused_title": Text(en="That did not work", sw="Haikufanikiwa"),
    "money_unmoved": Text(en="No money has moved because of this.", sw="Hakuna pesa iliyotoka kwa sababu ya hili."),
    "money_doubtful": Text(
        en="If M-Pesa has sent you a receipt, your money is safe: do not pay again, we will find it.",
        sw="Kama M-Pesa imekutumia risiti, pesa yako iko salama: usilipe tena, tutaipata.",
    ),
    # A form is about to be sent into a line that is gone.
    "no_line": Text(
        en="No line: nothing was sent, and no money has moved.",
        sw="Hakuna mtandao: hakuna kilichotumwa, na hakuna pesa iliyohama.",
    ),
    "no_line_more": Text(
        en="What you wrote is still here. Press again when the line is back.",
        sw="Ulichoandika bado kipo. Mtandao ukirudi, bonyeza tena.",
    ),
    "quote_this": Text(en="If you call us, quote", sw="Ukitupigia, taja"),
}  # fmt: skip
