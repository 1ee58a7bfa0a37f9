"""Toyland's people, things and places in Spanish: gender, the adjectives that agree, what one does with a thing.

A noun is written "word g": g is m or f (mp, fp in the plural), or f* for a feminine noun with the article "el", as in
"el hacha".
An adjective with the ending "@" takes o or a; others are the same in both genders.
"""

from __future__ import annotations

from core.data.toyland.words.people import ELDERS, GROWN_KIN, KIN

# thing: (noun, gender, what one does with it, what one did with it)
THINGS: dict[str, tuple[str, str, str, str]] = {}
for _line in """
kite: cometa f, volar, voló
ball: pelota f, lanzar, lanzó
boat: barco m, navegar con, navegó con
drum: tambor m, tocar, tocó
top: peonza f, hacer girar, hizo girar
doll: muñeca f, vestir, vistió
wagon: carrito m, tirar de, tiró de
hoop: aro m, hacer rodar, hizo rodar
puppet: marioneta f, jugar con, jugó con
whistle: silbato m, soplar, sopló
flute: flauta f, tocar, tocó
fiddle: violín m, tocar, tocó
sledge: trineo m, tirar de, tiró de
bear: oso m, abrazar, abrazó
train: tren m, empujar, empujó
trumpet: trompeta f, tocar, tocó
bell: campana f, tocar, tocó
marble: canica f, hacer rodar, hizo rodar
balloon: globo m, sostener, sostuvo
robot: robot m, jugar con, jugó con
ring: anillo m, llevar puesto, llevó puesto
key: llave f, llevar, llevó
watch: reloj m, dar cuerda a, dio cuerda a
book: libro m, leer, leyó
map: mapa m, estudiar, estudió
scarf: bufanda f, llevar puesta, llevó puesta
hat: sombrero m, llevar puesto, llevó puesto
cap: gorra f, llevar puesta, llevó puesta
umbrella: paraguas m, llevar, llevó
necklace: collar m, llevar puesto, llevó puesto
bag: bolsa f, llevar, llevó
purse: monedero m, llevar, llevó
ribbon: cinta f, llevar puesta, llevó puesta
feather: pluma f, llevar, llevó
shell: concha f, sostener, sostuvo
button: botón m, pulir, pulió
pen: bolígrafo m, escribir con, escribió con
mirror: espejo m, mirar en, miró en
blanket: manta f, descansar sobre, descansó sobre
notebook: cuaderno m, escribir en, escribió en
hammer: martillo m, trabajar con, trabajó con
spade: pala f, cavar con, cavó con
rake: rastrillo m, trabajar con, trabajó con
bucket: cubo m, llevar, llevó
basket: cesta f, llevar, llevó
rope: cuerda f, tirar de, tiró de
lantern: farol m, llevar, llevó
net: red f, pescar con, pescó con
brush: brocha f, pintar con, pintó con
broom: escoba f, barrer con, barrió con
axe: hacha f*, trabajar con, trabajó con
ladder: escalera f, subir por, subió por
barrow: carretilla f, empujar, empujó
saw: sierra f, trabajar con, trabajó con
oar: remo m, remar con, remó con
kettle: tetera f, llenar, llenó
kitten: gatito m, acariciar a, acarició a
puppy: cachorro m, pasear a, paseó a
lamb: cordero m, dar de comer a, dio de comer a
pony: poni m, montar en, montó en
goat: cabra f, dar de comer a, dio de comer a
duck: pato m, dar de comer a, dio de comer a
rabbit: conejo m, acariciar a, acarició a
hen: gallina f, dar de comer a, dio de comer a
donkey: burro m, montar en, montó en
parrot: loro m, hablar con, habló con
piglet: cerdito m, dar de comer a, dio de comer a
dog: perro m, pasear a, paseó a
cat: gato m, acariciar a, acarició a
goose: ganso m, dar de comer a, dio de comer a
cake: pastel m, hornear, horneó
pie: tarta f, hornear, horneó
loaf: pan m, hornear, horneó
soup: sopa f, cocinar, cocinó
stew: guiso m, cocinar, cocinó
pudding: budín m, hacer, hizo
tart: tartaleta f, hornear, horneó
jam: mermelada f, cocinar, cocinó
porridge: papilla f, cocinar, cocinó
salad: ensalada f, hacer, hizo
apple: manzana f, comer, comió
bun: bollo m, comer, comió
pear: pera f, comer, comió
biscuit: galleta f, comer, comió
sandwich: bocadillo m, comer, comió
egg: huevo m, comer, comió
plum: ciruela f, comer, comió
rose: rosa f, cultivar, cultivó
tulip: tulipán m, cultivar, cultivó
pumpkin: calabaza f, cultivar, cultivó
sunflower: girasol m, cultivar, cultivó
lily: lirio m, cultivar, cultivó
bean: judía f, cultivar, cultivó
melon: melón m, cultivar, cultivó
cabbage: col f, cultivar, cultivó
""".strip().splitlines():
    _kind, _, _rest = _line.partition(": ")
    _noun, _use, _used = _rest.split(", ")
    _word, _gender = _noun.split()
    THINGS[_kind] = (_word, _gender, _use, _used)

