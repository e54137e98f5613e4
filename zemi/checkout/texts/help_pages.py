"""Words of the claim and the help page."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "claim_title": Text(en="Find money that went astray", sw="Tafuta pesa iliyopotea njia"),
    "claim_lead": Text(
        en="You paid by hand and mistyped the account number? Give the number from M-Pesa's message, and the order that you meant.",
        sw="Ulilipa mwenyewe na kukosea namba ya akaunti? Andika namba kutoka SMS ya M-Pesa, na oda uliyokusudia.",
    ),
    "claim_receipt": Text(en="M-Pesa number", sw="Namba ya M-Pesa"),
    "claim_receipt_hint": Text(en="Such as QHJ41HG1W8", sw="Mfano QHJ41HG1W8"),
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
