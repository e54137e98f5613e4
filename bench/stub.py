"""The far side of the wire: a provider that says yes to everything, in as little CPU time as Python allows.

    python -m bench.stub --port 8101 --product-port 8100

One thread, one selector. It answers Daraja's paths and Africa's Talking's, and calls the URLs back that it was
given, `CALLBACK_AFTER_S` later. It keeps no books: the simulator does that, and its own CPU would be measured.
`GET /report` hands out how long the product took to answer each callback since the last report.
"""

import argparse
import json
import selectors
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from bench.wire import connect, cut, message, received

CALLBACK_AFTER_S = 0.05
# As many callbacks at once as gunicorn has threads for.
_LINES = 8
_KEPT_S = 2.0


@dataclass
class _Caller:
    """A connection on which the product asks."""

    connection: socket.socket
    buffer: bytes = b""


@dataclass
class _Line:
    """A connection on which the product is called back, one callback at a time."""

    number: int
    connection: socket.socket | None = None
    used_at: float = 0.0
    due_at: float | None = None
    buffer: bytes = b""


@dataclass
class Stub:
    """The server and, on other connections, the client."""

    port: int
    product_port: int
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    _waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    _free: list[_Line] = field(default_factory=lambda: [_Line(number) for number in range(_LINES)])
    _latencies: dict[str, list[float]] = field(default_factory=dict)
    _failures: int = 0
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def run(self) -> None:
        """Serve until the process is ended."""
        listening = socket.create_server(("127.0.0.1", self.port), backlog=128)
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ, None)
        while True:
            wait = None if not self._waiting else max(0.0, self._waiting[0][0] - time.monotonic())
            for key, _ in self._selector.select(wait if self._free else None):
                if isinstance(key.data, _Caller):
                    self._read_request(key.data)
                elif isinstance(key.data, _Line):
                    self._read_reply(key.data)
                else:
                    self._accept(listening)
            while self._waiting and self._free and self._waiting[0][0] <= time.monotonic():
                self._call_back(self._free.pop(), *self._waiting.popleft())

    def _accept(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ, _Caller(connection))

    def _read_request(self, caller: _Caller) -> None:
        data = received(caller.connection)
        if not data:
            self._selector.unregister(caller.connection)
            caller.connection.close()
            return
        caller.buffer += data
        while (request := cut(caller.buffer)) is not None:
            head, body, caller.buffer = request
            path = head.split(b" ", 2)[1].decode().partition("?")[0]
            caller.connection.sendall(message("HTTP/1.1 200 OK", self._answer(path, body)))

    def _answer(self, path: str, body: bytes) -> dict[str, Any]:
        number = next(self._numbers)
        match path:
            case "/mpesa/stkpush/v1/processrequest":
                asked = json.loads(body)
                ids = {"MerchantRequestID": f"29115-{number}-1", "CheckoutRequestID": f"ws_CO_{number:020d}"}
                self._later(asked["CallBackURL"], _paid(ids, asked["Amount"], number))
                return ids | {"ResponseCode": "0", "ResponseDescription": _TAKEN, "CustomerMessage": _TAKEN}
            case "/mpesa/stkpushquery/v1/query":
                return {
                    "ResponseCode": "0",
                    "ResponseDescription": "The service request has been accepted successfully",
                    "MerchantRequestID": f"29115-{number}-1",
                    "CheckoutRequestID": json.loads(body)["CheckoutRequestID"],
                    "ResultCode": "0",
                    "ResultDesc": "The service request is processed successfully.",
                }
            case "/mpesa/b2c/v3/paymentrequest":
                asked = json.loads(body)
                ids = {
                    "ConversationID": f"AG_20261123_{number:020x}",
                    "OriginatorConversationID": asked["OriginatorConversationID"],
                }
                self._later(asked["ResultURL"], _paid_out(ids, asked, number))
                return ids | {
                    "ResponseCode": "0",
                    "ResponseDescription": "Accept the service request successfully.",
                }
            case "/version1/messaging":
                recipient = {
                    "statusCode": 101, "number": "+254700000000", "status": "Success", "cost": "KES 0.8000",
                    "messageId": f"ATXid_{number:032x}",
                }  # fmt: skip
                return {
                    "SMSMessageData": {
                        "Message": "Sent to 1/1 Total Cost: KES 0.8000",
                        "Recipients": [recipient],
                    }
                }
            case "/oauth/v1/generate":
                return {"access_token": f"token{number}", "expires_in": "3599"}
            case "/report":
                latencies, self._latencies = self._latencies, {}
                return {"latencies": latencies, "failures": self._failures}
        raise ValueError(f"nothing is known at {path}")

    def _later(self, url: str, body: dict[str, Any]) -> None:
        head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: stub"
        self._waiting.append((time.monotonic() + CALLBACK_AFTER_S, message(head, body)))

    def _call_back(self, line: _Line, due_at: float, request: bytes) -> None:
        now = time.monotonic()
        if line.connection is not None and now - line.used_at > _KEPT_S:
            # The product closes what has been idle for long: a callback must not meet that moment.
            self._hang_up(line)
        if line.connection is None:
            line.connection = connect(self.product_port)
            self._selector.register(line.connection, selectors.EVENT_READ, line)
        line.due_at, line.used_at = due_at, now
        line.connection.sendall(request)

    def _read_reply(self, line: _Line) -> None:
        assert line.connection is not None
        data = received(line.connection)
        if not data:
            self._hang_up(line)
            if line.due_at is not None:
                self._failures += 1
                line.due_at = None
                self._free.append(line)
            return
        line.buffer += data
        answer = cut(line.buffer)
        if answer is None or line.due_at is None:
            return
        head, _, line.buffer = answer
        if b" 200 " not in head[:16]:
            self._failures += 1
        self._latencies.setdefault("callback", []).append((time.monotonic() - line.due_at) * 1000)
        line.due_at = None
        self._free.append(line)

    def _hang_up(self, line: _Line) -> None:
        assert line.connection is not None
        self._selector.unregister(line.connection)
        line.connection.close()
        line.connection, line.buffer = None, b""