COLOURS = {
    "red": "roj@",
    "blue": "azul",
    "green": "verde",
    "yellow": "amarill@",
    "white": "blanc@",
    "black": "negr@",
    "brown": "marrón",
    "orange": "naranja",
    "purple": "morad@",
    "pink": "rosa",
    "grey": "gris",
    "golden": "dorad@",
    "silver": "platead@",
    "spotted": "manchad@",
    "striped": "rayad@",
    "honey": "de miel",
    "nut": "de nueces",
    "lemon": "de limón",
    "carrot": "de zanahoria",
    "birthday": "de cumpleaños",
    "apple": "de manzana",
    "cherry": "de cerezas",
    "pumpkin": "de calabaza",
    "berry": "de bayas",
    "round": "redond@",
    "crusty": "crujiente",
    "onion": "de cebolla",
    "pea": "de guisantes",
    "bean": "de judías",
    "fish": "de pescado",
    "tomato": "de tomate",
    "beef": "de ternera",
    "turnip": "de nabos",
    "lentil": "de lentejas",
    "mushroom": "de setas",
    "plum": "de ciruelas",
    "rice": "de arroz",
    "milk": "de leche",
    "almond": "de almendras",
    "pear": "de pera",
    "jam": "de mermelada",
    "egg": "de huevo",
    "apricot": "de albaricoque",
    "oat": "de avena",
    "barley": "de cebada",
    "fruit": "de frutas",
    "potato": "de patatas",
    "ripe": "madur@",
    "warm": "caliente",
    "sweet": "dulce",
    "fresh": "fresc@",
    "juicy": "jugos@",
    "ginger": "de jengibre",
    "cheese": "de queso",
    "ham": "de jamón",
    "boiled": "cocid@",
}
SPECIAL = {("brown", "loaf"): "moren@", ("pink", "rose"): "rosad@"}
# Sizes and the like stand before the noun; "new" stands after its colour.
SIZES = {
    "small": "pequeñ@",
    "little": "pequeñ@",
    "big": "gran",
    "tiny": "diminut@",
    "large": "gran",
    "old": "viej@",
    "new": "nuev@",
    "pretty": "bonit@",
    "lovely": "precios@",
    "fine": "hermos@",
}
AFTER = {"new"}

PROFESSIONS = {  # (he, she)
    "baker": ("panadero", "panadera"),
    "farmer": ("granjero", "granjera"),
    "miller": ("molinero", "molinera"),
    "doctor": ("doctor", "doctora"),
    "teacher": ("maestro", "maestra"),
    "nurse": ("enfermero", "enfermera"),
    "carpenter": ("carpintero", "carpintera"),
    "tailor": ("sastre", "sastra"),
    "sailor": ("marinero", "marinera"),
    "gardener": ("jardinero", "jardinera"),
    "blacksmith": ("herrero", "herrera"),
    "librarian": ("bibliotecario", "bibliotecaria"),
    "painter": ("pintor", "pintora"),
    "shepherd": ("pastor", "pastora"),
    "cook": ("cocinero", "cocinera"),
    "weaver": ("tejedor", "tejedora"),
    "clockmaker": ("relojero", "relojera"),
    "beekeeper": ("apicultor", "apicultora"),
    "potter": ("alfarero", "alfarera"),
    "shoemaker": ("zapatero", "zapatera"),
    "mayor": ("alcalde", "alcaldesa"),
    "judge": ("juez", "jueza"),
    "musician": ("músico", "música"),
    "fisher": ("pescador", "pescadora"),
    "builder": ("albañil", "albañil"),
    "driver": ("conductor", "conductora"),
    "shopkeeper": ("tendero", "tendera"),
    "innkeeper": ("posadero", "posadera"),
}
RELATIONS = {
    "friend": "amig@",
    "sister": "hermana",
    "brother": "hermano",
    "cousin": "prim@",
    "neighbour": "vecin@",
    "best friend": "mejor amig@",
    "classmate": "compañer@ de clase",
    "old friend": "viej@ amig@",
    "grandmother": "abuela",
    "grandfather": "abuelo",
    "aunt": "tía",
    "uncle": "tío",
    "great-aunt": "tía abuela",
    "great-uncle": "tío abuelo",
}
assert all(kin in RELATIONS for pool in (KIN, ELDERS, GROWN_KIN) for kins in pool.values() for kin in kins)
TITLES = {"Grandma": "abuela", "Grandpa": "abuelo", "Aunt": "tía", "Uncle": "tío"}

PLACES = {
    "mill": "molino m",
    "bridge": "puente m",
    "river": "río m",
    "garden": "jardín m",
    "barn": "granero m",
    "market": "mercado m",
    "school": "escuela f",
    "forest": "bosque m",
    "hill": "colina f",
    "well": "pozo m",
    "lake": "lago m",
    "tower": "torre f",
    "harbour": "puerto m",
    "beach": "playa f",
    "orchard": "huerto m",
    "library": "biblioteca f",
    "bakery": "panadería f",
    "station": "estación f",
    "park": "parque m",
    "pond": "estanque m",
    "field": "campo m",
    "meadow": "prado m",
    "castle": "castillo m",
    "cave": "cueva f",
    "inn": "posada f",
    "shop": "tienda f",
    "stable": "establo m",
    "lighthouse": "faro m",
    "farm": "granja f",
    "workshop": "taller m",
    "theatre": "teatro m",
    "hospital": "hospital m",
    "museum": "museo m",
    "greenhouse": "invernadero m",
}
PREPOSITIONS = {
    "at": "en",
    "in": "en",
    "on": "en",
    "by": "junto a",
    "beside": "al lado de",
    "near": "cerca de",
    "behind": "detrás de",
}


def inflected(adjective: str, gender: str) -> str:
    """An adjective in the form that `gender` asks for: "roj@" is "roja" for f, "rojos" for mp.

    Only the adjectives with "@" have forms for the plural here: Toyland's things are single.
    """
    return adjective.replace("@", {"m": "o", "f": "a", "mp": "os", "fp": "as"}[gender.rstrip("*")])
