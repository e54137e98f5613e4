"""Pages for people: pay, wait, follow, confirm. They work without JavaScript and call the same services as the API."""
