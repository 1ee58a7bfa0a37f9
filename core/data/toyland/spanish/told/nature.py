"""Weather, passing animals and what happens on the way, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "creature": """
{k:a} {d}. = {k:un} {d}.
{a} stopped to look at {k:a}. = {a} se (paró/detuvo) a mirar {k:un}.
On the way, {a} saw {k:a} that {d}. = En el camino, {a} vio {k:un} que {d}.
Not far off, {k:a} {d}. = No muy lejos, {k:un} {d}.
"Look, {k:a}!" said {a}, but nobody else saw the {k}. = "¡Mira, {k:un}!", dijo {a}, pero nadie más vio {k:el}.
{k:a}, of all things, made {a:o} laugh. = Precisamente {k:un} <a>hizo reír {a:a}.
There was {k:a} [on the fence|in the grass|by the road], and {a} kept quite still.
    = Había {k:un} [en la valla|en la hierba|junto al camino], y {a} se quedó muy quiet@a.
{a} kept still, because {k:a} sat close by. = {a} se quedó quiet@a, porque {k:un} estaba cerca.
For a moment, {a} and {k:a} looked at each other. = Por un momento, {a} y {k:un} se miraron.
""",
    "eat": """
had some {k} = tomó {k} = tomó {k:poco}
stopped for some {k} = se (paró/detuvo) a tomar {k}
smelled {k} and felt hungry = olió {k:el} y sintió hambre
A kind neighbour gave {a:o} some {k}. = Un vecino amable le dio {k} {a:a}.
{a} shared some {k} with a [hungry|wet|friendly] dog.
    = {a} compartió {k} con un perro [hambriento|mojado|amistoso].
{a} had brought some {k} and [ate in the shade|finished every bit|saved a little for later].
    = {a} había traído {k} y [comió a la sombra|lo terminó todo|guardó un poco para después].
"Is there any {k} left?" asked {a}, and there was. = "¿Hay todavía {k}?", preguntó {a}, y había.
"Nothing is better than {k}," said {a} with a full mouth.
    = "No hay nada mejor que {k:el}", dijo {a} con la boca llena.
    = "Nada es mejor que {k:el}", dijo {a} con la boca llena.
Somebody was selling {k}, and {a} had some. = Alguien vendía {k}, y {a} tomó {k:some}.
""",
    "sing": """
[sang|hummed|whistled] {k} = [cantó|tarareó|silbó] {k}
stopped to [sing|whistle] {k} = se paró a [cantar|silbar] {k}
danced a few steps to {k} = bailó unos pasos con {k}
Somebody was singing {k}, and {a} [joined in|listened|clapped].
    = Alguien cantaba {k}, y {a} [se unió|escuchó|aplaudió].
{a} knew {k} by heart and sang loudly. = {a} sabía {k} de memoria y cantó (fuerte/en voz alta).
From an open window came {k}, and {a} stopped to hear the end.
    = De una ventana abierta salía {k}, y {a} se paró a oír el final.
""",
    "rest": """
rested under a [chestnut|lime|birch] tree = descansó debajo de un [castaño|tilo|abedul]
lay down and looked up at the sky = se tumbó y miró (el/al) cielo
closed both eyes for a moment = cerró los ojos (por un/un) momento
sat on a [gate|log|low wall] for a while = se sentó en [una verja|un tronco|un muro bajo] un rato
took a stone out of one shoe = se sacó una piedra del zapato
The grass was soft, and {a} rested a little. = La hierba era blanda, y {a} descansó un poco.
Tired legs made {a:o} sit down. = Las piernas cansadas <a>hicieron sentarse {a:a}.
""",
    "daydream": """
thought about [supper|the sea|far countries|next summer]
    = pensó en [la cena|el mar|países lejanos|el próximo verano]
wished for [wings|a horse|longer legs|a warmer coat]
    = deseó [alas|un caballo|piernas más largas|un abrigo más caliente]
counted the [clouds|chimneys|crows|gates] = contó [las nubes|las chimeneas|los cuervos|las verjas]
"One day I will [see the sea|be a captain|build a house|own a ship]," thought {a}.
    = "Algún día [veré el mar|seré capitán|construiré una casa|tendré un barco]", pensó {a}.
{a:s} thoughts were far away. = {a:s|los pensamientos} estaban muy lejos.
""",
    "rain": """
Rain began to [drum on the roofs|patter on the leaves].
    = La lluvia empezó a [tamborilear en los tejados|golpetear en las hojas].
[Big|Cold|Soft] drops fell from the sky.
    = Del cielo (caían/cayeron) gotas [grandes|frías|suaves].
    = Gotas [grandes|frías|suaves] (caían/cayeron) del cielo.
A [grey|dark|heavy] cloud brought rain. = Una nube [gris|oscura|pesada] trajo lluvia.
""",
    "wind": """
A [cold|strong|sudden] wind blew up. = Se levantó un viento [frío|fuerte|repentino].
The wind [shook the trees|rattled the shutters|blew the leaves about].
    = El viento [sacudió los árboles|hizo sonar las contraventanas|dispersó las hojas].
Somewhere a [gate|door|shutter] banged in the wind.
    = En algún lugar [una verja|una puerta|una contraventana] golpeaba con el viento.
""",
    "sun": """
The sun came out from behind a cloud.
    = El sol salió de detrás de una nube.
    = Salió el sol de detrás de una nube.
The clouds parted, and everything [shone|glittered|looked new].
    = Las nubes se abrieron, y todo [brillaba|relucía|parecía nuevo].
    = Se abrieron las nubes, y todo [brillaba|relucía|parecía nuevo].
