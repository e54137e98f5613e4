"""Words of the seller's pages: sign in, make a payment link, follow the money."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "sign_in_title": Text(en="Sign in to sell", sw="Ingia ili uuze"),
    "sign_in_lead": Text(
        en="We text a one-time code to your phone. The money for what you sell goes to that number.",
        sw="Tutatuma namba ya mara moja kwa simu yako. Pesa ya unachouza itaenda kwa namba hiyo.",
    ),
    "sign_in_phone": Text(en="Your M-Pesa number", sw="Namba yako ya M-Pesa"),
    "sign_in_ask": Text(en="Text me the code", sw="Nitumie namba"),
    "sign_in_button": Text(en="Sign in", sw="Ingia"),
    "sign_out": Text(en="Sign out", sw="Toka"),
    "sell_title": Text(en="Your sales", sw="Mauzo yako"),
    "sell_who": Text(en="You are {phone}.", sw="Wewe ni {phone}."),
    "sell_held": Text(en="Held for you", sw="Imeshikwa kwa ajili yako"),
    "sell_coming": Text(en="On its way", sw="Iko njiani"),
    "sell_paid": Text(en="Paid in 7 days", sw="Imelipwa kwa siku 7"),
    "sell_new_title": Text(en="Make a payment link", sw="Tengeneza kiungo cha malipo"),
    "sell_item": Text(en="What you sell", sw="Unachouza"),
    "sell_item_missing": Text(en="Say what you sell.", sw="Taja unachouza."),
    "sell_price": Text(en="Price in shillings", sw="Bei kwa shilingi"),
    "sell_buyer": Text(en="The buyer's phone", sw="Simu ya mnunuzi"),
    "sell_buyer_hint": Text(
        en="The delivery code goes there by text message, not to you.",
        sw="Namba ya siri inatumwa huko kwa SMS, si kwako.",
    ),
    "sell_buyer_own": Text(
        en="This is your own number. Write the number of whoever buys from you.",
        sw="Hii ni namba yako mwenyewe. Andika namba ya anayenunua kwako.",
    ),
    "sell_make": Text(en="Make the link", sw="Tengeneza kiungo"),
    "sell_none": Text(en="No sales yet. Make your first payment link above.", sw="Bado hakuna mauzo. Tengeneza kiungo cha kwanza hapo juu."),
    "sell_older": Text(en="Older sales", sw="Mauzo ya zamani"),
    "sell_get": Text(en="you get {amount}", sw="utapata {amount}"),
    "share_title": Text(en="Send this to the buyer", sw="Mtumie mnunuzi hii"),
    "share_lead": Text(
        en="Whoever opens the link can pay. You see here when the money is held; deliver only then.",
        sw="Anayefungua kiungo anaweza kulipa. Utaona hapa pesa ikishikwa; peleka bidhaa wakati huo tu.",
    ),
    "share_text": Text(
        en="{item}: {amount}. Pay safely: Zemi holds the money until you have the goods. {link}",
        sw="{item}: {amount}. Lipa kwa usalama: Zemi inashika pesa hadi upokee bidhaa. {link}",
    ),
    "share_words": Text(en="The message", sw="Ujumbe"),
    "share_whatsapp": Text(en="Send by WhatsApp", sw="Tuma kwa WhatsApp"),
    "share_sms": Text(en="Send by SMS", sw="Tuma kwa SMS"),
    "share_back": Text(en="To your sales", sw="Kwenye mauzo yako"),
    # Whose turn it is, and why the money is not there yet
    "turn_pay": Text(en="The buyer has not paid yet.", sw="Mnunuzi bado hajalipa."),
    "turn_pay_rest": Text(en="The buyer has paid a part; the rest is awaited.", sw="Mnunuzi amelipa sehemu; iliyobaki inasubiriwa."),
    "turn_approve_prompt": Text(en="The buyer is entering the PIN.", sw="Mnunuzi anaweka PIN."),
    "turn_confirm_payment": Text(en="We are asking M-Pesa whether the buyer has paid.", sw="Tunaiuliza M-Pesa kama mnunuzi amelipa."),
    "turn_deliver": Text(
        en="Held for you. Deliver, and type the buyer's code on the order's page: then you are paid.",
        sw="Imeshikwa kwa ajili yako. Peleka bidhaa, weka namba ya siri ya mnunuzi kwenye ukurasa wa oda: kisha utalipwa.",
    ),
    "turn_answer_cancel_request": Text(
        en="One of the two asks to cancel. The money is held; see the order's page.",
        sw="Mmoja wa wawili anaomba kughairi. Pesa imeshikwa; angalia ukurasa wa oda.",
    ),
    "turn_pay_seller": Text(en="Your money is on its way by M-Pesa.", sw="Pesa yako inatumwa kwa M-Pesa."),
    "turn_correct_payout": Text(
        en="Your money has not reached you yet. It is safe with us, and our people look at it.",
        sw="Pesa yako bado haijakufikia. Iko salama kwetu, na watu wetu wanaishughulikia.",
    ),
    "turn_refund_buyer": Text(en="Called off: the buyer's money is going back.", sw="Imeghairiwa: pesa ya mnunuzi inarudishwa."),
    "turn_correct_refund": Text(en="Called off: our people look at the buyer's refund.", sw="Imeghairiwa: watu wetu wanashughulikia marejesho ya mnunuzi."),
    "turn_none_completed": Text(en="You have been paid.", sw="Umelipwa."),
    "turn_none_expired": Text(en="It was not paid in time and has ended.", sw="Haikulipwa kwa wakati na imeisha."),
    "turn_none_cancelled": Text(en="It was called off.", sw="Imeghairiwa."),
    "turn_none_refunded": Text(en="It was called off; the buyer has the money back.", sw="Imeghairiwa; mnunuzi amerudishiwa pesa."),
    "turn_until": Text(en="Until", sw="Hadi"),
}  # fmt: skip
