"""Whose key a level's run has: the first account of that level in the demo."""


LEVELS = ("guest", "webmaster", "advertiser", "operator")


def account_of(demo, level):
    """The account; `None` for a guest."""
    if level == "guest":
        return None
    return demo["operator"] if level == "operator" else demo[level + "s"][0]
