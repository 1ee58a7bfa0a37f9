"""How a story begins and ends, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "open": """
Once upon a time, {a} lived {h:by}.
    = Érase una vez {a}, que vivía {h:by}.
    = Había una vez {a:p}, que vivía {h:by}.
Once upon a time, {a} [lived|had a home] in a [little|low|crooked|bright] house {h:by}.
    = Érase una vez {a}, que [vivía|tenía un hogar] en una casa [pequeña|baja|torcida|luminosa] {h:by}.
Once upon a time, long before the new road, {a} lived {h:by}.
    = Érase una vez, mucho antes del nuevo camino, {a}, que vivía {h:by}.
{a} lived {h:by}, in a house with a [crooked|tall|smoking] chimney.
    = {a} vivía {h:by}, en una casa con una chimenea [torcida|alta|humeante].
{a} lived {h:by} and knew every [path|stone|tree|cat] there.
    = {a} vivía {h:by} y conocía cada [sendero|piedra|árbol|gato] de allí.
In a [narrow|tidy|noisy|cosy] house {h:by} lived {a}.
    = En una casa [estrecha|ordenada|ruidosa|acogedora] {h:by} vivía {a}.
Everybody {h:by} knew {a}. = Todos {h:by} conocían {a:a}. = Todo el mundo {h:by} conocía {a:a}.
On a {w} {t}, {a} stood at the window and looked out.
    = Una {t} {w}, {a} estaba en la ventana y miraba hacia fuera.
It was a {w} {t}, and {a} [was in a good mood|had nothing to do|was up early|sat on the step].
    = Era una {t} {w}, y {a} [estaba de buen humor|no tenía nada que hacer|se había levantado \
temprano|estaba sentad@a en el escalón].
One {w} {t}, {a} woke to the sound of [a cart|church bells|a barking dog|falling tiles|loud voices].
    = Una {t} {w}, {a} se despertó con el ruido de [un carro|las campanas de la iglesia|un perro que \
ladraba|tejas que caían|voces fuertes].
One {w} {t}, {a} stepped out of the house {h:by}. = Una {t} {w}, {a} salió de la casa {h:by}.
This is the story of {a}, who lived {h:by}. = Esta es la historia de {a:p}, que vivía {h:by}.
{a} had lived {h:by} for [a year|five years|a long time|one summer].
    = {a} vivía {h:by} desde hacía [un año|cinco años|mucho tiempo|un verano].
    = {a} llevaba [un año|cinco años|mucho tiempo|un verano] viviendo {h:by}.
The {t} was {w}, and {a} had [a plan|a secret|nothing to do|a free day|an idea].
    = La {t} era {w}, y {a} [tenía un plan|tenía un secreto|no tenía nada que hacer|tenía un día \
libre|tenía una idea].
The house {h:by} was small, but {a} liked [the stairs|the view|the warm kitchen|the creaking floor].
    = La casa {h:by} era pequeña, pero {a:a} le [gustaba la escalera|gustaba la vista|gustaba la cocina \
caliente|gustaba el suelo que crujía].
{a} opened the door of the house {h:by} and looked out at the {w} {t}.
    = {a} abrió la puerta de la casa {h:by} y miró la {t} {w}.
Nobody {h:by} got up as early as {a}. = Nadie {h:by} se levantaba tan temprano como {a:p}.
""",
    "open_with": """
Once upon a time, {a} had {x:a}. = Érase una vez {a}, que tenía {x}. = Había una vez {a:p}, que tenía {x}.
Once upon a time, {a} lived {h:by} and had {x:a}. = Érase una vez {a}, que vivía {h:by} y tenía {x}.
Once upon a time, {a} [lived alone|lived happily] {h:by} with {x:a}.
    = Érase una vez {a}, que vivía [sol@a|feliz] {h:by} con {x}.
{a} lived {h:by} and owned {x:a}. = {a} vivía {h:by} y (tenía/poseía) {x}.
Of all things {h:by}, {a} loved {x:own} best. = De todas las cosas {h:by}, lo que más quería {a} era {x:el}.
On {a:s} last birthday, {a:he} had been given {x:a}. = En {a:s|el último cumpleaños}, le habían regalado {x}.
On {w:a} {t}, {a} left the house with {x:own}. = Una {t} {w}, {a} salió de casa con {x:el}.
One {w} {t}, {a} showed everybody {x:own}. = Una {t} {w}, {a} les (mostró/enseñó) a todos {x:el}.
{a} never went anywhere without {x:own}. = {a} nunca iba a ninguna parte sin {x:el}.
In a house {h:by}, {a} kept {x:a}. = En una casa {h:by}, {a} guardaba {x}.
It was a {w} {t}, and {a} wanted to {x:use} {x:own}. = Era una {t} {w}, y {a} quería {x:use} {x:el}.
What {a} liked best in the world was {x:own}. = Lo que más le gustaba {a:a} en el mundo era {x:el}.
Everybody {h:by} knew {a} and {x:own}. = Todos {h:by} conocían {a:a} y {x:el}.
{a} took good care of {x:own}, day and night. = {a} cuidaba bien de {x:el}, día y noche.
The {t} was {w}, and {a} could not wait to {x:use} {x:own}.
    = La {t} era {w}, y {a} no veía la hora de {x:use} {x:el}.
""",
    "cherish": """
