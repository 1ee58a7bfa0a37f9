"""Stories of storms and blocked roads."""

from __future__ import annotations

from core.data.toyland.plan import arc

arc(
    "a storm",
    "a:hero h:home x:pet/toy@a p:outside s:spot@p q:place c:adult>q b:friend",
    """
The storm
{a:n} and the storm
""",
    """
open_with a x h | open a h + cherish a x
go a p
play a x
storm_warning a
worried a <storm_warning
put a x p s | lose a x p s
storm
go a q
meet a c
feed c a @treat
worry_for a x
---
next_day | storm_ends | storm_ends + *
blocked p
sad a <blocked | brave a | worried a <blocked
meet a c + offer_help c a | offer_help c a
cleared a p
go a p
find a x p s
glad a <find
return a h
?drop_in b a
end_happy a | end_effort a
""",
    share=1.5,
)

arc(
    "help in the rain",
    "a:child h:home b:elder>p p:outside q:place c:adult>q x:spade/axe/saw/rope@c>c r:place",
    """
{a:n} helps {b:n}
The way through the rain
""",
    """
open a h
daydream a | *
rain | storm_warning a
storm
think_of a b
go a q
meet a c
blocked p
worried a <blocked
ask_lend a c x
lend c a x
promise a c
clear_with a x p
go a p
meet a b
glad b <clear_with
feed a b @treat
---
storm_ends | next_day
go a q
return_thing a c x
thank c a | thank a c
end_happy a | end_happy b
""",
)
