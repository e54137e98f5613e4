"""M-Pesa and Africa's Talking behind one protocol."""
