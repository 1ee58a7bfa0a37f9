"""Asking, telling, promising, betting, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "ask_seen": """
"Have you seen my {x:bare}?" {a} asked {b:o}. = "¿Has visto {x:a mi}?", le preguntó {a} {b:a}.
{a} asked {b:o} about {x}. = {a} le preguntó {b:a} por {x:el}.
"{b:voc}, do you know where {x} is?" asked {a}. = "{b:voc}, ¿sabes dónde está {x:0}?", preguntó {a}.
{a} wanted to know whether {b} had seen {x}. = {a} quería saber si {b} <x>había visto {x}.
"I am looking for my {x:bare}," {a} told {b:o}. = "(Busco/Estoy buscando) {x:a mi}", le dijo {a} {b:a}.
{a} begged {b:o} to watch out for {x}. = {a} le rogó {b:a} que estuviera atent@b a {x:el}.
""",
    "not_seen": """
"I have seen nothing," said {b}. = "No he visto nada", dijo {b}.
{b} [shook {b:his} head|had seen nothing|could not help].
    = {b} [negó con la cabeza|no había visto nada|no podía ayudar].
"I wish I knew," {b} answered. = "Ojalá lo supiera", (respondió/contestó) {b}.
"Not today," said {b}. "But do not give up!" = "Hoy no", dijo {b}. "¡Pero no te rindas!"
{b} thought hard but could not remember. = {b} pensó mucho, pero no pudo (recordar/recordarlo).
{b} had seen many things that day, but not that one. = {b} había visto muchas cosas ese día, pero no esa.
"Sorry," said {b}. "I have been asleep." = "Lo siento", dijo {b}. "He estado durmiendo."
""",
    "not_know": """
"I have never seen {x} before," said {b}. = "Nunca <x>he visto {x} antes", dijo {b}.
{b} could not say who owned {x}. = {b} no (pudo/sabía) decir de quién era {x:0}.
"Somebody will be missing {x}," {b} answered. = "Alguien echará de menos {x:el}", (respondió/contestó) {b}.
""",
    "offer_help": """
"I will help you," said {b}. = "Te ayudaré", dijo {b}.
"Two see more than one," said {b}, and came along. = "Dos ven más que uno", dijo {b}, y vino también.
{b} offered to help {a:n}. = {b} se ofreció a ayudar {a:a}.
"Don't worry, {a:voc}," {b} said. "We will manage."
    = "No te preocupes, {a:voc}", dijo {b}. "Lo conseguiremos."
"Let me help," said {b}. = "Déjame ayudar", dijo {b}.
{b} put one hand on {a:s} shoulder and promised to help.
    = {b} puso una mano en {a:s|el hombro} y prometió ayudar.
    = {b} le puso una mano en el hombro {a:a} y prometió ayudar.
""",
    "promise": """
"I promise," said {a}, and {b} was content. = "Lo prometo", dijo {a}, y {b} quedó content@b.
{a} gave {b:o} {a:his} word. = {a} le dio su palabra {b:a}.
"You can trust me," {a} told {b:o}. = "Puedes confiar en mí", le dijo {a} {b:a}.
{a} promised {b:o} to be careful.
    = {a} le prometió {b:a} tener cuidado.
    = {a} le prometió {b:a} que tendría cuidado.
"Word of honour?" asked {b}. "Word of honour!" said {a}.
    = "¿Palabra de honor?", preguntó {b}. "¡Palabra de honor!", dijo {a}.
{a} put one hand on {a:his} heart and promised {b:o} to come back.
    = {a} se puso una mano en el corazón y le prometió {b:a} (volver/que volvería).
""",
    "promise_care": """
"I promise to look after {x}," said {a} to {b:o}. = "Prometo cuidar de {x:el}", le dijo {a} {b:a}.
{a} promised {b:o} to take good care of {x}.
    = {a} le prometió {b:a} cuidar bien de {x:el}.
    = {a} le prometió {b:a} que cuidaría bien de {x:el}.