A ray of sun fell on the [roofs|road|wet grass].
    = Un rayo de sol cayó sobre [los tejados|el camino|la hierba mojada].
""",
    "storm_warning": """
saw black clouds over the hills = vio nubes negras sobre las colinas
heard thunder far away = oyó truenos a lo lejos
noticed that the birds had stopped singing = (notó/se dio cuenta de) que los pájaros habían dejado de cantar
felt the air grow [heavy|cold|strange] = sintió que el aire se volvía [pesado|frío|extraño]
"[A storm is coming|There will be a storm|That sky means a storm]!" cried {a}.
    = "¡[Viene una tormenta|Habrá una tormenta|Ese cielo anuncia tormenta]!", gritó {a}.
Far away, thunder [rolled|growled|grumbled]. = A lo lejos [retumbaba|gruñía|refunfuñaba] el trueno.
All at once the wind dropped, and everything was still.
    = De golpe el viento cesó, y todo quedó en calma.
    = De golpe cesó el viento, y todo quedó en calma.
A storm was coming, and {a} knew the signs. = Venía una tormenta, y {a} conocía las señales.
""",
    "storm": """
Then the storm [broke|came|was there].
    = Entonces [estalló|llegó|estaba allí] la tormenta.
    = Entonces la tormenta [estalló|llegó|estaba allí].
Thunder [crashed|boomed], and the wind howled.
    = [Estalló|Retumbó] el trueno, y el viento aullaba.
    = El trueno [estalló|retumbó], y el viento aullaba.
Hail [rattled|drummed|danced] on the roofs. = El granizo [repiqueteaba|tamborileaba|bailaba] en los tejados.
The wind tore [tiles from the roofs|branches from the trees|the washing from the lines].
    = El viento arrancó [tejas de los tejados|ramas de los árboles|la ropa de las cuerdas].
The rain fell so hard that nobody could see the road.
    = La lluvia caía tan fuerte que nadie podía ver el camino.
Water ran down the road like a stream. = El agua corría por el camino como un arroyo.
""",
    "blocked": """
A tree [fell|crashed down] and closed the way to {p}. = Un árbol [cayó|se derrumbó] y cerró el camino a {p}.
The water rose, and soon nobody could get to {p}.
    = El agua subió, y pronto nadie podía llegar a {p}.
    = Subió el agua, y pronto nadie podía llegar a {p}.
Mud slid over the road, so the way to {p} was shut.
    = El barro se deslizó sobre la carretera, así que el camino a {p} quedó cerrado.
"The road to {p} is [closed|gone|under water]," somebody called.
    = "El camino a {p} [está cerrado|ha desaparecido|está bajo el agua]", gritó alguien.
""",
    "cleared": """
helped to clear the road to {p} = ayudó a despejar el camino a {p}
dug the road to {p} free with [many neighbours|bare hands|an old spade]
    = despejó el camino a {p} con [muchos vecinos|las manos desnudas|una pala vieja]
pulled the branches off the road to {p} = quitó las ramas del camino a {p}
Many hands cleared the road to {p}, and {a} helped. = Muchas manos despejaron el camino a {p}, y {a} ayudó.
By and by, the way to {p} was open again. = Poco a poco, el camino a {p} quedó abierto (otra vez/de nuevo).
""",
    "clear_with": """
cleared the road to {p} with {x} = despejó el camino a {p} con {x:el}
worked with {x} until the road to {p} was open = trabajó con {x:el} hasta que el camino a {p} estuvo abierto
With {x}, {a} got the branches off the road to {p}.
    = Con {x:el}, {a} quitó las ramas del camino a {p}.
    = {a} quitó las ramas del camino a {p} con {x:el}.
{a} used {x} to open the way to {p}. = {a} usó {x:el} para abrir el camino a {p}.
""",
    "storm_ends": """
At last the storm [passed|was over].
    = Por fin [pasó|terminó] la tormenta.
    = Por fin la tormenta [pasó|terminó].
The thunder [moved off|grew faint|died away] over the hills.
    = El trueno [se alejó|se debilitó|se apagó] sobre las colinas.
The rain stopped, and [birds sang|drops sparkled on every leaf|the air smelled sweet].
    = La lluvia cesó, y [los pájaros cantaban|las gotas brillaban en cada hoja|el aire olía dulce].
    = Cesó la lluvia, y [los pájaros cantaban|las gotas brillaban en cada hoja|el aire olía dulce].
A rainbow stood over the [roofs|fields|village].
    = Había un arco iris sobre [los tejados|los campos|el pueblo].
""",
}
LEADS: dict[str, str] = {
    "rain": """
As [the first drops fell|rain began to fall], = cuando [caían las primeras gotas|la lluvia empezó a caer],
While a light rain fell, = mientras caía una lluvia (ligera/suave),
""",
    "wind": """
As the wind [rose|grew cold|shook the trees],
    = mientras el viento [se levantaba|se enfriaba|sacudía los árboles],
""",
    "sun": """
As the sun [came out|broke through|warmed the stones],
    = cuando el sol [salió|se abrió paso|calentó las piedras],
""",
    "storm_ends": """
When the storm was over, = cuando (terminó/acabó) la tormenta,
After the last thunder, = después del último trueno,
As soon as the rain stopped, = en cuanto (cesó/paró) la lluvia,
""",
}
REASONS: dict[str, str] = {
    "storm_warning": "a storm was coming = venía una tormenta",
    "blocked": "the way to {p} was closed = el camino a {p} estaba cerrado",
    "clear_with": "the way to {p} was open again = el camino a {p} estaba abierto (otra vez/de nuevo)",
}
