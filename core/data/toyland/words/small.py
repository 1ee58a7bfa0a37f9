"""Small words that colour a story: weather, times, passing creatures, treats, ingredients."""
from __future__ import annotations

WEATHER = ("sunny", "windy", "cold", "warm", "cloudy", "bright", "foggy", "rainy", "quiet", "frosty", "mild",
           "fresh",
           "grey", "golden", "breezy", "crisp")
DAYPARTS = ("morning", "afternoon")
CREATURES = ("squirrel", "robin", "hedgehog", "fox", "frog", "heron", "sparrow", "beetle", "butterfly",
             "snail",
             "swallow", "mouse", "crow", "owl", "ladybird", "otter", "magpie", "lizard", "deer", "bee")
DEEDS = ("hurried across the path", "sat quite still and watched", "peeped out from behind a stone",
         "crossed the road without a sound", "rested in the sun", "disappeared under a hedge",
         "looked around for food",
         "stayed close to the wall", "came very near and then was gone", "slept on a warm stone")
TREATS = ("warm bread", "cold milk", "plum cake", "hot tea", "apple juice", "bread and cheese",
          "honey biscuits",
          "roasted nuts", "ripe cherries", "vegetable soup", "fresh water", "buttered toast", "pancakes",
          "raspberries")
GAMES = ("tag", "hide and seek", "leapfrog", "checkers", "cards", "marbles", "chess", "blind man's buff")
SONGS = ("an old song", "a funny tune", "a sailor's song", "a march", "a lullaby", "a harvest song",
         "a silly rhyme")
INGREDIENTS = ("salt", "sugar", "butter", "flour", "cinnamon", "pepper", "milk", "vinegar", "mustard",
               "ginger", "oil")
JOBS = ("sweep the floor", "carry water", "stack the firewood", "wash the windows", "feed the chickens",
        "peel potatoes", "pull weeds", "paint the fence", "sort the nails", "dust the shelves",
        "fold the sheets",
        "milk the cow", "polish the spoons", "carry the parcels", "rake the leaves")
RACES = ("running", "swimming", "climbing", "rowing", "whistling", "jumping", "juggling", "skipping")
SKILLS = ("swim", "read", "whistle", "dance", "row", "sew", "knit", "juggle", "ride", "skate", "draw",
          "count to a hundred")

POOLS: dict[str, tuple[str, ...]] = {
    "weather": WEATHER, "dayparts": DAYPARTS, "creature": CREATURES, "deed": DEEDS, "treat": TREATS,
    "game": GAMES,
    "song": SONGS, "ingredient": INGREDIENTS, "job": JOBS, "race": RACES, "skill": SKILLS,
}
