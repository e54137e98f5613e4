"""What the lines of the chart of accounts are called (zemi.ledger.chart)."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "account_1100": Text(en="M-Pesa, collecting", sw="M-Pesa, ya kukusanya"),
    "account_1110": Text(en="M-Pesa, paying out", sw="M-Pesa, ya kulipa"),
    "account_1190": Text(en="Our own money on its way", sw="Pesa yetu iliyo njiani"),
    "account_1300": Text(en="Owed to us by sellers", sw="Tunawadai wauzaji"),
    "account_1310": Text(en="Left without being owed", sw="Ilitoka bila kudaiwa"),
    "account_2100": Text(en="Held for orders", sw="Imeshikwa kwa oda"),
    "account_2200": Text(en="Owed to sellers", sw="Tunadaiwa na wauzaji"),
    "account_2210": Text(en="Reserve of sellers", sw="Akiba ya wauzaji"),
    "account_2300": Text(en="Payouts under way", sw="Malipo ya wauzaji njiani"),
    "account_2310": Text(en="Refunds under way", sw="Marejesho njiani"),
    "account_2400": Text(en="Credit of buyers", sw="Salio la wanunuzi"),
    "account_2500": Text(en="Receipts that are nobody's yet", sw="Risiti ambazo si za mtu bado"),
    "account_2800": Text(en="Unclaimed", sw="Haijadaiwa"),
    "account_3100": Text(en="Our own float", sw="Pesa yetu ya kuendeshea"),
    "account_4100": Text(en="Commission", sw="Kamisheni"),
    "account_4900": Text(en="Rounding", sw="Senti za kukadiria"),
    "account_5110": Text(en="Fees of M-Pesa", sw="Ada za M-Pesa"),
    "account_5200": Text(en="Losses", sw="Hasara"),
}  # fmt: skip
