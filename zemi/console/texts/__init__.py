"""Every word of the console, in both languages. The Swahili was not written by a native speaker: one has to read it."""

from zemi.common.texts import Text
from zemi.console.texts import accounts, evidence, queues, sign_in

TEXTS: dict[str, Text] = {**sign_in.TEXTS, **queues.TEXTS, **accounts.TEXTS, **evidence.TEXTS}
