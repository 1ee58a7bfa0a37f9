"""Cooking, growing, learning: things that come into the world."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "plan_cook",
    "a x b",
    effect="a.wish=x",
    say="""
"{a:I} will {x:use} {x:a} for {b:n}," said {a}.
{a} wanted to {x:use} {x:a} for {b:o}.
The next day was {b:s} birthday, and {a} decided to {x:use} {x:a}.
"{b} shall have {x:a}," thought {a}.
Nothing pleased {b:o} more than {x:a}, so {a} put on an apron.
For {b:s} [birthday|name day|visit], {a} planned to {x:use} {x:a}.
""",
    reason="{a} wanted to {x:use} {x:a}",
    did="{a} wanted to {x:use} {x}",
)
event(
    "lack",
    "a k",
    effect="a.lacks=k",
    say="""
But there was no {k} in the [jar|cupboard|house].
"Where is the {k}?" said {a}, looking into [every jar|the cupboard|an empty tin].
{a} reached for the {k}, but the jar was empty.
Not a [spoon|pinch|drop] of {k} was left.
"No {k}!" cried {a}. "How can {a:I} cook without {k}?"
{a} had everything except {k}.
""",
    reason="there was no {k} left",
    did="{a} saw that there was no {k}",
)
event(
    "get_ingredient",
    "a c k",
    need="a.at=c.at; a.lacks=k",
    effect="a.lacks=none",
    say="""
{c} gave {a:o} a [little bag|small jar|cup] of {k}.
"Some {k}? Of course," said {c}, and gave {a:o} some.
{a} asked {c:o} for {k} and got plenty.
"Take all the {k} {a:you} need," {c} said to {a:o}.
Luckily {c} had {k} and gave some to {a:o}.
""",
    reason="{c} had given {a:o} some {k}",
    did="{c} gave {a} some {k}",
)
event(
    "cook_bad",
    "a x k",
    need="x.where=nowhere",
    effect="x.where=a; x.state=bad",
    say="""
In the hurry, {a} put far too much {k} into {x}.
{a} {x:used} {x:a}, but used ten spoons of {k}.
Something was wrong with {x}, for {a} had used too much {k}.
{a} looked away for a moment, and {x} tasted only of {k}.
Far too much {k} fell into the bowl, and {x} was spoiled.
The lid fell off the jar, and {x} was full of {k}.
""",
    reason="there was too much {k} in {x}",
    did="{a} spoiled {x} with {k}",
)
event(
    "taste_bad",
    "b x",
    need="x.state=bad",
    effect="b.mood=shocked",
    say="""
{b} took one bite of {x} and [coughed|made a face|ran for water].
"What is in {x}?" gasped {b}.
{b} tasted {x} and said nothing for a long time.
"Even a bear would not eat that," said {b}, pushing {x} away.
One spoonful was enough for {b:o}.
{b:s} eyes watered at the first bite of {x}.
""",
    reason="{x} tasted terrible",
    did="{b} did not like {x}",
)
event(
    "cook_again",
    "a x",
    need="x.state=bad",
    effect="x.state=good; x.where=a",
    say="""
{a} washed the bowl and {x:used} {x} once more.
This time {a} tasted everything twice, and {x} turned out well.
"Once more, and slowly," said {a}, and {x:used} {x} again.
The second time, {a} {x:used} {x} just as the book said.
{a} began again from the very start and watched the clock, until {x} was ready.
With [steady hands|great care|a wooden spoon and patience], {a} {x:used} {x} again.
""",
    reason="{a} had tried again",
    did="{a} {x:used} {x} again",
)
event(
    "cook_good",
    "a x",
    need="x.where=nowhere; a.lacks=none",
    effect="x.where=a; x.state=good",
    say="""
{a} stirred and stirred, and at last {x} was ready.
Soon {x} was ready and smelled wonderful.
Then {a} {x:used} {x}, humming all the while.
{x} came out [golden|perfect|better than ever].
An hour later {x} stood on the table, thanks to {a:o}.
With the last missing thing in the bowl, {a} {x:used} {x}.
""",
    reason="{x} was ready",
    did="{a} {x:used} {x}",
)
event(
    "taste_good",
    "b x",
    need="x.state=good",
    effect="b.mood=happy; x.state=eaten; x.where=nowhere",
    say="""
