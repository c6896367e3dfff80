"""Styles, as those who run the shop see and change them."""
