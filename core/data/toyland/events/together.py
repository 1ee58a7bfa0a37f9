"""Meeting, quarrelling, guests and strangers."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "meet",
    "a b",
    need="a.at=b.at",
    vp="""
met {b:o}
[ran|walked straight] into {b:o}
saw {b:o} and waved
greeted {b:o}
stopped to talk to {b:o}
lifted one hand to greet {b:o}
""",
    say="""
There stood {b}, [humming|smiling|out of breath|with folded arms].
{b} was there, [sweeping the steps|eating a plum|mending a sock|talking to a cat|writing a list].
"Hello, {a:voc}!" called {b}.
"Good {t}," said {b}.
{a} was greeted by {b:o}.
Somebody was sitting there, and that was {b}.
"Where are {a:you} going, {a:voc}?" asked {b}.
""",
    did="{a} met {b}",
)
event(
    "playmates",
    "a b k",
    need="a.at=b.at",
    vp="""
played {k} with {b:o}
beat {b:o} at {k}
taught {b:o} a new way to play {k}
""",
    say="""
{a+b} played {k} for a while.
"Shall {a:we} play {k}?" asked {b}, and {a} said yes.
A game of {k} made {a:o} forget everything else.
{a+b} loved {k} and played three times.
""",
    did="{a} and {b} played {k}",
)
event(
    "quarrel",
    "a b x",
    need="a.at=b.at",
    effect="a.mood=angry; b.mood=angry",
    say="""
"{a:I} want to have {x:full} now!" shouted {a} at {b:o}.
{a+b} quarrelled over {x}.
"{b:you} had {x} all day," said {a} to {b:o}, and so the quarrel began.
{a+b} both pulled at {x}, and neither let go.
{a} called {b:o} selfish because of {x}.
One angry word about {x} led to another, and soon {a+b} were shouting.
""",
    reason="{a+b} had quarrelled",
    did="{a} and {b} quarrelled",
)
event(
    "part",
    "a b",
    need="a.at=b.at",
    effect="a.alone=yes; b.alone=yes",
    say="""
{b} turned around and would not speak to {a:o}.
"{a:I} never want to see {b:you} again," said {a} to {b:o}.
{a+b} sat back to back, and nobody spoke.
{a+b} did not look at each other any more.
"Then play alone," said {b}.
""",
    did="{a} and {b} stopped speaking",
)
event(
    "lonely",
    "a b",
    need="a.alone=yes",
    vp="""
missed {b:o} [very much|more every hour|at supper]
thought of {b:o} all the time
had nobody to [laugh|play|share a joke] with
""",
    say="""
Without {b:o}, nothing was fun.
The [house|street|day] was too quiet without {b:o}.
"{a:I} wonder what {b} is doing," thought {a}.
""",
    reason="{a} missed {b:o}",
    why="Why was {a:n} lonely?",
)
event(
    "make_up",
    "a b",
    need="a.at=b.at; a.alone=yes",
    effect="a.alone=no; b.alone=no; a.mood=happy; b.mood=happy",
    say="""
"Friends again?" asked {a}, and {b} was glad.
{a+b} shook hands and laughed.
"{a:I} missed {b:you}, {b:voc}," said {a}.
{a+b} hugged and were friends again.
"{b:I} was just coming to find {a:you}," said {b} to {a:o}.
""",
    reason="{a+b} were friends again",
    did="{a} and {b} were friends again",
)
event(
    "share",
    "a b x",
    effect="x.shared=yes",
    say="""
{a+b} shared {x} from then on.
"One day for {a:me}, one day for {b:you}," said {a} about {x}.
On even days {a} had {x}, and on odd days {b} had {x}.
{a+b} agreed to take turns with {x}.
Now {a+b} took turns, and {x} was never a reason to quarrel again.
""",
    did="{a} and {b} shared {x}",
)
event(
    "stranger",
    "c p",
    need="c.at=p",
    say="""
{p:at} sat a stranger, and that was {c}.
A stranger had come to {p}: {c}.
Nobody knew the stranger {p:at}, who was {c}.
There was somebody new {p:at}, {c}, with [wet boots|a torn coat|a heavy sack].
The tired stranger {p:at} was called {c:n}.
""",
    did="a stranger came to {p}",
)
event(
    "needs_bed",
    "c a",
    need="c.at=a.at",
    say="""
"Is there a bed for {c:me} here?" {c} asked {a:o}.
"{c:I} have walked for three days," said {c} to {a:o}.
{c} asked {a:o} for [a bed|some bread|a dry corner].
"{c:I} am hungry and cold," {c} said.
{c} had nowhere to sleep and told {a:o} so.
{c} tried to smile at {a:o}, but was too tired.
""",
    reason="{c} was cold and hungry",
    did="{c} asked for help",
)
event(
    "warn",
    "b a c",
    need="a.at=b.at",
    say="""
"Be careful with strangers, {a:voc}," said {b}.
{b} whispered to {a:o} that {c:n} might be a thief.
"Nobody knows {c:o}," said {b} to {a:o}.
"Lock the door!" {b} warned {a:o}.
But {b} did not trust {c:o} and told {a:o} so.
""",
    did="{b} warned {a}",
)
event(
    "feed",
    "a c k",
    need="a.at=c.at",
    effect="c.mood=happy",
    vp="""
gave {c:o} some {k}
shared {k} with {c:o}
brought {k} and a blanket for {c:o}
""",
    say="""
"Have some {k}," said {a} to {c:o}.
{c} got {k} from {a:o} and ate every bit.
"Eat," said {a}, and put {k} in front of {c:o}.
{a} brought {k} for {c:o} and asked no questions.
""",
    reason="{a} had been kind",
    why="Why did {a:n} help {c:n}?",
    did="{a} gave {c} some {k}",
)
event(
    "welcome",
    "a c h",
    need="a.at=c.at; a.at!=h",
    effect="a.where=h; c.where=h",
    say="""
"Come home with {a:me}," said {a} to {c:o}.
{a} took {c:o} home to the house {h:by}.
That night {c} slept by the fire in the house {h:by}, because {a} had a kind heart.
{c} was taken home by {a:o} and given the best chair.
"There is room in the house {h:by}," {a} told {c:o}.
""",
    reason="{a} had been kind",
    did="{a} took {c} home",
)
