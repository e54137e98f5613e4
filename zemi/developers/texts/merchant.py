"""Words of the pages behind an API key. What programs are told (statuses, types, scopes) stands as programs read it."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "developers_title": Text(en="Keys and logs", sw="Funguo na kumbukumbu"),
    "dev_lead": Text(
        en="See your keys, what happened, and what your endpoints were told and answered.",
        sw="Ona funguo zako, yaliyotokea, na yale ambayo seva zako ziliambiwa na kujibu.",
    ),
    "dev_demo_title": Text(en="Look around", sw="Angalia"),
    "dev_demo": Text(
        en="This sandbox has a demo shop. Its key opens these pages with one button.",
        sw="Sandbox hii ina duka la majaribio. Ufunguo wake unafungua kurasa hizi kwa kitufe kimoja.",
    ),
    "dev_demo_button": Text(en="Sign in with the demo key", sw="Ingia kwa ufunguo wa majaribio"),
    "dev_key": Text(en="API key", sw="Ufunguo wa API"),
    "dev_key_hint": Text(
        en="It is looked at once and not kept: you stay signed in for a short while, and see what the key may see.",
        sw="Unaangaliwa mara moja tu na hauhifadhiwi: unabaki umeingia kwa muda mfupi, "
        "na unaona kile ambacho ufunguo unaruhusu.",
    ),
    "dev_signed_in": Text(en="Signed in with {prefix}…{last4}.", sw="Umeingia kwa {prefix}…{last4}."),
    "dev_first": Text(en="Try it in a terminal", sw="Jaribu kwenye terminal"),
    "dev_home": Text(en="Start", sw="Mwanzo"),
    "dev_keys": Text(en="API keys", sw="Funguo za API"),
    "dev_requests": Text(en="Requests", sw="Maombi"),
    "dev_requests_more": Text(
        en="What came with a key of yours, for {days} days, about a second later; bodies aren't kept.",
        sw="Maombi yaliyokuja na ufunguo wako, kwa siku {days}, baada ya sekunde moja hivi; yaliyomo hayahifadhiwi.",
    ),
    "dev_requests_off": Text(
        en="The operator has switched this log off.", sw="Mwendeshaji amezima kumbukumbu hii."
    ),
    "dev_refused": Text(en="Refused only", sw="Yaliyokataliwa tu"),
    "dev_no_requests": Text(en="No request yet.", sw="Bado hakuna ombi."),
    "dev_by_key": Text(en="Key", sw="Ufunguo"),
    "dev_when": Text(en="When", sw="Lini"),
    "dev_took": Text(en="Took", sw="Muda"),
    "dev_why": Text(en="What this error means", sw="Maana ya kosa hili"),
    "dev_no_body": Text(
        en="Its body is not kept, so there is no command to send it again.",
        sw="Yaliyomo hayahifadhiwi, kwa hiyo hakuna amri ya kulituma tena.",
    ),
    "dev_example": Text(
        en="The log keeps no bodies. This sends the documented example for this address, as a new act: put your own"
        " values in.",
        sw="Kumbukumbu haihifadhi yaliyomo. Hii hutuma mfano wa nyaraka kwa anwani hii, kama tendo jipya: weka"
        " thamani zako mwenyewe.",
    ),
    "dev_again": Text(
        en="It takes no body. This sends the same again, as a new act:",
        sw="Halina yaliyomo. Hii hutuma vilevile tena, kama tendo jipya:",
    ),
    "dev_of_request": Text(en="Events that it caused", sw="Matukio yaliyotokana nalo"),
    "dev_events": Text(en="Events", sw="Matukio"),
    "dev_webhooks": Text(en="Webhook endpoints", sw="Seva za webhook"),
    "dev_curl": Text(
        en="The same from a terminal, with your key in <code>ZEMI_KEY</code>:",
        sw="Vivyo hivyo kutoka terminal, ufunguo wako ukiwa ndani ya <code>ZEMI_KEY</code>:",
    ),
    "dev_copy": Text(en="Copy", sw="Nakili"),
    "dev_made": Text(en="The new key", sw="Ufunguo mpya"),
    "dev_made_once": Text(
        en="It is shown this once: keep it now. Zemi keeps only its hash.",
        sw="Unaonyeshwa mara hii tu: uhifadhi sasa. Zemi huhifadhi hash yake tu.",
    ),
    "dev_revoked": Text(en="Revoked", sw="Ulifutwa"),
    "dev_until": Text(en="Ends", sw="Unaisha"),
    "dev_ended": Text(en="Ended", sw="Uliisha"),
    "dev_endless": Text(en="No end", sw="Bila mwisho"),
    "dev_used": Text(en="last used", sw="ulitumika mwisho"),
    "dev_unused": Text(en="never used", sw="haujatumika"),
    "dev_change": Text(en="Rotate or revoke", sw="Badilisha au futa"),
    "dev_rotate_more": Text(
        en="A new key takes over; this one goes on for 24 hours.",
        sw="Ufunguo mpya unachukua nafasi; huu unaendelea kwa saa 24.",
    ),
    "dev_rotate": Text(en="Rotate", sw="Badilisha"),
    "dev_revoke_more": Text(
        en="Revoked, it opens nothing from this moment, and never again.",
        sw="Ukifutwa, haufungui kitu tangu sasa, na kamwe tena.",
    ),
    "dev_revoke": Text(en="Revoke for ever", sw="Futa kabisa"),
    "dev_new_key": Text(en="Make a key", sw="Tengeneza ufunguo"),
    "dev_name": Text(en="Name, for yourself", sw="Jina, kwa ajili yako"),
    "dev_scopes": Text(en="What it may do", sw="Unaruhusiwa kufanya nini"),
    "dev_scopes_hint": Text(
        en="One or more; nothing that your own key may not.",
        sw="Moja au zaidi; si zaidi ya ufunguo wako mwenyewe.",
    ),
    "dev_days": Text(en="Days until it ends", sw="Siku hadi uishe"),
    "dev_type": Text(en="Type", sw="Aina"),
    "dev_status": Text(en="Status", sw="Hali"),
    "dev_all": Text(en="All", sw="Zote"),
    "dev_filter": Text(en="Show", sw="Onyesha"),
    "dev_no_events": Text(en="Nothing of this has happened yet.", sw="Hakuna lililotokea bado."),
    "dev_send_to": Text(en="Send it again to", sw="Tuma tena kwa"),
    "dev_resend": Text(en="Send again", sw="Tuma tena"),
    "dev_body": Text(en="As webhooks tell it", sw="Jinsi webhook inavyosema"),
    "dev_on": Text(en="On", sw="Imewashwa"),
    "dev_given_up": Text(en="Nothing is sent any more to", sw="Hakuna kinachotumwa tena kwa"),
    "dev_off_failing": Text(
        en="Off since {at}: it failed from {since} on. Nothing is lost: switch it on (enabled: true), then redeliver from"
        " that moment.",
        sw="Imezimwa tangu {at}: ilishindwa kuanzia {since}. Hakuna kilichopotea: iwashe (enabled: true), kisha tuma tena"
        " kuanzia wakati huo.",
    ),
    "dev_off_gone": Text(
        en="Off since {at}: it answered 410. Nothing is lost: switch it on (enabled: true), then redeliver from then on.",
        sw="Imezimwa tangu {at}: ilijibu 410. Hakuna kilichopotea: iwashe (enabled: true), kisha tuma tena kuanzia wakati"
        " huo.",
    ),
    "dev_off_merchant": Text(en="Off since {at}, by you.", sw="Imezimwa tangu {at}, na wewe."),
    "dev_failing": Text(en="failing since", sw="inashindwa tangu"),
    "dev_every_type": Text(en="every type", sw="kila aina"),
    "dev_no_endpoints": Text(en="There is no endpoint yet.", sw="Bado hakuna seva."),
    "dev_webhooks_guide": Text(en="How to be told of events", sw="Jinsi ya kuarifiwa matukio"),
    "dev_endpoint": Text(en="Webhook endpoint", sw="Seva ya webhook"),
    "dev_new_endpoint": Text(en="Make an endpoint", sw="Ongeza seva"),
    "dev_most_endpoints": Text(
        en="There are {most} endpoints, and no room for more: delete one first.",
        sw="Kuna seva {most}, na hakuna nafasi zaidi: futa moja kwanza.",
    ),
    "dev_url": Text(en="URL of your server", sw="URL ya seva yako"),
    "dev_url_hint": Text(
        en="Where events are sent to, such as https://shop.example/hooks/zemi.",
        sw="Mahali ambapo matukio hutumwa, mfano https://shop.example/hooks/zemi.",
    ),
    "dev_types": Text(en="Types of events", sw="Aina za matukio"),
    "dev_types_hint": Text(
        en="One or more; or every type, also those to come.",
        sw="Moja au zaidi; au kila aina, pamoja na zitakazokuja.",
    ),
    "dev_description": Text(en="Description, for yourself", sw="Maelezo, kwa ajili yako"),
    "dev_alert_phone": Text(en="Phone to text when it is given up", sw="Simu ya kutumiwa SMS seva ikiachwa"),
    "dev_alert_hint": Text(
        en="It is given up when it failed for five days, or answered 410.",
        sw="Seva huachwa ikishindwa kwa siku tano, au ikijibu 410.",
    ),
    "dev_alert_now": Text(
        en="Now it is {phone}, and stays so if you leave this empty.",
        sw="Sasa ni {phone}, na itabaki hivyo ukiacha hapa wazi.",
    ),
    "dev_alert_nobody": Text(en="Save, and text nobody", sw="Hifadhi, na usimtumie yeyote SMS"),
    "dev_save": Text(en="Save", sw="Hifadhi"),
    "dev_secret": Text(en="The secret to verify with", sw="Siri ya kuthibitishia"),
    "dev_secret_once": Text(
        en="It is shown this once: keep it now, where your server reads it.",
        sw="Inaonyeshwa mara hii tu: ihifadhi sasa, mahali ambapo seva yako inaisoma.",
    ),
    "dev_secret_old": Text(
        en="The one before it signs too, until {until}.", sw="Ya awali inatia sahihi pia, hadi {until}."
    ),
    "dev_ping": Text(en="Send a test event", sw="Tuma tukio la majaribio"),
    "dev_replay_days": Text(
        en="Days to go back for what did not arrive", sw="Siku za kurudi nyuma kwa ambayo hayakufika"
    ),
    "dev_replay": Text(en="Send what was missed", sw="Tuma yaliyokosekana"),
    "dev_queued": Text(
        en="It is on its way: see below, in a moment, what became of it.",
        sw="Iko njiani: tazama hapa chini, baada ya muda mfupi, imekuwaje.",
    ),
    "dev_switch_on": Text(en="Switch it on", sw="Iwashe"),
    "dev_change_endpoint": Text(en="Change it", sw="Ibadilishe"),
    "dev_secret_off": Text(en="New secret, switch off, delete", sw="Siri mpya, zima, futa"),
    "dev_secret_more": Text(
        en="A new secret takes over at once; for 24 hours this one signs too, so that nothing is missed.",
        sw="Siri mpya inachukua nafasi mara moja; kwa saa 24 hii inatia sahihi pia, ili kusikosekane kitu.",
    ),
    "dev_secret_new": Text(en="Make a new secret", sw="Tengeneza siri mpya"),
    "dev_switch_off_more": Text(
        en="Off, nothing is sent to it; what happens meanwhile can be sent later.",
        sw="Ikizimwa, hakuna kinachotumwa; yanayotokea wakati huo yanaweza kutumwa baadaye.",
    ),
    "dev_switch_off": Text(en="Switch it off", sw="Izime"),
    "dev_delete_more": Text(
        en="Deleted, it is gone for ever, with its secrets.", sw="Ikifutwa, imeondoka kabisa, pamoja na siri zake."
    ),
    "dev_delete": Text(en="Delete for ever", sw="Futa kabisa"),
    "dev_deliveries": Text(en="Deliveries", sw="Yaliyotumwa"),
    "dev_next": Text(en="next try", sw="jaribio lijalo"),
    "dev_no_deliveries": Text(en="Nothing was sent yet.", sw="Hakuna kilichotumwa bado."),
    "dev_ms": Text(en="&nbsp;ms", sw="&nbsp;milisekunde"),
}  # fmt: skip
