"""Weather, passing animals and the small things that happen on the way."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "creature",
    "a k d",
    say="""
{k:a} {d}.
{a} stopped to look at {k:a}.
On the way, {a} saw {k:a} that {d}.
Not far off, {k:a} {d}.
"Look, {k:a}!" said {a}, but nobody else saw the {k}.
{k:a}, of all things, made {a:o} laugh.
There was {k:a} [on the fence|in the grass|by the road], and {a} kept quite still.
{a} kept still, because {k:a} sat close by.
{a} counted the steps and nearly ran into {k:a}.
For a moment, {a} and {k:a} looked at each other.
""",
)
event(
    "eat",
    "a k",
    vp="""
had some {k}
stopped for some {k}
smelled {k} and felt hungry
""",
    say="""
{a:s} stomach [rumbled|growled], so {a} had some {k}.
A kind neighbour gave {a:o} some {k}.
{a} shared some {k} with a [hungry|wet|friendly] dog.
The air smelled of {k}, and {a} could not pass without some.
{a} had brought some {k} and [ate in the shade|finished every bit|saved a little for later].
"Is there any {k} left?" asked {a}, and there was.
"Nothing is better than {k}," said {a} with a full mouth.
Somebody was selling {k}, and {a} had some.
""",
)
event(
    "sing",
    "a k",
    vp="""
[sang|hummed|whistled] {k}
stopped to [sing|whistle] {k}
danced a few steps to {k}
""",
    say="""
Somebody was singing {k}, and {a} [joined in|listened|clapped].
{a} knew {k} by heart and sang loudly.
From an open window came {k}, and {a} stopped to hear the end.
""",
)
event(
    "rest",
    "a",
    vp="""
rested under a [chestnut|lime|birch] tree
lay down and looked up at the sky
closed both eyes for a moment
sat on a [gate|log|low wall] for a while
took a stone out of one shoe
""",
    say="""
The grass was soft, and {a} rested a little.
Tired legs made {a:o} sit down.
""",
)
event(
    "daydream",
    "a",
    vp="""
thought about [supper|the sea|far countries|next summer]
wished for [wings|a horse|longer legs|a warmer coat]
counted the [clouds|chimneys|crows|gates]
""",
    say="""
"One day {a:I} will [see the sea|be a captain|build a house|own a ship]," thought {a}.
{a:s} thoughts were far away.
""",
)
event(
    "rain",
    "",
    need="world.weather!=rainy",
    effect="world.weather=rainy",
    lead="""
As [the first drops fell|rain began to fall],
While a light rain fell,
""",
    say="""
Rain began to [fall|drum on the roofs|patter on the leaves].
[Big|Cold|Soft] drops fell from the sky.
A [grey|dark|heavy] cloud brought rain.
""",
)
event(
    "wind",
    "",
    need="world.weather!=windy",
    effect="world.weather=windy",
    lead="""
As the wind [rose|grew cold|shook the trees],
""",
    say="""
A [cold|strong|sudden] wind blew up.
The wind [shook the trees|rattled the shutters|blew the leaves about].
Somewhere a [gate|door|shutter] banged in the wind.
""",
)
event(
    "sun",
    "",
    need="world.weather!=sunny",
    effect="world.weather=sunny",
    lead="""
As the sun [came out|broke through|warmed the stones],
""",
    say="""
The sun came out from behind a cloud.
The clouds parted, and everything [shone|glittered|looked new].
A ray of sun fell on the [roofs|road|wet grass].
""",
)
event(
    "storm_warning",
    "a",
    effect="world.weather=stormy; a.mood=worried",
    vp="""
saw black clouds over the hills
heard thunder far away
noticed that the birds had stopped singing
felt the air grow [heavy|cold|strange]
""",
    say="""
"[A storm is coming|There will be a storm|That sky means a storm]!" cried {a}.
Far away, thunder [rolled|growled|grumbled].
The sky turned [dark as ink|yellow and black|black from end to end].
All at once the wind dropped, and everything was still.
A storm was coming, and {a} knew the signs.
The leaves turned over, as leaves do before a storm.
""",
    reason="a storm was coming",
    did="the storm came near",
)
event(
    "storm",
    "",
    effect="world.weather=stormy",
    say="""
Then the storm [broke|came|was there].
Lightning [split|lit|tore] the sky, and rain came down in sheets.
Thunder [crashed|boomed|shook the windows], and the wind howled.
Hail [rattled|drummed|danced] on the roofs.
The wind tore [tiles from the roofs|branches from the trees|the washing from the lines].
The rain fell so hard that nobody could see the road.
Water ran down the road like a stream.
""",
    did="the storm broke",
)
event(
    "blocked",
    "p",
    need="p.open=yes",
    effect="p.open=no",
    say="""
A tree [fell|crashed down] and closed the way to {p}.
The water rose, and soon nobody could get to {p}.
Mud slid over the road, so the way to {p} was shut.
"The road to {p} is [closed|gone|under water]," somebody called.
""",
    reason="the way to {p} was closed",
    did="the way to {p} was closed",
)
event(
    "cleared",
    "a p",
    need="p.open=no",
    effect="p.open=yes",
    vp="""
helped to clear the road to {p}
dug the road to {p} free with [many neighbours|bare hands|an old spade]
pulled the branches off the road to {p}
""",
    say="""
Many hands cleared the road to {p}, and {a} helped.
By and by, the way to {p} was open again.
""",
    did="the way to {p} was cleared",
)
event(
    "clear_with",
    "a x p",
    need="x.where=a; p.open=no",
    effect="p.open=yes",
    vp="""
cleared the road to {p} with {x}
worked with {x} until the road to {p} was open
""",
    say="""
With {x}, {a} got the branches off the road to {p}.
It took an hour, but {x} was a great help, and the road to {p} was free.
{a} used {x} to open the way to {p}.
How useful {x} was! {a} soon cleared the way to {p}.
""",
    reason="the way to {p} was open again",
    did="{a} cleared the way to {p}",
)
event(
    "storm_ends",
    "",
    effect="world.weather=clear",
    say="""
At last the storm [passed|was over|blew itself out].
The thunder [moved off|grew faint|died away] over the hills.
The rain stopped, and [birds sang|drops sparkled on every leaf|the air smelled sweet].
A rainbow stood over the [roofs|fields|village].
""",
    lead="""
When the storm was over,
After the last thunder,
As soon as the rain stopped,
""",
    did="the storm ended",
)
