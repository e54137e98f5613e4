"""What identity refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class OneTimeCodeWrong(ZemiError):
    """Wrong, spent, too old, or never sent: the answer is the same."""

    code = "one_time_code_wrong"
    kind = Kind.VERIFICATION
    text = Text(
        en="This one-time code is wrong, spent or too old. Nothing was changed.",
        sw="Namba hii ya mara moja si sahihi, imetumika au imepitwa na wakati. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Ask for a new code, and use it within ten minutes.",
        sw="Omba namba mpya, na uitumie ndani ya dakika kumi.",
    )


class ApiKeyNotFound(ZemiError):
    """No such key, or another merchant's: the answer is the same."""

    code = "api_key_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no key with this id.", sw="Hakuna ufunguo wenye namba hii.")
    next_step = Text(
        en="List your keys; the id is the 8 characters after zk_test_ or zk_live_.",
        sw="Orodhesha funguo zako; namba ni herufi 8 baada ya zk_test_ au zk_live_.",
    )


class ApiKeyUnknown(ZemiError):
    """Wrong, revoked, past its end, or of the other mode: the answer is the same. Said on the developers' pages."""

    code = "api_key_unknown"
    kind = Kind.AUTHENTICATION
    text = Text(en="This key opens nothing here.", sw="Ufunguo huu haufungui kitu hapa.")
    next_step = Text(
        en="Paste the whole key, from zk_ to its end; a sandbox takes zk_test_ keys, live zk_live_ ones.",
        sw="Bandika ufunguo mzima, kuanzia zk_ hadi mwisho; sandbox hupokea funguo za zk_test_, hali halisi za zk_live_.",
    )


class ApiKeyEnded(ZemiError):
    """The key is revoked or has expired: there is nothing left to replace."""

    code = "api_key_ended"
    kind = Kind.STATE
    text = Text(
        en="This key is not valid any more. No new one was made.",
        sw="Ufunguo huu haufanyi kazi tena. Mpya haukutengenezwa.",
    )
    next_step = Text(en="Create a new key instead.", sw="Tengeneza ufunguo mpya badala yake.")


class ApiKeyRotated(ZemiError):
    """The key was replaced before: a second successor would be one too many."""

    code = "api_key_rotated"
    kind = Kind.STATE
    text = Text(
        en="This key was replaced already. No second one was made.",
        sw="Ufunguo huu ulishabadilishwa. Wa pili haukutengenezwa.",
    )
    next_step = Text(
        en="Use or rotate its successor; revoke this one when nothing uses it any more.",
        sw="Tumia au badilisha ule uliofuata; futa huu wakati hautumiki tena.",
    )


class ScopesNotHeld(ZemiError):
    """A key can give no scope that it doesn't have itself."""

    code = "scopes_not_held"
    kind = Kind.PERMISSION
    text = Text(
        en="Your key does not have these scopes itself: {scopes}. No key was made.",
        sw="Ufunguo wako wenyewe hauna ruhusa hizi: {scopes}. Ufunguo haukutengenezwa.",
    )
    next_step = Text(
        en="Ask for fewer scopes, or have the operator make the key.",
        sw="Omba ruhusa pungufu, au mwombe mwendeshaji atengeneze ufunguo.",
    )
    example = {"scopes": "payouts"}
