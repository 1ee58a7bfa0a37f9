"""Losing, missing, looking for and finding, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "play": """
{x:used} {x} [for an hour|until noon|again and again|with great joy]
    = {x:used} {x:el} [durante una hora|hasta el mediodía|una y otra vez|con gran alegría]
{x:used} {x} and [laughed|sang|forgot the time] = {x:used} {x:el} y [rio|cantó|olvidó la hora]
It was fun to {x:use} {x}, and {a} [laughed|shouted with joy|did not notice the time].
    = Era divertido {x:use} {x:el}, y {a} [rio|gritó de alegría|no notó la hora].
All {t} {a} {x:used} {x}. = Toda la {t} {a} {x:used} {x:el}. = {a} {x:used} {x:el} toda la {t}.
To {x:use} {x} was all that {a} wanted. = {x:use} {x:el} era todo lo que quería {a}.
""",
    "lose": """
But {x} [slipped from|fell out of] {a:s} bag and [landed|came to rest] {s}.
    = Pero {x:0} [se deslizó|se cayó] de {a:s|la bolsa} y [cayó|fue a parar] {s}.
Nobody saw how {x} was left behind, {s}. = Nadie vio cómo {x:0} se quedó atrás, {s}.
{a} put {x} down {s} and forgot about everything else. = {a} <x>dejó {x} {s} y se olvidó de todo lo demás.
When {a} turned away, {x} was still {s}. = Cuando {a} se alejó, {x:0} (seguía/todavía estaba) {s}.
{x} was left lying {s}. = {x:0} quedó tirad@x {s}. = {x:0} se quedó {s}.
A [dog barked|friend called|bell rang], and {a} ran off, while {x} stayed {s}.
    = [Ladró un perro|Llamó un amigo|Sonó una campana], y {a} salió corriendo, mientras {x:0} se quedaba {s}.
{a} did not notice that {x} was still {s}. = {a} no (notó/se dio cuenta de) que {x:0} seguía {s}.
Then {a} left, but {x} lay forgotten {s}. = Luego {a} se fue, pero {x:0} quedó olvidad@x {s}.
Without a sound, {x} ended up {s}. = Sin hacer ruido, {x:0} (acabó/terminó) {s}.
{s} lay {x:full}, while {a} walked on. = {s} estaba {x:0}, mientras {a} seguía caminando.
""",
    "stray": """
But {x} ran off and hid {s}. = Pero {x:0} se escapó y se escondió {s}.
A loud noise frightened {x}, and {x:it} crept away {s}. = Un ruido fuerte <x>asustó {x}, y se escabulló {s}.
While {a} was not looking, {x} crawled away and slept {s}.
    = Mientras {a} no miraba, {x:0} se escabulló y durmió {s}.
{x} pulled free, ran away and stopped only {s}. = {x:0} se soltó, se escapó y solo se detuvo {s}.
Nobody saw {x} slip away to a dark place {s}. = Nadie vio cómo {x:0} se escabullía a un lugar oscuro {s}.
""",
    "miss": """
looked for {x}, but {x:it} was not there = <x>buscó {x}, pero no estaba allí
noticed that {x} was [gone|missing] = (notó/se dio cuenta de) que {x:0} [ya no estaba|faltaba]
looked in every pocket, but {x} was not there = miró en todos los bolsillos, pero {x:0} no estaba allí
"Where is my {x:bare}?" [cried|asked|whispered] {a}. = "¿Dónde está mi {x}?", [gritó|preguntó|susurró] {a}.
Only then did {a} [see|notice|understand] that {x} was gone.
    = Solo entonces {a} [vio|notó|comprendió] que {x:0} ya no estaba.
{x} was gone! = ¡{x:0} ya no estaba!
"Oh no, I have lost my {x:bare}!" said {a}. = "¡Oh, no, he perdido {x:a mi}!", dijo {a}.
{x} was nowhere to be seen. = {x:0} no se veía por ninguna parte. = No se veía {x:0} por ninguna parte.
"Something is missing," said {a}, and then {a:he} knew what. = "Falta algo", dijo {a}, y entonces supo qué.
Where had {x} gone? = ¿Adónde había ido {x:0}?
""",
    "search": """
[looked|searched|felt about] {s}, but {x} was not there = [miró|buscó|palpó] {s}, pero {x:0} no estaba allí
looked {s} and found [nothing|only dust|an old shoe|a rusty nail|two buttons]
    = miró {s} y [no encontró nada|solo encontró polvo|encontró un zapato viejo|encontró un clavo \
oxidado|encontró dos botones]
searched everywhere {p:at}, even {s} = buscó por todas partes {p:at}, incluso {s}
got down on both knees and looked {s} = se puso de rodillas y miró {s}
"Perhaps {x} is {s}," thought {a}, but there was only [dust|a spider|an old coin|a dry leaf].
    = "(Quizá/Tal vez) {x:0} esté {s}", pensó {a}, pero solo había [polvo|una araña|una moneda vieja|una \
hoja seca].
There was nothing {s} but [cobwebs|dead leaves|a sleeping cat|a broken cup].
    = No había nada {s} salvo [telarañas|hojas muertas|un gato dormido|una taza rota].
{x} was not {s}. = {x:0} no estaba {s}.
Was {x} {s}? No. = ¿Estaba {x:0} {s}? No.
High and low {a} searched, but {x} could not be found there.
    = {a} buscó por todas partes, pero {x:0} no aparecía allí.
    = Por todas partes buscó {a}, pero {x:0} no aparecía allí.
