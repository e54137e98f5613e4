// What Zemi's API takes and answers. Generated from docs/openapi.json by `python -m tools.clients` (`make fix`).
// Amounts in answers are texts with two decimals, times are texts of ISO 8601. Lists of words are open: more may come.

export interface Success<T> {
  success: true;
  data: T;
}

export interface Page<T> {
  success: true;
  data: T[];
  meta: { has_more: boolean; next_cursor: string | null; limit: number; total?: number };
}

export interface Failure {
  success: false;
  error: string;
  code: string;
  details: {
    type: string;
    retryable: boolean;
    next_step: string;
    errors?: { field: string; code: string; message: string }[];
    [fact: string]: unknown;
  };
  doc_url: string;
  request_id: string;
}

/** A key, without its secret. */
export interface ApiKey {
  object: "api_key";
  id: string;
  prefix: string;
  last4: string;
  name: string;
  scopes: string[];
  livemode: boolean;
  /** The id of the key that it took over from. */
  replaces: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  /** Right to ten minutes. */
  last_used_at: string | null;
}

/** What M-Pesa said about the payout. Without an answer yet: what is known, and `status`. */
export interface B2cPayout {
  conversation_id: string;
  originator_conversation_id: string;
  response_code: string;
  response_description: string;
  status?: string;
  message?: string;
}

/** What stands on each account. */
export interface Balance {
  object: "balance";
  /** False in sandbox: no real money. */
  livemode: boolean;
  currency: string;
  as_of: string;
  accounts: { code: number; name: string; balance: string }[];
}

/** The order as it is now. */
export interface Cancelled {
  order_reference: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  message: string;
}

/** What became of the money. */
export interface Claim {
  receipt_number: string;
  status: string;
  message: string;
}

/** The sandbox's time. */
export interface Clock {
  now: string;
  /** Seconds that it is ahead of the machine's clock. */
  ahead_s: number;
}

/** The order is done; its money is on the way to the seller. */
export interface Confirmation {
  order_reference: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  completed_at: string | null;
  payout_initiated: boolean;
  message: string;
}

/** A new order. `delivery_code` is there only for the buyer, and only this once. */
export interface CreatedOrder {
  order_reference: string;
  amount: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  delivery_code?: string;
  created_at: string;
  /** The order's page, to pay on and to follow. Whoever has it sees the order: give it to its people alone. */
  payment_url: string;
  message: string;
}

/** It is gone. */
export interface Deleted {
  id: string;
  deleted: true;
}

/** What happened: word for word what webhooks send. Drop what has a lower `sequence` than you know of its object. */
export interface Event {
  id: string;
  object: "event";
  /** An open list: skip what you don't know. */
  type: string;
  timestamp: string;
  /** False in sandbox: no real money. */
  livemode: boolean;
  api_version: string;
  /** Increases with each event of the same object. */
  sequence: number;
  data: { object: { [name: string]: unknown }; previous?: { [name: string]: unknown } };
  /** In which request it happened; nulls where it happened by itself. */
  request: { id?: string | null; idempotency_key_hash?: string | null };
}

/** A payment link, for its owner. */
export interface Link {
  id: string;
  object: "link";
  /** False in sandbox: no real money. */
  livemode: boolean;
  status: string;
  product_description: string;
  amount: string;
  currency: string;
  seller_phone_masked: string;
  release_policy: string;
  /** So many hours an order waits to be paid. */
  pay_within_h: number;
  /** What both sides agree on, as one text. */
  terms: string;
  /** The SHA-256 of that text: the buyer agrees by sending it. */
  terms_hash: string;
  fee: string;
  seller_receives: string;
  /** How many orders can be made by it. */
  stock: number;
  /** Those that stand: what ends without being paid frees its place. */
  sold: number;
  expires_at: string | null;
  created_at: string;
  updated_at: string;
  /** What to share with buyers. What stands behind /l/ is the token of the link. */
  url: string;
}

