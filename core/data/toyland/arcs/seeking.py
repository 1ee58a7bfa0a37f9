"""Stories of things lost, strayed and hidden."""

from __future__ import annotations

from core.data.toyland.plan import arc

arc(
    "lost and found",
    "a:hero h:home x:toy/keepsake@a p:outside q:place s:spot@p t:spot@q b:friend>q c:adult>h",
    """
{a:n} and the lost {x:kind}
The {x:bare} that was lost
Where is the {x:kind}?
""",
    """
open a h + cherish a x | open_with a x h | open_with a x h + cherish a x
wish_use a x | *
go a p
play a x | play a x + *
?creature a @creature @deed
lose a x p s
return a h
---
evening | next_day | wait a
miss a x
sad a <lose | worried a <lose | brave a | sad a <lose + brave a
go a q + meet a b + ask_seen a b x + not_seen b | go a q + meet a b + ask_seen a b x + not_seen b + \
offer_help b a
search a x q t
*
?wait a
return a h
---
drop_in c a + hint c a x p | remember a x p | drop_in c a + ask_seen a c x + hint c a x p
go a p | go a p + *
find a x p s
glad a <find | play a x | glad a <find
?return a h
end_happy a | end_effort a
""",
    share=2.2,
)

arc(
    "the pet that ran away",
    "a:child h:home x:pet@a p:outside q:place r:place s:spot@p t:spot@q b:elder c:adult>r",
    """
{a:n} and the {x:bare}
The {x:kind} that ran away
""",
    """
open a h + cherish a x | open_with a x h | open_with a x h + cherish a x
wish_use a x | eat a @treat | *
go a p
play a x | wind + play a x
stray a x p s
miss a x
worried a <stray | sad a <stray
?brave a
---
go a q + search a x q t | return a h + drop_in b a + ask_seen a b x + not_seen b + go a q + search a x q t
*
go a r
meet a c
ask_seen a c x
hint c a x p | hint c a x p + thank a c
rain | evening | advice c a
go a p | go a p + *
find a x p s
glad a <find
return a h
?eat a @treat
end_happy a | end_effort a
""",
    share=1.6,
)

arc(
    "hidden for fun",
    "a:child h:home x:toy/keepsake@a p:outside q:place s:spot@p t:spot@q b:friend c:adult>q",
    """
{b:n} hides the {x:kind}
The hidden {x:kind}
""",
    """
open a h + cherish a x | open_with a x h
drop_in b a + playmates a b @game | drop_in b a
go_together a b p
play a x + snatch b a x
hide b x p s
noon | creature a @creature @deed | wind
miss a x
angry a | worried a | sad a
go a q
meet a c + ask_seen a c x | ask_seen a c x
not_seen c
search a x q t
return a h | *
---
evening | next_day | wait a
go a p + meet a b + ask_seen a b x + sorry b <hide + confess b a x + forgive a b <confess | go a p + sorry b \
<hide + confess b a x + forgive a b <confess
find a x p s
glad a <find + play a x | glad a <find
end_happy a | end_happy b
""",
    share=1.6,
)

arc(
    "found on the road",
    "a:hero h:home x:keepsake@c>p/s p:outside s:spot@p q:place c:adult>q b:friend",
    """
Whose {x:kind} is it?
{a:n} finds {x:a}
""",
    """
open a h
eat a @treat | daydream a | *
go a p
find_other a x p s
daydream a | *
return a h + drop_in b a + ask_whose a b x + not_know b x + offer_help b a
---
next_day | noon | *
go a q
meet a c
tell_lost c a x
hand a c x
glad c <hand
thank c a | thank c a + feed c a @treat
?return a h
end_happy a
""",
)
