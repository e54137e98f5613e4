"""The words of every text message, in both languages; each fits one SMS with the longest values (ECOSYSTEM 3.4)."""

from zemi.common.texts import Text

# "Zemi:" first, never ask for a PIN. A link stands last: it is left out where its host is too long.
TEXTS: dict[str, Text] = {
    "buyer_code": Text(
        en="Zemi: KES {amount} held for {reference}. Delivery code: {code}. "
        "Give it ONLY when you have the goods. {link}",
        sw="Zemi: KES {amount} imehifadhiwa kwa {reference}. Namba ya siri: {code}. "
        "Itoe BAADA ya kupokea bidhaa. {link}",
    ),
    "buyer_new_code": Text(
        en="Zemi: New delivery code for {reference}: {code}. The old one ended. "
        "Give it ONLY when you have the goods. {link}",
        sw="Zemi: Namba mpya ya siri ya {reference}: {code}. Ya zamani haifai. "
        "Itoe BAADA ya kupokea bidhaa. {link}",
    ),
    "seller_paid_order": Text(
        en="Zemi: KES {amount} for {reference} is paid and held. "
        "Deliver, ask for the 6-digit code, then you are paid. {link}",
        sw="Zemi: KES {amount} ya {reference} imelipwa, tunaishika. "
        "Peleka, omba namba ya siri, kisha utalipwa. {link}",
    ),
    "part_paid": Text(
        en="Zemi: KES {part} for {reference} is held. KES {due} is missing: pay it, or all goes back to you. {link}",
        sw="Zemi: KES {part} ya {reference} imefika. Bado KES {due}: lipa, la sivyo itarudishwa kwako. {link}",
    ),
    "order_expired": Text(
        en="Zemi: Order {reference} was not paid in time and has ended. Any part that you paid is coming back.",
        sw="Zemi: Oda {reference} haikulipwa kwa wakati na imeisha. Kama ulilipa sehemu, inarudishwa.",
    ),
    "order_cancelled": Text(
        en="Zemi: Order {reference} was cancelled. Do not pay for it; any part that was paid is going back.",
        sw="Zemi: Oda {reference} imeghairiwa. Usiilipe; sehemu iliyolipwa inarudishwa.",
    ),
    "cancel_asked_by_buyer": Text(
        en="Zemi: The buyer asks to cancel {reference} and have KES {amount} back. Say yes or no: {link}",
        sw="Zemi: Mnunuzi anaomba kughairi {reference} na kurudishiwa KES {amount}. Jibu ndiyo au hapana: {link}",
    ),
    "cancel_asked_by_seller": Text(
        en="Zemi: The seller asks to cancel {reference}; KES {amount} would come back to you. Say yes or no: {link}",
        sw="Zemi: Muuzaji anaomba kughairi {reference}; KES {amount} itarudi kwako. Jibu ndiyo au hapana: {link}",
    ),
    "cancel_declined": Text(
        en="Zemi: {reference} was not cancelled: the other side said no. The money stays held. {link}",
        sw="Zemi: {reference} haikughairiwa: upande wa pili umekataa. Pesa bado imeshikwa. {link}",
    ),
    "cancel_lapsed": Text(
        en="Zemi: Nobody answered your request to cancel {reference}. The money stays held; you may ask again. {link}",
        sw="Zemi: Hakuna aliyejibu ombi lako la kughairi {reference}. Pesa bado imeshikwa; unaweza kuomba tena. {link}",
    ),
    "seller_sale_cancelled": Text(
        en="Zemi: {reference} is cancelled, as buyer and seller agreed. The money goes back: do NOT send the goods.",
        sw="Zemi: {reference} imeghairiwa kwa makubaliano ya mnunuzi na muuzaji. Pesa inarudi: USITUME bidhaa.",
    ),
    "payment_reminder": Text(
        en="Zemi: {reference} is not paid yet. To pay KES {due}: Pay Bill {paybill}, account {reference}. {link}",
        sw="Zemi: {reference} haijalipwa. Kulipa KES {due}: Pay Bill {paybill}, akaunti {reference}. {link}",
    ),
    "receipt_proposed": Text(
        en="Zemi: KES {amount} ({receipt}) named no order. Was it for {reference}? Claim it at Zemi with that number.",
        sw="Zemi: KES {amount} ({receipt}) haikutaja oda. Ilikuwa ya {reference}? Idai kwa namba ya M-Pesa kupitia Zemi.",
    ),
    "one_time_code": Text(
        en="Zemi: Your one-time code is {otp}, for 10 minutes. Nobody from Zemi will ask you for it.",
        sw="Zemi: Namba yako ya mara moja ni {otp}, kwa dakika 10. Zemi haitakuuliza namba hii.",
    ),
    "payment_failed": Text(
        en="Zemi: {why} Order {reference} is not paid.",
        sw="Zemi: {why} Oda {reference} haijalipwa.",
    ),
    "seller_payout": Text(
        en="Zemi: KES {amount} sent to ****{last4} for {reference}. M-Pesa ref {receipt}. Thank you for selling safely.",
        sw="Zemi: KES {amount} imetumwa kwa ****{last4} kwa {reference}. M-Pesa {receipt}. Asante kwa kuuza kwa usalama.",
    ),
    # What failed or waits is told in the words of the seller's page (`zemi.checkout.texts.seller`).
    "seller_payout_failed": Text(
        en="Zemi: M-Pesa could not pay you KES {amount} for {reference}. The money is safe with Zemi, "
        "and our people look at it.",
        sw="Zemi: M-Pesa imeshindwa kukulipa KES {amount} ya {reference}. Pesa iko salama kwa Zemi, "
        "na watu wetu wanaiangalia.",
    ),
    "seller_payout_no_customer": Text(
        en="Zemi: ****{last4} is not registered for M-Pesa. KES {amount} for {reference} is safe with Zemi. "
        "Register it or have another number: call us.",
        sw="Zemi: ****{last4} haijasajiliwa M-Pesa. KES {amount} ya {reference} iko salama kwa Zemi. "
        "Isajili au chagua namba nyingine: tupigie.",
    ),
    "seller_payout_wallet_full": Text(
        en="Zemi: The M-Pesa account ****{last4} is full. KES {amount} for {reference} is safe with Zemi. "
        "Make room: we try again by ourselves.",
        sw="Zemi: Akaunti ya M-Pesa ****{last4} imejaa. KES {amount} ya {reference} iko salama kwa Zemi. "
        "Punguza salio: tutajaribu tena wenyewe.",
    ),
    "seller_payout_limit": Text(
        en="Zemi: M-Pesa lets no more into ****{last4} today. KES {amount} for {reference} is safe with Zemi. "
        "Nothing to do: we try again.",
        sw="Zemi: M-Pesa hairuhusu zaidi kuingia ****{last4} leo. KES {amount} ya {reference} iko salama kwa Zemi. "
        "Tutajaribu tena.",
    ),
    "seller_payout_elsewhere": Text(
        en="Zemi: KES {amount} for {reference} goes to ****{last4} in {hours} hours, as you asked. Not you? Call us.",
        sw="Zemi: KES {amount} ya {reference} itatumwa ****{last4} baada ya saa {hours}, ulivyoomba. Si wewe? Tupigie.",
    ),
    "refund_on_its_way": Text(
        en="Zemi: KES {amount} for {reference} is coming back to you by M-Pesa. Nothing to do; we text you when it is sent.",
        sw="Zemi: KES {amount} ya {reference} inarudishwa kwako kwa M-Pesa. Usifanye lolote; tutakujulisha ikitumwa.",
    ),
    "refund_sent": Text(
        en="Zemi: KES {amount} for {reference} has been sent back to you by M-Pesa.",
        sw="Zemi: KES {amount} ya {reference} imerudishwa kwako kwa M-Pesa.",
    ),
    "refund_unreachable": Text(
        en="Zemi: M-Pesa could not send KES {amount} for {reference}. It is safe with Zemi. "
        "Have it sent to another number of yours: {page}",
        sw="Zemi: M-Pesa haikuweza kutuma KES {amount} ya {reference}. Iko salama kwa Zemi. "
        "Itume kwa namba yako nyingine: {page}",
    ),
    "refund_failed": Text(
        en="Zemi: M-Pesa could not send KES {amount} for {reference}. It is safe with Zemi, and our people look at it.",
        sw="Zemi: M-Pesa imeshindwa kutuma KES {amount} ya {reference}. Iko salama kwa Zemi, na watu wetu wanaiangalia.",
    ),
    "refund_wallet_full": Text(
        en="Zemi: Your M-Pesa is full. KES {amount} for {reference} is safe: make room, we try again. "
        "Or another number: {page}",
        sw="Zemi: M-Pesa yako imejaa. KES {amount} ya {reference} iko salama: punguza salio, tutajaribu. "
        "Au namba nyingine: {page}",
    ),
    "refund_limit": Text(
        en="Zemi: M-Pesa lets no more into your account today. KES {amount} for {reference} is safe with Zemi. "
        "Nothing to do: we try again.",
        sw="Zemi: M-Pesa hairuhusu zaidi kuingia kwako leo. KES {amount} ya {reference} iko salama kwa Zemi. "
        "Tutajaribu tena.",
    ),
    "refund_redirected": Text(
        en="Zemi: KES {amount} for {reference} goes to ****{last4} in {hours} hours, as you asked. "
        "Not you? Send it back here: {page}",
        sw="Zemi: KES {amount} ya {reference} itatumwa ****{last4} baada ya saa {hours}, ulivyoomba. "
        "Si wewe? Irudishe hapa: {page}",
    ),
    "refund_comes_here": Text(
        en="Zemi: KES {amount} for {reference} comes to this phone by M-Pesa in {hours} hours. "
        "Nothing to do. Tell nobody your PIN.",
        sw="Zemi: KES {amount} ya {reference} itakuja kwenye simu hii kwa M-Pesa baada ya saa {hours}. "
        "Usifanye lolote. Usimpe mtu PIN.",
    ),
    "seller_sale_reversed": Text(
        en="Zemi: M-Pesa took the payment for {reference} back from us. The order is cancelled: do NOT send the goods.",
        sw="Zemi: M-Pesa imerudisha malipo ya {reference} kwa aliyelipa. Oda imeghairiwa: USITUME bidhaa.",
    ),
    "seller_clawback": Text(
        en="Zemi: M-Pesa took the payment for {reference} back after you were paid. KES {amount} is due from your sales.",
        sw="Zemi: M-Pesa imerudisha malipo ya {reference} baada ya wewe kulipwa. KES {amount} itakatwa kwenye mauzo yako.",
    ),
    # To the phone that a merchant named for its endpoint.
    "webhook_failing": Text(
        en="Zemi: Your webhook at {host} failed for 5 days and is off. Switch it on, then ask for redelivery.",
        sw="Zemi: Webhook yako ya {host} imeshindwa siku 5, imezimwa. Iwashe, kisha omba kutumiwa tena.",
    ),
    "webhook_gone": Text(
        en="Zemi: Your webhook at {host} answered 410 and is off. If that is wrong, switch it on and ask for redelivery.",
        sw="Zemi: Webhook yako ya {host} ilijibu 410, imezimwa. Kama ni kosa, iwashe, kisha omba kutumiwa tena.",
    ),
    # To operators; the key is the event's type.
    "alert.webhook_disabled": Text(
        en="Zemi: {merchant}'s webhook failed for 5 days and is off. They can enable it and ask for redelivery.",
        sw="Zemi: Webhook ya {merchant} imeshindwa siku 5, imezimwa. Wanaweza kuiwasha na kuomba kutumiwa tena.",
    ),
    "audit.failed": Text(
        en="Zemi: the books do not agree: {problems} problems. Run: zemi audit",
        sw="Zemi: vitabu havilingani: matatizo {problems}. Endesha: zemi audit",
    ),
    "statement.not_pulled": Text(
        en="Zemi: M-Pesa has not told what came in since {since}. After 48 hours it can't: run zemi reconcile --file.",
        sw="Zemi: M-Pesa haijaeleza pesa iliyoingia tangu {since}. Baada ya saa 48 haitaweza: tumia zemi reconcile --file.",
    ),
    "provider.circuit_opened": Text(
        en="Zemi: calls of {operation} fail and are held back since {since}. Nothing is lost; they go on by themselves.",
        sw="Zemi: maombi ya {operation} yanashindwa, yamesimama tangu {since}. Hakuna kinachopotea; yataendelea.",
    ),
    "provider.circuit_closed": Text(
        en="Zemi: calls of {operation} work again. What waited is being sent.",
        sw="Zemi: maombi ya {operation} yanafanya kazi tena. Yaliyosubiri yanatumwa.",
    ),
    "provider.success_rate_low": Text(
        en="Zemi: only {percent} % of {calls} calls of {operation} worked lately. Look at: zemi providers",
        sw="Zemi: ni {percent} % tu ya maombi {calls} ya {operation} yaliyofaulu. Angalia: zemi providers",
    ),
    "provider.success_rate_recovered": Text(
        en="Zemi: {percent} % of the calls of {operation} work again.",
        sw="Zemi: {percent} % ya maombi ya {operation} yanafaulu tena.",
    ),
    "alert.dispatcher_stopped": Text(
        en="Zemi: M-Pesa refuses our credentials; nothing is sent or asked until you act. Look at: zemi staff queue",
        sw="Zemi: M-Pesa inakataa kitambulisho chetu; hakuna kinachotumwa wala kuulizwa. Angalia: zemi staff queue",
    ),
    "alert.float_low": Text(
        en="Zemi: the paying account is too low for KES {amount}. Payouts wait, refunds go first. Top it up.",
        sw="Zemi: akaunti ya malipo haina KES {amount}. Malipo yanasubiri, marejesho kwanza. Ongeza pesa.",
    ),
    "alert.pay_in_reversed": Text(
        en="Zemi: M-Pesa took KES {amount} back ({receipt}); KES {lost} of it is our loss. Ask M-Pesa why.",
        sw="Zemi: M-Pesa imerudisha KES {amount} ({receipt}); KES {lost} ni hasara yetu. Uliza M-Pesa sababu.",
    ),
    "alert.top_up_unknown": Text(
        en="Zemi: nobody knows what became of top-up {reference} of KES {amount}. Read the statement: zemi staff queue.",
        sw="Zemi: hatima ya uhamisho {reference} wa KES {amount} haijulikani. Soma taarifa ya M-Pesa: zemi staff queue.",
    ),
    "alert.needs_attention": Text(
        en="Zemi: a {subject} of KES {amount} has no result after a day. Bring the statement: zemi staff queue",
        sw="Zemi: {subject} ya KES {amount} haina jibu baada ya siku moja. Leta taarifa: zemi staff queue",
    ),
    "alert.payment_amount_differs": Text(
        en="Zemi: M-Pesa tells of KES {amount} for {reference}; its prompt was of KES {due}. Compare: zemi reconcile",
        sw="Zemi: M-Pesa inataja KES {amount} ya {reference}; ombi lilikuwa la KES {due}. Linganisha: zemi reconcile",
    ),
    "alert.payment_contradicted": Text(
        en="Zemi: M-Pesa says that KES {amount} for {reference} was paid, and that it was not. Decide: zemi staff queue",
        sw="Zemi: M-Pesa inasema KES {amount} ya {reference} imelipwa, na kwamba haijalipwa. Amua: zemi staff queue",
    ),
    "alert.suspense": Text(
        en="Zemi: KES {amount} left for a {subject} that was not owed any more. Decide it: zemi staff queue",
        sw="Zemi: KES {amount} imetoka kwa {subject} isiyodaiwa tena. Amua: zemi staff queue",
    ),
}
