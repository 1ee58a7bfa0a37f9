"""Going from place to place and the passing of time, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "go": """
[walked|hurried|ran|marched] to {p} = [caminó|fue deprisa|corrió|marchó] hasta {p}
[set off|left] for {p} = [se puso en camino|salió] hacia {p}
took the [long|short|quick] way to {p} = tomó el camino [largo|corto|rápido] (hasta/hacia) {p}
took the [narrow|stony|sunny|lower] path to {p}
    = tomó el sendero [estrecho|pedregoso|soleado|de abajo] (hasta/hacia) {p}
went down the [lane|road|steep path] to {p} = bajó por [la callejuela|el camino|el sendero empinado] hasta {p}
crossed the fields to {p} = cruzó los campos hasta {p}
turned [left|right] at the crossroads and came to {p}
    = giró a la [izquierda|derecha] en el cruce y llegó a {p}
went over to {p} = (fue/se acercó) a {p}
climbed the wall and went on to {p} = trepó el muro y siguió hasta {p}
followed the stream to {p} = siguió el arroyo hasta {p}
was {p:at} [in no time|ten minutes later] = estuvo {p:at} [en un momento|diez minutos después]
reached {p} [out of breath|with wet feet|in good time]
    = llegó a {p} [sin aliento|con los pies mojados|a tiempo]
walked until {p} came into sight = caminó hasta ver {p}
It was not far to {p}, and {a} [knew the way|walked fast|did not get tired].
    = {p} no (quedaba/estaba) lejos, y {a} [conocía el camino|caminó deprisa|no se cansó].
The road to {p} was [long|dusty|steep], but {a} [hummed a tune|kept going].
    = El camino (a/hasta) {p} era [largo|polvoriento|empinado], pero {a} [tarareó una melodía|siguió adelante].
The road to {p} was [long|dusty|steep], but {a} did not mind.
    = El camino (a/hasta) {p} era [largo|polvoriento|empinado], pero {a:a} no le importó.
The way led {a:o} to {p}. = El camino <a>llevó {a:a} a {p}.
"I will go to {p}," said {a}, and off {a:he} went. = "Iré a {p}", dijo {a}, y se fue.
The clock struck, and {a} started for {p}. = Sonó el reloj, y {a} (salió/partió) hacia {p}.
It took [an hour|ten minutes|half a morning] to reach {p}.
    = Llevó [una hora|diez minutos|media mañana] llegar a {p}.
""",
    "go_together": """
Together {a+b} [walked|went|hurried] to {p}.
    = {a+b} [caminaron|fueron|corrieron] junt@ab hasta {p}.
    = Junt@ab, {a+b} [caminaron|fueron|corrieron] hasta {p}.
{a+b} [raced|walked arm in arm|took the short way|strolled] to {p}.
    = {a+b} [corrieron|caminaron del brazo|tomaron el camino corto|pasearon] hasta {p}.
"Come with me to {p}," said {a}, and {b} came. = "Ven conmigo a {p}", dijo {a}, y {b} fue.
Side by side, {a+b} made the journey to {p}. = Lado a lado, {a+b} hicieron el viaje (a/hasta) {p}.
{a} led the way to {p}, and {b} followed. = {a} abrió el camino (a/hacia) {p}, y {b} fue detrás.
"Shall we go to {p}?" asked {a}, and {b} nodded. = "¿Vamos a {p}?", preguntó {a}, y {b} asintió.
Down the road to {p} went {a+b}. = Por el camino (a/hacia) {p} iban {a+b}.
{b} went along to {p}, two steps behind {a:o}. = {b} fue también a {p}, dos pasos detrás de {a:p}.
""",
    "return": """
[went|walked|ran] back to the house {h:by} = [volvió|volvió caminando|volvió corriendo] a la casa {h:by}
[headed|set out] for home = [se dirigió|se puso en camino] hacia casa
was [soon|at last|finally] back home {h:by}
    = estuvo [pronto|por fin|finalmente] de vuelta en (casa/su casa) {h:by}
came home with [tired legs|muddy boots|an empty stomach|red cheeks]
    = (llegó/volvió) a casa con [las piernas cansadas|las botas embarradas|el estómago vacío|las mejillas rojas]
went [straight|slowly] home = (fue/volvió) [directamente|despacio] a casa
The way home seemed [long|short|endless] to {a:o}.
    = El camino a casa le pareció [largo|corto|interminable] {a:a}.
    = {a:a} le pareció [largo|corto|interminable] el camino a casa.
There was a light in the house {h:by} when {a} came home.
    = Había una luz en la casa {h:by} cuando {a} (llegó/volvió) a casa.
Home again, {a} [took off {a:his} boots|sat down|drank some water|warmed {a:his} hands].
    = De nuevo en casa, {a} [se quitó las botas|se sentó|bebió un poco de agua|se calentó las manos].
""",
    "drop_in": """
Just then {b} came [along|around the corner|up the path].
    = Justo entonces {b} [llegó|dobló la esquina|subió por el sendero].
Then somebody [called|whistled|waved] outside, and that was {b}.
    = Entonces alguien [llamó|silbó|saludó] fuera, y era {b}.
