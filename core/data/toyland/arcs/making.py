"""Stories of cooking, growing and learning."""

from __future__ import annotations

from core.data.toyland.plan import arc

arc(
    "a recipe gone wrong",
    "a:hero h:home x:food b:friend/elder c:adult>p p:place k:ingredient",
    """
{x:bare} for {b:n}
{a:n} and the {x:kind}
Too much of a good thing
""",
    """
open a h
plan_cook a x b
lack a k
worried a <lack | brave a | *
go a p
meet a c
get_ingredient a c k
thank a c
return a h
noon | *
cook_bad a x k
taste_bad b x
sorry a <cook_bad | sad a <taste_bad
---
evening | rest a | brave a | advice b a
cook_again a x
taste_good b x
glad a <taste_good | proud a <taste_good
end_happy a | end_lesson a | end_happy b
""",
)

arc(
    "a missing spoonful",
    "a:child/adult h:home x:food b:friend c:adult>p p:place d:adult>q q:place k:ingredient",
    """
The {x:kind} that had to wait
{a:n} cooks
""",
    """
open a h
plan_cook a x b
lack a k
go a p
meet a c
ask_for a c k
has_none c k
*
go a q
meet a d
ask_for a d k
get_ingredient a d k
glad a <get_ingredient | thank a d
evening | rain | *
return a h
---
cook_good a x
taste_good b x
glad b <cook_good | thank b a
end_happy a | end_happy b
""",
)

arc(
    "a seed",
    "a:hero h:home x:plant@a p:garden/orchard/field/greenhouse/meadow/farm b:friend c:adult>p",
    """
{a:n} grows {x:a}
The {x:bare}
""",
    """
open a h | open a h + *
seed_gift a x
go_together a b p
plant a x p
doubt b a x
angry a <doubt | brave a | sad a <doubt
meet a c + advice c a | meet a c + eat a @treat
days_pass | wait a
water a x
?rain | sun
---
days_pass
grow x p
glad a <grow | proud a <grow
pick a x p
sorry b <doubt
give a b x + thank b a | give a c x + thank c a
end_happy a | end_lesson b
""",
)

arc(
    "learning",
    "a:hero h:home c:adult>p p:place k:skill b:friend q:place",
    """
{a:n} learns to {k}
{a:n} and {c:n}
""",
    """
open a h
wish_skill a k
sad a <wish_skill | drop_in b a | daydream a
go a p
meet a c
teach c a k
fail a k
sad a <fail | brave a | angry a <fail
advice c a | *
---
next_day | days_pass
go a q + rest a + go a p | wait a | *
rest a | brave a | *
learn a k
glad a <learn | proud a <learn
thank a c
return a h + drop_in b a | return a h
end_happy a
""",
)
