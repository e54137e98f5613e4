"""The bodies that published Daraja clients put on the wire, recorded from the clients themselves, byte for byte.

Only what belongs to one run is replaced: password, time, credential, phones, addresses, ids. Order, spacing, number
or string, and fields that nobody documents are the client's own.
"""

import pytest

from tests.simulator.world import World, result_items

_STK = "/mpesa/stkpush/v1/processrequest"
_QUERY = "/mpesa/stkpushquery/v1/query"
_STATUS = "/mpesa/transactionstatus/v1/query"
_AT = "20260701120000"

# Client and version -> its prompt. @NAME@ is filled in by _filled.
_PROMPTS = {
    "daraja.js 1.0.2": (
        b'{"AccountReference":"CompanyXLTD","Amount":10,"BusinessShortCode":174379,'
        b'"CallBackURL":"http://shop.test/stk","PartyA":"254722000111","PartyB":"174379","Password":"@PASSWORD@",'
        b'"PhoneNumber":"254722000111","TransactionDesc":"Lipa na Mpesa Online",'
        b'"TransactionType":"CustomerPayBillOnline","Timestamp":"20260701120000"}'
    ),
    "mpesa-connect 0.1.4": (
        b'{"BusinessShortCode": 174379, "Password": "@PASSWORD@", "Timestamp": "20260701120000", '
        b'"TransactionType": "CustomerPayBillOnline", "Amount": 10, "PartyA": 254722000111, "PartyB": 174379, '
        b'"PhoneNumber": 254722000111, "CallBackURL": "http://shop.test/stk", "AccountReference": "REF1", '
        b'"TransactionDesc": "Order"}'
    ),
    # Sends the passkey itself along.
    "mpesakit 2.2.0": (
        b'{"BusinessShortCode":174379,"Password":"@PASSWORD@","Timestamp":"20260701120000",'
        b'"TransactionType":"CustomerPayBillOnline","Amount":10,"PartyA":"254722000111","PartyB":"174379",'
        b'"PhoneNumber":"254722000111","CallBackURL":"http://shop.test/stk","AccountReference":"REF1",'
        b'"TransactionDesc":"Order","Passkey":"@PASSKEY@"}'
    ),
    # A description of twice the documented 13 characters.
    "pydaraja 0.3.7": (
        b'{"BusinessShortCode": "174379", "Password": "@PASSWORD@", "Timestamp": "20260701120000", '
        b'"TransactionType": "CustomerPayBillOnline", "Amount": 10, "PartyA": "254722000111", "PartyB": "174379", '
        b'"PhoneNumber": "254722000111", "CallBackURL": "http://shop.test/stk", "AccountReference": "Pydaraja", '
        b'"TransactionDesc": "Python wrapper for mpesa api."}'
    ),
}
_QUERIES = {
    "daraja.js 1.0.2": (
        b'{"BusinessShortCode":174379,"CheckoutRequestID":"@CHECKOUT@","Password":"@PASSWORD@",'
        b'"Timestamp":"20260701120000"}'
    ),
    "mpesa-connect 0.1.4": (
        b'{"BusinessShortCode": 174379, "Password": "@PASSWORD@", "Timestamp": "20260701120000", '
        b'"CheckoutRequestID": "@CHECKOUT@"}'
    ),
    "mpesakit 2.2.0": (
        b'{"BusinessShortCode":174379,"Password":"@PASSWORD@","Timestamp":"20260701120000",'
        b'"CheckoutRequestID":"@CHECKOUT@","Passkey":"@PASSKEY@"}'
    ),
    "pydaraja 0.3.7": (
        b'{"BusinessShortCode": "174379", "Password": "@PASSWORD@", "Timestamp": "20260701120000", '
        b'"CheckoutRequestID": "@CHECKOUT@"}'
    ),
}
# Client and version -> version of B2C, its payout, its status query.
_PAYOUTS = {
    "daraja.js 1.0.2": (
        "v1",
        (
            b'{"Amount":100,"CommandID":"SalaryPayment","InitiatorName":"testapi","SecurityCredential":"@CREDENTIAL@",'
            b'"PartyA":"600000","PartyB":"254711000222","QueueTimeOutURL":"http://shop.test/timeout",'
            b'"ResultURL":"http://shop.test/result","Occasion":"payment","Remarks":"payment"}'
        ),
        (
            b'{"PartyA":"600000","IdentifierType":"1","Initiator":"testapi","SecurityCredential":"@CREDENTIAL@",'
            b'"QueueTimeOutURL":"http://shop.test/timeout","ResultURL":"http://shop.test/status",'
            b'"TransactionID":"@RECEIPT@","CommandID":"TransactionStatusQuery","Occasion":"Transaction Status",'
            b'"Remarks":"Transaction Status"}'
        ),
    ),
    # Spells Occassion in the status query too, where it is null.
    "mpesa-connect 0.1.4": (
        "v1",
        (
            b'{"InitiatorName": "testapi", "SecurityCredential": "@CREDENTIAL@", "CommandID": "BusinessPayment", '
            b'"Amount": 100, "PartyA": 600000, "PartyB": 254711000222, "Remarks": "Pay out", '
            b'"QueueTimeOutURL": "http://shop.test/timeout", "ResultURL": "http://shop.test/result", "Occassion": ""}'
        ),
        (
            b'{"Initiator": "testapi", "SecurityCredential": "@CREDENTIAL@", "CommandID": "TransactionStatusQuery", '
            b'"TransactionID": "@RECEIPT@", "PartyA": 600000, "IdentifierType": 4, "Remarks": "ok", '
            b'"QueueTimeOutURL": "http://shop.test/timeout", "ResultURL": "http://shop.test/status", '
            b'"Occassion": null}'
        ),
    ),
    # Both ways to ask in one body, one of them null.
    "mpesakit 2.2.0": (
        "v3",
        (
            b'{"OriginatorConversationID":"kit-1","InitiatorName":"testapi","SecurityCredential":"@CREDENTIAL@",'
            b'"CommandID":"BusinessPayment","Amount":100,"PartyA":600000,"PartyB":254711000222,"Remarks":"Pay out",'
            b'"QueueTimeOutURL":"http://shop.test/timeout","ResultURL":"http://shop.test/result","Occasion":"x"}'
        ),
        (
            b'{"Initiator":"testapi","SecurityCredential":"@CREDENTIAL@","CommandID":"TransactionStatusQuery",'
            b'"TransactionID":"@RECEIPT@","PartyA":600000,"IdentifierType":4,"ResultURL":"http://shop.test/status",'
            b'"QueueTimeOutURL":"http://shop.test/timeout","Remarks":"ok","Occasion":"x",'
            b'"OriginalConversationID":null}'
        ),
    ),
}


