"""Toyland's small words in Spanish: weather, hours, animals, treats, games, jobs, skills.

Weather describes a morning, an afternoon or an evening, which are all feminine in Spanish.
"""

from __future__ import annotations


def _table(block: str) -> dict[str, str]:
    pairs = (line.partition(" = ") for line in block.strip().splitlines())
    return {english: spanish for english, _, spanish in pairs}


POOLS: dict[str, dict[str, str]] = {
    "weather": _table("""
sunny = soleada
windy = ventosa
cold = fría
warm = cálida
cloudy = nublada
bright = luminosa
foggy = de niebla
rainy = lluviosa
quiet = tranquila
frosty = de escarcha
mild = templada
fresh = fresca
grey = gris
golden = dorada
breezy = de brisa
crisp = despejada
"""),
    "dayparts": _table("""
morning = mañana
afternoon = tarde
evening = noche
"""),
    "creature": _table("""
squirrel = ardilla f
robin = petirrojo m
hedgehog = erizo m
fox = zorro m
frog = rana f
heron = garza f
sparrow = gorrión m
beetle = escarabajo m
butterfly = mariposa f
snail = caracol m
swallow = golondrina f
mouse = ratón m
crow = cuervo m
owl = búho m
ladybird = mariquita f
otter = nutria f
magpie = urraca f
lizard = lagarto m
deer = ciervo m
bee = abeja f
"""),
    "deed": _table("""
hurried across the path = cruzó corriendo el sendero
sat quite still and watched = se quedó muy quiet@k y observó
peeped out from behind a stone = se asomó por detrás de una piedra
crossed the road without a sound = cruzó el camino sin hacer ruido
rested in the sun = descansó al sol
disappeared under a hedge = desapareció debajo de un seto
looked around for food = buscó comida
stayed close to the wall = se quedó cerca del muro
came very near and then was gone = se acercó mucho y luego desapareció
slept on a warm stone = durmió sobre una piedra caliente
"""),
    "treat": _table("""
warm bread = pan caliente m
cold milk = leche fría f
plum cake = pastel de ciruelas m
hot tea = té caliente m
apple juice = zumo de manzana m
bread and cheese = pan con queso m
honey biscuits = galletas de miel fp
roasted nuts = nueces tostadas fp
ripe cherries = cerezas maduras fp
vegetable soup = sopa de verduras f
fresh water = agua fresca f*
buttered toast = tostadas con mantequilla fp
pancakes = tortitas fp
raspberries = frambuesas fp
"""),
    "game": _table("""
tag = al pillapilla
hide and seek = al escondite
leapfrog = a la pídola
checkers = a las damas
cards = a las cartas
marbles = a las canicas
chess = al ajedrez
blind man's buff = a la gallinita ciega
"""),
    "song": _table("""
an old song = una vieja canción
a funny tune = una melodía graciosa
a sailor's song = una canción de marineros
a march = una marcha
a lullaby = una nana
a harvest song = una canción de cosecha
a silly rhyme = una rima tonta
"""),
    "ingredient": _table("""
salt = sal f
sugar = azúcar m
butter = mantequilla f
flour = harina f
cinnamon = canela f
pepper = pimienta f
milk = leche f
vinegar = vinagre m
mustard = mostaza f
ginger = jengibre m
oil = aceite m
"""),
    "job": _table("""
sweep the floor = barrer el suelo
carry water = llevar agua
stack the firewood = apilar la leña
wash the windows = lavar las ventanas
feed the chickens = dar de comer a los pollos
peel potatoes = pelar patatas
pull weeds = arrancar malas hierbas
paint the fence = pintar la valla
sort the nails = ordenar los clavos
dust the shelves = quitar el polvo de los estantes
fold the sheets = doblar las sábanas
milk the cow = ordeñar la vaca
polish the spoons = pulir las cucharas
carry the parcels = llevar los paquetes
rake the leaves = rastrillar las hojas
"""),
    "race": _table("""
running = correr corriendo
swimming = nadar nadando
climbing = trepar trepando
rowing = remar remando
whistling = silbar silbando
jumping = saltar saltando
juggling = hacer haciendo malabares
skipping = saltar saltando a la comba
"""),
    "skill": _table("""
swim = nadar
read = leer
whistle = silbar
dance = bailar
row = remar
sew = coser
knit = tejer
juggle = hacer malabares
ride = montar a caballo
skate = patinar
draw = dibujar
count to a hundred = contar hasta cien
"""),
}
OPENERS = _table("""
Soon = pronto
A little later, = (un poco más tarde/poco después),
Before long, = al poco tiempo,
After a while, = al cabo de un rato,
A moment later, = un momento (después/más tarde),
Then = (luego/después)
Not long after that, = no mucho después,
A few minutes later, = unos minutos (después/más tarde),
""")
