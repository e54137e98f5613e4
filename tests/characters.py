"""The people of the stories: Amina buys, Baraka sells, Chebet supports, Otieno is the stranger."""

from zemi.common.phone import Phone

AMINA = Phone("+254712345678")
BARAKA = Phone("+254722000111")
CHEBET = Phone("+254733000222")
OTIENO = Phone("+254110000333")
# Who answers the prompt as the simulator's test numbers do (ECOSYSTEM 2.2).
(
    PAYS_IN_3_S,
    PAYS_IN_45_S,
    CANCELS,
    HAS_NO_MONEY,
    UNREACHABLE,
    WRONG_PIN,
    CALLBACK_LOST,
    CALLBACK_TWICE,
    PAYOUT_UNKNOWN,
) = (Phone(f"+25470000000{n}") for n in range(1, 10))