@pytest.fixture
def world():
    with World() as it:
        yield it


def _filled(world, body, **more):
    config = world.daraja.config
    values = {
        "PASSWORD": world.daraja.password(_AT),
        "PASSKEY": config["passkey"],
        "CREDENTIAL": world.daraja.credential(),
        **more,
    }
    for name, value in values.items():
        body = body.replace(f"@{name}@".encode(), value.encode())
    assert b"@" not in body
    return body


def _post(world, path, body):
    headers = {"Authorization": f"Bearer {world.daraja.token}", "Content-Type": "application/json"}
    return world.http.post(path, content=body, headers=headers)


@pytest.mark.parametrize("client", _PROMPTS)
def test_a_published_clients_prompt_is_paid_and_its_query_says_so(world, client):
    accepted = _post(world, _STK, _filled(world, _PROMPTS[client]))
    assert (accepted.status_code, accepted.json()["ResponseCode"]) == (200, "0")
    asked = _filled(world, _QUERIES[client], CHECKOUT=accepted.json()["CheckoutRequestID"])
    pending = _post(world, _QUERY, asked)
    [(path, callback)] = world.run(2)
    final = _post(world, _QUERY, asked)

    assert (pending.status_code, pending.json()["errorCode"]) == (500, "500.001.1001")
    assert path == "/stk"
    assert callback["Body"]["stkCallback"]["ResultCode"] == 0
    assert (final.status_code, final.json()["ResultCode"]) == (200, "0")
    assert world.books()["shortcode:174379:utility"] == 10_00


@pytest.mark.parametrize("client", _PAYOUTS)
def test_a_published_clients_payout_is_paid_and_its_status_query_finds_it(world, client):
    version, payout, status = _PAYOUTS[client]

    accepted = _post(world, f"/mpesa/b2c/{version}/paymentrequest", _filled(world, payout))
    assert (accepted.status_code, accepted.json()["ResponseCode"]) == (200, "0")
    [(_, paid)] = world.run(2)
    receipt = paid["Result"]["TransactionID"]
    taken = _post(world, _STATUS, _filled(world, status, RECEIPT=receipt))
    assert (taken.status_code, taken.json()["ResponseCode"]) == (200, "0")
    [(path, told)] = world.run(2)

    assert paid["Result"]["OriginatorConversationID"] == accepted.json()["OriginatorConversationID"]
    assert path == "/status"
    items = result_items(told["Result"])
    assert (items["ReceiptNo"], items["TransactionStatus"], items["Amount"]) == (
        receipt,
        "Completed",
        "100.00",
    )
    assert world.books()["wallet:254711000222"] == 300_100_00


