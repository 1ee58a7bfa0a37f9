"""Asking, telling, promising, betting."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "ask_seen",
    "a b x",
    need="a.at=b.at",
    say="""
"Have {b:you} seen {a:my} {x:bare}?" {a} asked {b:o}.
{a} asked {b:o} about {x}.
"{b:voc}, do {b:you} know where {x} is?" asked {a}.
{a} wanted to know whether {b} had seen {x}.
"{b:I} am looking for {a:my} {x:bare}," {a} told {b:o}.
{a} begged {b:o} to watch out for {x}.
""",
    did="{a} asked {b} about {x}",
)
event(
    "not_seen",
    "b",
    say="""
"{b:I} have seen nothing," said {b}.
{b} [shook {b:s} head|had seen nothing|could not help].
"{b:I} wish {b:I} knew," {b} answered.
"Not today," said {b}. "But do not give up!"
{b} thought hard but could not remember.
{b} had seen many things that day, but not that one.
"Sorry," said {b}. "{b:I} have been asleep."
""",
)
event(
    "not_know",
    "b x",
    say="""
"{b:I} have never seen {x} before," said {b}.
{b} could not say who owned {x}.
"Not {b:mine}," said {b}. "Ask around."
{b} turned {x} over twice, but had no idea.
"Somebody will be missing {x}," {b} answered.
""",
)
event(
    "offer_help",
    "b a",
    need="a.at=b.at",
    say="""
"{b:I} will help {a:you}," said {b}.
"Two see more than one," said {b}, and came along.
{b} offered to help {a:o}.
"Don't worry, {a:voc}," {b} said. "{a:we} will manage."
"Let {b:me} help," said {b}.
{b} put one hand on {a:s} shoulder and promised to help.
""",
    did="{b} offered to help",
)
event(
    "promise",
    "a b",
    need="a.at=b.at",
    effect="a.promised=b",
    say="""
"{a:I} promise," said {a}, and {b} was content.
{a} gave {b:o} {a:s} word.
"{b:you} can trust {a:me}," {a} told {b:o}.
{a} promised {b:o} to be careful.
"Word of honour?" asked {b}. "Word of honour!" said {a}.
{a} put one hand on {a:s} heart and promised {b:o} to come back.
""",
    reason="{a} had promised",
    did="{a} promised {b}",
)
event(
    "promise_care",
    "a b x",
    need="x.owner=b; a.at=b.at",
    effect="a.promised=x",
    say="""
"{a:I} promise to look after {x}," said {a} to {b:o}.
{a} promised {b:o} to take good care of {x}.
"Nothing will happen to {b:your} {x:bare}," {a} promised.
"{a:I} will guard {x} well," said {a}, and {b} believed {a:o}.
{a} gave {b:o} {a:s} word that {x} would be safe.
"Look after {b:my} {x:bare}," said {b}, and {a} promised that.
""",
    reason="{a} had promised to look after {x}",
    did="{a} promised to look after {x}",
)
event(
    "confess",
    "a b x",
    need="a.at=b.at",
    say="""
"{a:I} must tell {b:you} something about {b:your} {x:bare}," {a} said to {b:o}.
{a} told {b:o} everything.
"The fault was {a:mine}, {b:voc}," said {a}. "{a:I} am sorry about {x}."
{a} looked {b:o} in the eye and told the truth about {x}.
"Please don't be angry," said {a} to {b:o}, and told the whole story.
{a} found no easy words, but told {b:o} the truth about {x}.
""",
    reason="{a} had told the truth",
    did="{a} told {b} the truth",
)
event(
    "forgive",
    "b a",
    need="a.at=b.at",
    effect="b.mood=calm",
    say="""
"{b:I} forgive {a:you}," said {b}.
{b} forgave {a:o}.
"Things break, but friends stay," said {b}.
{b} was quiet for a while and then [smiled|laughed|took {a:s} hand].
"Thank {a:you} for telling {b:me}," {b} said to {a:o}.
"Never mind, {a:voc}," said {b}.
{a} was forgiven, because {why}.
{b} could not stay angry for long.
"Forgiven and forgotten," {b} told {a:o}.
""",
    reason="{b} had forgiven {a:o}",
    did="{b} forgave {a}",
)
event(
    "bet",
    "a b k p",
    need="a.at=b.at",
    effect="a.bet=k; b.bet=k",
    say="""
