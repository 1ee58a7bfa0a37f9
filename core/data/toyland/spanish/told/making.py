"""Cooking, growing, learning, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "plan_cook": """
"I will {x:use} {x:a} for {b:n}," said {a}. = "Voy a {x:use} {x} para {b:p}", dijo {a}.
{a} wanted to {x:use} {x:a} for {b:o}. = {a} quería {x:use} {x} para {b:p}.
"{b} shall have {x:a}," thought {a}. = "{b} tendrá {x}", pensó {a}.
For {b:s} birthday, {a} planned to {x:use} {x:a}. = Para {b:s|el cumpleaños}, {a} pensaba {x:use} {x}.
""",
    "lack": """
But there was no {k} in the [jar|cupboard|house]. = Pero no había {k} en [el tarro|el armario|la casa].
"Where is the {k}?" said {a}, looking into [every jar|the cupboard|an empty tin].
    = "¿Dónde está {k:el}?", dijo {a}, mirando en [todos los tarros|el armario|una lata vacía].
{a} reached for the {k}, but the jar was empty. = {a} buscó {k:el}, pero el tarro estaba vacío.
Not a [spoon|pinch|drop] of {k} was left. = No quedaba ni una [cucharada|pizca|gota] de {k}.
{a} had everything except {k}. = {a} tenía de todo (menos/excepto) {k}.
""",
    "get_ingredient": """
{c} gave {a:o} a [little bag|small jar|cup] of {k}.
    = {c} le dio {a:a} [una bolsita|un tarrito|una taza] de {k}.
{a} asked {c:o} for {k} and got plenty. = {a} le pidió {k} {c:a} y recibió (mucho/bastante).
"Take all the {k} you need," {c} said to {a:o}. = "Toma tod@k {k:el} que necesites", le dijo {c} {a:a}.
""",
    "cook_bad": """
In the hurry, {a} put far too much {k} into {x}. = Con las prisas, {a} puso demasiad@k {k} en {x:el}.
Something was wrong with {x}, for {a} had used too much {k}.
    = Algo iba mal con {x:el}, (porque/pues) {a} había usado demasiad@k {k}.
Far too much {k} fell into the bowl, and {x} was spoiled.
    = Cayó demasiad@k {k} en el cuenco, y {x:0} se estropeó.
The lid fell off the jar, and {x} was full of {k}.
    = La tapa se cayó del tarro, y {x:0} quedó llen@x de {k}.
    = Se cayó la tapa del tarro, y {x:0} quedó llen@x de {k}.
""",
    "taste_bad": """
{b} took one bite of {x} and [coughed|made a face|ran for water].
    = {b} tomó un bocado de {x:el} y [tosió|hizo una mueca|corrió por agua].
"What is in {x}?" gasped {b}. = "¿Qué hay en {x:el}?", jadeó {b}.
{b} tasted {x} and said nothing for a long time. = {b} <x>probó {x} y no dijo nada durante mucho tiempo.
"Even a bear would not eat that," said {b}, pushing {x} away.
    = "Ni un oso comería eso", dijo {b}, apartando {x:el}.
{b:s} eyes watered at the first bite of {x}. = {b:a} le lloraron los ojos con el primer bocado de {x:el}.
""",
    "cook_again": """
{a} washed the bowl and {x:used} {x} once more. = {a} lavó el cuenco y {x:used} {x:el} una vez más.
This time {a} tasted everything twice, and {x} turned out well.
    = Esta vez {a} probó todo dos veces, y {x:0} salió bien.
"Once more, and slowly," said {a}, and {x:used} {x} again.
    = "Una vez más, y despacio", dijo {a}, y {x:used} {x:el} (otra vez/de nuevo).
The second time, {a} {x:used} {x} just as the book said.
    = La segunda vez, {a} {x:used} {x:el} como decía el libro.
With [steady hands|great care], {a} {x:used} {x} again.
    = Con [manos firmes|mucho cuidado], {a} {x:used} {x:el} (otra vez/de nuevo).
""",
    "cook_good": """
{a} stirred and stirred, and at last {x} was ready. = {a} removió y removió, y por fin {x:0} estuvo list@x.
Soon {x} was ready and smelled wonderful. = Pronto {x:0} estuvo list@x y olía de maravilla.
Then {a} {x:used} {x}, humming all the while. = Luego {a} {x:used} {x:el}, tarareando todo el rato.
{x} came out [golden|perfect|better than ever]. = {x:0} salió [dorad@x|perfect@x|mejor que nunca].
An hour later {x} stood on the table, thanks to {a:o}.
    = Una hora después {x:0} estaba en la mesa, gracias a {a:p}.
""",
    "taste_good": """
"Delicious!" said {b}, and ate three helpings of {x}.
    = "¡Delicios@x!", dijo {b}, y comió tres raciones de {x:el}.
{b} ate {x} to the last crumb. = {b} <se x>comió {x} hasta la última miga.
"I have never eaten anything so good," said {b} about {x}.
    = "Nunca he comido nada tan bueno", dijo {b} de {x:el}.
Nothing was left of {x}, so much did {b} like {x:it}. = No quedó nada de {x:el}, tanto le gustó {b:a}.
{b} closed {b:his} eyes and smiled at the first bite of {x}.
    = {b} cerró los ojos y sonrió con el primer bocado de {x:el}.
""",
    "plant": """
{a} planted {x:a} {p:at}. = {a} plantó {x} {p:at}.
{a} dug a small hole {p:at} for {x:a}. = {a} cavó un pequeño hoyo {p:at} para {x}.
"Grow well," said {a}, and covered the seed of {x:a} with earth.
    = "Crece bien", dijo {a}, y cubrió la semilla de {x} con tierra.
{p:at}, {a} put the seed of {x:a} into the soft ground.
    = {p:at}, {a} puso la semilla de {x} en la tierra blanda.
