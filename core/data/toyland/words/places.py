"""Places of the village and around it: preposition of being there, and corners where a thing can lie."""
from __future__ import annotations

PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mill": ("at", ("behind the flour sacks", "under the wooden stairs", "beside the big wheel")),
    "bridge": ("on", ("beside the stone railing", "next to the first lamp", "behind the toll box")),
    "river": ("by", ("under the willow tree", "among the reeds", "behind a flat rock", "beside the landing stage")),
    "garden": ("in", ("under the rose bush", "behind the shed", "beside the bean poles", "among the tall daisies")),
    "barn": ("in", ("on top of the hay", "behind the cart", "under the feeding trough", "inside an old barrel")),
    "market": ("at", ("under the cheese stall", "behind the fruit boxes", "beside the fountain steps")),
    "school": ("at", ("under the teacher's desk", "behind the coat rack", "on the window sill", "in the reading corner")),
    "forest": ("in", ("under a fallen log", "inside a hollow oak", "beside the mossy stones", "among the ferns")),
    "hill": ("on", ("behind the white rocks", "in the long grass", "under the lonely pine")),
    "well": ("by", ("behind the stone wall", "under the mossy bench", "beside the iron pump")),
    "lake": ("by", ("under the wooden pier", "among the water lilies", "inside an upturned boat")),
    "tower": ("in", ("at the top of the stairs", "behind the great clock", "under the round window")),
    "harbour": ("at", ("under a pile of nets", "behind the salt barrels", "beside the anchor stone")),
    "beach": ("on", ("behind the sand dune", "under a striped chair", "beside a rock pool", "inside a broken crate")),
    "orchard": ("in", ("under the oldest apple tree", "inside a fruit crate", "behind the beehives")),
    "library": ("in", ("between two thick books", "under the reading table", "behind the tall shelf", "on the bottom shelf")),
    "bakery": ("in", ("behind the warm oven", "under the counter", "beside the bread shelf")),
    "station": ("at", ("under the long bench", "behind the ticket window", "beside the luggage scale")),
    "park": ("in", ("under the park bench", "behind the statue", "beside the swings", "in the sand pit")),
    "pond": ("by", ("among the cattails", "under the little dock", "behind the duck house")),
    "field": ("in", ("behind the scarecrow", "among the wheat sheaves", "under the hedge")),
    "meadow": ("in", ("among the clover", "under the broken fence", "behind a molehill")),
    "castle": ("in", ("behind the heavy curtain", "under the throne", "inside a suit of armour")),
    "cave": ("in", ("on a ledge of rock", "behind the dripping stones", "in the darkest corner")),
    "inn": ("at", ("under the corner table", "behind the fireplace", "beside the cellar door")),
    "shop": ("in", ("under the glass counter", "behind the button jars", "on the highest shelf")),
    "stable": ("in", ("under the manger", "behind the saddles", "in the clean straw")),
    "lighthouse": ("at", ("on the spiral stairs", "under the great lamp", "behind the oil cans")),
    "farm": ("on", ("behind the hen house", "under the milk cart", "beside the pig pen")),
    "workshop": ("in", ("under the work table", "behind the paint pots", "in the tool drawer")),
    "theatre": ("in", ("behind the velvet curtain", "under the front row", "in the costume chest")),
    "hospital": ("at", ("under the waiting bench", "behind the linen cupboard", "beside the front desk")),
    "museum": ("in", ("under the dinosaur bones", "behind the marble lion", "beside the ticket desk")),
    "greenhouse": ("in", ("under the fern pots", "behind the lemon trees", "beside the watering cans")),
}
HOME_SPOTS = ("under the bed", "on top of the wardrobe", "behind the stove", "in the kitchen cupboard", "under the stairs",
              "behind the curtain", "in the bottom drawer", "under a pillow", "in the wooden chest")
# Where there is room to play, and where a storm can reach.
OUTSIDE = ("river", "garden", "hill", "lake", "harbour", "beach", "orchard", "park", "pond", "field", "meadow", "farm",
           "forest", "castle", "market", "bridge", "lighthouse", "mill")
# Where one lives and from where one sets out; the rest are for going to.
HOMES = {"mill": "beside", "bridge": "near", "river": "by", "market": "near", "forest": "near", "hill": "on",
         "lake": "by", "tower": "near", "harbour": "near", "beach": "near", "orchard": "behind", "station": "near",
         "park": "beside", "meadow": "beside", "castle": "near", "inn": "behind", "lighthouse": "beside", "farm": "on",
         "school": "near", "well": "near"}
