"""What summaries say of stories of dealing, making, learning, quarrels and strangers."""

from __future__ import annotations

from core.data.toyland.summaries.plots import plot

plot(
    "a bet",
    "bet a b k q; stake a b x y; win a b y k",
    """
? want a y = y.owner=b
{a} wanted {y:full} of {b:n}
{a} wished for {b:n's} {y:bare}
{a} made a bet with {b} to get {y:full}
{a} hoped to win {b:n's} {y:bare}
""",
    """
? win a b y k = y.where=a & and
{a} won a bet about {k}
{a} beat {b} at {k}
{b} lost a bet about {k}
{a} was better at {k} than {b}
""",
    """
? give a b x = x.where=b
{a} let {b} have {x:full} as well
{a} gave {x:full} to {b}
{b} got {x:full} as a present
? give a b y = y.where=b
{a} gave {y} back to {b}
{b} got {y} back after all
{a} did not keep {y} but gave it to {b}
? win a b y k = y.where=a
{a} kept {y}
{y} went to {a:o}
{b} had to give {y} up
""",
)

plot(
    "work for a wish",
    "want a x; pay_job d a k; buy a c x",
    """
? no_coins a x = x.owner=c
{a} wanted {x:a} but had too little money
{a} wished for {x:a}, which cost too much
{a} could not pay for {x:a}
{a} dreamed of {x:a} but had no money for it
""",
    """
? pay_job d a k = a.coins=some & and because
{d} paid {a:o} to {k}
{a} earned money from {d}
{a} worked for {d}
{d} had work for {a:o} and paid well
""",
    """
? buy a c x = x.owner=a
{a} bought {x} from {c}
{c} sold {x} to {a:o}
{x} belonged to {a:o}
{a} could pay {c} for {x}
""",
)

plot(
    "a swap",
    "swap a b x y; swap a c y z",
    """
? swap a b x y
{a} wanted {z:a}
{a} wished for {z:a} more than for {x:own}
{a} hoped to get {z:a}
{a} dreamed of having {z:a}
""",
    """
? swap a b x y = y.owner=a & and because
{a} swapped {x:full} for {y:a} with {b}
{b} gave {a:o} {y:a} for {x:full}
{a} got {y:a} from {b} for {x:full}
{b} took {x:full} and gave {a:o} {y:a}
""",
    """
? swap a c y z = z.owner=a
{c} gave {a:o} {z:the} for {y:the}
{a} got {z:the} from {c}
{a} swapped again, with {c}, and had {z:the}
{z:the} of {c:n} belonged to {a:o}
""",
)

plot(
    "a quarrel",
    "part a b; make_up a b; share a b x; advice c a",
    """
? part a b = a.alone=yes
{a} and {b} both wanted {x:full}
{a} wanted {x:full} of {b:n}
{a} quarrelled with {b} over {x:full}
{x:full} of {b:n} made {a} and {b} quarrel
""",
    """
? advice c a & but
{c} gave {a:o} good advice
{a} got good advice from {c}
{a} listened to {c}
{c} knew what to tell {a:o}
""",
    """
? share a b x = a.alone=no
{a} and {b} made up and shared {x}
{a} and {b} were friends again and took turns with {x}
{a} and {b} stopped quarrelling and shared {x}
{a} made up with {b} and shared {x}
""",
)

plot(
    "a stranger",
    "needs_bed c a; welcome a c h; break a x; mend c x; give c a y",
    """
? needs_bed c a
{c} needed a place to sleep
{c}, a stranger, was tired and hungry
{a} wanted to help {c}, whom nobody knew
{a} met {c}, a stranger without a bed
""",
    """
? welcome a c h & and because
{a} took {c} home
{a} let {c} sleep in the house
{c} was allowed to stay with {a:o}
{a} gave {c} a bed
""",
    """
? give c a y = y.owner=a
{c} mended {x:full} and gave {a:o} {y:a}
{a} got {y:a} from {c} for being so kind
{c} thanked {a:o} with {y:a}
{x:full} was mended and {c} left {y:a} for {a:o}
""",
)