"Nothing will happen to your {x:bare}," {a} promised. = "No le pasará nada a tu {x}", prometió {a}.
"I will guard {x} well," said {a}, and {b} believed {a:him}.
    = "Guardaré bien {x:el}", dijo {a}, y {b} le creyó.
{a} gave {b:o} {a:his} word that {x} would be safe.
    = {a} le dio su palabra {b:a} de que {x:0} estaría a salvo.
"Look after my {x:bare}," said {b}, and {a} promised that. = "Cuida de mi {x}", dijo {b}, y {a} lo prometió.
""",
    "confess": """
"I must tell you something about your {x:bare}," {a} said to {b:o}.
    = "Tengo que contarte algo sobre tu {x}", le dijo {a} {b:a}.
{a} told {b:o} everything. = {a} le contó todo {b:a}. = {a} se lo contó todo {b:a}.
{a} looked {b:o} in the eye and told the truth about {x}.
    = {a} <b>miró {b:a} a los ojos y (dijo/contó) la verdad sobre {x:el}.
"Please don't be angry," said {a} to {b:o}, and told the whole story.
    = "Por favor, no te enfades", le dijo {a} {b:a}, y contó toda la historia.
{a} found no easy words, but told {b:o} the truth about {x}.
    = {a} no encontró palabras fáciles, pero le (dijo/contó) {b:a} la verdad sobre {x:el}.
""",
    "forgive": """
"I forgive you," said {b}. = "Te perdono", dijo {b}.
{b} forgave {a:o}. = {b} <a>perdonó {a:a}.
"Things break, but friends stay," said {b}. = "Las cosas se rompen, pero los amigos quedan", dijo {b}.
{b} was quiet for a while and then [smiled|laughed].
    = {b} (estuvo callad@b/guardó silencio) un rato y luego [sonrió|rio].
"Thank you for telling me," {b} said to {a:o}. = "Gracias por (contármelo/decírmelo)", le dijo {b} {a:a}.
"Never mind, {a:voc}," said {b}. = "No importa, {a:voc}", dijo {b}.
{b} could not stay angry for long. = {b} no pudo seguir enfadad@b mucho tiempo.
"Forgiven and forgotten," {b} told {a:o}. = "Perdonado y olvidado", le dijo {b} {a:a}.
""",
    "bet": """
"I am better at {k} than you," said {a} to {b:o}. = "Soy mejor que tú {k:ndo}", le dijo {a} {b:a}.
"Nobody beats me at {k}," {b} boasted, but {a} only laughed.
    = "Nadie me gana a {k}", presumió {b}, pero {a} solo rio.
"I bet I can beat you at {k}," said {a}, and {b} agreed.
    = "Apuesto a que puedo ganarte a {k}", dijo {a}, y {b} aceptó.
Who was better at {k}? {a+b} made a bet. = ¿Quién era mejor {k:ndo}? {a+b} hicieron una apuesta.
""",
    "stake": """
If {a} lost, {x} would go to {b:o}, and if {a:he} won, {a:he} would get {y}.
    = Si {a} perdía, {x:0} sería para {b:p}, y si ganaba, recibiría {y:el}.
"My {x:bare} against your {y:bare}!" said {a}. = "¡Mi {x} contra tu {y}!", dijo {a}.
The prize for {a:o} would be {y}, and the prize for {b:o} would be {x}.
    = El premio para {a:p} sería {y:el}, y el premio para {b:p} sería {x:el}.
"The winner gets my {y:bare} and your {x:bare}," said {b}. = "Quien gane recibe mi {y} y tu {x}", dijo {b}.
""",
    "win": """
It was {a:n} who won, and {b} handed {y} over. = Fue {a} quien ganó, y {b} <y>entregó {y}.
"You have won fairly," said {b}, and gave {y} to {a:o}.
    = "Has ganado limpiamente", dijo {b}, y <le y>dio {y} {a:a}.
