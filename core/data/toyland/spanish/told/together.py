"""Meeting, quarrelling, guests, presents, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "meet": """
met {b:o} = se encontró con {b:p}
[ran|walked straight] into {b:o} = se [tropezó|topó de frente] con {b:p}
saw {b:o} and waved = <b>vio {b:a} y saludó con la mano
greeted {b:o} = <b>saludó {b:a}
stopped to talk to {b:o} = se (paró/detuvo) a hablar con {b:p}
lifted one hand to greet {b:n} = levantó una mano para saludar {b:a}
There stood {b}, [humming|smiling|out of breath|with folded arms].
    = Allí estaba {b}, [tarareando|sonriendo|sin aliento|con los brazos cruzados].
{b} was there, [sweeping the steps|eating a plum|mending a sock|talking to a cat|writing a list].
    = Allí estaba {b}, [barriendo los escalones|comiendo una ciruela|remendando un calcetín|hablando con un \
gato|escribiendo una lista].
    = {b} estaba allí, [barriendo los escalones|comiendo una ciruela|remendando un calcetín|hablando con un \
gato|escribiendo una lista].
"Hello, {a:voc}!" called {b}. = "¡Hola, {a:voc}!", (llamó/gritó) {b}.
{a} was greeted by {b:o}. = {b} <a>saludó {a:a}.
Somebody was sitting there, and that was {b}. = Alguien estaba sentado allí, y era {b}.
"Where are you going, {a:voc}?" asked {b}. = "¿Adónde vas, {a:voc}?", preguntó {b}.
""",
    "playmates": """
played {k} with {b:o} = jugó {k} con {b:p}
beat {b:o} at {k} = le ganó {b:a} {k}
taught {b:o} a new way to play {k} = le enseñó {b:a} una nueva manera de jugar {k}
{a+b} played {k} for a while. = {a+b} jugaron {k} un rato.
"Shall we play {k}?" asked {b}, and {a} said yes. = "¿Jugamos {k}?", preguntó {b}, y {a} dijo que sí.
""",
    "quarrel": """
"I want to have {x:full} now!" shouted {a} at {b:o}. = "¡Quiero tener {x:el} ahora!", le gritó {a} {b:a}.
{a+b} quarrelled over {x}. = {a+b} (se pelearon/discutieron) por {x:el}.
"You had {x} all day," said {a} to {b:o}, and so the quarrel began.
    = "Tuviste {x:el} todo el día", le dijo {a} {b:a}, y así (comenzó/empezó) la pelea.
{a+b} both pulled at {x}, and neither let go. = {a+b} tiraron de {x:el}, y nadie cedió.
{a} called {b:o} selfish because of {x}. = {a} <b>llamó egoísta {b:a} por {x:el}.
One angry word about {x} led to another, and soon {a+b} were shouting.
    = Una palabra airada sobre {x:el} llevó a otra, y pronto {a+b} estaban gritando.
""",
    "part": """
{b} turned around and would not speak to {a:o}. = {b} se dio la vuelta y no quiso hablar con {a:p}.
"I never want to see you again," said {a} to {b:o}. = "No quiero volver a verte nunca", le dijo {a} {b:a}.
{a+b} did not look at each other any more. = {a+b} ya no se miraban.
"Then play alone," said {b}. = "Entonces juega por tu cuenta", dijo {b}.
""",
    "lonely": """
missed {b:o} very much = <b>echaba mucho de menos {b:a}
missed {b:o} [more every hour|at supper] = <b>echaba de menos {b:a} [cada hora más|en la cena]
thought of {b:o} all the time = pensaba en {b:p} todo el tiempo
had nobody to [laugh|play|share a joke] with = no tenía con quién [reír|jugar|compartir una broma]
Without {b:o}, nothing was fun. = Sin {b:p}, nada era divertido.
The [house|street] was too quiet without {b:o}. = La [casa|calle] estaba demasiado tranquila sin {b:p}.
"I wonder what {b} is doing," thought {a}. = "Me pregunto qué estará haciendo {b}", pensó {a}.
""",
    "make_up": """
"Friends again?" asked {a}, and {b} was glad. = "¿Amigos otra vez?", preguntó {a}, y {b} se alegró.
{a+b} shook hands and laughed. = {a+b} se dieron la mano y rieron.
"I missed you, {b:voc}," said {a}. = "Te eché de menos, {b:voc}", dijo {a}.
{a+b} hugged and were friends again. = {a+b} se abrazaron y fueron amig@ab otra vez.
""",
    "share": """
{a+b} shared {x} from then on.
    = Desde entonces {a+b} (compartieron/compartían) {x:el}.
    = {a+b} (compartieron/compartían) {x:el} desde entonces.