/** The order as it is now, and what is asked. */
export interface Negotiated {
  order_reference: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  /** The open request of one side to the other to cancel a paid order; null when there is none. */
  cancel_request: { asked_by: string; answer_until: string } | null;
}

/** A new key. `key` is there only this once: only its hash is kept. */
export interface NewApiKey {
  object: "api_key";
  id: string;
  prefix: string;
  last4: string;
  name: string;
  scopes: string[];
  livemode: boolean;
  /** The id of the key that it took over from. */
  replaces: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  /** Right to ten minutes. */
  last_used_at: string | null;
  key: string;
}

/** The new delivery code; the old one opens nothing any more. */
export interface NewCode {
  order_reference: string;
  delivery_code: string;
  message: string;
}

/** A one-time code is on its way to the buyer's phone. */
export interface NewCodeOtp {
  expires_in_s: number;
  message: string;
}

/** What a payment link offers, for whoever holds it. */
export interface Offer {
  object: "offer";
  /** False in sandbox: no real money. */
  livemode: boolean;
  status: string;
  product_description: string;
  amount: string;
  currency: string;
  seller_phone_masked: string;
  release_policy: string;
  /** So many hours an order waits to be paid. */
  pay_within_h: number;
  /** What both sides agree on, as one text. */
  terms: string;
  /** The SHA-256 of that text: the buyer agrees by sending it. */
  terms_hash: string;
  expires_at: string | null;
}

/** An order. Its own merchant sees all of it; a stranger who knows its reference, the first part. */
export interface Order {
  id: string;
  order_reference: string;
  buyer_phone_masked: string;
  amount: string;
  product_description: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  created_at: string;
  paid_at: string | null;
  completed_at: string | null;
  /** How far the seller's money is; null before there is a payout. */
  payout_status: string | null;
  object: "order";
  /** False in sandbox: no real money. */
  livemode: boolean;
  currency: string;
  expires_at: string | null;
  /** Whose turn it is; null when nothing is left to be done. Both words are open lists. */
  next_action: { actor: string; verb: string; is_yours: boolean } | null;
  /** Until when; null where there is no deadline: then nothing happens by time alone, as `if_no_action` says. So it is with a paid order: its money stays held until the delivery code, or until it is cancelled. */
  deadline_at: string | null;
  /** What silence will cause: null when nothing is left to be done. An open list. `order_expires`: the order expires; what was paid in part goes back to its payer; `prompt_ends`: the prompt ends and moves nothing; the order can be paid again; `request_lapses`: the order goes on as before it was asked for; the money stays held; `money_stays_held`: nothing, however long it takes: the money stays held, and there is no deadline; `asked_again`: Zemi sends what waits and asks M-Pesa about what was sent, by itself, until it has arrived. */
  if_no_action: string | null;
  seller_phone_masked?: string;
  release_policy?: string;
  fee?: string;
  seller_receives?: string;
  received?: string;
  held?: string;
  released?: string;
  refunded?: string;
  /** The open request of one side to the other to cancel a paid order; null when there is none. */
  cancel_request?: { asked_by: string; answer_until: string } | null;
  /** The merchant's own number. */
  reference?: string | null;
  metadata?: { [name: string]: string };
  /** The payment link that it was made by; for its merchant. */
  link?: string | null;
  payments?: (string | { [name: string]: unknown })[];
  receipts?: (string | { [name: string]: unknown })[];
  releases?: (string | { [name: string]: unknown })[];
  payouts?: (string | { [name: string]: unknown })[];
  refunds?: (string | { [name: string]: unknown })[];
}

/** A code is on its way. */
export interface Otp {
  expires_in_s: number;
  message: string;
}

/** One attempt to collect the price of an order. */
export interface Payment {
  id: string;
  object: "payment";
  /** False in sandbox: no real money. */
  livemode: boolean;
  order: string | { [name: string]: unknown } | null;
  payment_method: string;
  amount: string;
  currency: string;
  status: string;
  failure_reason: string | null;
  payer_phone_masked: string;
  merchant_request_id: string | null;
  created_at: string;
  updated_at: string;
  receipts: (string | { [name: string]: unknown })[];
}

