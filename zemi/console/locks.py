"""Lock somebody of the staff: what they hold is changed by one at a time."""

from django.contrib.auth.models import User

from zemi.common.db import inside_transaction


@inside_transaction
def lock_user(user: User) -> User:
    """Lock the account of `user`, and read it anew."""
    return User.objects.select_for_update().get(pk=user.pk)
