"""Words of the claim, the refund and the help page."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "claim_title": Text(en="Find money that went astray", sw="Tafuta pesa iliyopotea njia"),
    "claim_lead": Text(
        en="You paid by hand and mistyped the account number? Give the number from M-Pesa's message, and the order that you meant.",
        sw="Ulilipa mwenyewe na kukosea namba ya akaunti? Andika namba kutoka SMS ya M-Pesa, na oda uliyokusudia.",
    ),
    "claim_receipt": Text(en="M-Pesa number", sw="Namba ya M-Pesa"),
    "claim_receipt_hint": Text(en="In M-Pesa's message, such as QHJ41HG1W8", sw="Kwenye SMS ya M-Pesa, mfano QHJ41HG1W8"),
    "claim_order": Text(en="Order", sw="Oda"),
    "claim_order_hint": Text(en="Such as ZEM-A3F8B2K7", sw="Mfano ZEM-A3F8B2K7"),
    "claim_phone": Text(en="The phone that paid", sw="Simu iliyolipa"),
    "claim_ask": Text(en="Text me a one-time code", sw="Nitumie namba ya mara moja"),
    "claim_enter": Text(en="We have sent it. Enter it here within 10 minutes.", sw="Tumeituma. Iweke hapa ndani ya dakika 10."),
    "claim_button": Text(en="Claim the money", sw="Dai pesa"),
    "claim_given_title": Text(en="Found", sw="Imepatikana"),
    "claim_given": Text(
        en="{amount} now belongs to order {order}.",
        sw="{amount} sasa ni ya oda {order}.",
    ),
    "claim_returned": Text(
        en="Order {order} could not take it: {amount} goes back to the phone that paid.",
        sw="Oda {order} haikuweza kuipokea: {amount} inarudi kwa simu iliyolipa.",
    ),
    "redirect_title": Text(en="Send a refund to another number", sw="Tuma marejesho kwa namba nyingine"),
    "redirect_lead": Text(
        en="M-Pesa could not send your money back to the phone that paid? It is safe with Zemi. Say where it is to go.",
        sw="M-Pesa haikuweza kurudisha pesa yako kwa simu iliyolipa? Iko salama kwa Zemi. Sema iende wapi.",
    ),
    "redirect_gone_lead": Text(
        en="You no longer have the phone that paid? Prove your other number here. Our people then make sure that it is you.",
        sw="Huna tena simu iliyolipa? Thibitisha namba yako nyingine hapa. Kisha watu wetu watahakikisha kuwa ni wewe.",
    ),
    "redirect_new_phone": Text(en="The number that gets the money", sw="Namba itakayopokea pesa"),
    "redirect_new_phone_hint": Text(
        en="Yours, and registered for M-Pesa", sw="Iwe yako, na imesajiliwa M-Pesa"
    ),
    "redirect_ask": Text(en="Text a code to each phone", sw="Tuma namba za mara moja"),
    "redirect_enter": Text(
        en="We have sent a code to each phone. Enter both within 10 minutes.",
        sw="Tumetuma namba ya mara moja kwa kila simu. Ziweke zote mbili ndani ya dakika 10.",
    ),
    "redirect_otp": Text(en="One-time code on the phone that paid", sw="Namba ya mara moja, simu iliyolipa"),
    "redirect_new_otp": Text(en="One-time code on the other number", sw="Namba ya mara moja, simu itakayopokea"),
    "redirect_button": Text(en="Send it there", sw="Itume huko"),
    "redirect_gone_button": Text(en="Ask for it", sw="Omba itumwe huko"),
    "redirect_gone": Text(en="I no longer have the phone that paid", sw="Sina tena simu iliyolipa"),
    "redirect_have_it": Text(en="I have the phone that paid", sw="Ninayo simu iliyolipa"),
    "redirected_title": Text(en="We have noted it", sw="Tumeandika"),
    "redirected_lead": Text(
        en="It goes to {phone} by M-Pesa, and both phones get an SMS now. We send it on",
        sw="Itatumwa kwa {phone} kwa M-Pesa, na simu zote mbili zinapata SMS sasa. Tutaituma",
    ),
    "redirected_until": Text(
        en="Until then the phone that paid can change this:", sw="Hadi wakati huo simu iliyolipa inaweza kubadilisha hili:"
    ),
    "redirected_asked": Text(
        en="Our people look at it, and may call {phone}. Nothing is sent before they are sure that it is you.",
        sw="Watu wetu wanaiangalia, na wanaweza kupiga {phone}. Hakuna kinachotumwa kabla hawajahakikisha kuwa ni wewe.",
    ),
    "field_wrong": Text(en="Write it as in the example.", sw="Iandike kama kwenye mfano."),
    "help_title": Text(en="Help", sw="Msaada"),
    "help_no_prompt": Text(en="No prompt came to my phone", sw="Ombi halikuja kwenye simu yangu"),
    "help_no_prompt_more": Text(
        en="Keep the phone on and unlocked, and try again after a minute. Or pay by hand: your order's page shows how.",
        sw="Washa simu na uifungue, jaribu tena baada ya dakika moja. Au lipa mwenyewe: ukurasa wa oda unaonyesha jinsi.",
    ),
    "help_twice": Text(en="I paid twice", sw="Nililipa mara mbili"),
    "help_twice_more": Text(
        en="What is too much goes back to the phone that paid, by itself. Nothing to do.",
        sw="Kilichozidi kinarudi chenyewe kwa simu iliyolipa. Usifanye lolote.",
    ),
    "help_wrong": Text(en="I mistyped the account number", sw="Nilikosea namba ya akaunti"),
    "help_wrong_more": Text(en="Claim it with the number from M-Pesa's message.", sw="Idai kwa namba kutoka SMS ya M-Pesa."),
    "help_refund": Text(en="My refund does not reach my phone", sw="Marejesho hayafiki kwenye simu yangu"),
    "help_refund_more": Text(
        en="If M-Pesa can't send it there, it waits for you. Have it sent to another number of yours:",
        sw="M-Pesa ikishindwa kuituma huko, inakusubiri. Itume kwa namba yako nyingine:",
    ),
    "help_code": Text(en="I lost my delivery code", sw="Nimepoteza namba ya siri"),
    "help_code_more": Text(
        en="Your order's page sends a new one to your phone. The old one stops working.",
        sw="Ukurasa wa oda unatuma mpya kwa simu yako. Ya zamani haitafanya kazi.",
    ),
    "help_goods": Text(en="The goods have not come, or are wrong", sw="Bidhaa hazijafika, au si sahihi"),
    "help_goods_more": Text(
        en="Keep your code to yourself: without it the money stays where it is.",
        sw="Usimpe mtu namba yako ya siri: bila hiyo pesa inabaki ilipo.",
    ),
    "help_pin": Text(en="Somebody asks for my PIN or code", sw="Mtu anaomba PIN au namba yangu ya siri"),
    "help_pin_more": Text(
        en="It is not us. Your PIN goes into your phone only; your code you give only with the goods in your hand.",
        sw="Si sisi. PIN inawekwa kwenye simu yako tu; namba ya siri unaitoa tu bidhaa zikiwa mkononi.",
    ),
}  # fmt: skip
