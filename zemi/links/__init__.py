"""Payment links: a seller or merchant starts a sale, the buyer's phone completes it, both on the same frozen terms."""
