"""Words of the first page."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
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
}  # fmt: skip