/** What a seller is owed for one release. */
export interface Payout {
  id: string;
  object: "payout";
  /** False in sandbox: no real money. */
  livemode: boolean;
  order: string | { [name: string]: unknown } | null;
  payment: string | { [name: string]: unknown } | null;
  release: string | { [name: string]: unknown } | null;
  /** The one that M-Pesa took back, and that this is paid instead of. */
  replaces: string | { [name: string]: unknown } | null;
  /** The one that is paid instead of this. */
  replaced_by: string | { [name: string]: unknown } | null;
  payee_phone_masked: string;
  amount: string;
  currency: string;
  status: string;
  held_reason: string | null;
  failure_reason: string | null;
  receipt_number: string | null;
  created_at: string;
  updated_at: string;
  attempts: (string | { [name: string]: unknown })[];
}

/** Who pays what. Send the id as `quote` when the order is made, and these terms are kept. */
export interface Quote {
  id: string;
  object: "quote";
  /** False in sandbox: no real money. */
  livemode: boolean;
  currency: string;
  buyer_pays: string;
  commission: string;
  seller_receives: string;
  provider_fees: { leg: string; amount: string; borne_by: string }[];
  /** If all of it is refunded before it was released. */
  buyer_gets_back: string;
  release_policy: string;
  expires_at: string;
}

/** Money that came, by the provider's own number. */
export interface Receipt {
  id: string;
  object: "receipt";
  /** False in sandbox: no real money. */
  livemode: boolean;
  order: string | { [name: string]: unknown } | null;
  payment: string | { [name: string]: unknown } | null;
  receipt_number: string | null;
  amount: string;
  allocated: string;
  credited: string;
  currency: string;
  status: string;
  payer_phone_masked: string | null;
  received_at: string;
  refunds: (string | { [name: string]: unknown })[];
}

/** What goes where, and when at the earliest; null as long as staff have not allowed it. */
export interface RedirectRefund {
  receipt_number: string;
  amount: string;
  payee_phone_masked: string;
  sends_at: string | null;
  status: string;
  message: string;
}

/** What a payer gets back of one receipt. */
export interface Refund {
  id: string;
  object: "refund";
  /** False in sandbox: no real money. */
  livemode: boolean;
  order: string | { [name: string]: unknown } | null;
  receipt: string | { [name: string]: unknown } | null;
  reason: string;
  payee_phone_masked: string | null;
  amount: string;
  currency: string;
  status: string;
  held_reason: string | null;
  failure_reason: string | null;
  receipt_number: string | null;
  created_at: string;
  updated_at: string;
  attempts: (string | { [name: string]: unknown })[];
}

/** What became of it. The refunds themselves are at refunds?order=... */
export interface RefundAsked {
  order_reference: string;
  amount: string;
  /** An open list: treat a word that you don't know as not final. */
  order_status: string;
  status: string;
  message: string;
  /** What goes back of each receipt: everybody gets back what they paid, the latest first. Before staff have allowed it, as it stands now. */
  parts: ({ receipt: string; amount: string; refund: string | null })[];
}

/** What was asked for. */
export interface Replay {
  endpoint: string;
  since: string;
  until: string;
  include_delivered: boolean;
  status: "queued";
}

/** What can be played. */
export interface ScenarioList {
  scenarios: { name: string; meaning: string }[];
}

/** The order that it was played with, and what follows by itself. */
export interface ScenarioRun {
  scenario: string;
  meaning: string;
  order_reference: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
}

/** A session. Its token is there only this once: send it as `Authorization: Bearer zs_...`. */
export interface Session {
  session_token: string;
  phone_masked: string;
  expires_at: string;
}

/** The session is over. */
export interface SignedOut {
  message: string;
}