There was a knock, and {b} [came in|looked in|stood outside].
    = Llamaron a la puerta, y {b} [entró|se asomó|estaba fuera].
{b} came by [with a cart|on foot] to see {a:o}. = {b} <a>vino a ver {a:a} [con un carro|a pie].
Footsteps were heard, and then there was {b}. = Se oyeron pasos, y luego apareció {b}.
A [shadow|voice|cough] made {a:o} look up, and there was {b}.
    = Una [sombra|voz|tos] hizo que {a} levantara la vista, y allí estaba {b}.
{a} had a visitor, and that was {b}. = {a} tenía (visita/una visita), y era {b}.
"Is anybody at home?" called {b}. = "¿Hay alguien en casa?", (llamó/gritó) {b}.
"Come out, {a:voc}!" shouted {b}. = "¡Sal, {a:voc}!", gritó {b}.
{a} and {b:n} always met at this hour. = {a} y {b:n} siempre se encontraban a esta hora.
Before long, {b} was sitting next to {a:o}. = Al poco tiempo, {b} estaba sentad@b al lado de {a:p}.
""",
    "noon": """
The morning was soon gone. = La mañana pasó pronto. = Pronto pasó la mañana.
The [church|kitchen] clock struck twelve. = El reloj de la [iglesia|cocina] dio las doce.
The big clock struck twelve. = El gran reloj dio las doce.
Noon came, and the shadows were short. = Llegó el mediodía, y las sombras eran cortas.
The sun climbed, and it was afternoon. = El sol subió, y llegó la tarde.
""",
    "evening": """
The sky [turned pink|grew dark|filled with stars] as evening came.
    = El cielo [se puso rosa|se oscureció|se llenó de estrellas] (cuando llegó la noche/al caer la noche).
One by one, the lamps were lit.
    = Una a una, se encendieron las lámparas.
    = Las lámparas se encendieron una a una.
The sun went down behind the roofs.
    = El sol se puso detrás de los tejados.
    = Se puso el sol detrás de los tejados.
Bats [flew|danced|darted] about in the dusk.
    = Los murciélagos [volaban|bailaban|revoloteaban] en el crepúsculo.
""",
    "next_day": """
The night was [long|short|still], and then it was morning.
    = La noche fue [larga|corta|tranquila], y luego (llegó la mañana/se hizo de día).
A [cock crowed|bell rang|cart rattled], and a new day began.
    = [Cantó un gallo|Sonó una campana|Traqueteó un carro], y (comenzó/empezó) un nuevo día.
The next day was [bright|grey|clear]. = El día siguiente fue [luminoso|gris|despejado].
Morning came with [birdsong|thin clouds|a pale sun|dew on the grass].
    = Llegó la mañana con [el canto de los pájaros|nubes finas|un sol pálido|rocío en la hierba].
    = La mañana llegó con [el canto de los pájaros|nubes finas|un sol pálido|rocío en la hierba].
""",
    "days_pass": """
[A week|Some days|Many days] went by. = [Pasó una semana|Pasaron algunos días|Pasaron muchos días].
The moon [grew round|became thin|came and went]. = La luna [se hizo redonda|se hizo fina|vino y se fue].
""",
    "wait": """
waited for [an hour|a long while|ten minutes] = esperó [una hora|un buen rato|diez minutos]
sat down and waited = se sentó y esperó = se sentó a esperar
counted to a hundred = contó hasta cien
walked up and down = (caminó/anduvo) de un lado a otro
kicked a pebble about = dio patadas a una piedrecita
whistled and looked at the clouds = silbó y miró las nubes
Time passed slowly for {a:o}. = El tiempo pasaba despacio para {a:p}.
[Five|Ten|Twenty] minutes went by, and still {a} waited.
    = Pasaron [cinco|diez|veinte] minutos, y {a} seguía esperando.
Waiting was hard for {a:o}. = {a:a} le costaba esperar. = Esperar era difícil para {a:p}.
""",
}
LEADS: dict[str, str] = {
    "noon": """
At noon, = al mediodía,
[After lunch|After the midday bells|When the sun stood high],
    = [después de comer|después de las campanas del mediodía|cuando el sol estaba alto],
In the afternoon, = por la tarde,
When the morning was over, = cuando (terminó/acabó) la mañana,
""",
    "evening": """
[In the|That|Towards] evening, = [por la|esa|hacia la] noche,
When the [sun went down|lamps were lit|shadows grew long],
    = cuando [se puso el sol|se encendieron las lámparas|se alargaron las sombras],
At [dusk|sunset|supper time], = [al anochecer|al ponerse el sol|a la hora de la cena],
Before it was quite dark, = antes de que (oscureciera/anocheciera) del todo,
""",
    "next_day": """
The next [day|morning], = [al día|a la mañana] siguiente,
[Early|Late] the next morning, = [temprano|tarde] a la mañana siguiente,
When a new day came, = cuando llegó un nuevo día,
After a [short|long|quiet|restless] night, = después de una noche [corta|larga|tranquila|inquieta],
At [sunrise|dawn|first light], = [al salir el sol|al amanecer|con la primera luz],
""",
    "days_pass": """
[Three|Four|Ten] days later, = [tres|cuatro|diez] días (después/más tarde),
After [a week|many days|two weeks], = después de [una semana|muchos días|dos semanas],
When the week was over, = cuando (terminó/acabó) la semana,
""",
}
REASONS: dict[str, str] = {}
