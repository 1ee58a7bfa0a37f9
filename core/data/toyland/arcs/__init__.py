"""The kinds of story, by theme. Importing this package fills the registry `core.data.toyland.plan.ARCS`."""

import core.data.toyland.events  # noqa: F401  (plans name events)
from core.data.toyland.arcs import dealing, friendship, making, seeking, weather
from core.data.toyland.plan import digressions

__all__ = ["dealing", "friendship", "making", "seeking", "weather"]

digressions("""
creature a @creature @deed
creature a @creature @deed
eat a @treat
sing a @song
rest a
daydream a
rain
wind
sun
""")