/** The order is paid. */
export interface SimulatedPayment {
  order_reference: string;
  transaction_id: string;
  /** An open list: treat a word that you don't know as not final. */
  status: string;
  paid_at: string | null;
}

/** What stood on each account, what came and went, and what stood there then. */
export interface Statement {
  object: "statement";
  /** False in sandbox: no real money. */
  livemode: boolean;
  currency: string;
  from: string;
  until: string;
  accounts: { code: number; name: string; opening: string; increase: string; decrease: string; closing: string }[];
}

/** What M-Pesa said. When it said nothing: empty texts, `status` unknown, and a `message`. */
export interface StkPush {
  merchant_request_id: string;
  checkout_request_id: string;
  response_code: string;
  response_description: string;
  customer_message: string;
  payment_status: string;
  status?: "unknown";
  message?: string;
}

/** One thing that happened. */
export interface Timeline {
  id: string;
  type: string;
  at: string;
  actor: string;
  object: string;
  object_id: string | null;
  data: { [name: string]: unknown };
}

/** One line of the ledger: an amount from the credited to the debited account. */
export interface Transfer {
  id: string;
  object: "transfer";
  /** False in sandbox: no real money. */
  livemode: boolean;
  order: string;
  event: string;
  kind: string;
  debit: { code: number; name: string };
  credit: { code: number; name: string };
  amount: string;
  currency: string;
  created_at: string;
}

/** What one endpoint is owed for one event, and every try. */
export interface WebhookDelivery {
  id: string;
  object: "webhook_delivery";
  /** False in sandbox: no real money. */
  livemode: boolean;
  endpoint: string;
  event: string;
  /** An open list: skip what you don't know. */
  event_type: string;
  status: string;
  next_attempt_at: string | null;
  delivered_at: string | null;
  failed_at: string | null;
  created_at: string;
  attempts: ({ at: string; status: number | null; error: string | null; duration_ms: number; answer: string })[];
}

/** Where a merchant hears of events. */
export interface WebhookEndpoint {
  id: string;
  object: "webhook_endpoint";
  /** False in sandbox: no real money. */
  livemode: boolean;
  url: string;
  description: string;
  /** Empty: every type. */
  types: string[];
  enabled: boolean;
  disabled_at: string | null;
  disabled_reason: string | null;
  /** Null while the last delivery worked. */
  failing_since: string | null;
  /** Until then the secret before the last rotation signs too. */
  old_secret_until: string | null;
  /** Who is texted when it is given up. */
  alert_phone_masked: string | null;
  created_at: string;
  updated_at: string;
}

/** An endpoint with its secret, which is there only this once. */
export interface WebhookSecret {
  id: string;
  object: "webhook_endpoint";
  /** False in sandbox: no real money. */
  livemode: boolean;
  url: string;
  description: string;
  /** Empty: every type. */
  types: string[];
  enabled: boolean;
  disabled_at: string | null;
  disabled_reason: string | null;
  /** Null while the last delivery worked. */
  failing_since: string | null;
  /** Until then the secret before the last rotation signs too. */
  old_secret_until: string | null;
  /** Who is texted when it is given up. */
  alert_phone_masked: string | null;
  created_at: string;
  updated_at: string;
  secret: string;
}

export interface CreateApiKeyInput {
  scopes: string[];
  name?: string;
  /** Days after which it ends by itself; default never. */
  lifetime_days?: number;
}

export interface RotateApiKeyInput {
  /** Hours that the old key goes on; default 24. */
  overlap_hours?: number;
}

export interface RequestOtpInput {
  phone_number: string | number;
  purpose: string;
}

export interface SignInInput {
  phone_number: string | number;
  otp: string;
}

export interface AcceptOfferInput {
  /** The buyer's mobile number. The delivery code goes there by SMS once it is paid. */
  buyer_phone: string | number;
  /** That of the offer which the buyer has seen: by sending it the buyer agrees to its terms. */
  terms_hash: string;
}