"{a:I} am better at {k} than {b:you}," said {a} to {b:o}.
{a+b} made a bet about {k}.
"Nobody beats {b:me} at {k}," {b} boasted, but {a} only laughed.
"{a:I} bet {a:I} can beat {b:you} at {k}," said {a}, and {b} agreed.
Who was better at {k}? {a+b} made a bet.
{b} made fun of {a:s} {k} and offered a bet.
""",
    did="{a} and {b} made a bet",
)
event(
    "stake",
    "a b x y",
    need="x.owner=a; y.owner=b",
    effect="x.stake=yes; y.stake=yes",
    say="""
If {a} lost, {x} would go to {b:o}, and if {a} won, {a} would get {y}.
"{a:my} {x:bare} against {b:your} {y:bare}!" said {a}.
{a} staked {x:own}, and {b} staked {y:a}.
The prize for {a:o} would be {y}, and the prize for {b:o} would be {x}.
"The winner gets {b:my} {y:bare} and {a:your} {x:bare}," said {b}.
""",
    did="{a} staked {x} and {b} staked {y}",
)
event(
    "win",
    "a b y k",
    need="a.bet=k; b.bet=k; y.where=b",
    effect="y.where=a; y.owner=a; a.bet=none; b.bet=none",
    say="""
It was {a} who won, and {b} handed {y} over.
{a} won by a hair, and so {y} went to the winner.
"{a:you} have won fairly," said {b}, and gave {y} to {a:o}.
In the end {a} was better at {k}, and {b} had to give up {y}.
{b} lost, and {y} went to {a:o}.
Everybody shouted for {a:o}, who won the bet and got {y}.
The bet was won by {a:o}, and {b} gave {y} away.
""",
    reason="{a} had won the bet",
    did="{a} won the bet",
)
event(
    "practise",
    "a k",
    vp="""
practised {k} [every morning|day and night|in secret|until supper]
tried {k} again and again
did nothing else than practise {k}
""",
    say="""
Day after day, {a} practised {k}.
"Practice helps," thought {a}, and spent the whole {t} {k}.
At first {a} was [bad|slow|clumsy] at {k}, but not for long.
""",
    did="{a} practised {k}",
)
event(
    "advice",
    "c a",
    need="a.at=c.at",
    say="""
"Slow and steady," said {c} to {a:o}.
{c} gave {a:o} some good advice.
"Think first, then act," {c} told {a:o}.
"When {c:I} was young, {c:I} gave up too soon," said {c}. "Do not do that, {a:voc}."
{c} [winked|smiled|nodded] at {a:o} and said, "{a:you} will see."
"Try again tomorrow," was all {c} said.
""",
    did="{c} gave {a} advice",
)
event(
    "praise",
    "b a",
    need="a.at=b.at",
    effect="a.mood=proud; b.mood=happy",
    say="""
"{a:you} kept {a:your} word, {a:voc}," said {b}.
"{a:I} knew that {a:I} could trust {a:you}," {b} told {a:o}.
{b} praised {a:o} before all the neighbours.
"A promise is a promise, and {a:you} know that," said {b} to {a:o}.
{b} was pleased that {a} had kept the promise.
"Next time {a:you} may borrow anything," said {b}.
""",
    reason="{a} had kept the promise",
    did="{b} praised {a}",
)
event(
    "refuse",
    "b a x",
    need="a.at=b.at",
    effect="a.mood=sad",
    say="""
"No," said {b}. "Not {b:my} {x:bare}."
{b} shook {b:s} head and held {x} tight.
"{a:you} may look at {x}, but not touch," said {b}.
{b} would not let go of {x}.
But {b} did not want to part with {x}.
"Not for all the tea in the world," said {b}, and kept {x}.
""",
    reason="{b} had said no",
    did="{b} said no",
)