In the end {a} was better at {k}, and {b} had to give up {y}.
    = Al final {a} fue mejor {k:ndo}, y {b} tuvo que entregar {y:el}.
{b} lost, and {y} went to {a:o}. = {b} perdió, y {y:0} fue para {a:p}.
Everybody shouted for {a:o}, who won the bet and got {y}.
    = Todos gritaron por {a:p}, que ganó la apuesta y recibió {y:el}.
The bet was won by {a:o}, and {b} gave {y} away.
    = {a} ganó la apuesta, y {b} <y>entregó {y}.
    = La apuesta la ganó {a}, y {b} <y>entregó {y}.
""",
    "practise": """
tried {k} again and again = (intentó/probó a) {k} una y otra vez
"Practice helps," thought {a}, and spent the whole {t} {k}.
    = "La práctica ayuda", pensó {a}, y pasó toda la {t} {k:ndo}.
""",
    "advice": """
"Slow and steady," said {c} to {a:o}. = "Despacio y con calma", le dijo {c} {a:a}.
{c} gave {a:o} some good advice. = {c} le dio {a:a} (un buen consejo/buenos consejos).
"Think first, then act," {c} told {a:o}. = "Primero piensa, luego actúa", le dijo {c} {a:a}.
"When I was young, I gave up too soon," said {c}. "Do not do that, {a:voc}."
    = "Cuando era joven, me rendí demasiado pronto", dijo {c}. "No hagas eso, {a:voc}."
{c} [winked|smiled] at {a:o} and said, "You will see."
    = {c} le [guiñó un ojo|sonrió] {a:a} y dijo: "Ya verás."
"Try again tomorrow," was all {c} said. = "Inténtalo (otra vez/de nuevo) mañana", fue todo lo que dijo {c}.
""",
    "praise": """
"You kept your word, {a:voc}," said {b}. = "(Cumpliste/Has cumplido) tu palabra, {a:voc}", dijo {b}.
"I knew that I could trust you," {b} told {a:o}. = "Sabía que podía confiar en ti", le dijo {b} {a:a}.
{b} praised {a:o} before all the neighbours. = {b} <a>elogió {a:a} (ante/delante de) todos los vecinos.
{b} was pleased that {a} had kept the promise. = {b} se alegró de que {a} hubiera cumplido la promesa.
"Next time you may borrow anything," said {b}.
    = "La próxima vez puedes tomar prestado lo que quieras", dijo {b}.
""",
    "refuse": """
"No," said {b}. "Not my {x:bare}." = "No", dijo {b}. "Mi {x} no."
{b} shook {b:his} head and held {x} tight. = {b} negó con la cabeza y <x>sujetó {x} con fuerza.
"You may look at {x}, but not touch," said {b}. = "Puedes mirar {x:el}, pero no tocar", dijo {b}.
{b} would not let go of {x}. = {b} no quería soltar {x:el}.
But {b} did not want to part with {x}. = Pero {b} no quería separarse de {x:el}.
"Not for all the tea in the world," said {b}, and kept {x}.
    = "Ni por todo el té del mundo", dijo {b}, y se quedó con {x:el}.
""",
}
REASONS: dict[str, str] = {
    "promise": "{a} had promised = {a} lo había prometido",
    "promise_care": "{a} had promised to look after {x} = {a} había prometido cuidar de {x:el}",
    "confess": "{a} had told the truth = {a} había dicho la verdad",
    "forgive": "{b} had forgiven {a:o} = {b} <a>había perdonado {a:a}",
    "win": "{a} had won the bet = {a} había ganado la apuesta",
    "praise": "{a} had kept the promise = {a} había cumplido la promesa",
    "refuse": "{b} had said no = {b} había dicho que no",
}
LEADS: dict[str, str] = {}
