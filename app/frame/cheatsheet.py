"""The cheatsheet as a map: cards of sections, each naming the pages on which it is alive.

data: {"query": the page's link, "cards": [{"section", "name", "pages": [{"slug", "title", "terms", "exists"}]}]}.
A click on a page sends "visit" ({"page"}), so that the session stays; the link's address is there for everything else.
"""

from app.kit import register

cards = register("cheatsheet", __file__, shared=False)
