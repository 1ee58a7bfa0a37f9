"""Stories of quarrels, strangers and presents."""

from __future__ import annotations

from core.data.toyland.plan import arc

arc(
    "a quarrel",
    "a:child h:home x:toy/keepsake@b b:friend>h p:outside q:place c:elder>q",
    """
{a:n} and {b:n} quarrel
Two friends and {x:a}
""",
    """
open a h
drop_in b a
playmates a b @game | *
go_together a b p
play b x
want a x | ask_lend a b x + refuse b a x
snatch a b x | quarrel a b x | quarrel a b x + snatch a b x
angry b <snatch,quarrel
part a b
---
go a q
meet a c
lonely a b
sad a <lonely | sad a <quarrel,snatch
*
advice c a
?eat a @treat
---
next_day | evening | *
go a p
make_up a b
glad b <make_up | glad a <make_up
share a b x
end_lesson a | end_happy a | end_happy b
""",
)

arc(
    "a stranger",
    "a:hero h:home p:place c:musician/painter/sailor/clockmaker/weaver/potter>p b:friend "
    "x:toy/keepsake/tool@a y:toy/keepsake@c k:treat",
    """
The stranger
{a:n} and the stranger
""",
    """
open a h | open_with a x h
*
go a p
stranger c p
needs_bed c a
feed a c k <needs_bed
welcome a c h
drop_in b a + warn b a c
brave a | *
---
evening | next_day
break a x | break a x + sad a <break
bring_broken a c x
mend c x
glad a <mend
sing c @song | eat c @treat | *
next_day
give c a y
thank a c
end_lesson b | end_happy a | end_happy c
""",
)

arc(
    "a present",
    "a:child h:home b:elder x:keepsake/tool@c p:place c:adult>p q:place u:homespot@h y:toy@a d:friend>q",
    """
A present for {b:n}
{a:n} and the present
""",
    """
open a h | open_with a y h
wish_present a b
go a p
meet a c
want a x
no_coins a x
sad a <no_coins | worried a <no_coins | brave a
pay_job c a @job | go a q + meet a d + offer_help d a + go a p + pay_job c a @job
*
buy a c x
glad a <buy | proud a <buy
return a h
put a x h u
---
next_day
take a x h
give a b x
thank b a
end_happy b | end_happy a
""",
)
arc(
    "a long silence",
    "a:adult h:home b:friend>q q:place p:place x:keepsake/tool@b>a c:adult>p k:treat",
    """
{a:n} and {b:n}
An old quarrel
""",
    """
open a h
quarrel_past a b x
sad a <quarrel_past
*
go a p
meet a c
ask_why c a
advice c a
eat a @treat | brave a | *
---
next_day | evening | *
go a q
meet a b
confess a b x
return_thing a b x
forgive b a <return_thing
feed b a k
glad a <forgive
end_lesson a | end_happy b
""",
    share=0.6,
)