export interface CreateLinkInput {
  /** The price in Kenyan shillings, whole shillings only. */
  amount: number | string;
  product_description: string;
  /** Where the money goes. A merchant has to say it; a person sells for the phone that signed in. */
  seller_phone?: string | number;
  release_policy?: string;
  /** How many orders can be made by it; 1 if not said. */
  stock?: number;
  /** When it ends; never, if not said. */
  expires_at?: string;
}

export interface AcceptCancelInput {
  phone_number?: string | number;
  otp?: string;
}

export interface AskToCancelInput {
  phone_number?: string | number;
  otp?: string;
}

export interface CancelOrderInput {
  phone_number?: string | number;
  otp?: string;
}

export interface ConfirmDeliveryInput {
  order_reference: string;
  delivery_code: string;
}

export interface CreateOrderInput {
  /** The buyer's mobile number. The delivery code goes there by SMS once it is paid. */
  buyer_phone: string | number;
  /** The price in Kenyan shillings, whole shillings only. */
  amount: number | string;
  product_description: string;
  /** Where the money goes. Required in live mode; in sandbox the buyer stands in. */
  seller_phone?: string | number;
  release_policy?: string;
  /** At most 8 kB in all; no phone numbers, e-mail addresses or ID numbers, unless `allow_pii` is true. */
  metadata?: { [name: string]: string };
  /** True: the metadata may hold what looks like personal data. You answer for it: it is stored in the clear and sent in events. */
  allow_pii?: boolean;
  /** A merchant's own number, unique per merchant. */
  reference?: string;
  /** The id of a quote, whose terms are kept. */
  quote?: string;
}

export interface DeclineCancelInput {
  phone_number?: string | number;
  otp?: string;
}

export interface IssueNewCodeInput {
  otp: string;
}

export interface WithdrawCancelInput {
  phone_number?: string | number;
  otp?: string;
}

export interface B2cPayoutInput {
  /** The order's seller. */
  phone_number: string | number;
  /** What is released to the seller. */
  amount: number | string;
  order_reference: string;
}

export interface ClaimReceiptInput {
  receipt_number: string;
  order_reference: string;
  phone_number: string | number;
  otp: string;
}

export interface StkPushInput {
  /** The phone that gets the prompt; it need not be the buyer's. */
  phone_number: string | number;
  /** What the order is due. */
  amount: number | string;
  /** The order's reference. */
  account_reference: string;
  /** Cut to the 13 characters that M-Pesa shows. */
  transaction_desc?: string;
}

export interface CreateQuoteInput {
  /** The price in Kenyan shillings, whole shillings only. */
  amount: number | string;
  release_policy?: string;
}

export interface CreateRefundInput {
  order_reference: string;
  /** All that is held; of a delivered order at most what came. */
  amount: number | string;
  /** For staff: no phone numbers. */
  reason: string;
}

export interface RedirectRefundInput {
  /** M-Pesa's number of the payment that goes back. */
  receipt_number: string;
  /** Where the money is to go. */
  new_phone_number: string | number;
  /** Texted to new_phone_number for the purpose receive_refund. */
  new_otp: string;
  /** The phone that paid. Without it the operator's staff decide. */
  phone_number?: string | number;
  /** Texted to phone_number for the purpose redirect_refund. */
  otp?: string;
}

export interface AdvanceClockInput {
  seconds: number;
}

export interface RunScenarioInput {
  scenario: string;
}

export interface CreateWebhookEndpointInput {
  url: string;
  /** Types to send; an empty list means every type. */
  types?: string[];
  description?: string;
  /** Who is texted when the endpoint is switched off because it failed for five days, or answered 410. */
  alert_phone?: string | number;
}

export interface RedeliverInput {
  since: string;
  /** Now, if not said. */
  until?: string;
  /** Also what arrived before; false if not said. */
  include_delivered?: boolean;
}

