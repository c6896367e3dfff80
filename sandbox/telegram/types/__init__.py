"""The Bot API's parameters and the objects that bots send in them, as its documentation types them."""
