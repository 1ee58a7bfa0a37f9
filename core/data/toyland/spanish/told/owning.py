"""Things that change hands, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "ask_lend": """
"May I borrow your {x:bare}?" [asked|said] {a}.
    = "¿Puedo tomar prestad@x tu {x}?", [preguntó|dijo] {a}.
    = "¿Me prestas tu {x}?", [preguntó|dijo] {a}.
{a} asked {b:o} for {x}. = {a} <le x>pidió {x} {b:a}.
"Please lend me {x}, {b:voc}," said {a}. = "Por favor, préstame {x:el}, {b:voc}", dijo {a}.
"I need {x:a}," said {a} to {b:o}. = "Necesito {x}", le dijo {a} {b:a}.
{a} wanted to borrow {x}, and said so to {b:o}. = {a} quería tomar prestad@x {x:el}, y se lo dijo {b:a}.
""",
    "lend": """
"Take {x}, but be careful," said {b}. = "Toma {x:el}, pero ten cuidado", dijo {b}.
{b} lent {a:o} {x}. = {b} <le x>prestó {x} {a:a}.
"Bring {x} back [tomorrow|soon|before Sunday]," said {b}.
    = "Devuélveme {x:el} [mañana|pronto|antes del domingo]", dijo {b}.
{x} was lent to {a:o} for [a day|the afternoon|one week].
    = Le prestaron {x:el} {a:a} durante [un día|la tarde|una semana].
    = {a:a} le prestaron {x:el} durante [un día|la tarde|una semana].
"I want to have {x} back," said {b}, and handed {x:it} over.
    = "Quiero que me devuelvas {x:el}", dijo {b}, y {x:lo} entregó.
"Of course," said {b}, and put {x} into {a:s} hands. = "Claro", dijo {b}, y puso {x:el} en {a:s|las manos}.
{b} thought about that, then gave {x} to {a:o} for a while.
    = {b} lo pensó y luego <le x>dio {x} {a:a} por un rato.
""",
    "return_thing": """
gave {x} back to {b:o} = <le x>devolvió {x} {b:a}
brought {x} back to {b:o} = <le x>trajo de vuelta {x} {b:a}
put {x} into {b:s} hands = puso {x:el} en {b:s|las manos}
"Here is your {x:bare}," said {a}. = "Aquí (está/tienes) tu {x}", dijo {a}.
So {b} got {x} back. = Así {b} <x>recuperó {x}.
{x} was back with {b:o} at last.
    = {x:0} estaba por fin de vuelta con {b:p}.
    = Por fin {x:0} estaba de vuelta con {b:p}.
"You can have {x} back now," {a} told {b:o}. = "Ahora puedes recuperar {x:el}", le dijo {a} {b:a}.
{b} held out both hands, and {a} gave {x} back. = {b} extendió las dos manos, y {a} <le x>devolvió {x}.
""",
    "give": """
{b} gave {x} to {a:o}. = {b} <le x>dio {x} {a:a}.
"This is for you," said {b}, and gave {x} to {a:o}. = "Esto es para ti", dijo {b}, y <le x>dio {x} {a:a}.
{a} was given {x} by {b:o}. = {b} <le x>dio {x} {a:a}.
It was {a:n} to whom {b} gave {x}. = Fue {a:a} a quien {b} <le x>dio {x}.
With a smile, {b} handed {x} to {a:o}.
    = Con una sonrisa, {b} <le x>entregó {x} {a:a}.
    = {b} <le x>entregó {x} {a:a} con una sonrisa.
From that moment {x} belonged to {a:o}, a present from {b:o}.
    = Desde ese momento {x:0} fue de {a:p}, un regalo de {b:p}.
"Would you like {x}?" asked {b}, and {a} nodded. = "¿Quieres {x:el}?", preguntó {b}, y {a} asintió.
""",
    "hand": """
{b} gave {x} back to {a:o}. = {b} <le x>devolvió {x} {a:a}.
"Is this yours?" asked {b}, and held out {x}. = "¿Es tuyo esto?", preguntó {b}, y <x>mostró {x}.
"I think this belongs to you," said {b} and handed {x} over to {a:o}.
    = "Creo que esto es tuyo", dijo {b} y <le x>entregó {x} {a:a}.
{b} put {x} into {a:s} hands. = {b} puso {x:el} en {a:s|las manos}.
"Look what I have here," said {b}, and {a} saw {x}. = "Mira lo que tengo aquí", dijo {b}, y {a} <x>vio {x}.
{a} got {x} back from {b:o}. = {b} <le x>devolvió {x} {a:a}.
""",
    "take": """
