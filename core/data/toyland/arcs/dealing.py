"""Stories of borrowing, promising, betting, working and swapping."""

from __future__ import annotations

from core.data.toyland.plan import arc

arc(
    "a borrowed thing",
    "a:hero h:home x:toy/tool@b p:outside b:friend>q q:place "
    "c:carpenter/blacksmith/potter/clockmaker/tailor/builder>r r:place",
    """
{a:n} and {b:s} {x:kind}
The borrowed {x:kind}
""",
    """
open a h
*
go a q
meet a b
ask_lend a b x
lend b a x
promise_care a b x
go a p
play a x | play a x + *
break a x
sorry a <break | worried a <break | sorry a <break + brave a
---
evening | next_day | *
go a r
meet a c | meet a c + eat a @treat
bring_broken a c x
mend c x
thank a c | pay_job c a @job | thank a c
go a q
return_thing a b x
confess a b x
forgive b a <confess
end_lesson a | end_happy a
""",
)

arc(
    "a promise kept",
    "a:hero h:home x:toy/tool/keepsake@b p:outside q:place b:friend/elder>q s:spot@p",
    """
{a:n} keeps a promise
{a:s} promise
""",
    """
open a h
go a q
meet a b
ask_lend a b x
lend b a x
promise_care a b x
*
go a p
play a x
storm_warning a | wind + storm_warning a
worried a <storm_warning | brave a
put a x p s
storm
return a h
---
storm_ends | next_day | storm_ends + daydream a
go a p
find a x p s
glad a <find
go a q
return_thing a b x
praise b a | glad b <return_thing + praise b a
proud a <return_thing | end_happy a | end_happy b
""",
    share=1.5,
)

arc(
    "a promise broken",
    "a:child h:home x:tool/keepsake@b>b p:place q:place b:elder>q s:spot@p c:friend t:spot@q",
    """
The promise {a:n} forgot
{a:n} and the forgotten {x:kind}
""",
    """
open a h | open a h + *
go a q
meet a b | meet a b + eat a @treat
ask_lend a b x
lend b a x
promise_care a b x
go a p
play a x | *
lose a x p s
return a h
drop_in c a + playmates a c @game | drop_in c a + playmates a c @game + *
---
next_day | evening | days_pass
miss_lent a x
sorry a <lose
drop_in c a + offer_help c a | brave a | worried a <lose
go a q
confess a b x
angry b <lose
send_back b a x | advice b a
go a p
*
find a x p s
glad a <find | play a x | *
go a q
return_thing a b x
forgive b a <return_thing
end_lesson a
""",
    share=1.5,
)

arc(
    "a bet",
    "a:hero h:home p:place b:friend x:toy/keepsake@a y:toy/keepsake/pet@b c:adult>p k:race q:place",
    """
The bet
{a:n}, {b:n} and the bet
{a:n} makes a bet
""",
    """
open a h | open_with a x h
drop_in b a
want a y
bet a b k p
stake a b x y
go a p
meet a c | meet a c + eat a @treat
advice c a
practise a k
*
---
return a h + next_day | return a h + days_pass
worried a | brave a | worried b
win a b y k
glad a <win | proud a <win
angry b <win + give a b x + thank b a | sad b <win + give a b y + thank b a | sad b <win
playmates a b @game | end_happy a
end_happy b | end_effort a | end_happy a
""",
)

arc(
    "work for a wish",
    "a:hero h:home x:toy/keepsake/tool/pet@c p:place c:shopkeeper/carpenter/potter/weaver/tailor>p "
    "q:place d:adult>q b:friend",
    """
{a:n} and the {x:bare}
How {a:n} got {x:a}
""",
    """
open a h
*
go a p
meet a c
want a x
no_coins a x
sad a <no_coins | brave a | daydream a
go a q
meet a d
pay_job d a @job
?eat a @treat
proud a <pay_job | rest a | *
---
next_day | noon | *
go a p
worried a | *
buy a c x
glad a <buy
return a h
play a x | drop_in b a + play a x
end_happy a | end_effort a
""",
)

arc(
    "a swap",
    "a:hero h:home x:toy/keepsake@a p:place q:place b:friend>p y:tool/toy@b c:adult>q z:pet@c",
    """
{a:n} swaps
The long way to {z:a}
""",
    """
open_with a x h | open a h + cherish a x
want a z | wish_use a x
*
go a p
meet a b
want b x
swap a b x y
glad b <swap | glad a <swap
go a q
meet a c
play a y | *
---
want c y
swap a c y z
glad a <swap
noon | evening | *
return a h
play a z
end_happy a
""",
)