export interface SimulatedPaymentInput {
  order_reference: string;
  transaction_id: string;
  amount: number | string;
  payment_method: string;
  payer_phone?: string | number;
  /** Kept as given, at most 8 kB. */
  metadata?: { [name: string]: unknown };
}

export interface UpdateWebhookEndpointInput {
  url?: string;
  /** Types to send; an empty list means every type. */
  types?: string[];
  description?: string;
  enabled?: boolean;
  /** Who is texted when the endpoint is switched off because it failed for five days, or answered 410. Empty: nobody is. */
  alert_phone?: string | number | "";
}

/** Every operation by method and path: what it takes, and what a success answers. */
export interface Operations {
  /** Make another key. It can't be given a scope that your own key lacks. */
  "POST /api/v1/api_keys": {
    body: CreateApiKeyInput;
    answer: Success<NewApiKey>;
  };
  /** List your keys, also those that are over; the newest first. */
  "GET /api/v1/api_keys": {
    answer: Page<ApiKey>;
  };
  /** End a key at once and for ever, your own too. */
  "POST /api/v1/api_keys/{key_id}/revoke": {
    answer: Success<ApiKey>;
  };
  /** Replace a key by a new one with the same scopes; for a while both are good. */
  "POST /api/v1/api_keys/{key_id}/rotate": {
    body: RotateApiKeyInput;
    answer: Success<NewApiKey>;
  };
  /** Have a one-time code texted to a phone. It opens one thing, once, within ten minutes. */
  "POST /api/v1/otp": {
    body: RequestOtpInput;
    answer: Success<Otp>;
  };
  /** Exchange a one-time code for a session of a person. */
  "POST /api/v1/sessions": {
    body: SignInInput;
    answer: Success<Session>;
  };
  /** End the session whose token is sent. */
  "POST /api/v1/sessions/end": {
    answer: Success<SignedOut>;
  };
  /** Read balances. */
  "GET /api/v1/balances": {
    answer: Success<Balance>;
  };
  /** Read a statement of a period. */
  "GET /api/v1/statements": {
    query: { "from"?: string; "until"?: string };
    answer: Success<Statement>;
  };
  /** Read a transfer of the ledger. */
  "GET /api/v1/transfers/{object_id}": {
    query: { "expand"?: string };
    answer: Success<Transfer>;
  };
  /** List the ledger's transfers for a merchant's orders, newest first. */
  "GET /api/v1/transfers": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "order"?: string; "reference"?: string };
    answer: Page<Transfer>;
  };
  /** Make the order that a payment link offers, on the terms that it has frozen. */
  "POST /api/v1/links/{token}/accept": {
    body: AcceptOfferInput;
    answer: Success<CreatedOrder>;
  };
  /** Make a payment link. Its terms are frozen now: every order that is made by it has them. */
  "POST /api/v1/links": {
    body: CreateLinkInput;
    answer: Success<Link>;
  };
  /** Stop a payment link: no further order is made by it. Orders that were made go on. */
  "POST /api/v1/links/{link_id}/disable": {
    answer: Success<Link>;
  };
  /** Read one of your payment links. */
  "GET /api/v1/links/{link_id}": {
    answer: Success<Link>;
  };
  /** Read what a payment link offers, by the token at the end of its address. */
  "GET /api/v1/links/{token}/offer": {
    answer: Success<Offer>;
  };
  /** List your payment links, newest first. */
  "GET /api/v1/links": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "include"?: string; "limit"?: number; "status"?: string };
    answer: Page<Link>;
  };
  /** Accept the other side's request to cancel: the order is off, and all of the money goes back. */
  "POST /api/v1/orders/{order_reference}/cancel-request/accept": {
    body: AcceptCancelInput;
    answer: Success<Negotiated>;
  };
  /** Have a one-time code texted to the buyer of a paid order who has lost the delivery code. */
  "POST /api/v1/orders/{order_reference}/new-code/otp": {
    answer: Success<NewCodeOtp>;
  };
  /** Ask the other side to cancel a paid order. */
  "POST /api/v1/orders/{order_reference}/cancel-request": {
    body: AskToCancelInput;
    answer: Success<Negotiated>;
  };
  /** Call off an order that is not paid; its seller also one that is paid, and all of the money goes back. */
  "POST /api/v1/orders/{order_reference}/cancel": {
    body: CancelOrderInput;
    answer: Success<Cancelled>;
  };
  /** Release the money to the seller by giving the buyer's delivery code. */
  "POST /api/v1/orders/confirm-delivery": {
    body: ConfirmDeliveryInput;
    answer: Success<Confirmation>;
  };
  /** Create an order. */
  "POST /api/v1/orders/create": {
    body: CreateOrderInput;
    answer: Success<CreatedOrder>;
  };
  /** Decline the other side's request to cancel: the order goes on, and its money stays held. */
  "POST /api/v1/orders/{order_reference}/cancel-request/decline": {
    body: DeclineCancelInput;
    answer: Success<Negotiated>;
  };
  /** Read an order. */
  "GET /api/v1/orders/{order_reference}": {
    query: { "expand"?: string };
    answer: Success<Order>;
  };
  /** Read everything that happened to an order, oldest first: its timeline, 1000 events at once. */
  "GET /api/v1/orders/{order_reference}/timeline": {
    query: { "cursor"?: string; "limit"?: number };
    answer: Page<Timeline>;
  };
  /** Give the buyer a new delivery code, shown here once and texted; the old one, and its lock, end. */
  "POST /api/v1/orders/{order_reference}/new-code": {
    body: IssueNewCodeInput;
    answer: Success<NewCode>;
  };
  /** List orders, newest first: a merchant's by its key, those that one buys or sells as signed in. */
  "GET /api/v1/orders": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "reference"?: string; "status"?: string };
    answer: Page<Order>;
  };
  /** Take the own request to cancel back, before it is answered. */
  "POST /api/v1/orders/{order_reference}/cancel-request/withdraw": {
    body: WithdrawCancelInput;
    answer: Success<Negotiated>;
  };
  /** Pay the seller of an order by M-Pesa. */
  "POST /api/v1/payments/mpesa/b2c-payout": {
    body: B2cPayoutInput;
    answer: Success<B2cPayout>;
  };
  /** Claim money that was paid by hand and named no order. */
  "POST /api/v1/receipts/claim": {
    body: ClaimReceiptInput;
    answer: Success<Claim>;
  };
  /** Read an attempt to collect. */
  "GET /api/v1/payments/{object_id}": {
    query: { "expand"?: string };
    answer: Success<Payment>;
  };
  /** Read a receipt. */
  "GET /api/v1/receipts/{object_id}": {
    query: { "expand"?: string };
    answer: Success<Receipt>;
  };
  /** List attempts to collect, newest first. */
  "GET /api/v1/payments": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "order"?: string; "reference"?: string; "status"?: string };
    answer: Page<Payment>;
  };
  /** List what came for orders, newest first. */
  "GET /api/v1/receipts": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "order"?: string; "reference"?: string; "status"?: string };
    answer: Page<Receipt>;
  };
  /** Send an M-Pesa payment prompt to a phone. */
  "POST /api/v1/payments/mpesa/stk-push": {
    body: StkPushInput;
    answer: Success<StkPush>;
  };
  /** Read a payout. `expand=attempts` shows each try to send it. */
  "GET /api/v1/payouts/{object_id}": {
    query: { "expand"?: string };
    answer: Success<Payout>;
  };
  /** List payouts to sellers, newest first: as signed in, those to oneself. `expand=attempts` shows each try. */
  "GET /api/v1/payouts": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "order"?: string; "reference"?: string; "status"?: string };
    answer: Page<Payout>;
  };
  /** Ask what an order will cost. */
  "POST /api/v1/quotes": {
    body: CreateQuoteInput;
    answer: Success<Quote>;
  };
  /** Give money of an order back to whoever paid. */
  "POST /api/v1/refunds": {
    body: CreateRefundInput;
    answer: Success<RefundAsked>;
  };
  /** Read a refund. */
  "GET /api/v1/refunds/{object_id}": {
    query: { "expand"?: string };
    answer: Success<Refund>;
  };
  /** List refunds, newest first: as signed in, those of one's orders, and of what one paid, for whomever. */
  "GET /api/v1/refunds": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "expand"?: string; "include"?: string; "limit"?: number; "order"?: string; "reference"?: string; "status"?: string };
    answer: Page<Refund>;
  };
  /** Have a refund that M-Pesa could not send to the phone that paid sent to another number of whoever paid. */
  "POST /api/v1/refunds/redirect": {
    body: RedirectRefundInput;
    answer: Success<RedirectRefund>;
  };
  /** Move the sandbox's clock on. */
  "POST /api/v1/test/clock/advance": {
    body: AdvanceClockInput;
    answer: Success<Clock>;
  };
  /** List the scenarios that can be run. */
  "GET /api/v1/test/scenarios": {
    answer: Success<ScenarioList>;
  };
  /** Read the sandbox's clock. */
  "GET /api/v1/test/clock": {
    answer: Success<Clock>;
  };
  /** Play a scenario: an order of yours with made-up people comes to a given point. */
  "POST /api/v1/test/scenarios/run": {
    body: RunScenarioInput;
    answer: Success<ScenarioRun>;
  };
  /** Make an endpoint for events. Its secret is in this answer and nowhere else. */
  "POST /api/v1/webhook_endpoints": {
    body: CreateWebhookEndpointInput;
    answer: Success<WebhookSecret>;
  };
  /** Delete an endpoint: nothing more is sent to it, and its secrets are forgotten. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}/delete": {
    answer: Success<Deleted>;
  };
  /** Read an event, in the words in which webhooks tell it. */
  "GET /api/v1/events/{event_id}": {
    answer: Success<Event>;
  };
  /** Read an endpoint. */
  "GET /api/v1/webhook_endpoints/{endpoint_id}": {
    answer: Success<WebhookEndpoint>;
  };
  /** List what happened, newest first, in the words in which webhooks tell it. */
  "GET /api/v1/events": {
    query: { "created[gte]"?: string; "created[lt]"?: string; "cursor"?: string; "limit"?: number; "type"?: string };
    answer: Page<Event>;
  };
  /** List what was sent to an endpoint, with every try and what it answered, newest first. */
  "GET /api/v1/webhook_endpoints/{endpoint_id}/deliveries": {
    query: { "cursor"?: string; "limit"?: number; "status"?: string };
    answer: Page<WebhookDelivery>;
  };
  /** List your endpoints for events. There are at most 16. */
  "GET /api/v1/webhook_endpoints": {
    answer: Page<WebhookEndpoint>;
  };
  /** Send an endpoint a test event, `webhook_endpoint.ping`. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}/ping": {
    answer: Success<WebhookDelivery>;
  };
  /** Bring a receiver level that was down: all events of a span of time that did not reach it are sent, in order. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}/redeliver": {
    body: RedeliverInput;
    answer: Success<Replay>;
  };
  /** Send one delivery again at once, whatever became of it. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver": {
    answer: Success<WebhookDelivery>;
  };
  /** Give an endpoint a new secret, shown only here. For 24 hours the old one signs too, so that nothing is missed. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}/rotate": {
    answer: Success<WebhookSecret>;
  };
  /** Tell of a payment without paying: sandbox only. */
  "POST /api/v1/webhooks/payment": {
    body: SimulatedPaymentInput;
    answer: Success<SimulatedPayment>;
  };
  /** Change an endpoint, switch it off or on. What happened while it was off is sent by a redelivery. */
  "POST /api/v1/webhook_endpoints/{endpoint_id}": {
    body: UpdateWebhookEndpointInput;
    answer: Success<WebhookEndpoint>;
  };
}