""",
    "water": """
watered {x} [every morning|with rain water|twice a day]
    = <x>regó {x} [cada mañana|con agua de lluvia|dos veces al día]
pulled up the weeds around {x} = arrancó las malas hierbas alrededor de {x:el}
gave {x} water and talked to {x:it} = le dio agua a {x:el} y le habló
kept the snails away from {x} = mantuvo los caracoles lejos de {x:el}
Every evening {a} carried water to {x}.
    = Cada noche {a} le llevaba agua a {x:el}.
    = Todas las noches {a} le llevaba agua a {x:el}.
{x} got water from {a:o}, day after day.
    = {a} le daba agua a {x:el}, día tras día.
    = Día tras día, {a} le daba agua a {x:el}.
""",
    "grow": """
Slowly {x} grew, leaf by leaf. = Despacio creció {x:0}, hoja a hoja. = {x:0} creció despacio, hoja a hoja.
One morning a green tip showed {p:at}, and then {x} grew and grew.
    = Una mañana asomó una punta verde {p:at}, y luego {x:0} creció y creció.
{x} grew taller than the fence. = {x:0} creció más alt@x que la valla.
Everybody who passed {p} stopped to look at {x}. = Todos los que pasaban por {p} se paraban a mirar {x:el}.
""",
    "doubt": """
"Nothing will grow there," said {b}. = "Allí no crecerá nada", dijo {b}. = "Nada crecerá allí", dijo {b}.
"You will wait for {x} until winter," {b} told {a:o}.
    = "Esperarás {x:el} hasta el invierno", le dijo {b} {a:a}.
{b} did not believe that {x} would ever grow. = {b} no creía que {x:0} creciera nunca.
"I see only earth," said {b}, and laughed at {a:o}. = "Solo veo tierra", dijo {b}, y se rio de {a:p}.
""",
    "pick": """
[cut|picked|gathered] {x} = <x>[cortó|recogió|recolectó] {x}
carried {x} out of {p} with both arms = <x>sacó {x} de {p} con los dos brazos
At last the day came when {a} could pick {x}. = Por fin llegó el día en que {a} pudo recoger {x:el}.
{x} was ready, and {a} picked {x:it}. = {x:0} estaba list@x, y {a} {x:lo} recogió.
""",
    "wish_skill": """
{a} could not {k}, but wanted to learn. = {a} no sabía {k}, pero quería aprender.
Everyone could {k}, only {a} could not. = Todos sabían {k}, solo {a} no sabía.
"I wish I could {k}," said {a}. = "Ojalá supiera {k}", dijo {a}.
More than anything, {a} wanted to {k}. = Más que nada, {a} quería {k}. = {a} quería {k} más que nada.
""",
    "teach": """
"I will teach you to {k}," said {c}. = "Te enseñaré a {k}", dijo {c}.
{c} showed {a:o} how to {k}. = {c} le (mostró/enseñó) {a:a} cómo {k}.
{a} learned to {k} from {c:o}, a little every day. = {a} aprendió a {k} con {c:p}, un poco cada día.
{c} knew how to {k} and had time for {a:o}. = {c} sabía {k} y tenía tiempo para {a:p}.
""",
    "fail": """
tried to {k} and failed = intentó {k} y fracasó
tried once, tried twice, and gave up = intentó una vez, intentó dos veces, y se rindió
"I will never {k}," {a} sighed. = "Nunca voy a {k}", suspiró {a}.
To {k} was harder than {a} had thought. = {k} era más difícil de lo que {a} había pensado.
Everything went wrong for {a:o} that day.
    = Todo le salió mal {a:a} ese día.
    = {a:a} todo le salió mal ese día.
""",
    "learn": """
And then, all of a sudden, {a} could {k}! = ¡Y entonces, de repente, {a} sabía {k}!
"Look, I can {k}!" cried {a}. = "¡Mira, sé {k}!", gritó {a}.
On the [third|fifth|tenth] day {a} could {k} quite well.
    = Al [tercer|quinto|décimo] día {a} sabía {k} bastante bien.
After so much work, {a} could {k} at last. = Después de tanto trabajo, {a} por fin sabía {k}.
""",
}
REASONS: dict[str, str] = {
    "lack": "there was no {k} left = no quedaba {k}",
    "get_ingredient": "{c} had given {a:o} some {k} = {c} le había dado {a:a} un poco de {k}",
    "cook_bad": "there was too much {k} in {x} = había demasiad@k {k} en {x:el}",
    "taste_bad": "{x} tasted terrible = {x:0} sabía fatal",
    "cook_again": "{a} had tried again = {a} lo había intentado (otra vez/de nuevo)",
    "cook_good": "{x} was ready = {x:0} estaba list@x",
    "taste_good": "{b} liked {x} = {b:a} le gustó {x:0}",
    "water": "{a} had watered {x} = {a} <x>había regado {x}",
    "grow": "{x} had grown so well = {x:0} había crecido tan bien",
    "doubt": "{b} had laughed = {b} se había reído",
    "wish_skill": "{a} could not {k} = {a} no sabía {k}",
    "teach": "{c} had taught {a:o} = {c} le había enseñado {a:a}",
    "fail": "{a} had failed = {a} había fracasado",
    "learn": "{a} could {k} at last = {a} por fin sabía {k}",
}
LEADS: dict[str, str] = {}
