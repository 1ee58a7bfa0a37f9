"""Things that change hands: taking, giving, lending, buying, breaking and mending."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "ask_lend",
    "a b x",
    need="x.owner=b; a.at=b.at",
    say="""
"May {a:I} borrow {b:your} {x:bare}?" [asked|said] {a}.
{a} asked {b:o} for {x}.
"Please lend {a:me} {x}, {b:voc}," said {a}.
"Could {b:I} {x:use} {x}, only for a day?" {a} asked {b:o}.
"{a:I} need {x:a}," said {a} to {b:o}.
{a} wanted to borrow {x}, and said so to {b:o}.
""",
    did="{a} asked for {x}",
)
event(
    "lend",
    "b a x",
    need="x.owner=b; x.where=b; a.at=b.at",
    effect="x.where=a; a.holds_for=b",
    say="""
"Take {x}, but be careful," said {b}.
{b} lent {a:o} {x}.
"Bring {x} back [tomorrow|soon|before Sunday]," said {b}.
{x} was lent to {a:o} for [a day|the afternoon|one week].
"{b:I} want to have {x} back," said {b}, and handed {x} over.
"Of course," said {b}, and put {x} into {a:s} hands.
{b} thought about that, then gave {x} to {a:o} for a while.
""",
    did="{b} lent {x} to {a}",
)
event(
    "return_thing",
    "a b x",
    need="x.owner=b; x.where=a; a.at=b.at",
    effect="x.where=b",
    vp="""
gave {x} back to {b:o}
brought {x} back to {b:o}
put {x} into {b:s} hands
""",
    say="""
"Here is {b:your} {x:bare}," said {a}.
So {b} got {x} back.
{x} was back with {b:o} at last.
"{b:you} can have {x} back now," {a} told {b:o}.
{b} held out both hands, and {a} gave {x} back.
""",
    reason="{a} had brought {x} back",
    did="{a} gave {x} back to {b}",
)
event(
    "give",
    "b a x",
    need="x.where=b; a.at=b.at",
    effect="x.where=a; x.owner=a",
    say="""
{b} gave {x} to {a:o}.
"This is for {a:you}," said {b}, and gave {x} to {a:o}.
{a} was given {x} by {b:o}.
It was {a} to whom {b} gave {x}.
With a smile, {b} handed {x} to {a:o}.
From that moment {x} belonged to {a:o}, a present from {b:o}.
"Would {a:you} like {x}?" asked {b}, and {a} nodded.
{b} reached into a bag and pulled out {x}. "A present for {a:you}, {a:voc}!"
""",
    reason="{b} had given {x} to {a:o}",
    did="{b} gave {x} to {a}",
)
event(
    "hand",
    "b a x",
    need="x.where=b; a.at=b.at; x.owner=a",
    effect="x.where=a",
    say="""
{b} gave {x} back to {a:o}.
"Is this {a:yours}?" asked {b}, and held out {x}.
"{b:I} think this belongs to {a:you}," said {b} and handed {x} over to {a:o}.
{b} put {x} into {a:s} hands.
"Look what {b:I} have here," said {b}, and {a} saw {x}.
{a} got {x} back from {b:o}.
""",
    reason="{b} had brought {x} back",
    did="{b} brought {x} back to {a}",
)
event(
    "take",
    "a x p",
    need="x.where=p; a.at=p",
    effect="x.where=a; x.spot=none",
    vp="""
[took|picked up|grabbed|fetched] {x}
took {x} along
lifted {x} with both hands
""",
    say="""
"{a:I} will take {x} with {a:me}," said {a}.
{x} was still there, and {a} took {x} out.
""",
    did="{a} took {x}",
)
event(
    "put",
    "a x p s",
    need="x.where=a; a.at=p",
    effect="x.where=p; x.spot=s",
    vp="""
put {x} {s}
[left|laid|set down] {x} {s}
stowed {x} {s} with care
""",
    say="""
{s} was a good place for {x}, and there {a} put {x}.
"All is safe {s}," said {a}, and left {x} there.
{a} found room for {x} {s}.
""",
    did="{a} put {x} {s}",
)
event(
    "break",
    "a x",
    need="x.where=a; x.broken!=yes",
    effect="x.broken=yes; a.mood=sorry",
    say="""
