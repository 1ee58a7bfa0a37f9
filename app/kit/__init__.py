"""The kit for our own pictures: how one is mounted, and the ES modules and style sheets that all of them share.

A picture is three files of one name in its page's folder: `NAME.py` turns what core computed into JSON, `NAME.js` draws
it, `NAME.css`, if there is one, styles it. `NAME.js` exports the component and imports what it needs, from its folder
and from here (`app.kit.modules` serves them); nothing is built. Arrays cross through `pack`.

In the app `app.kit.mounting` mounts it, anywhere else `app.outside` writes it as one HTML file.
"""

from __future__ import annotations

from app.kit.mounting import Component as Component
from app.kit.mounting import register as register
from app.kit.packing import pack as pack
