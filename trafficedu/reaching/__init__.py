"""Telling riders what happens to their study: by text message, e-mail or WeChat, or on a list to ring up."""