But {a} [stumbled|slipped|tripped over a root], and {x} broke.
There was a loud crack, and {x} was broken.
Crack! {x} [broke in two|had a hole|was in pieces].
{x} fell on the stones and broke.
{a} was not careful enough, and {x} broke.
{a} dropped {x}, and a piece [came off|rolled away].
In one careless moment, {a} broke {x}.
"Oh no," said {a}, for {x} was broken.
""",
    reason="{a} had broken {x}",
    did="{a} broke {x}",
)
event(
    "mend",
    "c x",
    need="x.broken=yes",
    effect="x.broken=no",
    say="""
{c} mended {x} with [glue and string|a little nail|strong thread|great care].
{x} was mended by {c:o} in [an hour|no time|one evening].
"Nothing easier than that," said {c}, and mended {x}.
[Tap, tap, tap|Bit by bit|Piece by piece], {c} mended {x}.
{c} worked until {x} was [whole|as good as new] again.
Soon {x} was as good as new, thanks to {c:o}.
{c} took out [glue|pliers|a needle|a small hammer] and put {x} together again.
""",
    reason="{c} had mended {x}",
    did="{c} mended {x}",
)
event(
    "bring_broken",
    "a c x",
    need="x.where=a; x.broken=yes; a.at=c.at",
    say="""
"Can {c:you} mend {x}?" {a} asked {c:o}.
{a} showed {c:o} what was left of {x}.
"Please help {a:me}, {c:voc}," said {a}. "{x} is broken."
{c} looked at {x} from all sides and nodded.
"Broken?" said {c}, when {a} held out {x}. "{c:I} have seen worse."
""",
    did="{a} showed {x} to {c}",
)
event(
    "pay_job",
    "c a k",
    need="a.at=c.at",
    effect="a.coins=some",
    say="""
"If {a:you} {k} for {c:me}, {c:I} will pay well," said {c}.
{c} needed somebody to {k}, and paid {a:o} three coins to do that.
To earn some coins, {a} offered to {k} for {c:o}.
All day {a} had to {k}, and in the evening {c} paid for the work.
"Can {a:you} {k}?" asked {c}. {a} could, and got five coins.
It was hard to {k}, but {c} paid {a:o} with shiny coins.
""",
    reason="{a} had earned some coins",
    did="{a} worked for {c}",
)
event(
    "no_coins",
    "a x",
    effect="a.mood=sad",
    say="""
But {x} cost five coins, and {a} had [none|only one|not even two].
"{a:I} have no money," said {a}, and looked at {x}.
{a:s} pockets were empty, and nobody gives {x:a} away.
"Too dear for {a:me}," thought {a}, looking at {x}.
{a} counted {a:s} coins twice, but there were too few for {x:a}.
""",
    reason="{x} cost too much",
    did="{a} could not pay for {x}",
)
event(
    "buy",
    "a c x",
    need="x.where=c; a.at=c.at; a.coins=some",
    effect="x.where=a; x.owner=a; a.coins=none",
    vp="""
bought {x} from {c:o}
[laid|counted] the coins on the table and took {x}
paid {c:o} and got {x}
""",
    say="""
"Here are the coins," said {a}, and {c} handed {x} over.
{c} sold {x} to {a:o} for five coins.
{x} was sold to {a:o}, and {c} [wrapped {x} in paper|put the coins away|wished {a:o} luck].
Now {x} belonged to {a:o}, for {c} had sold {x}.
""",
    reason="{a} had bought {x}",
    did="{a} bought {x} from {c}",
)
event(
    "swap",
    "a b x y",
    need="x.where=a; y.where=b; x.owner=a; y.owner=b; a.at=b.at",
    effect="x.where=b; y.where=a; x.owner=b; y.owner=a",
    say="""
{a+b} swapped: {x:full} for {y}.
{a} gave {x} to {b:o} and got {y} in return.
"{b:your} {y:bare} for {a:my} {x:bare}?" asked {a}, and {b} agreed.
{b} took {x}, and {a} took {y}.
In exchange for {x}, {b} gave {y} to {a:o}.
"A swap!" said {b}, and so {x} went to {b:o} and {y} to {a:o}.
""",
    reason="{a} had swapped {x} for {y}",
    did="{a} swapped {x} for {y}",
)
event(
    "snatch",
    "a b x",
    need="x.where=b; a.at=b.at",
    effect="x.where=a",
    say="""
{a} snatched {x} out of {b:s} hands.
"Give {x} to {a:me}!" cried {a}, and took {x} from {b:o}.
{a} pulled {x} away from {b:o}.
Before {b} could say a word, {a} had taken {x}.
Without asking, {a} took {x} from {b:o}.
""",
    reason="{a} had taken {x} away",
    did="{a} took {x} from {b}",
)
