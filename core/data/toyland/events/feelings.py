"""Wishes, moods and their causes."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "sad",
    "a",
    effect="a.mood=sad",
    vp="""
was [sad|unhappy|close to tears]
[sat down and cried|wept a little|had tears in both eyes]
felt [lost|low|miserable]
did not want to [eat|talk|play] any more
""",
    say="""
Tears ran down {a:s} cheeks, because {why}.
"{a:I} am so sad," said {a}, because {why}.
{a:s} heart was heavy because {why}.
""",
    why="Why was {a:n} sad?",
    did="{a} was sad",
)
event(
    "glad",
    "a",
    effect="a.mood=happy",
    vp="""
[jumped|danced|shouted] for joy
was [glad|happy|delighted|overjoyed]
smiled from ear to ear
laughed out loud
[clapped|threw a cap in the air|turned a somersault]
""",
    say="""
"Hurrah!" cried {a}.
What joy there was!
"How [lucky|happy|glad] {a:I} am!" {a} said.
{a:s} eyes [shone|sparkled|lit up].
""",
    why="Why was {a:n} happy?",
    did="{a} was happy",
)
event(
    "angry",
    "a",
    effect="a.mood=angry",
    vp="""
was [angry|cross|furious]
[stamped one foot|slammed the door|turned red]
frowned and said nothing
""",
    say="""
"That is not [fair|right|kind]!" [shouted|cried|said] {a}.
{a:s} face grew [dark|hot|red], because {why}.
"{a:I} will not put up with this," {a} said crossly.
""",
    why="Why was {a:n} angry?",
    did="{a} was angry",
)
event(
    "worried",
    "a",
    effect="a.mood=worried",
    vp="""
was [worried|troubled|uneasy]
bit {a:s} lip
could not [sit still|think of anything else|eat a bite]
""",
    say="""
"What shall {a:I} do now?" thought {a}.
{a:s} heart beat fast, because {why}.
"This is bad," said {a}.
"Oh dear, oh dear," {a} said.
""",
    why="Why was {a:n} worried?",
    did="{a} was worried",
)
event(
    "sorry",
    "a",
    effect="a.mood=sorry",
    vp="""
felt [ashamed|sorry|terrible]
[lay awake half the night|could not look up|hung {a:s} head]
""",
    say="""
"What have {a:I} done?" thought {a}.
"The fault is {a:mine}," {a} whispered.
{a:s} cheeks burned with shame, because {why}.
""",
    why="Why was {a:n} sorry?",
    did="{a} was sorry",
)
event(
    "proud",
    "a",
    effect="a.mood=proud",
    vp="""
was [proud|very proud|pleased]
held {a:s} head high
grinned at everyone
""",
    say="""
"{a:I} never gave up," said {a} proudly.
Nobody was prouder than {a:n}.
""",
    why="Why was {a:n} proud?",
    did="{a} was proud",
)
event(
    "brave",
    "a",
    effect="a.mood=brave",
    vp="""
took a deep breath
did not give up
clenched both fists and went on
swallowed hard
""",
    say="""
"{a:I} am not afraid," said {a}, [a little too loudly|but {a:s} knees shook].
"{a:I} can do this," thought {a}.
"Crying will not help," said {a}.
"Never give up," {a} said under {a:s} breath.
""",
)
event(
    "wish_use",
    "a x",
    effect="a.wish=x",
    vp="""
wanted to {x:use} {x} all day long
could think of nothing but {x:full}
wished for nothing else than to {x:use} {x}
""",
    say="""
"Today {a:I} will {x:use} {x}," said {a}.
More than anything, {a} wanted to {x:use} {x}.
To {x:use} {x} was {a:s} dearest wish.
All week long {a} had longed to {x:use} {x}.
""",
    reason="{a} wanted to {x:use} {x}",
    did="{a} wanted to {x:use} {x}",
)
event(
    "want",
    "a x",
    need="x.owner!=a",
    effect="a.wish=x",
    vp="""
wanted {x} more than [anything|cake|sleep]
[dreamed of|longed for] {x}
could not stop looking at {x}
""",
    say="""
"If only {a:I} had {x:a} like that!" said {a}.
How {a} wished for {x}!
Every night {a} dreamed of {x}.
"One day {a:I} will have {x:a} too," thought {a}.
There was one thing that {a} wanted, and that was {x:a}.
""",
    reason="{a} wanted {x}",
    did="{a} wanted {x}",
)
event(
    "thank",
    "a b",
    need="a.at=b.at",
    effect="a.mood=happy",
    vp="""
thanked {b:o} [again and again|with all {a:s} heart|three times]
[hugged|smiled at|shook hands with] {b:o}
promised to visit {b:o} again
""",
    say="""
"Thank {b:you}, {b:voc}!" [said|cried] {a}.
"How can {a:I} ever thank {b:you}?" asked {a}.
"{b:you} are a true friend," {a} told {b:o}.
{b} was thanked many times, and [blushed|smiled|waved].
"Without {b:you} {a:I} would be lost," said {a} to {b:o}.
"{a:you} are welcome," said {b}, when {a} had said so many kind words.
""",
    did="{a} thanked {b}",
)
