"""Daraja, thin and typed: STK push and query, B2C v3, status, reversal, balance, C2B, pull, top-up (DARAJA 1).

No money call is repeated. The one exception is an answer that says the token was invalid: the gateway turned
the call away before acting, so it is sent once more with a fresh token.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zemi.common import clock, http_client
from zemi.common.http_client import Answer, NoAnswer, NotSent
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.providers import wire
from zemi.providers.base import (
    PAYOUT_LEAST,
    Accepted,
    BalanceResult,
    C2BReceipt,
    ChargeOutcome,
    ChargeRequest,
    ChargeResult,
    DisburseOutcome,
    DisburseRequest,
    DisburseResult,
    PulledTransaction,
    Reason,
    Refused,
    ReversalResult,
    ReverseRequest,
    Succeeded,
    TopUpRequest,
    Unknown,
    UnreadableCallback,
)
from zemi.providers.mpesa import answers, fields, messages, tariff
from zemi.providers.mpesa.tokens import IssuedToken, ProcessTokens, TokenStore, TokenUnavailable

_TOKEN_PATH = "/oauth/v1/generate?grant_type=client_credentials"  # noqa: S105 (a path)
_PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
_QUERY_PATH = "/mpesa/stkpushquery/v1/query"
_B2C_PATH = "/mpesa/b2c/v3/paymentrequest"
_STATUS_PATH = "/mpesa/transactionstatus/v1/query"
_REVERSAL_PATH = "/mpesa/reversal/v1/request"
_BALANCE_PATH = "/mpesa/accountbalance/v1/query"
_REGISTER_PATH = "/mpesa/c2b/v2/registerurl"
_PULL_REGISTER_PATH = "/pulltransactions/v1/register"
_PULL_PATH = "/pulltransactions/v1/query"
_TOP_UP_PATH = "/mpesa/b2b/v1/paymentrequest"
TOKEN_READ_S = 10.0
_TOKEN = re.compile(r"[!-~]{1,4096}", re.ASCII)
_TOKEN_LIFE_S = 3599  # when Daraja doesn't say


@dataclass(frozen=True, slots=True)
class MpesaConfig:
    """What Daraja knows us by. The secrets stay out of its repr."""

    base_url: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    b2c_shortcode: str = ""
    initiator_name: str = ""
    initiator_password: str = field(default="", repr=False)
    certificate_pem: str = field(default="", repr=False)
    transaction_type: str = "CustomerPayBillOnline"


class Mpesa:
    """M-Pesa as a payment provider.

    :raises UnusableCertificate: a certificate is configured that can't encrypt the initiator's password
    """

    name = "mpesa"

    def __init__(self, config: MpesaConfig, tokens: TokenStore | None = None) -> None:
        self._config = config
        self._tokens = tokens or ProcessTokens()
        self.collection_account = config.shortcode
        self.disbursement_account = config.b2c_shortcode
        # RSA once: Safaricom takes the same credential again (DARAJA 4.4).
        self._credential = (
            fields.security_credential(config.initiator_password, config.certificate_pem)
            if config.certificate_pem
            else ""
        )

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        """Send an STK push (DARAJA 1.2)."""
        problem = fields.amount_problem(request.amount, least=tariff.CHARGE_LEAST, most=tariff.CHARGE_MOST)
        if problem is not None:
            return problem
        # Numbers, not strings: with strings a push may silently end in 1037 (DARAJA 1.2).
        payer = int(request.payer.msisdn)
        body = self._signed() | {
            "TransactionType": self._config.transaction_type,
            "Amount": request.amount.shillings,
            "PartyA": payer,
            "PartyB": self._config.shortcode,
            "PhoneNumber": payer,
            "CallBackURL": request.callback_url,
            "AccountReference": fields.clean(request.reference, most=fields.REFERENCE_MOST),
            "TransactionDesc": fields.clean(request.description, most=fields.DESCRIPTION_MOST),
        }
        answer = self._money_call(_PUSH_PATH, body)
        if not isinstance(answer, Answer):
            return answer
        return answers.read_push(answer)

    def query_charge(self, provider_reference: str) -> ChargeOutcome:
        """Ask what became of a prompt (DARAJA 1.3). Refused is the prompt's fate, never the question's."""
        body = self._signed() | {"CheckoutRequestID": provider_reference}
        answer = self._question(_QUERY_PATH, body)
        if not isinstance(answer, Answer):
            return answer
        return answers.read_query(answer, checkout_id=provider_reference)

    def disburse(self, request: DisburseRequest) -> DisburseOutcome:
        """Send a B2C payment, version 3, under our own OriginatorConversationID (DARAJA 1.4)."""
        problem = fields.amount_problem(request.amount, least=PAYOUT_LEAST, most=tariff.PAYOUT_MOST)
        if problem is not None:
            return problem
        if not self._credential:
            return Refused(Reason.CREDENTIALS, text="no certificate is configured for payouts")
        body = {
            "OriginatorConversationID": request.originator_id,
            "InitiatorName": self._config.initiator_name,
            "SecurityCredential": self._credential,
            "CommandID": "BusinessPayment",
            "Amount": request.amount.shillings,
            "PartyA": self._config.b2c_shortcode,
            "PartyB": request.payee.msisdn,
            "Remarks": fields.clean(f"Payment for {request.reference}", most=fields.REMARKS_MOST),
            "QueueTimeOutURL": request.timeout_url,
            "ResultURL": request.result_url,
            "Occassion": fields.clean(request.reference, most=fields.REMARKS_MOST),  # their spelling
        }
        answer = self._money_call(_B2C_PATH, body)
        if not isinstance(answer, Answer):
            return answer
        return answers.read_b2c(answer, originator_id=request.originator_id)

    def query_disbursement(self, originator_id: str, *, result_url: str, timeout_url: str) -> DisburseOutcome:
        """Ask for the status of the payment `originator_id`; the answer comes by callback (DARAJA 1.5)."""
        return self._ask_status(
            {"OriginalConversationID": originator_id}, self._config.b2c_shortcode, result_url, timeout_url
        )

    def query_transaction(
        self, receipt: str, *, account: str | None = None, result_url: str, timeout_url: str
    ) -> DisburseOutcome:
        """Ask for the status of the receipt, whatever made it; the answer comes by callback (DARAJA 1.5)."""
        return self._ask_status(
            {"TransactionID": receipt}, account or self._config.shortcode, result_url, timeout_url
        )

    def reverse(self, request: ReverseRequest) -> DisburseOutcome:
        """Undo a receipt that came in, once; there is no id of ours (DARAJA 1.6)."""
        problem = fields.amount_problem(request.amount, least=tariff.CHARGE_LEAST, most=tariff.CHARGE_MOST)
        if problem is not None:
            return problem
        if not self._credential:
            return Refused(Reason.CREDENTIALS, text="no certificate is configured for reversals")
        body = self._as_initiator("TransactionReversal", request.result_url, request.timeout_url) | {
            "TransactionID": request.receipt,
            "Amount": request.amount.shillings,
            "ReceiverParty": self._config.shortcode,
            "RecieverIdentifierType": "11",  # their spelling
            "Remarks": fields.clean(f"Refund of {request.reference}", most=fields.REMARKS_MOST),
            "Occasion": fields.clean(request.reference, most=fields.REMARKS_MOST),
        }
        answer = self._money_call(_REVERSAL_PATH, body)
        return answers.read_acknowledgement(answer) if isinstance(answer, Answer) else answer

    def top_up(self, request: TopUpRequest) -> DisburseOutcome:
        """Move money from the paybill to the shortcode that pays out (DARAJA 4.5)."""
        problem = fields.amount_problem(request.amount, least=tariff.CHARGE_LEAST, most=tariff.TOP_UP_MOST)
        if problem is not None:
            return problem
        if not self._credential:
            return Refused(Reason.CREDENTIALS, text="no certificate is configured for moving money")
        body = self._as_initiator("BusinessPayToBulk", request.result_url, request.timeout_url) | {
            "SenderIdentifierType": "4",
            "RecieverIdentifierType": "4",  # their spelling
            "Amount": request.amount.shillings,
            "PartyA": self._config.shortcode,
            "PartyB": self._config.b2c_shortcode,
            "AccountReference": fields.clean(request.reference, most=fields.REFERENCE_MOST),
            "Remarks": "Top up",
        }
        answer = self._money_call(_TOP_UP_PATH, body)
        return answers.read_acknowledgement(answer) if isinstance(answer, Answer) else answer

    def balance(self, *, account: str | None = None, result_url: str, timeout_url: str) -> Accepted | Unknown:
        """Ask what a shortcode's accounts hold (DARAJA 1.7)."""
        if not self._credential:
            return Unknown("not_configured", "no certificate is configured for balances")
        body = self._as_initiator("AccountBalance", result_url, timeout_url) | {
            "PartyA": account or self._config.b2c_shortcode,
            "IdentifierType": "4",
            "Remarks": "Balance",
        }
        answer = self._question(_BALANCE_PATH, body)
        return answers.read_status(answer) if isinstance(answer, Answer) else answer

    def register_c2b_urls(
        self, *, confirmation_url: str, validation_url: str
    ) -> Succeeded | Refused | Unknown:
        """Register where the paybill's receipts are announced: one time only in production (DARAJA 1.7)."""
        body = {
            "ShortCode": self._config.shortcode,
            "ResponseType": "Completed",  # money is taken when validation can't be reached
            "ConfirmationURL": confirmation_url,
            "ValidationURL": validation_url,
        }
        answer = self._money_call(_REGISTER_PATH, body)
        return answers.read_registration(answer) if isinstance(answer, Answer) else answer

    def register_pull(self, *, nominated: Phone, callback_url: str) -> Succeeded | Refused | Unknown:
        """Register the paybill for pulling, once (DARAJA 1.7)."""
        body = {
            "ShortCode": self._config.shortcode,
            "RequestType": "Pull",
            "NominatedNumber": nominated.msisdn,
            "CallBackURL": callback_url,
        }
        answer = self._money_call(_PULL_REGISTER_PATH, body)
        return answers.read_pull_registration(answer) if isinstance(answer, Answer) else answer

    def pull_transactions(
        self, *, since: datetime, until: datetime, offset: int = 0
    ) -> list[PulledTransaction] | Unknown:
        """List what came in between two times of the last 48 hours (DARAJA 1.7)."""
        body = {
            "ShortCode": self._config.shortcode,
            "StartDate": fields.spaced_time(since),
            "EndDate": fields.spaced_time(until),
            "OffSetValue": str(offset),
        }
        answer = self._question(_PULL_PATH, body)
        return answers.read_pull(answer) if isinstance(answer, Answer) else answer

    def read_reversal_callback(self, body: bytes) -> ReversalResult:
        """Read a reversal's or a top-up's result."""
        return messages.read_reversal_result(body)

    def read_balance_callback(self, body: bytes) -> BalanceResult:
        """Read a balance result."""
        return messages.read_balance_result(body)

    def read_c2b_confirmation(self, body: bytes) -> C2BReceipt:
        """Read a C2B confirmation, or a validation, which looks the same."""
        return messages.read_c2b_confirmation(body)

    def read_charge_callback(self, body: bytes) -> ChargeResult:
        """Read an STK callback."""
        return messages.read_stk_callback(body)

    def read_disburse_callback(self, body: bytes) -> DisburseResult:
        """Read a B2C result."""
        return messages.read_b2c_result(body)

    def read_timeout_notice(self, body: bytes) -> DisburseResult:
        """Read a notice on a QueueTimeOutURL: Unknown."""
        return messages.read_timeout_notice(body)

    def read_status_callback(self, body: bytes) -> DisburseResult:
        """Read a transaction status result."""
        return messages.read_status_result(body)

    def read_transaction_callback(self, body: bytes) -> C2BReceipt | None:
        """Read what the status of a receipt proves to have come in."""
        return messages.read_transaction_result(body)

    def disbursement_fee(self, amount: Money) -> Money:
        """Say what a payout of `amount` costs us."""
        return tariff.payout_fee(amount)

    def _ask_status(
        self, subject: dict[str, str], account: str, result_url: str, timeout_url: str
    ) -> Accepted | Unknown:
        if not self._credential:
            return Unknown("not_configured", "no certificate is configured for payouts")
        body = self._as_initiator("TransactionStatusQuery", result_url, timeout_url) | {
            **subject,
            "PartyA": account,
            "IdentifierType": "4",
            "Remarks": "Status of a payment",
            "Occasion": "Status",
        }
        answer = self._question(_STATUS_PATH, body)
        return answers.read_status(answer) if isinstance(answer, Answer) else answer

    def _as_initiator(self, command: str, result_url: str, timeout_url: str) -> dict[str, object]:
        return {
            "Initiator": self._config.initiator_name,
            "SecurityCredential": self._credential,
            "CommandID": command,
            "ResultURL": result_url,
            "QueueTimeOutURL": timeout_url,
        }

    def _signed(self) -> dict[str, object]:
        stamp = fields.timestamp(clock.now())
        return {
            "BusinessShortCode": self._config.shortcode,
            "Password": fields.password(self._config.shortcode, self._config.passkey, stamp),
            "Timestamp": stamp,
        }

    def _money_call(self, path: str, body: Mapping[str, object]) -> Answer | Refused | Unknown:
        try:
            return self._post(path, body)
        except TokenUnavailable as problem:
            return problem.refusal
        except NotSent as problem:
            return Refused(Reason.NOT_SENT, text=str(problem))
        except NoAnswer as problem:
            return Unknown(text=str(problem))

    def credentials_problem(self) -> Refused | None:
        """Why no token can be had for a call; None when there is one. A token that is good still is not renewed."""
        try:
            self._tokens.get(self._issue_token)
        except TokenUnavailable as problem:
            return problem.refusal
        return None

    def _question(self, path: str, body: Mapping[str, object]) -> Answer | Unknown:
        """Ask; a question that fails says nothing about the money, so it is never Refused."""
        outcome = self._money_call(path, body)
        return Unknown(outcome.code, outcome.text) if isinstance(outcome, Refused) else outcome

    def _post(self, path: str, body: Mapping[str, object]) -> Answer:
        token = self._tokens.get(self._issue_token)
        answer = self._send(path, body, token)
        if answers.says_token_is_invalid(answer):
            self._tokens.drop(token)
            answer = self._send(path, body, self._tokens.get(self._issue_token))
        return answer

    def _send(self, path: str, body: Mapping[str, object], token: str) -> Answer:
        url = self._config.base_url.rstrip("/") + path
        return http_client.send("POST", url, headers={"Authorization": f"Bearer {token}"}, json=dict(body))

    def _issue_token(self) -> IssuedToken:
        """Get a token, which kills the one before (DARAJA 1.1).

        :raises TokenUnavailable: whatever went wrong; no money call has been sent then
        """
        asked_at = clock.now()
        try:
            answer = http_client.send(
                "GET",
                self._config.base_url.rstrip("/") + _TOKEN_PATH,
                auth=(self._config.consumer_key, self._config.consumer_secret),
                read_timeout_s=TOKEN_READ_S,
            )
        except (NotSent, NoAnswer) as problem:
            raise TokenUnavailable(Refused(Reason.NOT_SENT, text=f"no token: {problem}")) from problem
        # A wrong key, or the sandbox's key against production, is 400 with an empty body.
        if answer.status in {400, 401, 403}:
            raise TokenUnavailable(
                Refused(Reason.CREDENTIALS, f"http_{answer.status}", "the consumer key was refused")
            )
        busy = TokenUnavailable(Refused(Reason.BUSY, f"http_{answer.status}", "no token in the answer"))
        if answer.status != 200:
            raise busy
        try:
            found = wire.read_object(answer.body)
        except UnreadableCallback as problem:
            raise busy from problem
        token, life_s = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise busy
        # A number in the documentation, a string in many answers.
        known = isinstance(life_s, str) and life_s.isdecimal() and life_s.isascii() and len(life_s) <= 6
        return IssuedToken(token, asked_at + timedelta(seconds=int(str(life_s)) if known else _TOKEN_LIFE_S))