Even {s} there was no sign of {x}. = Ni siquiera {s} había rastro de {x:el}.
It was no use, for {x} was not {s}. = No sirvió de nada, (porque/pues) {x:0} no estaba {s}.
""",
    "hint": """
"I saw {x} {p:at}," said {c}. = "<x>vi {x} {p:at}", dijo {c}.
{c} had seen {x} {p:at} and said so. = {c} <x>había visto {x} {p:at} y lo dijo.
"Try {p}," said {c}. "Something like that was lying there."
    = "Prueba en {p}", dijo {c}. "Allí había algo así."
{c} [pointed towards|spoke of|mentioned] {p}, where {x} had been seen.
    = {c} [señaló hacia|habló de|mencionó] {p}, donde alguien <x>había visto {x}.
{c} told {a:o} that {x} was still {p:at}. = {c} le dijo {a:a} que {x:0} (seguía/todavía estaba) {p:at}.
"Somebody left {x:a} {p:at}," {c} said. = "Alguien dejó {x} {p:at}", dijo {c}.
It was {c:n} who had seen {x} {p:at}. = Fue {c} quien <x>había visto {x} {p:at}.
""",
    "remember": """
thought hard and remembered being {p:at} = pensó mucho y recordó (haber estado/que había estado) {p:at}
Suddenly {a} remembered that {x} had been there {p:at}.
    = De pronto {a} recordó que {x:0} había estado allí {p:at}.
"Of course!" cried {a}. "I was {p:at}!" = "¡Claro!", gritó {a}. "¡Estuve {p:at}!"
"I had {x} with me {p:at}," {a} thought. = "Tenía {x:el} conmigo {p:at}", pensó {a}.
Then {a} closed both eyes and saw {p} again. = Entonces {a} cerró los ojos y vio (otra vez/de nuevo) {p}.
""",
    "find": """
And there, {s}, was {x:full}! = ¡Y allí, {s}, estaba {x:0}!
There {x} was, {s}! = ¡Allí estaba {x:0}, {s}!
{x} was {s}, [safe and sound|a little dusty|quite unharmed].
    = {x:0} estaba {s}, [san@x y salv@x|un poco polvorient@x|completamente iles@x].
{a} looked {s}, and there was {x:full}. = {a} miró {s}, y allí estaba {x:0}.
{s}, {a} found {x}. = {s}, {a} <x>encontró {x}. = {a} <x>encontró {x} {s}.
"Here {x} is!" cried {a}, looking {s}. = "¡Aquí está {x:0}!", gritó {a}, mirando {s}.
{a} [found|discovered|saw] {x} {s}. = {a} <x>[encontró|descubrió|vio] {x} {s}.
At last {x} was found {s}. = Por fin {x:0} apareció {s}. = Por fin apareció {x:0} {s}.
"I have found {x}!" [shouted|called|cried] {a}, for {x:it} was {s}.
    = "¡He encontrado {x:al}!", [exclamó|llamó|gritó] {a}, (porque/pues) estaba {s}.
Something was {s}, and {a} saw that the search for {x} was over.
    = Había algo {s}, y {a} vio que la búsqueda de {x:el} había (terminado/acabado).
""",
    "find_other": """
{s}, {b} found {x}. = {s}, {b} <x>encontró {x}. = {b} <x>encontró {x} {s}.
{b} looked {s}, and there was {x:full}. = {b} miró {s}, y allí estaba {x:0}.
That {t}, {b} saw {x} {s} and picked {x:it} up. = Esa {t}, {b} <x>vio {x} {s} y {x:lo} recogió.
It was {b:n} who found {x} {s}. = Fue {b} quien <x>encontró {x} {s}.
"What is this {s}?" said {b}, and took {x} along. = "¿Qué es esto {s}?", dijo {b}, y <se x>llevó {x}.
""",
    "hide": """
{b} hid {x} {s}. = {b} <x>escondió {x} {s}.
{s}, {b} hid {x}. = {s}, {b} <x>escondió {x}. = {b} <x>escondió {x} {s}.
"Nobody will look {s}," {b} thought, and left {x} there. = "Nadie mirará {s}", pensó {b}, y <x>dejó {x} allí.
Quietly {b} put {x} {s}. = En silencio, {b} <x>puso {x} {s}. = {b} <x>puso {x} {s} en silencio.
The place that {b} chose for {x} was {s}. = El lugar que {b} eligió para {x:el} estaba {s}.
Soon {x} was hidden {s}. = Pronto {x:0} estuvo escondid@x {s}.
""",
}
REASONS: dict[str, str] = {
    "lose": "{a} had lost {x} = {a} <x>había perdido {x}",
    "stray": "{x} had run away = {x:0} se había escapado",
    "hint": "{c} had seen {x} {p:at} = {c} <x>había visto {x} {p:at}",
    "remember": "{a} remembered {p} = {a} recordaba {p}",
    "find": "{a} had found {x} = {a} <x>había encontrado {x}",
    "find_other": "{b} had found {x} = {b} <x>había encontrado {x}",
}
LEADS: dict[str, str] = {}
