"""Words around the documentation."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "developers_tabs": Text(en="For developers", sw="Kwa watengenezaji"),
    "developers_api": Text(en="API reference", sw="Rejea ya API"),
    "developers_errors": Text(en="Errors", sw="Makosa"),
    "guide_title": Text(en="Guide", sw="Mwongozo"),
    "guide_lead": Text(
        en="How to build on Zemi, run it, and check that every shilling is where it should be.",
        sw="Jinsi ya kujenga juu ya Zemi, kuiendesha, na kuhakikisha kila shilingi ipo mahali pake.",
    ),
    "guide_start": Text(en="Start here", sw="Anza hapa"),
    "guide_start_more": Text(
        en="One order from create to paid seller, with curl and a simulated M-Pesa. No account anywhere.",
        sw="Oda moja tangu kuundwa hadi muuzaji kulipwa, kwa curl na M-Pesa ya majaribio. Bila akaunti yoyote.",
    ),
    "guide_start_button": Text(en="Your first escrow in ten minutes", sw="Escrow yako ya kwanza kwa dakika kumi"),
    "guide_learn": Text(en="Learn it", sw="Jifunze"),
    "guide_do": Text(en="Do something", sw="Fanya kitu"),
    "guide_understand": Text(en="Understand it", sw="Elewa"),
    "guide_look_up": Text(en="Look it up", sw="Tafuta"),
    "guide_all": Text(en="All pages of the guide", sw="Kurasa zote za mwongozo"),
    "guide_contents": Text(en="On this page", sw="Kwenye ukurasa huu"),
    "errors_title": Text(en="What each error means", sw="Maana ya kila kosa"),
    "errors_lead": Text(
        en="Programs read <code>code</code>, people the sentence: in English or, with "
        "<code>Accept-Language: sw</code>, in Swahili. Words in braces are filled in. With "
        "<code>Accept: application/problem+json</code> an error is a problem of RFC 9457.",
        sw="Programu husoma <code>code</code>, watu husoma sentensi: kwa Kiingereza au, ukitumia "
        "<code>Accept-Language: sw</code>, kwa Kiswahili. Maneno yaliyo ndani ya mabano hujazwa. Ukitumia "
        "<code>Accept: application/problem+json</code> kosa ni problem ya RFC 9457.",
    ),
    "errors_codes": Text(en="All codes", sw="Misimbo yote"),
    "errors_may_repeat": Text(en="may be repeated", sw="unaweza kurudia"),
    "errors_dont_repeat": Text(en="do not just repeat it", sw="usirudie tu"),
    "errors_cause": Text(en="Cause", sw="Sababu"),
    "errors_says": Text(en="It says", sw="Inasema"),
    "errors_fix": Text(en="What to do", sw="La kufanya"),
    "errors_fields": Text(en="Codes of fields", sw="Misimbo ya sehemu za fomu"),
}  # fmt: skip
