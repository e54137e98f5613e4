"""Every address of the product, on one page."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, register_converter

from zemi.api import (
    api_keys,
    books,
    callbacks,
    cancel,
    claims,
    links,
    lists,
    orders,
    pages,
    payments,
    quotes,
    refunds,
    sandbox,
    sessions,
    webhooks,
)
from zemi.api.endpoint import by_method
from zemi.checkout import cancel as cancel_pages
from zemi.checkout import claim, home, offer, refund, seller
from zemi.checkout import orders as order_pages
from zemi.console import admin as console_admin
from zemi.console import home as console
from zemi.console import second_factors, things
from zemi.console import sign_in as staff_sign_in
from zemi.developers import endpoints, events, guide, keys, requests, sign_in


class OrderReferenceConverter:
    """What may stand in a path as an order's reference. Whatever else stands there is no order's."""

    regex = "[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        """Leave it to the domain to read."""
        return value

    def to_url(self, value: str) -> str:
        """Write it as it is."""
        return value


class IdentifierConverter(OrderReferenceConverter):
    """What may stand in a path as the id of an object."""

    regex = "[A-Za-z0-9_-]{1,60}"


register_converter(OrderReferenceConverter, "reference")
register_converter(IdentifierConverter, "identifier")

handler400 = "zemi.handlers.bad_request"
handler403 = "zemi.handlers.permission_denied"
handler404 = "zemi.handlers.not_found"
handler500 = "zemi.handlers.server_error"

# The seed's contract, without trailing slashes. Both prefixes are the same (DESIGN 7).
API: list[URLPattern | URLResolver] = [
    path("orders/create", orders.CreateOrder.as_view()),
    path("orders/confirm-delivery", orders.ConfirmDelivery.as_view()),
    path("orders/<reference:order_reference>", orders.GetOrder.as_view()),
    path("orders/<reference:order_reference>/cancel", cancel.CancelOrder.as_view()),
    path("otp", claims.RequestOtp.as_view()),
    path("receipts/claim", claims.ClaimReceipt.as_view()),
    path("payments/mpesa/stk-push", payments.StkPush.as_view()),
    path("payments/mpesa/b2c-payout", payments.B2cPayout.as_view()),
    # The seed writes its callback address both ways.
    path("webhooks/mpesa", callbacks.MpesaCallback.as_view()),
    path("webhooks/mpesa/", callbacks.MpesaCallback.as_view()),
]
if settings.MODE == "sandbox":
    API.append(path("webhooks/payment", payments.SimulatedPayment.as_view()))

# What the seed has no address for is under /api/v1/ alone.
V1: list[URLPattern | URLResolver] = [
    path("api_keys", by_method(get=api_keys.ListApiKeys, post=api_keys.CreateApiKey)),
    path("api_keys/<slug:key_id>/rotate", api_keys.RotateApiKey.as_view()),
    path("api_keys/<slug:key_id>/revoke", api_keys.RevokeApiKey.as_view()),
    path("sessions", sessions.SignIn.as_view()),
    path("sessions/end", sessions.SignOut.as_view()),
    path("quotes", quotes.CreateQuote.as_view()),
    path("orders", lists.ListOrders.as_view()),
    path("orders/<reference:order_reference>/cancel-request", cancel.AskToCancel.as_view()),
    path("orders/<reference:order_reference>/cancel-request/accept", cancel.AcceptCancel.as_view()),
    path("orders/<reference:order_reference>/cancel-request/decline", cancel.DeclineCancel.as_view()),
    path("orders/<reference:order_reference>/cancel-request/withdraw", cancel.WithdrawCancel.as_view()),
    path("orders/<reference:order_reference>/new-code/otp", claims.AskForNewCode.as_view()),
    path("orders/<reference:order_reference>/new-code", claims.IssueNewCode.as_view()),
    path("orders/<reference:order_reference>/timeline", orders.GetTimeline.as_view()),
    path("links", by_method(get=links.ListLinks, post=links.CreateLink)),
    path("links/<identifier:link_id>", links.GetLink.as_view()),
    path("links/<identifier:link_id>/disable", links.DisableLink.as_view()),
    path("links/<identifier:token>/offer", links.GetOffer.as_view()),
    path("links/<identifier:token>/accept", links.AcceptOffer.as_view()),
    path("payments", lists.ListPayments.as_view()),
    path("payments/<identifier:object_id>", lists.GetPayment.as_view()),
    path("receipts", lists.ListReceipts.as_view()),
    path("receipts/<identifier:object_id>", lists.GetReceipt.as_view()),
    path("payouts", lists.ListPayouts.as_view()),
    path("payouts/<identifier:object_id>", lists.GetPayout.as_view()),
    path("refunds", by_method(get=lists.ListRefunds, post=refunds.CreateRefund)),
    path("refunds/redirect", refunds.RedirectRefund.as_view()),
    path("refunds/<identifier:object_id>", lists.GetRefund.as_view()),
    path("balances", books.GetBalance.as_view()),
    path("statements", books.GetStatement.as_view()),
    path("statements/csv", books.DownloadStatement.as_view()),
    path("transfers", lists.ListTransfers.as_view()),
    path("transfers/<identifier:object_id>", lists.GetTransfer.as_view()),
    path("events", webhooks.ListEvents.as_view()),
    path("events/<identifier:event_id>", webhooks.GetEvent.as_view()),
    path(
        "webhook_endpoints",
        by_method(get=webhooks.ListWebhookEndpoints, post=webhooks.CreateWebhookEndpoint),
    ),
    path(
        "webhook_endpoints/<identifier:endpoint_id>",
        by_method(get=webhooks.GetWebhookEndpoint, post=webhooks.UpdateWebhookEndpoint),
    ),
    path("webhook_endpoints/<identifier:endpoint_id>/delete", webhooks.DeleteWebhookEndpoint.as_view()),
    path("webhook_endpoints/<identifier:endpoint_id>/rotate", webhooks.RotateWebhookSecret.as_view()),
    path("webhook_endpoints/<identifier:endpoint_id>/ping", webhooks.PingWebhookEndpoint.as_view()),
    path("webhook_endpoints/<identifier:endpoint_id>/redeliver", webhooks.Redeliver.as_view()),
    path("webhook_endpoints/<identifier:endpoint_id>/deliveries", webhooks.ListWebhookDeliveries.as_view()),
    path(
        "webhook_endpoints/<identifier:endpoint_id>/deliveries/<identifier:delivery_id>/redeliver",
        webhooks.RedeliverOne.as_view(),
    ),
]

# What only a sandbox has. In live mode these addresses aren't there at all.
TEST: list[URLPattern | URLResolver] = [
    path("clock", sandbox.ReadClock.as_view()),
    path("clock/advance", sandbox.AdvanceClock.as_view()),
    path("scenarios", sandbox.ListScenarios.as_view()),
    path("scenarios/run", sandbox.RunScenario.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(API)),
    path("api/v1/", include(API + V1)),
    path("api/openapi.json", pages.openapi),
    # The path that M-Pesa is given: neutral, and secret for each attempt (DESIGN 6).
    path("hooks/<slug:token>", callbacks.SecretCallback.as_view()),
    path(".well-known/zemi-webhook-keys", webhooks.GetWebhookKeys.as_view()),
    path("healthz", pages.Alive.as_view()),
    path("readyz", pages.Ready.as_view()),
    path("docs", pages.Docs.as_view()),
    path("docs/errors", guide.errors),
    path("guide", guide.home),
    path("guide/<path:name>", guide.show),
    path("developers", sign_in.home),
    path("developers/sign-in", sign_in.enter),
    path("developers/demo", sign_in.demo),
    path("developers/sign-out", sign_in.leave),
    path("developers/keys", keys.keys),
    path("developers/keys/<slug:key_id>/rotate", keys.rotate),
    path("developers/keys/<slug:key_id>/revoke", keys.revoke),
    path("developers/requests", requests.requests),
    path("developers/requests/<identifier:request_id>", requests.request),
    path("developers/events", events.events),
    path("developers/events/<identifier:event_id>", events.event),
    path("developers/events/<identifier:event_id>/resend", events.send_again),
    path("developers/webhooks", endpoints.webhooks),
    path("developers/webhooks/<identifier:endpoint_id>", endpoints.webhook),
    path("developers/webhooks/<identifier:endpoint_id>/rotate", endpoints.rotate),
    path("developers/webhooks/<identifier:endpoint_id>/switch", endpoints.switch),
    path("developers/webhooks/<identifier:endpoint_id>/ping", endpoints.send_ping),
    path("developers/webhooks/<identifier:endpoint_id>/replay", endpoints.replay),
    path("developers/webhooks/<identifier:endpoint_id>/delete", endpoints.delete),
    path("developers/webhooks/<identifier:endpoint_id>/<identifier:delivery_id>", endpoints.deliver_again),
    # Pages for people. The token of an order's link opens that order's alone (zemi.orders.links).
    path("", home.home),
    path("help", home.help_page),
    path("claim", claim.claim),
    path("refund", refund.refund),
    path("sell", seller.home),
    path("sell/sign-in", seller.enter),
    path("sell/sign-out", seller.leave),
    path("sell/poll", seller.stamp),
    path("sell/<slug:token>", seller.share),
    path("sell/<slug:token>/stop", seller.stop),
    path("l/<slug:token>", offer.offer),
    path("l/<slug:token>/photo", offer.photo),
    path("o/<slug:token>", order_pages.show),
    path("o/<slug:token>/poll", order_pages.stamp),
    path("o/<slug:token>/photo", order_pages.photo),
    path("o/<slug:token>/pay", order_pages.pay),
    path("o/<slug:token>/confirm", order_pages.confirm),
    path("o/<slug:token>/code", order_pages.new_code),
    path("o/<slug:token>/cancel", cancel_pages.cancel),
    path("o/<slug:token>/held", order_pages.held),
    path("o/<slug:token>/receipt", order_pages.receipt),
]
# For the staff alone, signed in with a second factor (zemi.console.gate).
urlpatterns += [
    path("console", console.home),
    path("console/sign-in", staff_sign_in.enter),
    path("console/second-factor", staff_sign_in.second_factor),
    path("console/enrol", second_factors.enrol),
    path("console/factors", second_factors.mine),
    path("console/join/<slug:token>", staff_sign_in.join),
    path("console/recovery-codes", second_factors.recovery_codes),
    path("console/sign-out", staff_sign_in.leave),
    path("console/admin/", console_admin.make_site().urls),
    path("console/find", things.find),
    path("console/sending", things.sending),
    path("console/acts", things.acts),
    path("console/orders/<reference:order_reference>", things.order),
    path("console/<slug:name>", console.queue),
    path("console/<slug:kind>/<uuid:key>", things.thing),
]
if settings.MODE == "sandbox":
    urlpatterns.append(path("api/v1/test/", include(TEST)))
    from zemi.checkout import inbox, phones

    urlpatterns += [
        path("sandbox/phone", phones.start),
        path("sandbox/phone/link/<slug:token>", phones.link),
        path("sandbox/phone/link/<slug:token>/poll", phones.link_stamp),
        path("sandbox/phone/inbox/<slug:phone>", inbox.show),
        path("sandbox/phone/inbox/<slug:phone>/poll", inbox.stamp),
        path("sandbox/phone/<slug:token>", phones.show),
        path("sandbox/phone/<slug:token>/poll", phones.stamp),
        path("sandbox/phone/<slug:token>/pay", phones.pay),
        path("sandbox/phone/<slug:token>/decide", phones.decide),
        path("sandbox/phone/<slug:token>/confirm", phones.confirm),
        path("sandbox/phone/<slug:token>/dial", phones.dial),
    ]
