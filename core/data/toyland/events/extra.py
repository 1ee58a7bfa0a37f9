"""Events that tie a plan together: thinking of someone, telling of a loss, planning a gift."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "ask_whose",
    "a b x",
    need="a.at=b.at; x.where=a",
    say="""
"Whose {x:bare} is this?" {a} asked {b:o}.
{a} showed {x} to {b:o}.
"Do {b:you} know this {x:bare}?" {a} asked {b:o}.
{a} wanted to know from {b:o} who had lost {x}.
"Look what {a:I} found, {b:voc}," said {a}.
""",
    did="{a} showed {x} to {b}",
)
event(
    "tell_lost",
    "c a x",
    need="x.owner=c; a.at=c.at",
    effect="c.mood=sad",
    say="""
"{c:I} have lost {c:my} {x:bare}," said {c} sadly.
{c} was sad because of {x}, which had been gone for [days|a week|hours].
"Since yesterday {c:my} {x:bare} is gone," {c} told {a:o}.
{c} was looking for {x:own} everywhere.
"How {c:I} miss {c:my} {x:bare}!" sighed {c}.
""",
    reason="{c} had lost {x}",
    did="{c} told {a} about {x}",
)
event(
    "miss_lent",
    "a x",
    need="x.where!=a; x.owner!=a",
    effect="a.mood=worried",
    vp="""
wanted to give {x} back, but the bag was empty
noticed that {x} was [gone|missing]
looked in vain for {x}
""",
    say="""
"Oh no, {x}!" cried {a}.
Suddenly {a} thought of {x}, and turned pale.
"Where did {a:I} leave {x}?" thought {a}.
""",
    did="{a} missed {x}",
)
event(
    "send_back",
    "b a x",
    need="a.at=b.at",
    say="""
"Look once more for {x}," said {b}.
{b} sent {a:o} to look for {x}.
"Bring {b:me} {x} before night," said {b}.
"A promise is a promise, {a:voc}," said {b}.
{b} only pointed to the door, and {a} understood.
""",
    reason="{b} had asked for {x}",
    did="{b} sent {a} to look for {x}",
)
event(
    "wish_present",
    "a b",
    effect="a.wish=present",
    say="""
The next day was {b:s} birthday, and {a} had no present.
{a} wanted to surprise {b:o} with a present.
"What shall {a:I} give {b:n}?" thought {a}.
{b:s} birthday was near, and {a} counted the days.
No present was good enough for {b:n}, {a} thought.
""",
    reason="{a} wanted a present for {b:o}",
    did="{a} wanted a present for {b}",
)
event(
    "quarrel_past",
    "a b x",
    need="x.owner=b; x.where=a",
    say="""
Years ago, {a+b} had quarrelled over {x}.
{a} still had {x}, which belonged to {b:o} and had been gone for years.
{a} had once borrowed {x} from {b:o} and never brought {x} back.
Because of {x}, {a+b} had not talked for years.
Long ago {b} had lent {x} to {a:o}, and after that came a quarrel.
""",
    reason="the quarrel had never ended",
)
event(
    "ask_why",
    "c a",
    need="a.at=c.at",
    say="""
"Why do {a:you} look so sad, {a:voc}?" asked {c}.
{c} saw at once that something was wrong with {a:o}.
"Have {a:you} no friends?" {c} asked {a:o}.
"What is the matter?" asked {c}, and {a} told the old story.
{c} asked {a:o} why nobody ever came to visit.
""",
    did="{c} asked {a} what was wrong",
)
event(
    "ask_for",
    "a c k",
    need="a.at=c.at; a.lacks=k",
    say="""
"Do {c:you} have any {k}?" {a} asked {c:o}.
{a} asked {c:o} for {k}.
"{a:I} need {k}," said {a}.
"Only a little {k}, please, {c:voc}," said {a}.
Did {c} have any {k}? {a} asked politely.
""",
    did="{a} asked {c} for {k}",
)
event(
    "has_none",
    "b k",
    say="""
"Not a drop or grain of {k} in this house," said {b}.
But {b} had no {k} either.
"{b:I} used up the last {k} yesterday," {b} answered.
{b} opened every drawer, but found no {k}.
"{k}? Not before Friday," said {b}.
"What a pity, {b:my} {k} is gone, too," said {b}.
""",
)
event(
    "seed_gift",
    "a x",
    need="x.owner=a; x.where=a",
    say="""
An old [woman|man|sailor] had given {a:o} the seed of {x:a}.
{a} had found a seed in an old coat, and on the bag was a picture of {x:a}.
{a} owned one seed, the seed of {x:a}.
"From this seed {x:a} will grow," said {a}.
In {a:s} pocket was the seed of {x:a}.
""",
    reason="{a} had a seed",
)
event(
    "worry_for",
    "a x",
    need="x.where!=a",
    vp="""
thought of {x}, out there in the storm
hoped that {x} was safe
worried about {x} all night
""",
    say="""
"Is {x} safe?" {a} asked again and again.
Only {x} was on {a:s} mind.
""",
    did="{a} worried about {x}",
)
event(
    "think_of",
    "a b",
    need="a.at!=b.at",
    effect="a.mood=worried",
    vp="""
thought of {b:n}, who was alone out there
wanted to know whether {b:n} was safe
""",
    say="""
"Poor {b:n} is all alone!" said {a}.
Somebody had to help {b:o}, and {a} wanted to do that.
"{a:I} must go to {b:n}," said {a}.
""",
    reason="{b} was alone",
    did="{a} thought of {b}",
)
