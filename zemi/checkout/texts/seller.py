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
    "sell_stock": Text(en="How many you sell", sw="Unauza ngapi"),
    "sell_photo": Text(en="Photo, if you like", sw="Picha, ukipenda"),
    "sell_photo_again": Text(en="Choose the photo again: no link was made yet.", sw="Chagua picha tena: kiungo bado hakijatengenezwa."),
    "sell_make": Text(en="Make the link", sw="Tengeneza kiungo"),
    "sell_none": Text(en="No sales yet. Make your first payment link above.", sw="Bado hakuna mauzo. Tengeneza kiungo cha kwanza hapo juu."),
    "sell_links": Text(en="For sale by your links", sw="Unachouza kwa viungo"),
    "sell_sold": Text(en="{sold} of {stock} sold", sw="{sold} kati ya {stock} zimeuzwa"),
    "sell_until": Text(en="until", sw="hadi"),
    "sell_share": Text(en="Send the link", sw="Tuma kiungo"),
    "sell_stop": Text(en="Stop selling", sw="Acha kuuza"),
    "sell_stop_more": Text(
        en="Nobody can buy by this link any more, for good. Sales that were made go on.",
        sw="Hakuna atakayeweza kununua kwa kiungo hiki tena kamwe. Mauzo yaliyofanyika yanaendelea.",
    ),
    "sell_stop_button": Text(en="Yes, stop it", sw="Ndiyo, kifunge"),
    "sell_older_links": Text(en="Older links", sw="Viungo vya zamani"),
    "sell_sales": Text(en="Sold", sw="Ulichouza"),
    "sell_older": Text(en="Older sales", sw="Mauzo ya zamani"),
    "share_title": Text(en="Send this to the buyer", sw="Mtumie mnunuzi hii"),
    "share_lead": Text(
        en="Whoever opens the link can buy with their own phone. Your sales say when the money is held; deliver only then.",
        sw="Anayefungua kiungo anaweza kununua kwa simu yake. Mauzo yako yataonyesha pesa ikishikwa; peleka bidhaa wakati huo tu.",
    ),
    "share_text": Text(
        en="{item}: {amount}. Pay safely: Zemi holds the money until you have the goods. {link}",
        sw="{item}: {amount}. Lipa kwa usalama: Zemi inashika pesa hadi upokee bidhaa. {link}",
    ),
    "share_words": Text(en="The message", sw="Ujumbe"),
    # In the other language than the page.
    "share_other": Text(en="The same in Swahili", sw="Ujumbe huohuo kwa Kiingereza"),
    "share_whatsapp": Text(en="Send by WhatsApp", sw="Tuma kwa WhatsApp"),
    "share_sms": Text(en="Send by SMS", sw="Tuma kwa SMS"),
    "share_look": Text(en="See what the buyer sees", sw="Ona anachoona mnunuzi"),
    "share_back": Text(en="To your sales", sw="Kwenye mauzo yako"),
    # Why the money is not there yet (zemi.snapshots.why_unpaid), or what became of it
    "yours_title": Text(en="Your money", sw="Pesa yako"),
    "yours_sign_in": Text(en="You sell this? See when you are paid", sw="Wewe ni muuzaji? Ona utalipwa lini"),
    "part_yours": Text(en="for you", sw="kwako"),
    "unpaid_pay": Text(en="The buyer has not paid yet.", sw="Mnunuzi bado hajalipa."),
    "unpaid_pay_rest": Text(en="The buyer has paid a part; the rest is awaited.", sw="Mnunuzi amelipa sehemu; iliyobaki inasubiriwa."),
    "unpaid_approve_prompt": Text(en="The buyer is entering the PIN.", sw="Mnunuzi anaweka PIN."),
    "unpaid_confirm_payment": Text(en="We are asking M-Pesa whether the buyer has paid.", sw="Tunaiuliza M-Pesa kama mnunuzi amelipa."),
    "unpaid_deliver": Text(
        en="Held for you until the buyer's code is given. Deliver, and type the code on the order's page: then you are paid.",
        sw="Imeshikwa kwa ajili yako hadi namba ya siri ya mnunuzi itolewe. Peleka bidhaa, weka namba hiyo kwenye ukurasa wa oda: kisha utalipwa.",
    ),
    "unpaid_answer_cancel_request": Text(
        en="One of the two asks to cancel. The money is held; see the order's page.",
        sw="Mmoja wa wawili anaomba kughairi. Pesa imeshikwa; angalia ukurasa wa oda.",
    ),
    "unpaid_refund_buyer": Text(en="Called off: the buyer's money is going back.", sw="Imeghairiwa: pesa ya mnunuzi inarudishwa."),
    "unpaid_correct_refund": Text(en="Called off: our people look at the buyer's refund.", sw="Imeghairiwa: watu wetu wanashughulikia marejesho ya mnunuzi."),
    "unpaid_not_due": Text(en="The goods are there. This part is held until its day comes.", sw="Bidhaa zimefika. Sehemu hii inashikwa hadi siku yake."),
    "unpaid_sending": Text(en="Yours. It is sent to you by M-Pesa in a moment.", sw="Ni yako. Inatumwa kwako kwa M-Pesa sasa hivi."),
    "unpaid_stopped": Text(
        en="Yours, and safe with Zemi. We have stopped all payouts for a while; it is sent when they go on.",
        sw="Ni yako, na iko salama kwa Zemi. Tumesimamisha malipo yote kwa muda; itatumwa yakiendelea.",
    ),
    "unpaid_suspended": Text(
        en="Yours, and safe with Zemi. You once got money that was not due to you; our people settle that first.",
        sw="Ni yako, na iko salama kwa Zemi. Uliwahi kupokea pesa isiyo yako; watu wetu wanamaliza hilo kwanza.",
    ),
    "unpaid_float_low": Text(
        en="Yours, and safe with Zemi. Our M-Pesa account is being topped up; buyers' refunds go first, then this.",
        sw="Ni yako, na iko salama kwa Zemi. Tunaongeza pesa kwenye akaunti yetu ya M-Pesa; marejesho ya wanunuzi hutangulia, kisha hii.",
    ),
    "unpaid_provider_away": Text(
        en="Yours, and safe with Zemi. M-Pesa can't be reached just now.",
        sw="Ni yako, na iko salama kwa Zemi. M-Pesa haipatikani kwa sasa.",
    ),
    "unpaid_limit": Text(
        en="Yours, and safe with Zemi. M-Pesa lets no more into your account today.",
        sw="Ni yako, na iko salama kwa Zemi. M-Pesa hairuhusu zaidi kuingia kwenye akaunti yako leo.",
    ),
    "unpaid_wallet_full": Text(
        en="Yours, and safe with Zemi. Your M-Pesa account is full: make room in it.",
        sw="Ni yako, na iko salama kwa Zemi. Akaunti yako ya M-Pesa imejaa: punguza salio lako.",
    ),
    "unpaid_credentials": Text(
        en="Yours, and safe with Zemi. M-Pesa does not let us in just now; our people are at it.",
        sw="Ni yako, na iko salama kwa Zemi. M-Pesa haituruhusu kuingia kwa sasa; watu wetu wanalishughulikia.",
    ),
    "unpaid_payee_changed": Text(
        en="Yours. It goes to another number; we wait three days first, so that nobody else can take it. Not you? Call us.",
        sw="Ni yako. Itatumwa kwa namba nyingine; tunasubiri siku tatu ili mtu mwingine asiichukue. Si wewe? Tupigie.",
    ),
    "unpaid_no_payee": Text(
        en="Yours, and safe with Zemi. We don't know yet which number to pay; our people look at it.",
        sw="Ni yako, na iko salama kwa Zemi. Bado hatujui namba ya kulipa; watu wetu wanaiangalia.",
    ),
    "unpaid_sent": Text(en="M-Pesa has it, and is paying you.", sw="M-Pesa inayo, na inakulipa."),
    "unpaid_unknown": Text(
        en="We sent it, and M-Pesa has not said yet whether you have it. We keep asking. It is never sent twice.",
        sw="Tumeituma, na M-Pesa bado haijasema kama umeipata. Tunaendelea kuuliza. Haitumwi mara mbili kamwe.",
    ),
    "unpaid_needs_attention": Text(
        en="M-Pesa has not said in a day whether you have it. Our people look it up in M-Pesa's statement.",
        sw="Kwa siku nzima M-Pesa haijasema kama umeipata. Watu wetu wanaitafuta kwenye taarifa ya M-Pesa.",
    ),
    "unpaid_failed": Text(
        en="M-Pesa could not pay you. The money is safe with Zemi, and our people look at it.",
        sw="M-Pesa imeshindwa kukulipa. Pesa iko salama kwa Zemi, na watu wetu wanaiangalia.",
    ),
    "unpaid_reversed": Text(
        en="M-Pesa took the payment back. The money is safe with Zemi, and our people look at it.",
        sw="M-Pesa imerudisha malipo. Pesa iko salama kwa Zemi, na watu wetu wanaiangalia.",
    ),
    "unpaid_called_off": Text(
        en="Our people stopped this payout. The money is safe with Zemi, and they look at it.",
        sw="Watu wetu wamesimamisha malipo haya. Pesa iko salama kwa Zemi, na wanaiangalia.",
    ),
    "then_until": Text(en="Until", sw="Hadi"),
    "then_tried_again": Text(en="Next try:", sw="Tutajaribu tena:"),
    "then_asked_again": Text(en="We ask M-Pesa again:", sw="Tutaiuliza M-Pesa tena:"),
    "then_sent_on": Text(en="It is sent:", sw="Itatumwa:"),
    "over_completed": Text(en="You have been paid.", sw="Umelipwa."),
    "over_expired": Text(en="It was not paid in time and has ended.", sw="Haikulipwa kwa wakati na imeisha."),
    "over_cancelled": Text(en="It was called off.", sw="Imeghairiwa."),
    "over_refunded": Text(en="It was called off; the buyer has the money back.", sw="Imeghairiwa; mnunuzi amerudishiwa pesa."),
}  # fmt: skip