plot(
    "a present",
    "wish_present a b; want a x; pay_job c a k; buy a c x; give a b x",
    """
? wish_present a b
{a} wanted a present for {b}
{a} wanted to give {b} something for {b:his} birthday
{a} looked for something to give to {b}
{a} had no present for {b}
""",
    """
? buy a c x = x.owner=a & and
{a} worked for {c} and bought {x:a}
{a} earned {x:a} by working for {c}
{c} gave {a:o} work and sold {a:him} {x:a}
{a} paid for {x:a} by working for {c}
""",
    """
? give a b x = x.owner=b
{a} gave {x} to {b}
{b} was given {x}
{b} got {x} and was grateful
{a} made {b} happy with {x}
""",
)

plot(
    "a long silence",
    "quarrel_past a b x; advice c a; return_thing a b x",
    """
? quarrel_past a b x = x.owner=b
an old quarrel over {x:full} stood between {a} and {b}
{a} and {b} had been silent since a quarrel over {x:full}
{a} wanted to end an old quarrel with {b} over {x:full}
{a} had never given {x:full} back to {b}
""",
    """
? advice c a & but because
{c} gave {a:o} good advice
{a} got good advice from {c}
{a} talked to {c} about it
{c} asked {a:o} about it and gave advice
""",
    """
? return_thing a b x = x.where=b
{a} brought {x} back and {b} forgave {a:him}
{b} got {x} back and the quarrel was over
{a} told {b} the truth and was forgiven
{b} forgave {a:o} and had {x} again
""",
)

plot(
    "a recipe gone wrong",
    "plan_cook a x b; cook_bad a x k; cook_again a x",
    """
? plan_cook a x b
{a} wanted to {x:use} {x:a} for {b}
{a} wished to please {b} with {x:a}
{b} was to have {x:a} from {a:n}
{a} planned {x:a} for {b}
""",
    """
? cook_bad a x k & but yet
there was too much {k} in {x}
{a} spoiled {x} with too much {k}
{x} was spoiled by too much {k}
too much {k} made {x} taste bad
""",
    """
? taste_good b x = x.state=eaten
{a} tried again and {b} liked {x}
the second try pleased {b}
{b} ate everything after {a} had tried again
{a} began once more and {x} was just right for {b}
""",
)

plot(
    "a missing spoonful",
    "plan_cook a x b; lack a k; get_ingredient a d k; cook_good a x",
    """
? lack a k
{a} wanted to {x:use} {x:a} for {b} but had no {k}
{a} needed {k} for {x:a} that {b} would like
{a} had everything but the {k} for {b:n's} {x:bare}
{a} planned {x:a} for {b}, only the {k} was missing
""",
    """
? get_ingredient a d k & and because
{d} gave {a:o} what was missing
{a} got the {k} from {d}
{d} had {k} for {a:o}
{a} found {k} with the help of {d}
""",
    """
? taste_good b x = x.state=eaten
{a} could {x:use} {x:the} and {b} liked it
{b} ate up {x:the}
{x:the} was ready and pleased {b}
{a} made {b} happy with {x:the}
""",
)

plot(
    "a seed",
    "plant a x p; doubt b a x; pick a x p",
    """
? plant a x p = x.state=seed
{a} wanted to grow {x:a} {p:at}
{a} hoped that {x:a} would grow {p:at}
{a} planted {x:a} {p:at} and waited
{a} had a seed and wanted {x:a}
""",
    """
? doubt b a x & but yet
{b} did not believe in it
{b} laughed at {a:o}
{b} thought that nothing would come of it
{a} was laughed at by {b}
""",
    """
? give a e x = x.owner=e
{x:the} grew and {a} gave it to {e}
{e} was given {x:the} that {a} had grown
{a} could pick {x:the} and gave it to {e}
{x:the} did grow and went to {e}
""",
)

plot(
    "learning",
    "wish_skill a k; teach c a k; learn a k",
    """
? wish_skill a k
{a} wanted to learn to {k}
{a} wished to be able to {k}
{a} hoped to {k} one day
{a} did not know how to {k}
""",
    """
? teach c a k = a.learning=k & and because
{c} gave {a:o} lessons
{c} taught {a:o}
{a} had {c} for a teacher
{a} took lessons from {c}
""",
    """
? learn a k = a.can=k
{a} could {k} after all
{a} was able to {k}
{a} learned it
{a} managed to {k}
""",
)
