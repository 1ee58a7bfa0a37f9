"""How a story begins and ends."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "open",
    "a h",
    need="a.where=h",
    say="""
Once upon a time, {a} lived {h:by}.
Once upon a time, {a} [lived|had a home] in a [little|low|crooked|bright] house {h:by}.
Once upon a time, in a house {h:by}, there lived somebody called {a:n}.
Once upon a time, long before the new road, {a} lived {h:by}.
Once upon a time, there was [a small house|a low roof|an open window] {h:by}, and {a} lived there.
{a} lived {h:by}, in a house with a [crooked|tall|smoking] chimney.
{a} lived {h:by} and knew every [path|stone|tree|cat] there.
In a [narrow|tidy|noisy|cosy] house {h:by} lived {a}.
Everybody {h:by} knew {a}.
On a {w} {t}, {a} stood at the window and looked out.
It was a {w} {t}, and {a} [was in a good mood|had nothing to do|was up early|sat on the step].
One {w} {t}, {a} woke to the sound of [a cart|church bells|a barking dog|falling tiles|loud voices].
One {w} {t}, {a} stepped out of the house {h:by}.
This is the story of {a}, who lived {h:by}.
{a} had lived {h:by} for [a year|five years|a long time|one summer].
The {t} was {w}, and {a} had [a plan|a secret|nothing to do|a free day|an idea].
The house {h:by} was small, but {a} liked [the stairs|the view|the warm kitchen|the creaking floor].
{a} opened the door of the house {h:by} and looked out at the {w} {t}.
Nobody {h:by} got up as early as {a}.
There was a [lamp|flag|bell|wooden sign] outside the house {h:by} where {a} lived.
On {w:a} day like this, {a} liked to sit outside and think.
""",
)

event(
    "open_with",
    "a x h",
    need="a.where=h; x.owner=a; x.where=a",
    say="""
Once upon a time, {a} had {x:a}.
Once upon a time, {a} [owned|was given|looked after] {x:a}.
Once upon a time, there was {x:a}, and {x} belonged to {a:o}.
Once upon a time, {a} lived {h:by} and had {x:a}.
Once upon a time, {a} [lived alone|lived happily] {h:by} with {x:a}.
{a} lived {h:by} and owned {x:a}.
{a} had many things, but none was as dear as {x:own}.
Of all things {h:by}, {a} loved {x:own} best.
On {a:s} last birthday, {a} had been given {x:a}.
On {w:a} {t}, {a} left the house with {x:own}.
One {w} {t}, {a} showed everybody {x:own}.
{a} never went anywhere without {x:own}.
In a house {h:by}, {a} kept {x:a}.
It was a {w} {t}, and {a} wanted to {x:use} {x:own}.
What {a} liked best in the world was {x:own}.
{x:own} was {a:s} greatest [joy|treasure|pride].
That {t} was {w}, just right to {x:use} {x:a}, and {a} had one.
Everybody {h:by} knew {a} and {x:own}.
{a} took good care of {x:own}, day and night.
The {t} was {w}, and {a} could not wait to {x:use} {x:own}.
There was nobody {h:by} who had not heard of {a} and {x:own}.
""",
)

event(
    "cherish",
    "a x",
    need="x.owner=a",
    vp="""
had [got|inherited] {x} from an [aunt|uncle|old sailor]
[looked at|cleaned|counted the scratches on] {x} every evening
would not have given {x} away for [a bag of gold|the whole world|a hundred coins]
kept {x} [close at night|away from the rain|safe and clean]
""",
    say="""
{x} had [once|long ago] belonged to {a:s} [grandfather|grandmother|great-aunt].
There was no other like {x} for miles.
Nothing made {a:o} [happier|prouder] than {x}.
{a:s} [friends|cousins|neighbours] all [envied|admired] {x}.
""",
)

event(
    "end_happy",
    "a",
    effect="a.mood=happy",
    say="""
From that day on, {a} [smiled more often|slept well|was never lonely|sang every morning].
{a} had never been [happier|so content|so glad].
That night {a} slept [soundly|like a stone|with a smile].
It had been a long day, but a good one.
{a} could not stop smiling all evening.
And that was how everything came right for {a:o}.
All was well again.
"What a day!" said {a}.
"{a:I} will [remember|never forget] this day," thought {a}.
{a} told the story again and again that winter.
Perhaps {a} is smiling still.
So everything ended [well|better than anybody had hoped|with laughter].
{a} [hung up {a:s} coat|closed the door|lit the lamp|sat down by the fire] and smiled.
Long after that, people still talked about {a:o}.
[The stars came out|The moon rose|The lamps were lit], and {a} was happy.
Everybody [clapped|cheered|laughed with joy].
Nobody could have asked for a better end.
{a} danced [around the room|in the street|on the spot] for joy.
{a:s} heart felt [light|warm].
Some days begin badly and end well, and this was one.
That was the end of the trouble.
There was [cake|music|dancing] in the evening for {a:o} and for everybody else.
""",
)

event(
    "end_effort",
    "a",
    effect="a.mood=proud",
    say="""
Good things take time, and {a} knew that now.
"It was worth the [trouble|work|wait]," said {a}.
{a} had [worked|hoped|waited] for this, and not in vain.
Patience had paid, and {a} was proud.
"{a:I} did not give up," said {a}, and slept [well|deeply] that night.
"Who tries, wins," said {a}.
{a} told everybody [how that had come about|the whole story|about that long day].
Nothing tastes as sweet as what one has worked for, thought {a}.
After that, {a} was more [patient|cheerful|hopeful] than before.
What {a} had wished for had come true.
A wish had come true, and {a} [went to bed happy|sang in the bath|hugged the cat].
""",
)
event(
    "end_lesson",
    "a",
    effect="a.mood=happy",
    say="""
{a} never made that mistake again.
{a} had learned something that day.
"Next time {a:I} will [think first|be more careful|ask for help]," said {a}.
"A friend is worth more than [gold|a prize|any toy]," {a} thought.
After that, {a} was [kinder|wiser|more patient] than before.
{a} had done wrong, but had put things right.
"{a:I} was [foolish|proud|hasty]," said {a}, [laughing|shaking {a:s} head].
It is never too late to put a thing right, as {a} found out.
What {a} learned that day stayed with {a:o}.
{a} kept [every promise|every secret|a cool head] after that day.
""",
)
