"""What merchants' programs asked, for their eyes: written beside the requests, never within them."""
