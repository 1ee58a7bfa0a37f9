"""Going from place to place, and the passing of time."""

from __future__ import annotations

from core.data.toyland.event import event

event(
    "go",
    "a p",
    need="a.at!=p; p.open=yes",
    effect="a.where=p",
    vp="""
[walked|hurried|ran|marched|strolled] to {p}
[set off|left] for {p}
took the [long|short|quick] way to {p}
took the [narrow|stony|sunny|lower] path to {p}
went down the [lane|road|steep path] to {p}
[rode a cart|rode on a milk wagon|got a ride] to {p}
hopped and skipped to {p}
crossed the fields to {p}
[hurried|trudged|walked] on until {p} was near
turned [left|right] at the crossroads and came to {p}
went over to {p}
climbed the wall and went on to {p}
followed the stream to {p}
was {p:at} [in no time|ten minutes later|before the clock struck again]
reached {p} [out of breath|with wet feet|with a stone in one shoe|in good time]
walked until {p} came into sight
took a [cart track|shady lane|muddy path] to {p}
""",
    say="""
It was not far to {p}, and {a} [knew the way|walked fast|did not get tired].
The road to {p} was [long|dusty|steep|empty|full of puddles], but {a} [did not mind|hummed a tune|kept going].
The way led {a:o} to {p}.
To {p} {a} went, as fast as [the wind|those legs could run|a hare].
"{a:I} will go to {p}," said {a}, and off {a} went.
The clock struck, and {a} started for {p}.
It took [an hour|ten minutes|half a morning] to reach {p}.
""",
    did="{a} went to {p}",
)

event(
    "go_together",
    "a b p",
    need="a.at=b.at; a.at!=p; p.open=yes",
    effect="a.where=p; b.where=p",
    say="""
Together {a+b} [walked|went|hurried|set out] to {p}.
{a+b} [raced|walked arm in arm|took the short way|strolled] to {p}.
"Come with {a:me} to {p}," said {a}, and {b} came.
Side by side, {a+b} made the journey to {p}.
{a} led the way to {p}, and {b} followed.
"Shall {a:we} go to {p}?" asked {a}, and {b} nodded.
Down the road to {p} went {a+b}.
{b} went along to {p}, two steps behind {a:o}.
""",
    did="{a} and {b} went to {p}",
)

event(
    "return",
    "a h",
    need="a.at!=h; h.open=yes",
    effect="a.where=h",
    vp="""
[went|walked|ran|trotted] back to the house {h:by}
[turned|headed|set out] for home
was [soon|at last|finally] back home {h:by}
came home with [tired legs|muddy boots|an empty stomach|red cheeks]
went [straight|slowly] home
""",
    say="""
The way home seemed [long|short|endless] to {a:o}.
There was a light in the house {h:by} when {a} came home.
Home again, {a} [took off {a:s} boots|sat down|drank some water|warmed {a:s} hands].
""",
    did="{a} went home",
)

event(
    "drop_in",
    "b a",
    need="a.at=b.at",
    say="""
Just then {b} came [along|by|around the corner|up the path].
Then somebody [called|whistled|waved] outside, and that was {b}.
There was a knock, and {b} [came in|looked in|stood outside].
{b} came by [with a cart|on foot|with a loaf under one arm] to see {a:o}.
Who should come by but {b}?
Footsteps were heard, and then there was {b}.
A [shadow|voice|cough] made {a:o} look up, and there was {b}.
{a} had a visitor, and that was {b}.
"Is anybody at home?" called {b}.
"Come out, {a:voc}!" shouted {b}.
{a} and {b:n} always met at this hour.
Before long, {b} was sitting next to {a:o}.
""",
    did="{b} came to {a}",
)

event(
    "noon",
    "",
    need="world.time=morning",
    effect="world.time=afternoon",
    lead="""
At noon,
[After lunch|After the midday bells|When the sun stood high],
In the afternoon,
When the morning was over,
""",
    say="""
The morning [passed|went by|was soon gone].
The [church clock|kitchen clock|big clock] struck twelve.
Noon came, and the shadows were short.
The sun climbed, and it was afternoon.
""",
)
event(
    "evening",
    "",
    need="world.time!=evening",
    effect="world.time=evening",
    lead="""
[In the|That|Towards] evening,
When the [sun went down|lamps were lit|shadows grew long],
At [dusk|sunset|supper time],
Before it was quite dark,
""",
    say="""
The sky [turned pink|grew dark|filled with stars] as evening came.
Evening [fell|came slowly|came early].
One by one, the lamps were lit.
The sun went down behind the roofs.
Bats [flew|danced|darted] about in the dusk.
""",
)
event(
    "next_day",
    "",
    effect="world.time=morning",
    lead="""
The next [day|morning],
[Early|Late] the next morning,
When a new day came,
After a [short|long|quiet|restless] night,
At [sunrise|dawn|first light],
""",
    say="""
The night was [long|short|still], and then it was morning.
A [cock crowed|bell rang|cart rattled], and a new day began.
The next day was [bright|grey|clear].
Morning came with [birdsong|thin clouds|a pale sun|dew on the grass].
""",
)
event(
    "days_pass",
    "",
    effect="world.time=morning",
    lead="""
[Three|Four|Ten] days later,
After [a week|many days|two weeks],
When the week was over,
""",
    say="""
[A week|Some days|Many days] went by.
Day after day passed.
The moon [grew round|became thin|came and went].
""",
)
event(
    "wait",
    "a",
    vp="""
waited for [an hour|a long while|ten minutes]
sat down and waited
counted to a hundred
walked up and down
kicked a pebble about
whistled and looked at the clouds
""",
    say="""
Time passed slowly for {a:o}.
[Five|Ten|Twenty] minutes went by, and still {a} waited.
Waiting was hard for {a:o}.
""",
)