"One day for me, one day for you," said {a} about {x}.
    = "Un día para mí, un día para ti", dijo {a} sobre {x:el}.
{a+b} agreed to take turns with {x}. = {a+b} acordaron turnarse con {x:el}.
""",
    "stranger": """
{p:at} sat a stranger, and that was {c}. = {p:at} había un@c desconocid@c sentad@c, y era {c}.
A stranger had come to {p}: {c}. = Un@c desconocid@c había llegado a {p}: {c}.
The tired stranger {p:at} was called {c:n}. = {c:el} desconocid@c cansad@c {p:at} se llamaba {c:n}.
""",
    "needs_bed": """
"Is there a bed for me here?" {c} asked {a:o}. = "¿Hay una cama para mí aquí?", le preguntó {c} {a:a}.
"I have walked for three days," said {c} to {a:o}. = "He caminado durante tres días", le dijo {c} {a:a}.
{c} asked {a:o} for [a bed|some bread|a dry corner].
    = {c} le pidió {a:a} [una cama|un poco de pan|un rincón seco].
"I am hungry and cold," {c} said. = "Tengo hambre y frío", dijo {c}.
{c} had nowhere to sleep and told {a:o} so. = {c} no tenía dónde dormir y se lo dijo {a:a}.
""",
    "warn": """
"Be careful with strangers, {a:voc}," said {b}. = "Ten cuidado con los desconocidos, {a:voc}", dijo {b}.
{b} whispered to {a:o} that {c:n} might be a thief. = {b} le susurró {a:a} que {c:n} podía ser un@c ladr@c.
"Lock the door!" {b} warned {a:o}. = "¡Cierra la puerta con llave!", le advirtió {b} {a:a}.
But {b} did not trust {c:n} and told {a:o} so. = Pero {b} no se fiaba de {c:n} y se lo dijo {a:a}.
""",
    "feed": """
gave {c:o} some {k} = le dio {k} {c:a} = le dio {k:poco} {c:a}
shared {k} with {c:o} = compartió {k} con {c:p}
brought {k} and a blanket for {c:o} = trajo {k} y una manta para {c:p}
"Have some {k}," said {a} to {c:o}. = "Toma {k:poco}", le dijo {a} {c:a}.
"Eat," said {a}, and put {k} in front of {c:o}. = "Come", dijo {a}, y puso {k} delante de {c:p}.
{a} brought {k} for {c:o} and asked no questions. = {a} trajo {k} para {c:p} y no hizo preguntas.
""",
    "welcome": """
"Come home with me," said {a} to {c:o}. = "Ven a casa conmigo", le dijo {a} {c:a}.
{a} took {c:o} home to the house {h:by}. = {a} <se c>llevó {c:a} a la casa {h:by}.
"There is room in the house {h:by}," {a} told {c:o}. = "Hay sitio en la casa {h:by}", le dijo {a} {c:a}.
""",
    "ask_whose": """
"Whose {x:bare} is this?" {a} asked {b:o}. = "¿De quién es {x:este}?", le preguntó {a} {b:a}.
{a} showed {x} to {b:o}. = {a} <le x>(mostró/enseñó) {x} {b:a}.
"Do you know this {x:bare}?" {a} asked {b:o}. = "¿Conoces {x:este}?", le preguntó {a} {b:a}.
{a} wanted to know from {b:o} who had lost {x}. = {a} quería saber por {b:p} quién <x>había perdido {x}.
""",
    "tell_lost": """
"I have lost my {x:bare}," said {c} sadly. = "He perdido {x:a mi}", dijo {c} con tristeza.
{c} was sad because of {x}, which had been gone for [days|a week|hours].
    = {c} estaba triste por {x:el}, que faltaba desde hacía [días|una semana|horas].
"Since yesterday my {x:bare} is gone," {c} told {a:o}. = "Desde ayer falta mi {x}", le dijo {c} {a:a}.
{c} was looking for {x:own} everywhere. = {c} <x>buscaba {x} por todas partes.
"How I miss my {x:bare}!" sighed {c}. = "¡Cuánto echo de menos {x:a mi}!", suspiró {c}.
""",
    "miss_lent": """
noticed that {x} was [gone|missing] = (notó/se dio cuenta de) que {x:0} [ya no estaba|faltaba]
looked in vain for {x} = <x>buscó {x} en vano
Suddenly {a} thought of {x}, and turned pale. = De pronto {a} pensó en {x:el}, y se puso pálid@a.
"Where did I leave {x}?" thought {a}. = "¿Dónde <x>dejé {x}?", pensó {a}.
""",
    "send_back": """
"Look once more for {x}," said {b}. = "Busca {x:el} una vez más", dijo {b}.
{b} sent {a:o} to look for {x}. = {b} <a>mandó {a:a} a buscar {x:el}.
"Bring me {x} before night," said {b}. = "Tráeme {x:el} antes de la noche", dijo {b}.
"A promise is a promise, {a:voc}," said {b}. = "Una promesa es una promesa, {a:voc}", dijo {b}.
""",
    "wish_present": """