def test_the_same_v3_payout_sent_twice_is_a_duplicate_and_pays_once(world):
    _, payout, _ = _PAYOUTS["mpesakit 2.2.0"]
    first = _post(world, "/mpesa/b2c/v3/paymentrequest", _filled(world, payout))
    again = _post(world, "/mpesa/b2c/v3/paymentrequest", _filled(world, payout))

    assert first.status_code == 200
    assert (again.status_code, again.json()["errorCode"]) == (500, "500.002.1001")
    assert len(world.run(2)) == 1
    assert world.books()["wallet:254711000222"] == 300_100_00


def test_a_form_body_under_the_json_content_type_is_malformed(world):
    # python-daraja 1.2.4 announces JSON and sends a form.
    answer = _post(
        world,
        _STK,
        _filled(
            world,
            b"BusinessShortCode=174379&Password=@PASSWORD@&Timestamp=20260701120000"
            b"&TransactionType=CustomerPayBillOnline&Amount=10&PartyA=254722000111&PartyB=174379"
            b"&PhoneNumber=254722000111&CallBackURL=http%3A%2F%2Fshop.test%2Fstk&AccountReference=REF1"
            b"&TransactionDesc=Order",
        ),
    )

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.05")
    assert world.sim.next_due() is None


def test_a_query_for_a_prompt_that_never_was_is_worded_as_a_published_client_expects(world):
    asked = _filled(world, _QUERIES["pydaraja 0.3.7"], CHECKOUT="ws_CO_01072026120000000722000111")
    answer = _post(world, _QUERY, asked)

    assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.001.1001")
    assert answer.json()["errorMessage"] == "This transaction does not exist"


# What mpesakit 2.2.0 sends for the rest.
_REGISTER = (
    b'{"ShortCode":174379,"ResponseType":"Completed","ConfirmationURL":"http://shop.test/paid",'
    b'"ValidationURL":"http://shop.test/may-they"}'
)
_REVERSE = (
    b'{"Initiator":"testapi","SecurityCredential":"@CREDENTIAL@","TransactionID":"@RECEIPT@","Amount":100,'
    b'"ReceiverParty":174379,"ResultURL":"http://shop.test/result","QueueTimeOutURL":"http://shop.test/timeout",'
    b'"Remarks":"back","Occasion":null,"CommandID":"TransactionReversal","RecieverIdentifierType":"11"}'
)
_BALANCE = (
    b'{"Initiator":"testapi","SecurityCredential":"@CREDENTIAL@","CommandID":"AccountBalance","PartyA":600000,'
    b'"IdentifierType":4,"Remarks":"bal","QueueTimeOutURL":"http://shop.test/timeout",'
    b'"ResultURL":"http://shop.test/result"}'
)


def test_a_published_client_registers_and_is_told_of_a_payment_and_reverses_it(world):
    taken = _post(world, "/mpesa/c2b/v1/registerurl", _REGISTER)
    assert (taken.status_code, taken.json()["ResponseCode"]) == (200, "0")
    receipt = world.sim.pay_bill(msisdn="254722000111", amount=100)["receipt"]
    [(path, told)] = world.run()
    assert (path, told["TransID"]) == ("/paid", receipt)

    accepted = _post(world, "/mpesa/reversal/v1/request", _filled(world, _REVERSE, RECEIPT=receipt))
    assert (accepted.status_code, accepted.json()["ResponseCode"]) == (200, "0")
    [(_, undone)] = world.run(2)

    assert undone["Result"]["ResultCode"] == 0
    assert world.books()["wallet:254722000111"] == 300_000_00


def test_a_published_clients_balance_query_is_answered(world):
    accepted = _post(world, "/mpesa/accountbalance/v1/query", _filled(world, _BALANCE))
    assert (accepted.status_code, accepted.json()["ResponseCode"]) == (200, "0")
    [(_, told)] = world.run(2)

    assert "Utility Account|KES|10000000.00|" in result_items(told["Result"])["AccountBalance"]
