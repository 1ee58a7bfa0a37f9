"""What summaries say of stories of things lost, lent and promised, and of storms."""

from __future__ import annotations

from core.data.toyland.summaries.plots import plot

HINTED = """
? hint c a x p = x.where=p & and because
{c} had seen {x} {p:at}
{c} told {a:o} that {x} was {p:at}
{c} knew that {x} was {p:at}
{a} heard from {c} that {x} was {p:at}
"""
FOUND = """
? find a x p s = x.where=a
{a} found {x} {s}
{x} turned up {s}
{a} came upon {x} {s}
{a} saw {x} again {s}
"""

plot(
    "lost and found",
    "lose a x p s; find a x p s",
    """
? lose a x p s = x.owner=a
{a} wanted to get {x:own} back
{a} had lost {x:own} and [missed|wanted] it
{a} hoped to find {x:own} again
{a} missed {x:own} and wanted it back
""",
    HINTED
    + """? remember a x p = x.where=p & and because
{a} remembered that {x} was {p:at}
it came back to {a:o} that {x} was {p:at}
{a} knew again that {x} was {p:at}
{a} thought back and remembered {p}
""",
    FOUND,
)

plot(
    "the pet that ran away",
    "stray a x p s; find a x p s",
    """
? stray a x p s = x.owner=a
{a} wanted to get {x:own} back
{a} hoped to find {x:own} again
{a:n's} {x:bare} had run away
{a} looked for {x:own}, which had run away
""",
    HINTED,
    FOUND,
)

plot(
    "hidden for fun",
    "hide b x p s; find a x p s",
    """
? hide b x p s = x.owner=a
{a} wanted to get {x:own} back
{a} missed {x:own} and wanted it back
{a} hoped to find {x:own} again
{a} could not find {x:own}
""",
    """
? confess b a x & but because
{b} told {a:o} the truth about {x}
{b} said sorry for hiding {x}
{b} was sorry for having hidden {x}
{b} owned up to hiding {x}
""",
    FOUND,
)

plot(
    "found on the road",
    "find_other a x p s; hand a c x",
    """
? find_other a x p s = x.where=a
{a} found {x:a} {p:at} and wanted to know whose it was
{a} wanted to know who had lost {x:a}
{a} looked for the owner of {x:a}
{a} hoped to give {x:a} back to its owner
""",
    """
? tell_lost c a x = x.owner=c & and because
{x} belonged to {c}
{c} had lost {x}
{c} was the one who missed {x}
{c} told {a:o} how {x} was lost
""",
    """
? hand a c x = x.where=c
{a} brought {x} to {c}
{c} got {x} back
{a} gave {x} back to {c}
{x} went back to {c}
""",
)

plot(
    "a borrowed thing",
    "lend b a x; break a x; mend c x; return_thing a b x",
    """
? lend b a x = x.owner=b
{a} wanted to {x:use} {b:n's} {x:bare}
{a} borrowed {x:full} from {b}
{a} asked {b} to lend {a:him} {x:full}
{a} wanted {x:full} of {b:n} for a while
""",
    """
? mend c x = x.broken=no & but
{x} broke and {c} mended it
{a} broke {x} and {c} mended it
{x} had to be mended by {c}
{c} had to mend {x:the}, which {a} had broken
""",
    """
? return_thing a b x = x.where=b
{b} got {x} back and forgave {a:o}
{a} told {b} everything and was forgiven
{b} was not angry with {a:o}
{a} gave {x} back and told {b} what had happened
""",
)

plot(
    "a promise kept",
    "promise_care a b x; put a x p s; return_thing a b x",
    """
? promise_care a b x = x.owner=b
{a} promised {b} to take care of {x:full}
{a} wanted to keep {a:his} promise about {b:n's} {x:bare}
{a} borrowed {x:full} from {b} and promised to guard it
{a} had promised {b} that {x:full} would be safe
""",
    """
? put a x p s & but
a storm came and {a} put {x} {s}
in a storm {a} kept {x} safe {s}
{a} had to save {x} from a storm
there was a storm and {x} had to stay {s}
""",
    """
? return_thing a b x = x.where=b
{b} got {x} back unharmed
{a} kept the promise and gave {x} back to {b}
{a} gave {x} back to {b}
{x} went back to {b}, as promised
""",
)

plot(
    "a promise broken",
    "promise_care a b x; lose a x p s; find a x p s; return_thing a b x",
    """
? promise_care a b x = x.owner=b
{a} promised {b} to take care of {x:full}
{a} had {x:full} of {b:n} to look after
{a} borrowed {x:full} from {b} and promised to guard it
{a} had promised {b} that {x:full} would be safe
""",
    """
? lose a x p s = x.where=p & but yet
{a} forgot {x} {s}
{a} lost {x} {p:at}
{x} was lost {p:at}
{a} forgot the promise and left {x} {s}
""",
    """
? return_thing a b x = x.where=b
{a} found {x} again and was forgiven by {b}
{b} got {x} back and forgave {a:o}
{a} told {b} the truth and gave {x} back
{a} looked for {x} and brought it back to {b}
""",
)

plot(
    "a storm",
    "worry_for a x; find a x p s",
    """
? put a x p s = x.owner=a
{a} had to leave {x:own} {p:at} in a storm
{a} worried about {x:own} in a storm
{a} wanted to know that {x:own} was safe in the storm
{a} hoped that the storm would not harm {x:own}
? lose a x p s = x.owner=a
{a} lost {x:own} {p:at} in a storm
{a} worried about {x:own} in a storm
{a} wanted {x:own} back after a storm
{a} hoped that the storm would not harm {x:own}
""",
    """
? cleared a p = p.open=yes & but
{a} first had to help clear the road to {p}
nobody could get to {p} until {a} helped to clear the road
the road to {p} was closed and {a} helped to clear it
{a} helped to open the closed road to {p}
""",
    FOUND,
)

plot(
    "help in the rain",
    "think_of a b; lend c a x; clear_with a x p",
    """
? think_of a b
{a} wanted to help {b} in a storm
{a} wanted to get to {b}, who was alone in a storm
{a} worried about {b} in a storm
{a} did not want to leave {b} alone in a storm
""",
    """
? lend c a x = x.owner=c & and because
{c} lent {a:o} {x:a}
{a} got {x:a} from {c}
{a} borrowed {x:a} from {c}
{c} let {a:o} have {x:a}
""",
    """
? clear_with a x p = p.open=yes
{a} opened the road to {p} and met {b} there
{a} cleared the way to {b}
{a} reached {b} on the road that {a:he} had cleared
the way to {p} was free and {b} was glad
""",
)
