"""Losing, missing, looking for and finding."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "play",
    "a x",
    need="x.where=a",
    vp="""
{x:used} {x} [for an hour|until noon|again and again|with great joy]
{x:used} {x} and [laughed|sang|forgot the time]
""",
    say="""
It was fun to {x:use} {x}, and {a} [laughed|shouted with joy|did not notice the time].
"Look how well {a:I} {x:use} {x}!" [called|cried|said] {a}.
All {t} {a} {x:used} {x}.
To {x:use} {x} was all that {a} wanted.
""",
    did="{a} {x:used} {x}",
)
event(
    "lose",
    "a x p s",
    need="x.where=a; a.at=p",
    effect="x.where=p; x.spot=s",
    say="""
But {x} [slipped from|fell out of] {a:s} bag and [landed|came to rest] {s}.
Nobody saw how {x} was left behind, {s}.
{a} put {x} down {s} and forgot about everything else.
When {a} turned away, {x} was still {s}.
{x} was left lying {s}.
A [dog barked|friend called|bell rang], and {a} ran off, while {x} stayed {s}.
{a} did not notice that {x} was still {s}.
Then {a} left, but {x} lay forgotten {s}.
Without a sound, {x} ended up {s}.
{s} lay {x}, while {a} walked on.
""",
    reason="{a} had lost {x}",
    did="{a} lost {x}",
)
event(
    "stray",
    "a x p s",
    need="x.where=a; a.at=p",
    effect="x.where=p; x.spot=s",
    say="""
But {x} ran off and hid {s}.
A loud noise frightened {x}, and {x} crept away {s}.
While {a} was not looking, {x} crawled away and slept {s}.
{x} pulled free, ran away and stopped only {s}.
{a} turned around once, and {x} was gone, safe {s}.
Nobody saw {x} slip away to a dark place {s}.
""",
    reason="{x} had run away",
    did="{x} ran away",
)
event(
    "miss",
    "a x",
    need="x.where!=a; x.owner=a",
    effect="a.mood=sad",
    vp="""
[reached for|wanted|looked for] {x}, but {x} was not there
noticed that {x} was [gone|missing]
looked in every pocket, but {x} was not there
""",
    say="""
"Where is {a:my} {x:bare}?" [cried|asked|whispered] {a}.
Only then did {a} [see|notice|understand] that {x} was gone.
{x} was gone!
"Oh no, {a:I} have lost {a:my} {x:bare}!" said {a}.
{x} was nowhere to be seen.
"Something is missing," said {a}, and then {a} knew what.
Where had {x} gone?
""",
    did="{a} missed {x}",
)
event(
    "search",
    "a x p s",
    need="a.at=p; x.where!=p",
    vp="""
[looked|searched|felt about] {s}, but {x} was not there
looked {s} and found [nothing|only dust|an old shoe|a rusty nail|two buttons]
searched everywhere {p:at}, even {s}
got down on both knees and looked {s}
""",
    say="""
"Perhaps {x} is {s}," thought {a}, but there was only [dust|a spider|an old coin|a dry leaf].
There was nothing {s} but [cobwebs|dead leaves|a sleeping cat|a broken cup].
{x} was not {s}.
Was {x} {s}? No.
High and low {a} searched, but {x} could not be found there.
Even {s} there was no sign of {x}.
It was no use, for {x} was not {s}.
""",
    did="{a} looked {s}",
)
event(
    "hint",
    "c a x p",
    need="c.at=a.at; x.where=p",
    effect="a.knows=x",
    say="""
"{c:I} saw {x} {p:at}," said {c}.
"Have {a:you} been {p:at}?" asked {c}. "{c:I} think {c:I} saw {a:your} {x:bare} there."
{c} had seen {x} {p:at} and said so.
"Try {p}," said {c}. "Something like that was lying there."
{c} [pointed towards|spoke of|mentioned] {p}, where {x} had been seen.
{c} told {a:o} that {x} was still {p:at}.
"Were {a:you} not {p:at} with {a:your} {x:bare}?" {c} asked.
"Somebody left {x:a} {p:at}," {c} said.
It was {c} who had seen {x} {p:at}.
""",
    reason="{c} had seen {x} {p:at}",
    did="{c} told {a} about {p}",
)
event(
    "remember",
    "a x p",
    need="x.where=p",
    effect="a.knows=x",
    vp="""
thought hard and remembered being {p:at}
""",
    say="""
Suddenly {a} remembered that {x} had been there {p:at}.
"Of course!" cried {a}. "{a:I} was {p:at}!"
"{a:I} had {x} with {a:me} {p:at}," {a} thought.
Then {a} closed both eyes and saw {p} again.
"Where did {a:I} last {x:use} {x}?" thought {a}. "{a:I} was {p:at}!"
""",
    reason="{a} remembered {p}",
)
event(
    "find",
    "a x p s",
    need="a.at=p; x.where=p; x.spot=s",
    effect="x.where=a; x.spot=none; a.mood=happy",
    say="""
And there, {s}, was {x}!
There {x} was, {s}!
{x} was {s}, [safe and sound|a little dusty|quite unharmed].
{a} looked {s}, and there was {x}.
{s}, {a} found {x}.
"Here {x} is!" cried {a}, looking {s}.
Who or what was that {s}? Only {x}!
{a} [found|discovered|saw] {x} {s}.
At last {x} was found {s}.
"{a:I} have found {x}!" [shouted|called|cried] {a}, for {x} was {s}.
Something was {s}, and {a} saw that the search for {x} was over.
""",
    reason="{a} had found {x}",
    did="{a} found {x}",
)
event(
    "find_other",
    "b x p s",
    need="b.at=p; x.where=p; x.spot=s",
    effect="x.where=b; x.spot=none",
    say="""
{s}, {b} found {x}.
{b} looked {s}, and there was {x}.
That {t}, {b} saw {x} {s} and picked {x} up.
It was {b} who found {x} {s}.
"What is this {s}?" said {b}, and took {x} along.
""",
    reason="{b} had found {x}",
    did="{b} found {x}",
)
event(
    "hide",
    "b x p s",
    need="x.where=b; b.at=p",
    effect="x.where=p; x.spot=s",
    say="""
{b} hid {x} {s}.
{s}, {b} hid {x}.
"Nobody will look {s}," {b} thought, and left {x} there.
Quietly {b} put {x} {s}.
{b} looked around, then pushed {x} out of sight {s}.
The place that {b} chose for {x} was {s}.
Soon {x} was hidden {s}.
""",
    did="{b} hid {x}",
)