The next day was {b:s} birthday, and {a} had no present.
    = Al día siguiente era {b:s|el cumpleaños}, y {a} no tenía regalo.
    = Al día siguiente era {b:s|el cumpleaños}, y {a} no tenía ningún regalo.
{a} wanted to surprise {b:n} with a present. = {a} quería sorprender {b:a} con un regalo.
"What shall I give {b:n}?" thought {a}. = "¿Qué le (regalo/regalaré) {b:a}?", pensó {a}.
{b:s} birthday was near, and {a} counted the days. = {b:s|el cumpleaños} estaba cerca, y {a} contaba los días.
No present was good enough for {b:n}, {a} thought.
    = Ningún regalo era (bastante/suficientemente) bueno para {b:p}, pensó {a}.
""",
    "quarrel_past": """
Years ago, {a+b} had quarrelled over {x}. = Hacía años, {a+b} se habían peleado por {x:el}.
{a} had once borrowed {x} from {b:o} and never brought {x:it} back.
    = {a} una vez <le x>había pedido prestad@x {x:el} {b:a} y nunca {x:lo} devolvió.
Because of {x}, {a+b} had not talked for years. = Por culpa de {x:el}, {a+b} no se hablaban desde hacía años.
""",
    "ask_why": """
"Why do you look so sad, {a:voc}?" asked {c}. = "¿Por qué estás tan triste, {a:voc}?", preguntó {c}.
{c} saw at once that something was wrong with {a:o}.
    = {c} vio enseguida que algo le pasaba {a:a}.
    = {c} vio enseguida que le pasaba algo {a:a}.
"Have you no friends?" {c} asked {a:o}. = "¿No tienes amigos?", le preguntó {c} {a:a}.
"What is the matter?" asked {c}, and {a} told the old story.
    = "¿Qué pasa?", preguntó {c}, y {a} contó la vieja historia.
""",
    "ask_for": """
"Do you have any {k}?" {a} asked {c:o}.
    = "¿Tienes {k}?", le preguntó {a} {c:a}.
    = "¿Tienes algo de {k}?", le preguntó {a} {c:a}.
{a} asked {c:o} for {k}. = {a} le pidió {k} {c:a}.
"I need {k}," said {a}. = "Necesito {k}", dijo {a}.
"Only a little {k}, please, {c:voc}," said {a}. = "Solo un poco de {k}, por favor, {c:voc}", dijo {a}.
""",
    "has_none": """
But {b} had no {k} either. = Pero {b} tampoco tenía {k}.
"I used up the last {k} yesterday," {b} answered. = "Ayer gasté {k:el} que quedaba", (respondió/contestó) {b}.
{b} opened every drawer, but found no {k}. = {b} abrió todos los cajones, pero no encontró {k}.
""",
    "seed_gift": """
An old [woman|man|sailor] had given {a:o} the seed of {x:a}.
    = [Una anciana|Un anciano|Un viejo marinero] le había dado {a:a} la semilla de {x}.
{a} owned one seed, the seed of {x:a}. = {a} tenía una semilla, la semilla de {x}.
"From this seed {x:a} will grow," said {a}. = "De esta semilla crecerá {x}", dijo {a}.
In {a:s} pocket was the seed of {x:a}. = En {a:s|el bolsillo} estaba la semilla de {x}.
""",
    "worry_for": """
thought of {x}, out there in the storm = pensó en {x:el}, allí fuera en la tormenta
hoped that {x} was safe = esperaba que {x:0} estuviera a salvo
worried about {x} all night = se preocupó por {x:el} toda la noche
"Is {x} safe?" {a} asked again and again. = "¿Está {x:0} a salvo?", preguntaba {a} una y otra vez.
Only {x} was on {a:s} mind. = {a} solo pensaba en {x:el}.
""",
    "think_of": """
thought of {b:n}, who was alone out there = pensó en {b:p}, que estaba sol@b allí fuera
wanted to know whether {b:n} was safe = quería saber si {b:n} estaba a salvo
"Poor {b:n} is all alone!" said {a}. = "¡{b:el} pobre {b:n} está completamente sol@b!", dijo {a}.
"I must go to {b:n}," said {a}. = "Tengo que ir a ver {b:a}", dijo {a}.
""",
}
REASONS: dict[str, str] = {
    "quarrel": "{a+b} had quarrelled = {a+b} se habían peleado",
    "lonely": "{a} missed {b:o} = {a} <b>echaba de menos {b:a}",
    "make_up": "{a+b} were friends again = {a+b} eran amig@ab otra vez",
    "needs_bed": "{c} was cold and hungry = {c} tenía frío y hambre",
    "feed": "{a} had been kind = {a} había sido amable",
    "welcome": "{a} had been kind = {a} había sido amable",
    "tell_lost": "{c} had lost {x} = {c} <x>había perdido {x}",
    "send_back": "{b} had asked for {x} = {b} había pedido {x:el}",
    "wish_present": "{a} wanted a present for {b:o} = {a} quería un regalo para {b:p}",
    "seed_gift": "{a} had a seed = {a} tenía una semilla",
    "think_of": "{b} was alone = {b} estaba sol@b",
}
LEADS: dict[str, str] = {}