"Delicious!" said {b}, and ate three helpings of {x}.
{b} ate {x} to the last crumb.
"{b:I} have never eaten anything so good," said {b} about {x}.
{b} licked the spoon and asked for more.
Nothing was left of {x}, so much did {b} like {x}.
{b} closed {b:s} eyes and smiled at the first bite of {x}.
""",
    reason="{b} liked {x}",
    did="{b} liked {x}",
)
event(
    "plant",
    "a x p",
    need="x.where=a; a.at=p",
    effect="x.where=p; x.state=seed",
    say="""
{a} planted {x:a} {p:at}.
{a} dug a small hole {p:at} for {x:a}.
"Grow well," said {a}, and covered the seed of {x:a} with earth.
{p:at}, {a} put the seed of {x:a} into the soft ground.
The seed of {x:a} was planted {p:at} that {t}, and {a} [watched the spot|sang to the ground|hoped for rain].
""",
    did="{a} planted {x}",
)
event(
    "water",
    "a x",
    vp="""
watered {x} [every morning|with rain water|twice a day]
pulled up the weeds around {x}
gave {x} water and talked to {x}
kept the snails away from {x}
""",
    say="""
Every evening {a} carried water to {x}.
{x} got water from {a:o}, day after day.
""",
    reason="{a} had watered {x}",
    did="{a} watered {x}",
)
event(
    "grow",
    "x p",
    need="x.state=seed; x.where=p",
    effect="x.state=grown",
    say="""
Slowly {x} grew, leaf by leaf.
One morning a green tip showed {p:at}, and then {x} grew and grew.
{x} grew taller than the fence.
Everybody who passed {p} stopped to look at {x}.
{p:at}, {x} was now the finest for miles.
""",
    reason="{x} had grown so well",
    did="{x} grew",
)
event(
    "doubt",
    "b a x",
    need="a.at=b.at",
    say="""
"Nothing will grow there," said {b}.
{b} laughed. "{a:you} and {a:your} {x:bare}!"
"{a:you} will wait for {x} until winter," {b} told {a:o}.
{b} did not believe that {x} would ever grow.
"{b:I} see only earth," said {b}, and laughed at {a:o}.
""",
    reason="{b} had laughed",
    did="{b} laughed at {a}",
)
event(
    "pick",
    "a x p",
    need="x.state=grown; x.where=p; a.at=p",
    effect="x.where=a; x.state=picked",
    vp="""
[cut|picked|gathered] {x}
carried {x} out of {p} with both arms
""",
    say="""
At last the day came when {a} could pick {x}.
{x} was ready, and {a} picked {x}.
""",
    did="{a} picked {x}",
)
event(
    "wish_skill",
    "a k",
    effect="a.wish=k",
    say="""
{a} could not {k}, but wanted to learn.
Everyone could {k}, only {a} could not.
"{a:I} wish {a:I} could {k}," said {a}.
More than anything, {a} wanted to {k}.
Whenever somebody began to {k}, {a} [watched|sighed|stood and stared].
""",
    reason="{a} could not {k}",
    did="{a} wanted to {k}",
)
event(
    "teach",
    "c a k",
    need="a.at=c.at; a.wish=k",
    effect="a.learning=k",
    say="""
"{c:I} will teach {a:you} to {k}," said {c}.
{c} showed {a:o} how to {k}.
"To {k} is not so hard," said {c} to {a:o}. "Watch {c:me}."
{a} learned to {k} from {c:o}, a little every day.
{c} knew how to {k} and had time for {a:o}.
""",
    reason="{c} had taught {a:o}",
    did="{c} taught {a} to {k}",
)
event(
    "fail",
    "a k",
    need="a.learning=k",
    effect="a.mood=sad",
    vp="""
tried to {k} and failed
tried once, tried twice, and gave up
[fell over|got mixed up|began all wrong] and had to start again
""",
    say="""
The first try was no good.
"{a:I} will never {k}," {a} sighed.
To {k} was harder than {a} had thought.
Everything went wrong for {a:o} that day.
""",
    reason="{a} had failed",
    did="{a} failed",
)
event(
    "learn",
    "a k",
    need="a.learning=k",
    effect="a.can=k; a.learning=none; a.mood=proud",
    say="""
And then, all of a sudden, {a} could {k}!
"Look, {a:I} can {k}!" cried {a}.
On the [third|fifth|tenth] day {a} could {k} quite well.
Hardly anybody could {k} so well as {a:n} now.
After so much work, {a} could {k} at last.
""",
    reason="{a} could {k} at last",
    did="{a} learned to {k}",
)
