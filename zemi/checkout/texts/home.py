"""Words of the frame that all pages share, and of the first page."""

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
    "home_title": Text(en="Buy from a stranger, safely", sw="Nunua kwa usalama kutoka kwa usiyemjua"),
    "home_lead": Text(
        en="The buyer pays by M-Pesa. Zemi holds the money. The seller is paid when the buyer gives the 6-digit code, with the goods in hand.",
        sw="Mnunuzi analipa kwa M-Pesa. Zemi inashika pesa. Muuzaji analipwa mnunuzi akitoa namba ya siri ya tarakimu 6, bidhaa zikiwa mkononi.",
    ),
    "home_step_pay": Text(en="Pay by M-Pesa", sw="Lipa kwa M-Pesa"),
    "home_step_pay_more": Text(en="A prompt comes to the phone; no card, no account.", sw="Ombi linakuja kwenye simu; bila kadi, bila akaunti."),
    "home_step_hold": Text(en="Zemi holds it", sw="Zemi inashika"),
    "home_step_hold_more": Text(en="Both can see that the money is there.", sw="Wote wawili wanaona kwamba pesa ipo."),
    "home_step_code": Text(en="Give the code", sw="Toa namba ya siri"),
    "home_step_code_more": Text(en="Only with the goods in your hand. Then the seller is paid.", sw="Bidhaa zikiwa mkononi tu. Kisha muuzaji analipwa."),
    "home_try_title": Text(en="See it in two minutes", sw="Ione kwa dakika mbili"),
    "home_try": Text(
        en="Two phones, drawn on one page: you are the buyer and the seller, and nobody's money is at stake.",
        sw="Simu mbili kwenye ukurasa mmoja: wewe ni mnunuzi na muuzaji, na hakuna pesa ya mtu.",
    ),
    "home_try_button": Text(en="Open the two phones", sw="Fungua simu mbili"),
    "home_buy": Text(en="You buy", sw="Unanunua"),
    "home_buy_more": Text(
        en="The seller sends you a link. Pay there, and watch the money wait until you have what you bought.",
        sw="Muuzaji anakutumia kiungo. Lipia hapo, na uone pesa ikisubiri hadi ulichonunua kikufikie.",
    ),
    "home_sell": Text(en="You sell", sw="Unauza"),
    "home_sell_more": Text(
        en="Make a payment link in 20 seconds, send it by WhatsApp, and deliver knowing that the money is there.",
        sw="Tengeneza kiungo cha malipo kwa sekunde 20, kitume kwa WhatsApp, na upeleke bidhaa ukijua pesa ipo.",
    ),
    "home_sell_button": Text(en="Make a payment link", sw="Tengeneza kiungo cha malipo"),
    "home_build": Text(en="You build", sw="Unajenga programu"),
    "home_build_more": Text(
        en="An API for shops and apps: orders, payouts, signed webhooks, and a whole M-Pesa to try it against.",
        sw="API ya maduka na programu: oda, malipo, webhooks zilizosainiwa, na M-Pesa nzima ya majaribio.",
    ),
    "home_keys": Text(en="Keys and logs", sw="Funguo na kumbukumbu"),
    "home_build_button": Text(en="Read the guide", sw="Soma mwongozo"),
    "home_api": Text(en="API reference", sw="Rejea ya API"),
    "home_errors": Text(en="What each error means", sw="Maana ya kila kosa"),
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
    "quote_this": Text(en="If you call us, quote", sw="Ukitupigia, taja"),
}  # fmt: skip
