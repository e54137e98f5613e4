"""What can be wrong with a provider before it is even asked."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class ProviderNotReady(ZemiError):
    """There is no provider to talk to: the simulator does not answer, or settings can't be used."""

    code = "provider_not_ready"
    kind = Kind.PROVIDER
    text = Text(
        en="No money moved. The payment provider is not ready yet: {problem}.",
        sw="Hakuna pesa iliyohama. Mtoa huduma wa malipo hayuko tayari bado: {problem}.",
    )
    next_step = Text(
        en="Wait a moment and try again. In sandbox mode, check that the simulator is running.",
        sw="Subiri kidogo kisha ujaribu tena. Katika hali ya majaribio, hakikisha kiigizaji kinafanya kazi.",
    )
    example = {"problem": "the simulator does not answer"}
    retryable = True