had [got|inherited] {x} from an [aunt|uncle|old sailor]
    = había [recibido|heredado] {x:el} de [una tía|un tío|un viejo marinero]
[looked at|cleaned] {x} every evening = <x>[miraba|limpiaba] {x} (todas las noches/cada noche)
would not have given {x} away for [a bag of gold|the whole world|a hundred coins]
    = no habría dado {x:el} por [una bolsa de oro|el mundo entero|cien monedas]
There was no other like {x} for miles. = No había otr@x como {x:el} en millas a la redonda.
Nothing made {a:o} [happier|prouder] than {x}. = Nada <a>hacía más [feliz|orgullos@a] {a:a} que {x:el}.
""",
    "end_happy": """
From that day on, {a} [smiled more often|slept well|was never lonely|sang every morning].
    = Desde ese día, {a} [sonrió más a menudo|durmió bien|nunca se sintió sol@a|cantó cada mañana].
{a} had never been [happier|so content|so glad].
    = {a} nunca había estado [más feliz|tan content@a|tan alegre].
    = Nunca había estado {a} [más feliz|tan content@a|tan alegre].
That night {a} slept [soundly|like a stone|with a smile].
    = Esa noche {a} durmió [profundamente|como una piedra|con una sonrisa].
It had been a long day, but a good one. = Había sido un día largo, pero bueno.
{a} could not stop smiling all evening. = {a} no pudo dejar de sonreír en toda la noche.
All was well again. = Todo estaba bien otra vez. = Todo estaba bien de nuevo.
"What a day!" said {a}. = "¡Qué día!", dijo {a}.
"I will [remember|never forget] this day," thought {a}. = "[Recordaré|Nunca olvidaré] este día", pensó {a}.
{a} told the story again and again that winter. = {a} contó la historia una y otra vez ese invierno.
Perhaps {a} is smiling still. = Quizá {a} todavía (sonría/esté sonriendo).
So everything ended [well|with laughter]. = Así todo (terminó/acabó) [bien|con risas].
{a} [hung up {a:his} coat|closed the door|lit the lamp|sat down by the fire] and smiled.
    = {a} [colgó el abrigo|cerró la puerta|encendió la lámpara|se sentó junto al fuego] y sonrió.
Long after that, people still talked about {a:o}. = Mucho después, la gente todavía hablaba de {a:p}.
[The stars came out|The moon rose|The lamps were lit], and {a} was happy.
    = [Salieron las estrellas|Salió la luna|Se encendieron las lámparas], y {a} estaba feliz.
{a} danced [around the room|in the street] for joy. = {a} bailó de alegría [por la habitación|en la calle].
{a:s} heart felt light. = {a:a} el corazón le pesaba menos.
That was the end of the trouble. = Ese fue el fin de los problemas.
""",
    "end_effort": """
Good things take time, and {a} knew that now.
    = Las cosas buenas necesitan tiempo, y {a} ahora lo sabía.
    = Las cosas buenas necesitan tiempo, y ahora {a} lo sabía.
"It was worth the [trouble|work|wait]," said {a}.
    = "Valió la pena [el esfuerzo|el trabajo|la espera]", dijo {a}.
{a} had [worked|hoped|waited] for this, and not in vain.
    = {a} había [trabajado para|confiado en|esperado] esto, y no en vano.
Patience had paid, and {a} was proud. = La paciencia había valido la pena, y {a} estaba orgullos@a.
"I did not give up," said {a}, and slept [well|deeply] that night.
    = "No me rendí", dijo {a}, y durmió [bien|profundamente] esa noche.
"Who tries, wins," said {a}. = "Quien lo intenta, gana", dijo {a}.
{a} told everybody [the whole story|about that long day].
    = {a} les contó a todos [toda la historia|ese largo día].
After that, {a} was more [patient|cheerful|hopeful] than before.
    = Después de eso, {a} era más [paciente|alegre|optimista] que antes.
What {a} had wished for had come true.
    = Se había cumplido lo que {a} había deseado.
    = Lo que {a} había deseado se había cumplido.
A wish had come true, and {a} [went to bed happy|sang in the bath|hugged the cat].
    = Se había cumplido un deseo, y {a} [se acostó feliz|cantó en el baño|abrazó al gato].
""",
    "end_lesson": """
{a} never made that mistake again. = {a} nunca volvió a cometer ese error.
{a} had learned something that day. = {a} había aprendido algo ese día. = Ese día {a} había aprendido algo.
"Next time I will [think first|be more careful|ask for help]," said {a}.
    = "La próxima vez [pensaré primero|tendré más cuidado|pediré ayuda]", dijo {a}.
"A friend is worth more than [gold|a prize|any toy]," {a} thought.
    = "Un amigo vale más que [el oro|un premio|cualquier juguete]", pensó {a}.
After that, {a} was [kinder|wiser|more patient] than before.
    = Después de eso, {a} era más [amable|sabi@a|paciente] que antes.
{a} had done wrong, but had put things right. = {a} había hecho mal, pero había arreglado las cosas.
"I was [foolish|proud|hasty]," said {a}, [laughing|shaking {a:his} head].
    = "Fui [tont@a|orgullos@a|impaciente]", dijo {a}, [riendo|negando con la cabeza].
{a} kept [every promise|every secret] after that day.
    = {a} guardó [cada promesa|cada secreto] después de ese día.
""",
}
REASONS: dict[str, str] = {}
LEADS: dict[str, str] = {}
