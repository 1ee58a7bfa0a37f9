"""Which Spanish words an English word of the tellings may be there: the word list of the alignment.

An entry is "english: spanish spanish", entries are parted by ";"; "*" stands for any ending ("red: roj*").
`GLOSS` holds content words, whose links are sure; `FUNCTION` the words that languages place freely, whose links are
only possible.
"""

from __future__ import annotations

from functools import cache

_CONTENT = """
about: sobre por en pensó palpó de; across: cruzó; act: actúa; advice: consejo*; afraid: miedo;
after: después tras del cuid* cabo rato; afternoon: tarde; again: otra nuevo volver volvió recompuso vez vuelve;
against: contra; ago: hacía; agreed: aceptó acuerdo acordaron; air: aire;
all: tod* completamente repente golpe todas precisamente todo; alone: sol* cuenta; along: también llevó fue llegó;
always: siempre; among: entre; anchor: ancla; angry: enfad* airada; another: otra; answered: respondió contestó;
any: ya algo cualquier todavía; anybody: alguien; anything: nada nadie quieras otra cosa; anywhere: parte;
apple: manzan*; arm: brazo; armour: armadura; arms: brazos; around: alrededor vuelta dobló por buscó;
ashamed: avergonz*; ask: pediré; asked: preguntó pidió pedido preguntaba hizo; asking: preguntar; asleep: durmiendo;
ate: comió; aunt: tía; awake: despiert*; away: lejos escapó quitó alejó apartando llevado dado escabullía;
back: devolvió devuel* vuelta volvió recuper* devuelto espalda; bad: malo; bag: bolsa bolsita; banged: golpeaba;
bare: desnudas; barked: ladró; barking: ladraba; barrel: barril; barrels: barriles; bath: baño; bats: murciélagos;
bean: judías; bear: oso; beat: ganó ganarte; beats: gana; became: hizo; because: porque como por culpa;
bed: cama acostó; bee: abeja; beehives: colmenas; beetle: escarabajo; before: antes ante delante poco;
began: empezó comenzó hizo; begged: rogó; behind: detrás atrás; believe: creía; believed: creyó; bell: campana;
bells: campanas; belonged: fue era; belongs: tuyo; bench: banco; beside: lado; best: mejor más; bet: apuesta apuesto;
better: mejor; between: entre; big: gran grande*; birch: abedul; birds: pájaros; birdsong: canto pájaros;
birthday: cumpleaños; biscuits: galletas; bit: mordió todo; bite: bocado; black: negr*; blanket: manta;
blew: levantó dispersó; blind: ciega; boasted: presumió; boat: barca; bones: huesos; book: libro; books: libros;
boomed: retumbó; boots: botas; borrow: prestad* prestas tomar; borrowed: pedido prestad*; both: dos ambas los;
bottom: abajo; bought: compró comprado; bowl: cuenco; box: caja; boxes: cajas; branches: ramas; bread: pan;
break: rompen; breath: aliento hondo voz respiró baja; breezy: brisa; bright: luminos*; bring: devuél* trae* tráeme;
broke: rompió estalló abrió; broken: rot*; brother: hermano; brought: trajo traído devuelto devolvió;
buff: gallinita; build: construiré; bush: rosal; butter: mantequilla; buttered: mantequilla;
butterfly: mariposa; button: botones; buttons: botones; cake: pastel; called: llam* gritó;
came: llegó vino volvió salió salieron salía subió fue apareció acercó dobló ver entró; cans: latas regaderas;
cap: gorra; captain: capitán; cards: cartas; care: cuid*; careful: cuidado; careless: descuido;
carried: sacó llevaba; carry: llevar; cart: carro; cat: gato; cattails: espadañas; cellar: sótano; chair: silla;
checkers: damas; cheeks: mejillas; cheerful: alegre; cheese: queso*; cherries: cerezas; chess: ajedrez; chest: baúl;
chestnut: castaño; chickens: pollos; chimney: chimenea; chimneys: chimeneas; chose: eligió; church: iglesia;
cinnamon: canela; clapped: aplaudió; classmate: compañer* clase; clean: limpia; cleaned: limpiaba;
clear: despejar despejado; cleared: despej*; clenched: apretó; climbed: trepó subió; climbing: trep*; clock: reloj;
close: cerca punto; closed: cerr*; cloud: nube; clouds: nubes; cloudy: nublada; clover: tréboles;
coat: abrigo perchero; cobwebs: telarañas; cock: gallo; coin: moneda; coins: monedas; cold: frí* enfriaba;
come: ven volver volvería cumplido sal llegado; coming: venía viene; content: content*; corner: rincón esquina;
cost: costaba; costume: disfraces; cosy: acogedora; cough: tos; coughed: tosió;
could: podía pudo sabía supiera pudiera; count: contar; counted: contó contaba; counter: mostrador;
countries: países; course: claro; cousin: prim*; covered: cubrió; cow: vaca; crack: crujido oyó;
crashed: derrumbó estalló; crate: cajón; crawled: escabulló; creaking: crujía; crept: escabulló;
cried: gritó exclamó lloró; crisp: despejada; crooked: torcida; cross: humor mal; crossed: cruzó; crossly: humor mal;
crossroads: cruce; crow: cuervo; crowed: cantó; crows: cuervos; crumb: miga; crying: llorar; cup: taza;
cupboard: armario; curtain: cortina; cut: cortó; daisies: margaritas; dance: bailar; danced: bail*;
dark: oscur* anocheciera; darkest: oscuro; darted: revoloteaban; dawn: amanecer; day: día; days: días; dead: muertas;
dear: car*; dearest: querido; deep: hondo; deeply: profundamente; deer: ciervo; delicious: delicios*;
delighted: encantad*; desk: mesa recepción taquilla; dew: rocío; died: apagó; dinosaur: dinosaurio;
disappeared: desapareció; discovered: descubrió; dock: muelle; dog: perro; doing: haciendo estará; done: hecho;
door: puerta portazo; down: bajó sentó tumbó; drank: bebió; draw: dibujar; drawer: cajón cajones; dreamed: soñaba;
dripping: goteaban; drop: gota; dropped: cayó caer cesó; drops: gotas; drum: tamborilear; drummed: tamborileaba;
dry: sec*; duck: patos; dug: cavó despejó; dune: duna; dusk: crepúsculo anochecer; dust: polvo quitar;
dusty: polvoriento polvorient*; each: miraron miraban; ear: oreja; early: temprano; earn: ganar; earned: ganado;
earth: tierra; easier: fácil; easy: fáciles; eat: com*; eaten: comido; eating: comiendo; either: tampoco;
else: demás cosa más; empty: vací*; end: final fin; ended: acabó terminó; endless: interminable;
enough: bastante suficiente* tuvo; even: incluso ni siquiera; evening: noche noches; ever: nunca darte;
every: cada tod*; everybody: todos todo mundo; everyone: todos; everything: todo; everywhere: partes todas;
except: menos excepto; exchange: cambio; eye: ojos ojo; eyes: ojos; face: mueca; failed: fracas*; faint: debilitó;
fair: justo; fairly: limpiamente; fall: caer; fallen: caído; falling: caían;
far: lejos lejanos demasiad* quedaba estaba; fast: deprisa; fault: culpa; feed: comer; feeding: comedero; feet: pies;
fell: cay* caí*; felt: sentía sintió pesaba palpó; fence: valla; fern: helechos; ferns: helechos; few: unos pocas;
fields: campos; fifth: quinto; filled: llenó; finally: finalmente; finished: terminó; fire: fuego;
fireplace: chimenea; firewood: leña; first: primer* primero; fists: puños; five: cinco; flat: plana; flew: volaban;
floor: suelo; flour: harina; foggy: niebla; fold: doblar; folded: cruzados; followed: siguió fue detrás;
food: comida; foolish: tont*; foot: pie patada; footsteps: pasos; forgave: perdonó; forget: olvidaré;
forgive: perdono; forgiven: perdonado; forgot: olvid*; forgotten: olvidad*; found: encontr* apareció aparecía;
fountain: fuente; four: cuatro; fox: zorro; free: despejó libre soltó; fresh: fresc*; friend: amig*;
friendly: amistoso; friends: amig*; frightened: asustó; frog: rana; front: primera recepción delante;
frosty: escarcha; frowned: frunció ceño; fruit: fruta; full: llen*; fun: divertid* divertido; funny: graciosa;
furious: furios*; gasped: jadeó; gate: verja; gates: verjas; gathered: recolectó;
gave: dio devolvió entregó rendí rindió daba mostró; get: llegar recibiría; gets: recibe; ginger: jengibre;
give: dame rindas rendí entregar regal* rindió rend* ceder; given: dado dio regalado; glad: alegr*; glass: cristal;
glittered: relucía; glue: pegamento; go: iré ir vamos hacia soltar sería; going: vas adelante; gold: oro;
golden: dorad*; gone: estaba faltaba ido falta desaparecido pasó desapareció ha;
good: buen* bien gracias tiempo como; got: recib* recuperó puso quitó devolvió; grabbed: agarró; grandfather: abuelo;
grandmother: abuela; grass: hierba; great: gran mucho tía tío; great-aunt: tía abuela; great-uncle: tío abuelo;
green: verde; greet: saludar; greeted: saludó; grew: creció oscureció hizo enfriaba alargaron debilitó levant*;
grey: gris; grinned: sonrió; ground: tierra; grow: crec* volvía crecerá; growled: gruñía; grown: crecido;
grumbled: refunfuñaba; guard: guardaré; hail: granizo; half: medi*; hammer: martillo; hand: mano; handed: entregó;
hands: mano manos; happen: pasará; happier: feliz más; happily: feliz; happy: feliz;
hard: difícil duro mucho fuerte costaba saliva; harder: difícil más; harvest: cosecha; hasty: impaciente; hay: heno;
head: cabeza; headed: dirigió; hear: oír; heard: oyó oyeron; heart: corazón memoria; heavy: pesad*; hedge: seto;
hedgehog: erizo; held: sujetó extendió llevaba mostró; hello: hola; help: ayud* servirá ayúdame; helped: ayudó;
helpings: raciones; helps: ayuda; hen: gallinero; here: aquí; heron: garza; hid: escondió; hidden: escondid*;
hide: escondite; high: alt* partes; highest: alto más; hills: colinas; hole: hoyo; hollow: hueco; home: casa hogar;
honey: miel; honour: honor; hoped: esperaba confiado; hopeful: optimista; horse: caballo; hot: caliente; hour: hora;
hours: horas; house: casa gallinero; howled: aullaba; hugged: abraz*; hummed: tarareó; humming: tarareando;
hundred: cien; hung: colgó bajó; hungry: hambr*; hurried: deprisa corrieron corriendo; hurry: prisas; idea: idea;
inherited: heredado; inside: dentro; iron: hierro; jar: tarr*; jars: tarros; joined: unió; joke: broma;
journey: viaje; joy: alegría; juggle: hacer malabares; juggling: hac* malabares; juice: zumo; jumped: salt*;
jumping: salt*; just: justo como; kept: guard* quedó siguió mantuvo cumplid* cumpl*; kicked: patadas; kind: amable;
kinder: amable más; kitchen: cocina; knees: rodillas; knew: sabía supo conocí* supiera; knit: tejer;
knock: llamaron puerta; know: sab* conoces; ladybird: mariquita; laid: colocó puso; lamp: lámpara farola;
lamps: lámparas; landed: cayó; landing: embarcadero; lane: callejuela; last: fin últim* quedaba; late: tarde;
later: tarde después más; laugh: reír; laughed: rio rieron reído carcajadas; laughing: riendo; laughter: risas;
lay: estaba tumbó quedó pasó; leaf: hoja; leapfrog: pídola; learn: aprender; learned: aprend*; leave: dejé;
leaves: hojas; led: llevó abrió; ledge: repisa; left: izquierda dejó salió partió quedaba quedó fue todavía había;
legs: piernas; lemon: limoneros; lend: préstame; lent: prest*; lid: tapa; lifted: levantó;
light: luz ligera suave primera pesaba menos; like: gust* como así quieres; liked: gust*; lilies: nenúfares;
lime: tilo; linen: ropa blanca; lines: cuerdas; lion: león; lip: labio; list: lista; listened: escuchó;
lit: encend* iluminaron; little: pequeñ* poco bolsita; lived: viv*; lizard: lagarto; lock: cierra llave; log: tronco;
lonely: solitario sol* sintió; long: larg* mucho rato tiempo poco buen todo; longed: desead* anhel*;
longer: largas más; look: mira* mirar busca buscar vista pareces cuid* estás; looked: mir* buscó parecía asomó;
looking: mir* busc*; lost: perd*; loud: fuerte* carcajadas; loudly: alto fuerte alta voz; loved: quería;
low: baj* desanimad* partes; lower: abajo; lucky: suerte; luggage: equipajes; lullaby: nana; lunch: comer;
lying: tirad* había quedó; made: hiz* hac* hic* ganaban cometer jugó; magpie: urraca; man: anciano;
manage: conseguiremos; manger: pesebre; many: much*; marble: mármol; marbles: canicas; march: marcha;
marched: marchó; matter: pasa; means: anuncia; mend: arreglar; mended: arregl* repar*; mending: remendando;
mentioned: mencionó; met: encontr*; midday: mediodía; might: podía; mild: templada; miles: millas redonda;
milk: leche ordeñar; mind: importó importa pensaba; mine: mía mío; minutes: minutos; miserable: desgraciad*;
miss: echo menos; missed: echaba menos eché; missing: falt* echará menos; mistake: error; molehill: topera;
moment: momento; money: dinero; mood: humor; moon: luna; more: más ya; morning: mañana día hizo; mossy: musgos*;
mouse: ratón; mouth: boca; moved: alejó; much: much* tanto demasiad*; mud: barro; muddy: embarradas; must: tengo;
mustard: mostaza; nail: clavo; nails: clavos; narrow: estrech*; near: cerca acercó; need: necesit*;
needed: necesitaba; needle: aguja; neighbour: vecin*; neighbours: vecinos; neither: nadie; nets: redes;
never: nunca importa; new: nuev*; next: siguiente próxim* junto lado; night: noche noches; nobody: nadie quién;
nodded: asintió; noise: ruido; noisy: ruidosa; none: ninguna; noon: mediodía; nothing: nada otra cosa;
notice: not* cuenta dio; noticed: notó cuenta dio; now: ahora; nowhere: parte ninguna dónde; nuts: nueces;
oak: roble; offered: ofreció; often: menudo; oh: oh; oil: aceite; old: viej* ancian*; oldest: viejo más;
once: vez érase golpe enseguida; one: una un uno algún cada; only: solo ojalá; open: abiert* abrir; opened: abrió;
other: otr* miraron miraban; otter: nutria; outside: fuera; oven: horno;
over: sobre encima acercó entregó fue termin* acab*; overjoyed: loc* alegría; owl: búho; own: tendré;
owned: tenía poseía era; paid: pag* valido pena; paint: pintar pintura; pale: pálid*; pancakes: tortitas;
parcels: paquetes; part: separarse; parted: abrieron; passed: pas*; path: sendero; patience: paciencia;
patient: paciente; patter: golpetear; pebble: piedrecita; peel: pelar; peeped: asomó; pen: pocilga; people: gente;
pepper: pimienta; perfect: perfect*; perhaps: quizá tal vez; pick: recoger; picked: recogió; piece: trozo;
pier: muelle; pig: pocilga; pile: montón; pillow: almohada; pinch: pizca; pine: pino; pink: rosa; pit: cajón;
place: lugar; plan: plan; planned: pensaba; planted: plant*; play: jug* juega; played: jug*; please: favor;
pleased: content* alegró; plenty: mucho bastante; pliers: alicates; plum: ciruela*; pocket: bolsillo bolsillos;
pointed: señaló; poles: palos; polish: pulir; pool: poza; poor: pobre; potatoes: patatas; pots: botes macetas;
practice: práctica; praised: elogió; present: regalo; prize: premio; promise: prom*; promised: prom*;
proud: orgullos*; prouder: orgullos* más; proudly: orgullo; pull: arrancar;
pulled: quitó tiraron arrancó soltó tirón; pump: bomba; pushing: apartando;
put: puso dejó recompuso arreglado lanzó aguantar; quarrel: pelea; quarrelled: pele* discutieron;
questions: preguntas; quick: rápido; quiet: tranquil* callad* silencio guardó; quietly: silencio;
quite: muy bastante completamente del; raced: corrieron; rack: perchero; railing: barandilla; rain: lluvia;
rainbow: arco iris; rainy: lluviosa; rake: rastrillar; ran: corr* escapó tropezó; rang: sonó;
raspberries: frambuesas; rattled: traqueteó sonar repiqueteaba; ray: rayo; reach: llegar; reached: llegó buscó;
read: leer; reading: lectura; ready: list*; red: roj*; reeds: juncos; remember: record*; remembered: record*;
rest: parar descans*; rested: descansó; restless: inquieta; return: cambio; rhyme: rima; ride: montar caballo;
right: derecha correcto arreglado; ripe: maduras; road: camino carretera; roasted: tostadas; robin: petirrojo;
rock: roca rocas; rocks: rocas; rolled: rodando retumbaba; roofs: tejados; room: habitación sitio lugar; root: raíz;
rose: subió salió levantaba rosal; round: redonda; row: fila remar; rowing: reman* remar; run: escapado;
running: corr*; rusty: oxidado; sacks: sacos; sad: triste; saddles: sillas montar; sadly: tristeza;
safe: salvo seguro san*; said: dijo decía; sailor: marinero; sailor's: marineros; salt: sal; sand: arena;
sang: cant*; sat: sent* estaba descansó; saved: guardó; saw: vio vi; say: decir; scale: báscula;
scarecrow: espantapájaros; school: escuela; sea: mar; search: búsqueda; searched: buscó; second: segunda;
secret: secreto; see: ver veré ven veo verte verás vio; seed: semilla; seek: escondite; seemed: pareció;
seen: visto veía; selfish: egoísta; selling: vendía; sent: mandó; set: puso colocó camino; sew: coser; shade: sombra;
shadow: sombra; shadows: sombras; shaking: negando; share: compartir; shared: comparti* compart*; sheaves: gavillas;
shed: cobertizo; sheets: sábanas; shelf: estante; shelves: estantes; shiny: brillantes; ship: barco; shoe: zapato;
shone: brill*; shook: negó sacudió dieron dio temblaban sacudía; short: cort*; shoulder: hombro;
shouted: gritó exclamó gritaron; shouting: gritando; showed: mostró enseñó asomó; shut: cerrado;
shutter: contraventana; shutters: contraventanas; side: lado; sides: lados; sighed: suspiró; sight: ver;
sign: rastro; signs: señales; sill: alféizar; silly: tonta; since: desde; sing: cantar; singing: cant*;
sister: hermana; sit: sentarse estarse; sitting: sentad*; skate: patinar; skipping: salt* comba; sky: cielo;
slammed: portazo; sleep: dormir sueño; sleeping: dormido; slept: durmió; slid: deslizó; slip: escabullía;
slipped: deslizó resbaló; slow: despacio; slowly: despacio; small: pequeñ* tarrito; smelled: ol*; smile: sonrisa;
smiled: sonrió; smiling: son*; smoking: humeante; snail: caracol; snails: caracoles; snatched: arrebató;
so: tan tanto así lo cuanto; sock: calcetín; soft: blanda suave*; sold: vend*; some: algun* unas unos;
somebody: alguien; somersault: voltereta; something: algo; somewhere: lugar algún; song: canción;
soon: pronto cuanto; sorry: siento arrepentid*; sort: ordenar; sound: ruido salv* hacer; soundly: profundamente;
soup: sopa; spade: pala; sparkled: brillaban chispearon; sparrow: gorrión; speak: hablar; spent: pasó; spider: araña;
spiral: caracol; spoiled: estropeó; spoke: habló; spoon: cucharada; spoons: cucharas; squirrel: ardilla;
stack: apilar; stage: embarcadero; stairs: escalera; stall: puesto; stamped: patada dio suelo; stars: estrellas;
started: salió partió; statue: estatua; stay: quedan seguir; stayed: quedaba quedó; steady: firmes calma;
steep: empinad*; step: escalón; stepped: salió; steps: pasos escalones;
still: segu* todavía aún quiet* tranquila calma; stirred: removió; stomach: estómago; stone: piedra; stones: piedras;
stony: pedregoso; stood: est* había; stop: dejar; stopped: par* detuvo cesó dejado; storm: tormenta; story: historia;
stove: cocina; stowed: guardó; straight: directamente frente; strange: extraño; stranger: desconocid*;
strangers: desconocidos; straw: paja; stream: arroyo; street: calle; string: cuerda; striped: rayas;
strolled: pasearon; strong: fuerte; struck: dio sonó; stumbled: tropezó; sudden: repentino repente; suddenly: pronto;
sugar: azúcar; suit: armadura; summer: verano; sun: sol; sunday: domingo; sunny: solead*; sunrise: salir sol;
sunset: ponerse sol; supper: cena; surprise: sorprender; swallow: golondrina; swallowed: tragó;
swapped: camb* hicieron; sweep: barrer; sweeping: barriendo; sweet: dulce; swim: nadar; swimming: nad*;
swings: columpios; table: mesa; tag: pillapilla; take: tom* necesitan llevaré cuid* turnarse; taken: tomado llevado;
talk: hablar; talked: habl*; talking: hablando; tall: alt*; taller: alt* más; tasted: prob* sabía; taught: enseñ*;
tea: té; teach: enseñaré; teacher's: maestro; tears: lágrimas llorar; tell: contarte; telling: contármelo decírmelo;
ten: diez; tenth: décimo; terrible: fatal; thank: gracias darte; thanked: gracias dio; thanks: gracias;
then: luego entonces después; there: allí apareció; thick: gruesos; thief: ladr*; thin: fin*; thing: cosa;
things: cosas precisamente; think: piensa pensaré pensar creo; third: tercer; thought: pens*; thoughts: pensamientos;
thread: hilo; three: tres; threw: lanzó; throne: trono; through: paso; thunder: trueno truenos;
ticket: billetes ventanilla taquilla; tidy: ordenada; tight: fuerza; tiles: tejas; time: tiempo vez hora momento;
times: veces; tin: lata; tip: punta; tired: cans* cansado cansada; toast: tostadas; today: hoy;
together: junt* recompuso lado; told: dijo cont* contó; toll: peaje; tomorrow: mañana; too: también demasiad*;
took: tom* llevó quitó sacó dio respiró cuidaba; tool: herramientas; top: encima alto; tore: arrancó; touch: tocar;
towards: hacia; toy: juguete; tree: árbol manzano sauce castaño tilo abedul; trees: árboles limoneros;
tried: intent* prob*; tries: intenta; tripped: tropezó; trouble: problemas esfuerzo; troubled: afligid*;
trough: comedero; true: verdader* cumplido; trust: confiar fiaba; truth: verdad; try: prueba inténtalo intento;
tune: melodía; turned: giró puso dio volvió alejó salió dirigió; turns: turnarse; twelve: doce; twenty: veinte;
twice: veces dos; two: dos; uncle: tío; under: debajo bajo baja; understand: comprendió; uneasy: inquiet*;
unhappy: infeliz; unharmed: iles*; until: hasta; up: rendí rindió rindas levant* subió vista recogió arrancó guinda;
upon: vez; upturned: volcada; use: sirvió nada; used: us* gasté quedaba; vain: vano; vegetable: verduras;
velvet: terciopelo; very: muy mucho; view: vista; village: pueblo; vinegar: vinagre; visit: visitar; visitor: visita;
voice: voz; voices: voces; wait: espera esperarás veía; waited: esper*; waiting: espera esperar;
walked: camin* anduvo topó segu*; wall: muro; want: quiero quer* volver; wanted: quería; wardrobe: armario;
warm: caliente cálida; warmed: calentó; warmer: caliente más; warned: advirtió; wash: lavar; washed: lavó;
washing: ropa; watch: atent*; watched: observó; water: agua nenúfares; watered: reg* lloraron; watering: regaderas;
waved: saludó mano; way: camino manera; we: nosotros conseguiremos jugamos vamos; weeds: hierbas malas; week: semana;
weeks: semanas; well: bien; went: fue* iban bajó siguió pas* volvió acercó acostó sigui* salió hizo puso adelante;
wept: lloró; wet: mojad*; wheat: trigo; wheel: rueda; when: cuando que; where: dónde adónde donde; whether: si;
while: mientras rato; whispered: susurró; whistle: silbar; whistled: silbó; whistling: silb*; white: blancas;
whole: toda enter* entero; whose: quién; why: qué; willow: sauce; win: gana; wind: viento;
window: ventana ventanilla; windows: ventanas; windy: ventosa; wings: alas; winked: guiñó ojo; winner: gane quien;
wins: gana; winter: invierno; wiser: sabi* más; wish: ojalá deseo; wished: dese*; without: sin; woke: despertó;
woman: anciana; won: gan*; wonder: pregunto estará; wonderful: maravilla; wooden: madera; word: palabra;
words: palabras; work: trabaj*; worked: trabaj*; world: mundo; worried: preocup*; worry: preocupes;
worth: vale valió pena; writing: escribiendo; wrong: mal pasaba iba; year: año; years: años; yes: sí;
yesterday: ayer; young: joven; yours: tuyo
"""
_SMALL = """
a: un una; along: llevó; am: soy tengo estoy; an: un una; and: y e; are: eres está; as: como cuando tan mientras;
at: a al en por con primer guiñó; back: a; be: ser estar esté seré tener ten estaría estuviera;
been: estado sido hacía; being: estado haber; but: pero salvo; by: por junto a al; can: puedo puedes sé;
could: podía hubiera sabían supiera sabía; did: no hizo; do: no hacerlo hagas hago haré; down: por puso lado otro;
for: para por durante porque pues hacia hasta desde hacía llevaba tomar; from: de del a desde por; get: a;
had: había habían tenía hubiera tomó tenido tomar tuviera tuviste; has: ha;
have: he has ten tengo tener tienes toma tomar tendré; he: él; her: su sus ella la le el los las; him: él lo le;
his: su sus él el los las; how: cómo qué cuánto; i: yo; if: si ojalá; in: en de con por vano entró asomó;
into: en con; is: está es era esté hay queda estará; it: lo la; let: déjame soltar cedió; may: puedo puedes;
me: me mí conmigo; my: mi; no: no ningún tampoco ni; not: no sin ni; of: de del con; off: de salió soltó quitó;
on: en sobre con; or: o; out: fuera de sin; own: su; shall: tendrá; she: ella; some: unas unos;
than: que de; that: que ese esa eso lo; the: el la los las del al; there: había oyó;
this: este esta esto esa hacerlo; to: a al hasta hacia que para de por estuviera; up: a lado; us: nos;
was: estaba era fue estuvo había estuviera apareció salió iba fui estuve tuvo; were: estaban eran fueron;
what: qué lo que; which: que; who: que quien quién; whom: quien; will: voy; with: con de conmigo;
would: haría sería habría quería quiso; you: te tú ti le; your: tu
"""


@cache
def _entries(block: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """For an English word the whole Spanish words, and the beginnings of others."""
    out = {}
    for entry in " ".join(block.split()).split("; "):
        word, _, rest = entry.partition(": ")
        forms = rest.replace(";", "").split()
        out[word] = (
            tuple(form for form in forms if not form.endswith("*")),
            tuple(form[:-1] for form in forms if form.endswith("*")),
        )
    return out


@cache
def translates(english: str, spanish: str, sure: bool) -> bool:
    """Whether two words, in small letters, may translate each other: as content words if `sure`."""
    whole, begun = _entries(_CONTENT if sure else _SMALL).get(english, ((), ()))
    return spanish in whole or spanish.startswith(begun)