[took|picked up|grabbed] {x} = <x>[tomó|recogió|agarró] {x}
took {x} along = <se x>llevó {x}
lifted {x} with both hands = <x>levantó {x} con (las dos/ambas) manos
"I will take {x} with me," said {a}. = "Me llevaré {x:el}", dijo {a}.
{x} was still there, and {a} took {x:it} out. = {x:0} seguía allí, y {a} {x:lo} sacó.
""",
    "put": """
put {x} {s} = <x>puso {x} {s}
[left|laid] {x} {s} = <x>[dejó|colocó] {x} {s}
stowed {x} {s} with care = <x>guardó {x} {s} con cuidado
"All is safe {s}," said {a}, and left {x} there. = "Todo está seguro {s}", dijo {a}, y <x>dejó {x} allí.
{a} found room for {x} {s}. = {a} encontró (sitio/lugar) para {x:el} {s}.
""",
    "break": """
But {a} [stumbled|slipped|tripped over a root], and {x} broke.
    = Pero {a} [tropezó|resbaló|tropezó con una raíz], y {x:0} se rompió.
    = Pero {a} [tropezó|resbaló|tropezó con una raíz], y se rompió {x:0}.
There was a loud crack, and {x} was broken. = Se oyó un fuerte crujido, y {x:0} estaba rot@x.
{x} fell on the stones and broke. = {x:0} cayó sobre las piedras y se rompió.
{a} was not careful enough, and {x} broke. = {a} no tuvo (bastante/suficiente) cuidado, y {x:0} se rompió.
{a} dropped {x}, and a piece [came off|rolled away].
    = {a:a} se le cayó {x:0}, y un trozo [se soltó|se fue rodando].
In one careless moment, {a} broke {x}. = En un momento de descuido, {a} <x>rompió {x}.
"Oh no," said {a}, for {x} was broken. = "Oh, no", dijo {a}, (porque/pues) {x:0} estaba rot@x.
""",
    "mend": """
{c} mended {x} with [glue and string|a little nail|strong thread|great care].
    = {c} <x>(arregló/reparó) {x} con [pegamento y cuerda|un pequeño clavo|hilo fuerte|mucho cuidado].
{x} was mended by {c:o} in [an hour|no time|one evening].
    = {c} <x>arregló {x} en [una hora|un momento|una noche].
    = {x:0} fue arreglad@x por {c:p} en [una hora|un momento|una noche].
"Nothing easier than that," said {c}, and mended {x}.
    = "Nada más fácil que eso", dijo {c}, y <x>(arregló/reparó) {x}.
{c} worked until {x} was [whole|as good as new] again.
    = {c} trabajó hasta que {x:0} estuvo [enter@x|como nuev@x] otra vez.
Soon {x} was as good as new, thanks to {c:o}. = Pronto {x:0} estuvo como nuev@x, gracias a {c:p}.
{c} took out [glue|pliers|a needle|a small hammer] and put {x} together again.
    = {c} sacó [pegamento|unos alicates|una aguja|un pequeño martillo] y <x>recompuso {x}.
""",
    "bring_broken": """
"Can you mend {x}?" {a} asked {c:o}. = "¿Puedes arreglar {x:el}?", le preguntó {a} {c:a}.
{a} showed {c:o} what was left of {x}. = {a} le (mostró/enseñó) {c:a} lo que quedaba de {x:el}.
"Please help me, {c:voc}," said {a}. "{x} is broken."
    = "Por favor, ayúdame, {c:voc}", dijo {a}. "{x:el} está rot@x."
{c} looked at {x} from all sides and nodded. = {c} <x>miró {x} por todos lados y asintió.
""",
    "pay_job": """
{c} needed somebody to {k}, and paid {a:o} three coins to do that.
    = {c} necesitaba a alguien para {k}, y le pagó tres monedas {a:a} por hacerlo.
To earn some coins, {a} offered to {k} for {c:o}.
    = Para ganar (unas/algunas) monedas, {a} se ofreció a {k} para {c:p}.
All day {a} had to {k}, and in the evening {c} paid for the work.
    = Todo el día {a} tuvo que {k}, y por la noche {c} pagó el trabajo.
    = {a} tuvo que {k} todo el día, y por la noche {c} pagó el trabajo.
