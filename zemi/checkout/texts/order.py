"""Words of an order's pages: pay, wait, held, delivered, ended."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "order": Text(en="Order", sw="Oda"),
    "amount": Text(en="Amount", sw="Kiasi"),
    "seller": Text(en="Seller", sw="Muuzaji"),
    "item": Text(en="For", sw="Kwa ajili ya"),
    # Pay
    "pay_verb": Text(en="Pay", sw="Lipa"),
    "pay_title": Text(en="Pay {amount}", sw="Lipa {amount}"),
    "pay_safe": Text(
        en="Zemi holds your money until you have the goods and give your code.",
        sw="Zemi inashika pesa yako hadi upokee bidhaa na utoe namba yako ya siri.",
    ),
    "pay_part": Text(
        en="{part} of {price} has come and is held. This is the rest.",
        sw="{part} kati ya {price} imefika na inashikwa. Hii ni iliyobaki.",
    ),
    "pay_button": Text(en="Send prompt to {phone}", sw="Tuma ombi kwa {phone}"),
    "pay_other": Text(en="Pay from another number", sw="Lipa kwa namba nyingine"),
    "pay_phone": Text(en="M-Pesa number", sw="Namba ya M-Pesa"),
    "pay_phone_hint": Text(en="Such as 0712 345 678", sw="Mfano 0712 345 678"),
    "pay_other_button": Text(en="Send the prompt", sw="Tuma ombi"),
    "pay_by_hand": Text(en="Pay by hand, without a prompt", sw="Lipa mwenyewe, bila ombi"),
    "by_hand_open": Text(en="Open M-Pesa and choose Lipa na M-Pesa, Pay Bill", sw="Fungua M-Pesa, chagua Lipa na M-Pesa, Pay Bill"),
    "by_hand_business": Text(en="Business number", sw="Namba ya biashara"),
    "by_hand_account": Text(en="Account number", sw="Namba ya akaunti"),
    "by_hand_then": Text(
        en="This page changes by itself when the money is here.",
        sw="Ukurasa huu utabadilika wenyewe pesa ikifika.",
    ),
    "pay_until": Text(en="To be paid until", sw="Ilipwe kabla ya"),
    "failed_title": Text(en="Not paid yet.", sw="Bado haijalipwa."),
    # Waiting
    "wait_title": Text(en="Look at your phone", sw="Angalia simu yako"),
    "wait_enter_pin": Text(
        en="M-Pesa asks {phone} for {amount}. Enter your PIN there, never here.",
        sw="M-Pesa inaomba {amount} kwa {phone}. Weka PIN hapo, kamwe si hapa.",
    ),
    "wait_left": Text(en="Seconds left", sw="Sekunde zilizobaki"),
    "wait_no_prompt": Text(en="No prompt on the phone?", sw="Hakuna ombi kwenye simu?"),
    "wait_no_prompt_more": Text(
        en="It ends by itself after a minute, and then you can use another number here. Or pay by hand:",
        sw="Litaisha lenyewe baada ya dakika moja, kisha unaweza kutumia namba nyingine hapa. Au lipa mwenyewe:",
    ),
    "wait_check": Text(en="Check again", sw="Angalia tena"),
    "asking_title": Text(en="We are asking M-Pesa", sw="Tunaiuliza M-Pesa"),
    "asking": Text(
        en="M-Pesa has not told us yet whether you paid. If it has sent you a receipt, do not pay again: we will find your money.",
        sw="M-Pesa bado haijatuambia kama umelipa. Kama imekutumia risiti, usilipe tena: tutaipata pesa yako.",
    ),
    "asking_differ": Text(
        en="M-Pesa's answers differ: one says that you paid, one that you did not. We are looking into it. "
        "If M-Pesa has sent you a receipt, do not pay again.",
        sw="Majibu ya M-Pesa yanatofautiana: moja linasema umelipa, jingine linasema hujalipa. Tunalichunguza. "
        "Kama M-Pesa imekutumia risiti, usilipe tena.",
    ),
    "asking_again": Text(en="If you did not enter your PIN, you may try again:", sw="Kama hukuweka PIN, unaweza kujaribu tena:"),
    # Held
    "held_title": Text(en="{amount} is held safely", sw="{amount} imehifadhiwa salama"),
    "held_lead": Text(
        en="The money is with Zemi, not with the seller. It goes to the seller when the code is given.",
        sw="Pesa iko kwa Zemi, si kwa muuzaji. Itaenda kwa muuzaji namba ya siri ikitolewa.",
    ),
    "code_title": Text(en="Your delivery code", sw="Namba yako ya siri"),
    "code_once": Text(
        en="It is shown here only this once. Write it down; we text it to you as well.",
        sw="Inaonyeshwa hapa mara hii tu. Iandike; tunakutumia kwa SMS pia.",
    ),
    "code_warning": Text(
        en="Give it only when the goods are in your hand. Whoever has it can have the seller paid.",
        sw="Itoe bidhaa zikiwa mkononi tu. Aliye nayo anaweza kufanya muuzaji alipwe.",
    ),
    "code_qr": Text(
        en="At the door you may show this instead of saying the code: the seller's phone reads it.",
        sw="Mlangoni unaweza kuonyesha hii badala ya kusema namba: simu ya muuzaji inaisoma.",
    ),
    "confirm_title": Text(en="Goods handed over?", sw="Bidhaa zimekabidhiwa?"),
    "confirm_lead": Text(
        en="Enter the buyer's 6-digit code. The seller is paid at once, and that cannot be undone.",
        sw="Weka namba ya siri ya mnunuzi, ya tarakimu 6. Muuzaji atalipwa mara moja, na haiwezi kurudishwa.",
    ),
    "confirm_code": Text(en="Delivery code", sw="Namba ya siri"),
    "confirm_button": Text(en="Confirm, and pay the seller", sw="Thibitisha, na umlipe muuzaji"),
    "six_digits": Text(en="A delivery code has six digits.", sw="Namba ya siri ina tarakimu sita."),
    "held_code": Text(
        en="The delivery code was texted to the buyer's phone, {phone}. The buyer gives it only with the goods in hand.",
        sw="Namba ya siri imetumwa kwa SMS kwa simu ya mnunuzi, {phone}. Mnunuzi aitoe bidhaa zikiwa mkononi tu.",
    ),
    "code_lost": Text(
        en="No message? The buyer gets a new code here, with a QR for the door.",
        sw="Hakuna SMS? Mnunuzi anapata namba mpya hapa, pamoja na QR ya kuonyesha mlangoni.",
    ),
    # Calling it off
    "cancel_link": Text(en="Cancel this order", sw="Ghairi oda hii"),
    "cancel_title": Text(en="Cancel this order?", sw="Ughairi oda hii?"),
    "cancel_unpaid": Text(en="It is not paid. Buyer or seller can cancel it.", sw="Haijalipwa. Mnunuzi au muuzaji anaweza kuighairi."),
    "cancel_paid": Text(
        en="{amount} is held for it. The seller can cancel it; the buyer asks the seller to. Then all of the money goes back to whoever paid.",
        sw="{amount} imeshikwa kwa ajili yake. Muuzaji anaweza kuighairi; mnunuzi anamwomba muuzaji. Kisha pesa yote inarudi kwa aliyelipa.",
    ),
    "cancel_who": Text(en="Who cancels? We text a one-time code to that phone.", sw="Nani anaghairi? Tutatuma namba ya mara moja kwa simu hiyo."),
    "cancel_buyer": Text(en="The buyer, {phone}", sw="Mnunuzi, {phone}"),
    "cancel_seller": Text(en="The seller, {phone}", sw="Muuzaji, {phone}"),
    "cancel_now": Text(en="Cancel the order", sw="Ghairi oda"),
    "cancel_ask_seller": Text(en="Ask the seller to cancel", sw="Mwombe muuzaji aghairi"),
    "cancel_ask_buyer": Text(en="Ask the buyer first", sw="Mwombe mnunuzi kwanza"),
    "cancel_accept": Text(en="Yes, cancel: the money goes back", sw="Ndiyo, ghairi: pesa irudi"),
    "cancel_decline": Text(en="No, the order goes on", sw="Hapana, oda iendelee"),
    "cancel_withdraw": Text(en="Take the request back", sw="Ondoa ombi"),
    "cancel_asked_by_buyer": Text(en="The buyer asks the seller to cancel this order.", sw="Mnunuzi anamwomba muuzaji aghairi oda hii."),
    "cancel_asked_by_seller": Text(en="The seller asks the buyer to cancel this order.", sw="Muuzaji anamwomba mnunuzi aghairi oda hii."),
    "cancel_answer_until": Text(en="It can be answered until", sw="Inaweza kujibiwa hadi"),
    "cancel_answer": Text(en="Answer, or take it back", sw="Jibu, au ondoa ombi"),
    # A new code
    "new_code_title": Text(en="A new delivery code", sw="Namba mpya ya siri"),
    "new_code_lead": Text(
        en="We text a one-time code to the buyer's phone, {phone}. With it you get a new delivery code; the old one stops working.",
        sw="Tutatuma namba ya mara moja kwa simu ya mnunuzi, {phone}. Kwa hiyo utapata namba mpya ya siri; ya zamani haitafanya kazi.",
    ),
    "new_code_yours": Text(
        en="You are signed in with the phone of this order. The new code is shown once; the old one stops working.",
        sw="Umeingia kwa simu ya oda hii. Namba mpya inaonyeshwa mara moja; ya zamani haitafanya kazi.",
    ),
    "new_code_ask": Text(en="Text me the one-time code", sw="Nitumie namba ya mara moja"),
    "new_code_sent": Text(en="Sent to {phone}. It is good for 10 minutes.", sw="Imetumwa kwa {phone}. Inafanya kazi kwa dakika 10."),
    "code_again": Text(en="Text me another code", sw="Nitumie namba nyingine"),
    "one_time_code": Text(en="One-time code", sw="Namba ya mara moja"),
    "new_code_button": Text(en="Give me a new delivery code", sw="Nipe namba mpya ya siri"),
    # Done
    "done_title": Text(en="Delivered", sw="Imepokelewa"),
    "done_pay_seller": Text(en="{amount} is on its way to the seller.", sw="{amount} inatumwa kwa muuzaji."),
    "done_paid": Text(en="{amount} has been sent to the seller by M-Pesa.", sw="{amount} imetumwa kwa muuzaji kwa M-Pesa."),
    "done_unpaid": Text(
        en="The seller was not paid for it: the money went back to whoever paid.",
        sw="Muuzaji hakulipwa kwa hii: pesa ilirudi kwa aliyelipa.",
    ),
    "done_correct_payout": Text(
        en="The seller's {amount} has not arrived yet. It is safe with Zemi, and our people look at it.",
        sw="{amount} ya muuzaji bado haijafika. Iko salama kwa Zemi, na watu wetu wanaishughulikia.",
    ),
    # Ended
    "expired_title": Text(en="This order has ended", sw="Oda hii imeisha"),
    "expired": Text(en="It was not paid in time. Do not pay for it any more.", sw="Haikulipwa kwa wakati. Usiilipe tena."),
    "cancelled_title": Text(en="This order was cancelled", sw="Oda hii imeghairiwa"),
    "cancelled": Text(en="Do not pay for it any more.", sw="Usiilipe tena."),
    "refunded_title": Text(en="The money has gone back", sw="Pesa imerudishwa"),
    "refunded": Text(en="All that was paid for this order is back with whoever paid it.", sw="Yote yaliyolipwa kwa oda hii yamerudi kwa aliyelipa."),
    "back_refund_buyer": Text(en="{amount} is on its way back by M-Pesa.", sw="{amount} inarudishwa kwa M-Pesa."),
    "back_correct_refund": Text(
        en="{amount} could not be sent back yet. It is safe with Zemi, and our people look at it.",
        sw="{amount} haijaweza kurudishwa bado. Iko salama kwa Zemi, na watu wetu wanaishughulikia.",
    ),
    "back_unreachable": Text(
        en="{amount} could not be sent to {phone}. It is safe with Zemi and waits for another number.",
        sw="{amount} haikuweza kutumwa kwa {phone}. Iko salama kwa Zemi na inasubiri namba nyingine.",
    ),
    "back_redirected": Text(
        en="{amount} goes to {phone} instead, as you asked, when twelve hours have passed.",
        sw="{amount} itatumwa kwa {phone} badala yake, ulivyoomba, saa kumi na mbili zikipita.",
    ),
    "back_done": Text(en="{amount} was sent back by M-Pesa.", sw="{amount} imerudishwa kwa M-Pesa."),
    "nothing_held": Text(en="Zemi holds no money for it.", sw="Zemi haishiki pesa yoyote kwa oda hii."),
    # Timeline
    "timeline": Text(en="What has happened", sw="Yaliyotokea"),
    "step_made": Text(en="Order made", sw="Oda imetengenezwa"),
    "step_paid": Text(en="Paid and held", sw="Imelipwa, imeshikwa"),
    "step_delivered": Text(en="Goods received", sw="Bidhaa zimepokelewa"),
    "step_seller": Text(en="Seller paid", sw="Muuzaji amelipwa"),
    "step_ended": Text(en="Order ended", sw="Oda imeisha"),
    "step_back": Text(en="Money back with the buyer", sw="Pesa imerudi kwa mnunuzi"),
    "step_now": Text(en="awaited", sw="inasubiriwa"),
    "step_later": Text(en="not yet", sw="bado"),
    # Is the money held?
    # What a payment link offers
    "photo_of": Text(en="Photo: {item}", sw="Picha: {item}"),
    "offer_verb": Text(en="Buy for", sw="Nunua kwa"),
    "offer_until": Text(en="Offered until", sw="Inauzwa hadi"),
    "offer_phone": Text(en="Your M-Pesa number", sw="Namba yako ya M-Pesa"),
    "offer_phone_hint": Text(
        en="The delivery code goes there by text message once you have paid.",
        sw="Namba ya siri itatumwa huko kwa SMS ukishalipa.",
    ),
    "offer_button": Text(en="Order, and go on to pay", sw="Agiza, kisha uendelee kulipa"),
    "offer_promise": Text(
        en="Your money is held until you give your delivery code with the goods in hand. The order waits {hours} hours to be paid.",
        sw="Pesa yako inashikwa hadi utoe namba yako ya siri bidhaa zikiwa mkononi. Oda itasubiri malipo kwa saa {hours}.",
    ),
    "offer_closed": Text(
        en="Nothing more is sold by this link. Nothing was paid. Ask the seller for a new link.",
        sw="Hakuna kinachouzwa tena kwa kiungo hiki. Hakuna kilicholipwa. Muombe muuzaji kiungo kipya.",
    ),
    "proof_link": Text(en="Is the money really held?", sw="Je, pesa imeshikwa kweli?"),
    "proof_title": Text(en="Is the money held?", sw="Je, pesa imeshikwa?"),
    "proof_yes": Text(en="Yes, all of it is held", sw="Ndiyo, yote imeshikwa"),
    "proof_part": Text(en="A part is held, of {price}", sw="Sehemu imeshikwa, kati ya {price}"),
    "proof_no": Text(en="No, nothing is held", sw="Hapana, hakuna kilichoshikwa"),
    "proof_went": Text(en="It was held, and was released", sw="Ilishikwa, na imeachiliwa"),
    "proof_since": Text(en="Since", sw="Tangu"),
    "proof_server_time": Text(en="Server time", sw="Saa ya seva"),
    "proof_phrase": Text(en="Words of this minute", sw="Maneno ya dakika hii"),
    "proof_phrase_more": Text(
        en="They change every minute, and are the same for all who look at this order now. A screenshot shows old ones: open the link yourself.",
        sw="Yanabadilika kila dakika, na ni yale yale kwa wote wanaoangalia oda hii sasa. Picha ya skrini ina ya zamani: fungua kiungo mwenyewe.",
    ),
    "proof_back": Text(en="To the order", sw="Kwenye oda"),
    # Receipt
    "receipt_link": Text(en="Receipt to print", sw="Risiti ya kuchapisha"),
    "receipt_title": Text(en="Receipt", sw="Risiti"),
    "receipt_paid": Text(en="Paid", sw="Imelipwa"),
    "receipt_mpesa": Text(en="M-Pesa number", sw="Namba ya M-Pesa"),
    "receipt_to_seller": Text(en="To the seller", sw="Kwa muuzaji"),
    "receipt_fee": Text(en="Zemi's commission, borne by the seller", sw="Ada ya Zemi, inalipwa na muuzaji"),
    "receipt_total": Text(en="Paid in all", sw="Jumla iliyolipwa"),
    "receipt_back": Text(en="Sent back", sw="Imerudishwa"),
    "receipt_print": Text(en="Your browser prints this page without its buttons.", sw="Kivinjari chako kinachapisha ukurasa huu bila vitufe."),
}  # fmt: skip
