"""Wishes, moods and their causes, told in Spanish; the notation is `spanish.notation`'s."""

from __future__ import annotations

TELLINGS: dict[str, str] = {
    "sad": """
was [sad|unhappy|close to tears] = estaba [triste|infeliz|a punto de llorar]
[sat down and cried|wept a little|had tears in both eyes]
    = [se sentó y lloró|lloró un poco|tenía lágrimas en los ojos]
felt [lost|low|miserable] = se sentía [perdid@a|desanimad@a|desgraciad@a]
did not want to [eat|talk|play] any more = ya no quería [comer|hablar|jugar]
""",
    "glad": """
[jumped|danced|shouted] for joy = [saltó|bailó|gritó] de alegría
was [glad|happy|delighted|overjoyed] = estaba [alegre|feliz|encantad@a|loc@a de alegría]
smiled from ear to ear = sonrió de oreja a oreja
laughed out loud = rio a carcajadas
[threw a cap in the air|turned a somersault] = [lanzó una gorra al aire|dio una voltereta]
"How [lucky|happy|glad] I am!" {a} said. = "¡Qué [suerte tengo|feliz soy|alegre estoy]!", dijo {a}.
{a:s} eyes [shone|sparkled|lit up].
    = {a:a} [le brillaron|le chispearon|se le iluminaron] los ojos.
    = {a:s|los ojos} [brillaron|chispearon|se iluminaron].
""",
    "angry": """
was [angry|cross|furious] = estaba [enfadad@a|de mal humor|furios@a]
[stamped one foot|slammed the door|turned red] = [dio una patada en el suelo|dio un portazo|se puso roj@a]
frowned and said nothing = frunció el ceño y no dijo nada
"That is not [fair|right|kind]!" [shouted|cried|said] {a}.
    = "¡Eso no es [justo|correcto|amable]!", [exclamó|gritó|dijo] {a}.
"I will not put up with this," {a} said crossly. = "No voy a aguantar esto", dijo {a} de mal humor.
""",
    "worried": """
was [worried|troubled|uneasy] = estaba [preocupad@a|afligid@a|inquiet@a]
bit {a:his} lip = se mordió el labio
could not [sit still|think of anything else|eat a bite]
    = no podía [estarse quiet@a|pensar en otra cosa|comer un bocado]
"What shall I do now?" thought {a}. = "¿Qué (hago/haré) ahora?", pensó {a}.
"This is bad," said {a}. = "Esto es malo", dijo {a}.
""",
    "sorry": """
felt [ashamed|sorry|terrible] = se sentía [avergonzad@a|arrepentid@a|fatal]
[lay awake half the night|could not look up|hung {a:his} head]
    = [pasó media noche despiert@a|no podía levantar la vista|bajó la cabeza]
"What have I done?" thought {a}. = "¿Qué he hecho?", pensó {a}.
"The fault is mine," {a} whispered. = "La culpa es mía", susurró {a}.
""",
    "proud": """
was [proud|very proud|pleased] = estaba [orgullos@a|muy orgullos@a|content@a]
held {a:his} head high = llevaba la cabeza (alta/en alto)
grinned at everyone = sonrió a todos
"I never gave up," said {a} proudly. = "Nunca me rendí", dijo {a} con orgullo.
Nobody was prouder than {a:n}. = Nadie estaba más orgulloso que {a:p}.
""",
    "brave": """
took a deep breath = respiró hondo
did not give up = no se rindió
clenched both fists and went on = apretó los puños y siguió adelante
swallowed hard = tragó saliva
"I am not afraid," said {a}, [a little too loudly|but {a:his} knees shook].
    = "No tengo miedo", dijo {a}, [un poco demasiado alto|pero le temblaban las rodillas].
"I can do this," thought {a}. = "Puedo hacerlo", pensó {a}.
"Crying will not help," said {a}. = "Llorar no (ayudará/servirá de nada)", dijo {a}.
"Never give up," {a} said under {a:his} breath. = "Nunca te rindas", dijo {a} en voz baja.
""",
    "wish_use": """
wanted to {x:use} {x} all day long = quería {x:use} {x:el} todo el día
could think of nothing but {x:full} = no podía pensar en nada más que en {x:el}
wished for nothing else than to {x:use} {x} = no deseaba otra cosa que {x:use} {x:el}
"Today I will {x:use} {x}," said {a}. = "Hoy voy a {x:use} {x:el}", dijo {a}.
More than anything, {a} wanted to {x:use} {x}.
    = Más que nada, {a} quería {x:use} {x:el}.
    = {a} quería {x:use} {x:el} más que nada.
To {x:use} {x} was {a:s} dearest wish. = {x:use} {x:el} era {a:s|el deseo más querido}.
All week long {a} had longed to {x:use} {x}. = Toda la semana {a} había (deseado/anhelado) {x:use} {x:el}.
""",
    "want": """
wanted {x} more than [anything|cake|sleep] = quería {x:el} más que [nada|el pastel|el sueño]
[dreamed of|longed for] {x} = [soñaba con|anhelaba] {x:el}
could not stop looking at {x} = no podía dejar de mirar {x:el}
"If only I had {x:a} like that!" said {a}. = "¡Ojalá tuviera {x} así!", dijo {a}.
How {a} wished for {x}! = ¡Cuánto deseaba {a} {x:el}!
Every night {a} dreamed of {x}.
    = Todas las noches {a} soñaba con {x:el}.
    = {a} soñaba con {x:el} todas las noches.
"One day I will have {x:a} too," thought {a}.
    = "Algún día tendré {x} también", pensó {a}.
    = "Algún día también tendré {x}", pensó {a}.
There was one thing that {a} wanted, and that was {x:a}. = Había una cosa que {a} quería, y era {x}.
""",
    "thank": """
thanked {b:o} [again and again|with all {a:his} heart|three times]
    = le dio las gracias {b:a} [una y otra vez|de todo corazón|tres veces]
[hugged|smiled at|shook hands with] {b:o} = [<b>abrazó|le sonrió|le dio la mano] {b:a}
promised to visit {b:n} again = prometió (visitar {b:a} otra vez/volver a visitar {b:a})
"Thank you, {b:voc}!" [said|cried] {a}. = "¡Gracias, {b:voc}!", [dijo|exclamó] {a}.
"How can I ever thank you?" asked {a}. = "¿Cómo puedo darte las gracias?", preguntó {a}.
"You are a true friend," {a} told {b:o}. = "Eres un@b verdader@b amig@b", le dijo {a} {b:a}.
"Without you I would be lost," said {a} to {b:o}. = "Sin ti estaría perdid@a", le dijo {a} {b:a}.
""",
}
REASONS: dict[str, str] = {
    "wish_use": "{a} wanted to {x:use} {x} = {a} quería {x:use} {x:el}",
    "want": "{a} wanted {x} = {a} quería {x:el}",
}
LEADS: dict[str, str] = {}