"Can you {k}?" asked {c}. {a} could, and got five coins.
    = "¿Puedes {k}?", preguntó {c}. {a} podía, y recibió cinco monedas.
It was hard to {k}, but {c} paid {a:o} with shiny coins.
    = Era (duro/difícil) {k}, pero {c} le pagó {a:a} con monedas brillantes.
""",
    "no_coins": """
But {x} cost five coins, and {a} had [none|only one|not even two].
    = Pero {x:0} costaba cinco monedas, y {a} [no tenía ninguna|solo tenía una|no tenía ni dos].
"I have no money," said {a}, and looked at {x}. = "No tengo dinero", dijo {a}, y <x>miró {x}.
"Too dear for me," thought {a}, looking at {x}. = "Demasiado car@x para mí", pensó {a}, mirando {x:el}.
{a} counted {a:his} coins twice, but there were too few for {x:a}.
    = {a} contó sus monedas dos veces, pero eran demasiado pocas para {x}.
""",
    "buy": """
bought {x} from {c:o} = <le x>compró {x} {c:a}
[laid|counted] the coins on the table and took {x} = [puso|contó] las monedas en la mesa y <x>tomó {x}
paid {c:o} and got {x} = le pagó {c:a} y recibió {x:el}
"Here are the coins," said {a}, and {c} handed {x} over.
    = "Aquí están las monedas", dijo {a}, y {c} <le x>entregó {x}.
{c} sold {x} to {a:o} for five coins. = {c} <le x>vendió {x} {a:a} por cinco monedas.
Now {x} belonged to {a:o}, for {c} had sold {x:it}.
    = Ahora {x:0} era de {a:p}, (porque/pues) {c} se {x:lo} había vendido.
""",
    "swap": """
{a+b} swapped: {x:full} for {y}. = {a+b} hicieron un cambio: {x:el} por {y:el}.
{a} gave {x} to {b:o} and got {y} in return. = {a} <le x>dio {x} {b:a} y recibió {y:el} a cambio.
"Your {y:bare} for my {x:bare}?" asked {a}, and {b} agreed.
    = "¿Tu {y} por mi {x}?", preguntó {a}, y {b} (aceptó/estuvo de acuerdo).
{b} took {x}, and {a} took {y}. = {b} <x>tomó {x}, y {a} <y>tomó {y}.
In exchange for {x}, {b} gave {y} to {a:o}.
    = A cambio de {x:el}, {b} <le y>dio {y} {a:a}.
    = {b} <le y>dio {y} {a:a} a cambio de {x:el}.
""",
    "snatch": """
{a} snatched {x} out of {b:s} hands. = {a} le arrebató {x:el} de las manos {b:a}.
"Give {x} to me!" cried {a}, and took {x:it} from {b:o}.
    = "¡Dame {x:el}!", gritó {a}, y se {x:lo} quitó {b:a}.
{a} pulled {x} away from {b:o}. = {a} <le x>quitó {x} {b:a} de un tirón.
Before {b} could say a word, {a} had taken {x}.
    = Antes de que {b} pudiera decir una palabra, {a} <x>había tomado {x}.
Without asking, {a} took {x} from {b:o}.
    = Sin preguntar, {a} <le x>quitó {x} {b:a}.
    = {a} <le x>quitó {x} {b:a} sin preguntar.
""",
}
REASONS: dict[str, str] = {
    "return_thing": "{a} had brought {x} back = {a} <x>había devuelto {x}",
    "give": "{b} had given {x} to {a:o} = {b} <le x>había dado {x} {a:a}",
    "hand": "{b} had brought {x} back = {b} <x>había devuelto {x}",
    "break": "{a} had broken {x} = {a} <x>había roto {x}",
    "mend": "{c} had mended {x} = {c} <x>había (arreglado/reparado) {x}",
    "pay_job": "{a} had earned some coins = {a} había ganado (unas/algunas) monedas",
    "no_coins": "{x} cost too much = {x:0} costaba demasiado",
    "buy": "{a} had bought {x} = {a} había comprado {x:el}",
    "swap": "{a} had swapped {x} for {y} = {a} <x>había cambiado {x} por {y:el}",
    "snatch": "{a} had taken {x} away = {a} <se x>había llevado {x}",
}
LEADS: dict[str, str] = {}
