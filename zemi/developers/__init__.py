"""Pages for whoever builds on Zemi: the documentation, and a merchant's keys, requests, events and deliveries."""
