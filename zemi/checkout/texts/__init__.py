"""Every word on the pages, in both languages. A text is used by its name: `{% t "name" %}`; one that misses breaks the build.

The Swahili was not written by a native speaker: one has to read it before real people do.
"""

from zemi.checkout.texts import help_pages, home, order, phones, seller
from zemi.common.texts import Text

TEXTS: dict[str, Text] = {**home.TEXTS, **order.TEXTS, **help_pages.TEXTS, **phones.TEXTS, **seller.TEXTS}