_TAKEN = "Success. Request accepted for processing"


def _paid(ids: dict[str, str], amount: int, number: int) -> dict[str, Any]:
    items = [
        {"Name": "Amount", "Value": float(amount)},
        {"Name": "MpesaReceiptNumber", "Value": f"QHC{number:07d}"},
        {"Name": "TransactionDate", "Value": 20261123120000},
        {"Name": "PhoneNumber", "Value": 254700000000},
    ]
    said = {"ResultCode": 0, "ResultDesc": "The service request is processed successfully."}
    return {"Body": {"stkCallback": ids | said | {"CallbackMetadata": {"Item": items}}}}


def _paid_out(ids: dict[str, str], asked: dict[str, Any], number: int) -> dict[str, Any]:
    receipt = f"QHP{number:07d}"
    values = {
        "TransactionAmount": asked["Amount"],
        "TransactionReceipt": receipt,
        "ReceiverPartyPublicName": f"{asked['PartyB']} - Baraka",
        "TransactionCompletedDateTime": "23.11.2026 12:00:00",
        "B2CUtilityAccountAvailableFunds": 900000.0,
        "B2CWorkingAccountAvailableFunds": 900000.0,
        "B2CRecipientIsRegisteredCustomer": "Y",
        "B2CChargesPaidAccountAvailableFunds": 0.0,
    }
    parameters = {"ResultParameter": [{"Key": key, "Value": value} for key, value in values.items()]}
    said = {"ResultType": 0, "ResultCode": 0, "ResultDesc": "The service request is processed successfully."}
    return {"Result": said | ids | {"TransactionID": receipt, "ResultParameters": parameters}}


def main() -> None:
    """Read the ports and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.stub")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--product-port", type=int, required=True)
    args = parser.parse_args()
    Stub(args.port, args.product_port).run()


if __name__ == "__main__":
    main()
