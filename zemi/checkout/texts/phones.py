"""Words of the phone simulator."""

from zemi.common.texts import Text

TEXTS: dict[str, Text] = {
    "sim_title": Text(en="Two phones", sw="Simu mbili"),
    "sim_lead": Text(
        en="You are both people. Nothing here is real money: a simulator stands in for M-Pesa and for the text messages.",
        sw="Wewe ni watu wote wawili. Hakuna pesa halisi hapa: kuna kiigizaji cha M-Pesa na cha SMS.",
    ),
    "sim_new_title": Text(en="Start a sale", sw="Anza mauzo"),
    "sim_new_item": Text(en="What is sold", sw="Kinachouzwa"),
    "sim_new_item_example": Text(en="Kitenge, six yards", sw="Kitenge, yadi sita"),
    "sim_new_amount": Text(en="Price in shillings", sw="Bei kwa shilingi"),
    "sim_new_button": Text(en="Make Baraka's payment link", sw="Tengeneza kiungo cha Baraka"),
    "sim_again": Text(en="Start another sale", sw="Anza mauzo mengine"),
    "sim_next": Text(en="What to do next", sw="La kufanya sasa"),
    "sim_do_order": Text(
        en="Baraka has made a payment link and sent it to Amina. She opens it, gives her number, and has an order.",
        sw="Baraka ametengeneza kiungo cha malipo na kumtumia Amina. Anakifungua, anaandika namba yake, na oda iko tayari.",
    ),
    "sim_order_phone": Text(en="Amina's number", sw="Namba ya Amina"),
    "sim_order_button": Text(en="Order as Amina", sw="Agiza kama Amina"),
    "sim_open_link": Text(en="The link's page, as Amina sees it", sw="Ukurasa wa kiungo, kama Amina anavyouona"),
    "sim_from_baraka": Text(en="From Baraka", sw="Kutoka kwa Baraka"),
    "sim_do_pay": Text(en="Amina buys from Baraka. Send the M-Pesa prompt to her phone.", sw="Amina ananunua kwa Baraka. Tuma ombi la M-Pesa kwenye simu yake."),
    "sim_do_pin": Text(en="Amina's phone asks for her PIN. Any four digits will do; 0000 is a wrong one.", sw="Simu ya Amina inaomba PIN. Tarakimu nne zozote zinatosha; 0000 si sahihi."),
    "sim_do_ask": Text(en="M-Pesa has not told us yet. Nothing is lost: Zemi keeps asking.", sw="M-Pesa bado haijatuambia. Hakuna kinachopotea: Zemi inaendelea kuuliza."),
    "sim_do_code": Text(
        en="The money is held. Baraka brings the goods; Amina reads the code from her message and gives it to him.",
        sw="Pesa imeshikwa. Baraka analeta bidhaa; Amina anasoma namba ya siri kwenye ujumbe na kumpa.",
    ),
    "sim_do_payout": Text(en="Delivered. Baraka's money is on its way.", sw="Imepokelewa. Pesa ya Baraka iko njiani."),
    "sim_do_done": Text(en="Done: Baraka has his money.", sw="Imekamilika: Baraka ana pesa yake."),
    "sim_do_ended": Text(en="This sale has ended.", sw="Mauzo haya yameisha."),
    "sim_open": Text(en="The order's page, as Amina sees it", sw="Ukurasa wa oda, kama Amina anavyouona"),
    "sim_amina": Text(en="Amina, who buys", sw="Amina, mnunuzi"),
    "sim_baraka": Text(en="Baraka, who sells", sw="Baraka, muuzaji"),
    "sim_balance": Text(en="M-Pesa balance", sw="Salio la M-Pesa"),
    "sim_stk": Text(
        en="Do you want to pay {amount} to Zemi Account no. {account}?",
        sw="Unataka kulipa {amount} kwa Zemi, akaunti namba {account}?",
    ),
    "sim_pin": Text(en="Enter M-PESA PIN", sw="Weka PIN ya M-PESA"),
    "sim_delete": Text(en="Delete the last digit", sw="Futa tarakimu ya mwisho"),
    "sim_ok": Text(en="OK", sw="SAWA"),
    "sim_cancel": Text(en="Cancel", sw="Ghairi"),
    "sim_pin_wrong": Text(en="A PIN has four digits.", sw="PIN ina tarakimu nne."),
    "sim_dial": Text(en="Dial", sw="Piga namba"),
    "sim_dial_number": Text(en="Number or code", sw="Namba au msimbo"),
    "sim_dial_button": Text(en="Call", sw="Piga"),
    "sim_dial_nothing": Text(en="Write a number first.", sw="Andika namba kwanza."),
    # Android's own words.
    "sim_dial_no_service": Text(
        en="Connection problem or invalid MMI code.", sw="Tatizo la muunganisho au msimbo batili wa MMI."
    ),
    "sim_dial_no_number": Text(en="The number you have dialled is not in service.", sw="Namba uliyopiga haitumiki."),
    "sim_inbox": Text(en="Messages", sw="Ujumbe"),
    "sim_no_sms": Text(en="No messages yet", sw="Hakuna ujumbe bado"),
    "sim_idle": Text(en="Nothing on the screen", sw="Hakuna kitu kwenye skrini"),
    "sim_how": Text(en="Amina's phone", sw="Simu ya Amina"),
    "sim_wait": Text(en="waits for her PIN", sw="inasubiri PIN yake"),
    "sim_unreachable": Text(en="has no signal", sw="haina mtandao"),
    "sim_no_balance": Text(en="has too little money", sw="haina salio la kutosha"),
    "sim_late": Text(en="is answered too late", sw="inajibiwa kwa kuchelewa"),
    "sim_lost": Text(en="is answered, and M-Pesa forgets to tell us", sw="inajibiwa, na M-Pesa inasahau kutuambia"),
    "sim_twice": Text(en="is answered, and M-Pesa tells us twice", sw="inajibiwa, na M-Pesa inatuambia mara mbili"),
    "sim_pay_button": Text(en="Send the prompt for {amount}", sw="Tuma ombi la {amount}"),
    # On the other pages, in sandbox mode: the way to what a phone of one's own would show.
    "inbox_title": Text(en="Messages of this phone", sw="Ujumbe wa simu hii"),
    "inbox_lead": Text(
        en="This is a sandbox: no text message leaves it, and here is what the phone would get. This page changes by itself.",
        sw="Hapa ni mahali pa majaribio: hakuna SMS inayotoka, na huu ndio ujumbe ambao simu ingepata. Ukurasa unabadilika wenyewe.",
    ),
    "inbox_link": Text(en="Sandbox: see the messages of {phone}", sw="Majaribio: ona ujumbe wa {phone}"),
    "inbox_any": Text(en="This is a sandbox: any such number will do.", sw="Haya ni majaribio: namba yoyote kama hiyo inatosha."),
    "phones_link": Text(en="Sandbox: see both phones of this sale", sw="Majaribio: ona simu mbili za mauzo haya"),
    "sim_gone": Text(en="The simulator does not answer. Is it running?", sw="Kiigizaji hakijibu. Je, kinaendesha?"),
}  # fmt: skip
