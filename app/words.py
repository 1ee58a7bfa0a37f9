"""The glossary: a term of the field in one or two plain sentences, the same on every page. No Streamlit here."""

from __future__ import annotations

TERM = "term"  # the context of a term's name in the tables of translations
FORM = "form"  # that of what it is recognised by, where `FORMS` has it in English

WORDS: dict[str, str] = {
    "token": "A piece of text that the model knows by a number: a word, a part of one, or a sign.",
    "·": "A dot before a token stands for a space: ·red is a space and then “red”, the beginning of a new word.",
    "<s>": "The start token: it stands before every text, so that the first word, too, has something to be said from.",
    "cheatsheet": (
        "All of the subject on one sheet, in numbered sections. Below: which of them this page shows, and where."
    ),
    "embedding": "The list of numbers that stands for a token when it enters the model, looked up in a table.",
    "row": "One token on its way through the model: its list of numbers, which is changed from the left to the right.",
    "residual stream": (
        "The list of numbers that each token carries through the model; every part adds something to it."
    ),
    "residual": (
        "Residual connection: what a part finds is added to a token’s row and replaces nothing, so each row keeps what "
        "it had."
    ),
    "ribbon": (
        "A band in the open block: what a token asks (query), offers (key) or hands over (value); thicker is "
        "larger."
    ),
    "dot": "What a part adds to a row, as a disc: violet from attention, ochre from the MLP; larger means more.",
    "plus sign": "Here what a part found is added to the row, number by number; nothing that was there is replaced.",
    "block": (
        "One layer of the model. In it tokens first read each other (attention), then each is worked on alone "
        "(MLP)."
    ),
    "head": "One of several readers that work side by side in a block, each with its own way to choose what to read.",
    "L1H0": (
        "L is a layer (a block), H one of its heads; both are counted from 0. L1H0 is the first head of the "
        "second layer."
    ),
    "query": "The numbers with which a token asks the others: what am I looking for?",
    "key": "The numbers with which a token answers such questions: the better they fit, the more of it is read.",
    "value": "The numbers that a token hands over to those who read it.",
    "attention": (
        "How a token reads other tokens: each gets a share, all shares make 1, and what they hold is mixed by "
        "them."
    ),
    "attention score": (
        "How well one token’s question fits another token, as a plain number; softmax makes shares of these."
    ),
    "MLP": "A small network (multi-layer perceptron) in each block. It works on one token at a time and sees no other.",
    "mask": "The rule that a token must not read what comes after it.",
    "softmax": (
        "Turns any numbers into shares between 0 and 1 that add up to 1; the largest number gets the largest "
        "share."
    ),
    "logits": (
        "What the model gives to each token that it knows, before that becomes probabilities: any number, higher "
        "is likelier."
    ),
    "temperature": (
        "What the model’s numbers are divided by before they become probabilities: below 1 the likeliest gains, "
        "above 1 all come nearer."
    ),
    "logit lens": "Reading off a layer in the middle what the model would say if it stopped there.",
    "norm": "Brings a token’s numbers to a common size before the next part reads them.",
    "rotary position": (
        "A way to tell places: what a token asks and answers is turned like a clock’s hand, further at each "
        "place."
    ),
    "vocabulary": "All the tokens that a model knows.",
    "tokenizer": "What cuts text into tokens and gives each its number; the model sees only the numbers.",
    "corpus": "The collection of texts that something is learned from.",
    "merge": "Joining two pieces that often stand side by side into one new piece.",
    "pre-tokenization": "The first cut of a text, into words; no piece may reach over its edges.",
    "[UNK]": "“Unknown”: what stands where the tokenizer knows no piece. The model cannot tell what was there.",
    "byte": "A number from 0 to 255: what computers store a character as, one to four of them each.",
    "likelihood": "How probable a text is to a model, all of its words together.",
    "parameters": "The numbers that training has set; all that a model knows is in them.",
    "pretraining": "The long first training on plain text, before a model learns any special task.",
    "fine-tuning": "Training a trained model a little more, on examples of the task that it is meant for.",
    "LoRA": (
        "Low-rank adaptation: the trained numbers stay as they are, and two small tables are learned whose "
        "product is added."
    ),
    "rank": "How thin the two learned tables are: with a higher rank they can change more, and have more to learn.",
    "frozen body": (
        "All of the model stays as it was trained; only the new part at its end, which gives the answer, learns."
    ),
    "prompt tuning": (
        "Learning a few made-up tokens that stand in front of every text, while the model itself stays as it is."
    ),
    "in-context learning": "Doing a task from examples that stand in the text itself: nothing in the model changes.",
    "interval": "Where the true value most likely lies: 95 of 100 such intervals hold it. With few runs it is wide.",
    "seed": (
        "The number that chance begins with. The same seed gives the same draws; another one, other examples in "
        "another order."
    ),
    "forgetting": (
        "What a model loses of an old task by learning a new one: here, how much worse it has become at the old "
        "text."
    ),
    "safetensors": "A file of named tables of numbers; it holds no program, so opening it cannot run one.",
    "licence": "What a model’s makers allow others to do with it.",
    "cross-attention": "How the writing half of a model reads the text that the reading half has read.",
    "ablation": "Switching a part off to see what it was good for.",
    "pass": "One run of the model over a text: it gives the probabilities of the next token.",
    "\\xbd": "One byte, in two digits of base 16: a part of a character that was cut into several tokens.",
    "greedy": "Taking the likeliest token at every step.",
    "beam search": "Following several texts at once, and keeping those that are likeliest so far.",
    "sampling": "Drawing each token at random: a likely one often, an unlikely one seldom.",
    "sum of log p": (
        "How likely a whole text is: the logarithms of its steps’ probabilities, added. Nearest to 0 is "
        "likeliest."
    ),
    "score": "What beam search ranks texts by: how likely the text is, evened out for its length.",
    "exact search": (
        "Goes on with the likeliest beginning until no other can win. Then its text is proved to be the likeliest."
    ),
    "warped": "Changed before drawing: sharpened, penalized or cut off, and then made to add up to 1 again.",
    "length penalty": (
        "How much beam search makes up for length: longer texts are less likely, and a higher power favours "
        "them."
    ),
    "top-k": "Drawing among the k likeliest tokens only.",
    "top-p": (
        "Drawing among the fewest tokens that together are likelier than p; when the model is sure, these are "
        "few."
    ),
    "min-p": "Drawing among the tokens that are at least p times as likely as the likeliest.",
    "repetition penalty": "Makes every token less likely that stands in the text already.",
    "entropy": "How unsure the model is, in bits: 0 when one token is certain, 1 between two equals, 2 among four.",
    "sliding window": (
        "Each token reads only its nearest neighbours, so that a text twice as long costs twice as much, not "
        "four times."
    ),
    "sink": "A first token that always stays in view: many heads look there when they have nothing to read.",
    "grouped-query": "Several heads ask, and share one set of keys and values, so that less has to be kept.",
    "KV cache": (
        "What past tokens answer and hand over (keys and values), kept so that it need not be computed again for "
        "each new token."
    ),
    "induction head": "A head that finds where the present token stood before, and reads what came after it there.",
    "integrated gradients": (
        "A prediction shared out among the tokens: how much each one mattered, summed up on the way from a blank "
        "text to this one."
    ),
    "baseline": "The blank text that an explanation compares with: its tokens say nothing.",
    "attention rollout": (
        "The reading of all layers taken together: from which tokens a row’s content has come, through all the "
        "layers."
    ),
    "faithfulness": (
        "Whether an explanation is true to the model: what it calls important must be missed most when taken "
        "out."
    ),
    "control task": "The same test with labels dealt out by chance: what is right there would be right anyway.",
    "mean ablation": (
        "A part’s output replaced by its average over the text: what it always adds stays, what it adds here "
        "goes."
    ),
    "repeats": (
        "Random tokens said twice. Only noticing the repetition helps there, so it shows what a head does by "
        "habit."
    ),
    "by chance": "The same measure where there is nothing to find. A head is named only for what lies beyond that.",
    "composition": "How well what one head writes fits what a later head reads, judged by their weights alone.",
    "share of the output": "How much of the whole sum a part makes up, in its direction: all shares add up to 1.",
    "W_O": "The table of weights that turns what all heads found into what is added to the token’s row.",
    "log probability": "The logarithm of a probability: 0 is certain, and each step of −1 is 2.7 times less likely.",
    "p": "A probability: 0 is impossible, 1 is certain.",
    "loss": "How badly a model’s probabilities fit a text, in one number; training makes it smaller.",
    "logarithm": (
        "The power that gives a number: to the base 2, that of 8 is 3, as 2 · 2 · 2 is 8. It makes sums out of "
        "products."
    ),
    "attention entropy": "How evenly a row’s attention is spread: 0 if it reads one token alone, most if all alike.",
    "cross-entropy": "The loss of a language model: how surprised it is, on average, by the tokens that really come.",
    "nats and bits": (
        "Units of surprise. A bit is the surprise of a coin’s fall; a nat, from the natural logarithm, is 1.44 "
        "bits."
    ),
    "nats": "The unit of loss: 0 is no surprise at all, and each nat more stands for a token 2.7 times less likely.",
    "perplexity": "Among how many equally likely tokens each choice would be just as hard.",
    "label smoothing": (
        "Training that asks for a little of every token, not all for the right one: nothing need become certain."
    ),
    "gradient": "For each number, how much the loss grows when that number grows; training steps the other way.",
    "batch": "Several texts that the model reads side by side; a training step follows their average loss.",
    "rows of N tokens": "From here on training reads pieces of text that are N tokens long, one beside the other.",
    "padding": "Filling a short text up to the longest beside it; the fillers are marked and do not count.",
    "step": "One small change of all weights, in the direction that makes the loss on some texts smaller.",
    "guessing": "The loss of a model that knows nothing and finds every token equally likely.",
    "validation": "Text that training never sees; the loss on it tells learning from learning by heart.",
    "learning rate": "How far a training step goes: too little and nothing happens, too much and the loss runs away.",
    "gradient norm": "How steep the loss is where the weights stand now, in one number.",
    "checkpoint": (
        "The weights as they were at one moment of training, kept, so that one can look back or go on from "
        "there."
    ),
    "activation": "A number inside the model while it reads a text; weights stay, activations come and go.",
    "rms": "Root mean square: the usual size of a list of numbers, whatever their signs.",
    "1/√d": (
        "What attention’s scores are multiplied by, d being how many numbers a head asks with. Else they would "
        "grow with d."
    ),
    "dropout": (
        "Setting a random share of the numbers inside the model to 0 while it trains, so that it relies on none "
        "alone."
    ),
    "weight decay": "Shrinking every weight a little at each step: only what training keeps asking for stays.",
    "overfitting": "Learning the training text by heart: its loss goes on falling while that of other text rises.",
    "early stopping": "Ending training when the loss on text that it does not see no longer falls.",
    "patience": "How many measurements without a new best one waits before stopping.",
    "cosine": "How far two lists of numbers point the same way: 1 the same, 0 nothing in common, −1 opposite.",
    "expectation": "The average over all that chance may draw.",
    "fork": "A new run that goes on from a kept moment of another, with other settings.",
    "objective": "What a model is asked for in training, and so what it becomes good at.",
    "next-token prediction": "Saying each token from those before it; every place of a text is a question.",
    "masked language modelling": "Saying hidden tokens from all the others, on both sides.",
    "span corruption": "Whole stretches of a text are hidden, and the model writes each of them.",
    "sentinel": "A special token, <x0>, <x1> ..., that marks a gap in the text; T5 writes <extra_id_0>, <extra_id_1>.",
    "[MASK]": "Stands where a token is hidden. Of those to guess, BERT hides 80 % so; 10 % turn random, 10 % stay.",
    "causal mask": "Each token reads itself and what came before it, so that no answer can be read off.",
    "encoder": "A model, or a half of one, in which every token reads every other, on both sides: it reads.",
    "decoder": "A model, or a half of one, in which a token reads only what came before: it writes.",
    "optimizer": "The rule that turns gradients into training steps.",
    "gradient descent": "The simplest rule of training: step downhill, the further the steeper it is.",
    "momentum": "Going on in the past direction and only bending it a little at each step, like a heavy ball.",
    "Adam": (
        "A rule of training that divides each weight’s step by how large its slopes usually are: steep and flat "
        "weights move alike."
    ),
    "AdamW": "Adam that also shrinks each weight a little at every step, by itself and not through the slope.",
    "Muon": "A rule of training for weight tables: its step is about equally long in all of a table’s directions.",
    "moments": "What Adam remembers of a weight: m, the average of its slopes, and v, the average of their squares.",
    "bias correction": "Adam’s two averages begin at 0 and are too small at first; this division undoes it.",
    "Nesterov": "Momentum that looks one step ahead before it bends.",
    "saddle": "A place that is flat, yet lower on two sides and higher on the other two.",
    "diverged": "The steps grew longer and longer until the weights left all bounds.",
    "neuron": (
        "One number in the wide middle of an MLP: it looks for one thing in a token and, if it is there, writes "
        "another."
    ),
    "pre-activation": "What a neuron has found, before a bend decides how much of it counts.",
    "activation function": (
        "The bend in the middle of an MLP: what is above 0 passes, the rest hardly. Without it the MLP could "
        "only mix."
    ),
    "ReLU": "Keeps what is above 0 and makes the rest 0; ReLU² squares what it keeps.",
    "GELU": "Like “keep what is above 0, drop the rest”, with a soft corner.",
    "SwiGLU": "An MLP with a gate: a second set of sums decides how much of each neuron passes.",
    "dead neuron": "One that fires at no token of a large sample: its weights cost time and do nothing.",
    "loss landscape": "The loss as a height over all settings of the weights; a picture shows only a slice of it.",
    "one-hot": "A list of 0s with a single 1, at the place of a word’s number: it picks one row of a table.",
    "sentence vector": "One list of numbers for a whole text, most often the average of its tokens’ lists.",
    "static vector": "A word’s list of numbers in a table, the same in every text.",
    "word2vec": "A way to learn lists of numbers for words: tell a word’s real neighbours from words drawn at random.",
    "negative sampling": (
        "Beside each pair that stands together, words drawn at random, which the word learns to push away."
    ),
    "t-SNE": "A flat map on which a word’s nearest stay near; how far apart groups lie says little.",
    "UMAP": "A flat map where neighbours pull and all others push; only who is near whom counts on it.",
    "vector in context": (
        "The list of numbers that a model makes of a word where it stands: each block adds what it reads around "
        "it."
    ),
    "GloVe": "A published table of words, learned from how often words stand near each other in 6 billion of them.",
    "analogy": "a is to b as c is to …: the word whose list points most nearly the way b − a + c does.",
    "PCA": "The flat view of a cloud of points in which they differ most; straight lines stay straight.",
    "probe": "A simple classifier that is trained on a model’s inner numbers, to see what can be read off them.",
    "classifier": "A program that learns from examples to tell one kind of thing from another.",
    "standard deviation": "How far numbers usually lie from their mean.",
    "LayerNorm": (
        "Takes off the mean of a token’s numbers, divides by their spread, then stretches each by a learned "
        "weight."
    ),
    "RMSNorm": "Divides a token’s numbers by their usual size, then stretches each by a learned weight.",
    "pre-norm": "Numbers are brought to size only for the part that reads them; the row itself is left alone.",
    "post-norm": "The row itself is brought to size again after each sum.",
    "direct attribution": (
        "A prediction as a sum: how much each part wrote towards it by itself, not what later parts made of "
        "that."
    ),
    "activation patching": (
        "A number, or a list of them, is taken from the pass over one text and put into the pass over another: "
        "how much of the first answer returns is what that place carries."
    ),
    "path patching": "Such a change is let through on one path only, from one part to one other, while all else stays.",
    "corrupted text": "A twin of the clean text that differs in little and has another answer.",
    "ledger": "All that was ever added to one token, a line for each part; the sum is what the token has become.",
    "position": "A token’s place in the text, counted from 0.",
    "sinusoidal positions": "For each place a list of waves’ heights, fast waves to slow ones, added to the token.",
    "learned positions": "For each place a list of numbers, set by training; for places past the last there is none.",
    "ALiBi": (
        "Attention with linear biases: the farther away a token, the lower its score; each head has its own "
        "slope."
    ),
    "relative bias": "A learned number for each range of distances, added to how well two tokens fit (as in T5).",
    "extrapolation": "Working on texts longer than any in training.",
    "word alignment": "Which word of a sentence was translated from which: links between two texts.",
    "alignment error rate": (
        "How far such links are from the true ones: 0 where all sure ones are found and none is wrong."
    ),
    "chrF": "How many runs of letters two texts share, 0 to 100: a score for translations.",
    "held out": "Kept from training, so that a score tells what was learned and not what was remembered.",
    "FLOP": "A floating-point operation: one multiplication or one addition.",
    "precision": "How many bits each number takes: 32 or 16, or fewer with a scale that many numbers share.",
    "roofline": (
        "What a machine can reach at most: its full speed, or less where memory cannot bring numbers fast "
        "enough."
    ),
    "operational intensity": "Operations for each byte that is moved: few, and memory sets the pace.",
    "utilization": "The share of a machine’s full speed that a training really reaches, all waiting counted.",
    "WEAT": "Word Embedding Association Test: whether one list of words lies nearer to a third than another does.",
    "association": "How much nearer a word lies to the words of A than to those of B.",
    "effect size": "A difference measured in the usual spread of its words, so that different tests can be compared.",
    "permutation test": (
        "Dealing the words anew to both lists, again and again: how often does chance alone do as much?"
    ),
    "p-value": "The share of such deals that come out at least as far, either way: small means hardly chance alone.",
    "gender direction": "The direction along which she and he, woman and man differ most in a table of words.",
    "projection": (
        "Taking out of a word’s numbers all that lies along one direction, so that they say nothing along it any "
        "more."
    ),
    "scaling law": "How the loss falls as models, texts or computing grow: smoothly enough to foretell the next size.",
    "power law": "A quantity that falls by the same factor each time another is multiplied, say, by ten.",
    "N, D and C": (
        "N: a model’s parameters. D: how much text it was trained on. C: the operations that this took, about 6 "
        "times N times D."
    ),
    "compute": "The operations that a training takes: about six for each parameter and each token read.",
    "frontier": "The sizes that no cheaper ones beat, by their runs’ mean: at each cost, the best that was reached.",
    "bootstrap": "Dealing out anew what the runs are off by: how much the answer moves says how sure it is.",
    "emergence": "A skill that seems to appear at once with size; whether it does depends on how it is measured.",
    "patch": "A small square of a picture, which becomes one token.",
    "rank agreement": "How far two measurements put things into one order: 1 the same, 0 no relation, −1 the reverse.",
    "contrastive learning": "Pulling the two halves of a pair to one place, and pushing all other pairs apart.",
    "retrieval": "Finding what belongs to a thing among many, by taking the nearest.",
    "dead band": "The stretch of a measurement for which no word is used: only what is clearly on one side has one.",
    "pruning": "Setting weights to zero, or taking whole parts out, so that less has to be kept and computed.",
    "sparsity": "The share of a model’s weights or parts that was removed.",
    "distillation": "Training a small model on all that a large one finds likely at each place, not only on the text.",
    "teacher": "The large model whose probabilities a small one, its student, learns.",
    "quantization": "Keeping each weight in few bits: as the nearest of a few allowed values.",
    "grid": "The few values that weights may take after rounding, evenly spaced.",
    "GPTQ": "Rounding weights one after the other, so that those not yet rounded make up for what was lost so far.",
    "calibration": "Letting a model read some text, so that rounding can spare what matters for what it really reads.",
    "Pareto front": "The settings that no other beats: none is as small and as good, and better in one of the two.",
    "int8": "Whole numbers from −128 to 127: a byte each, and many processors multiply them faster than others.",
    "first choice kept": "How often the changed model finds the same token likeliest as the original does.",
}

# What a sign is recognised by in every language: a regular expression, in JavaScript's notation and with the flag u.
# "": it is listed, and not underlined, because the word means other things as well.
SIGNS: dict[str, str] = {
    "·": r"·[\p{L}\p{N}]+",
    "L1H0": r"L\d+H\d+",
    "dot": "",
    "N, D and C": "[NDC]",
    "p": "p",
}

# What a term is recognised by in English where that is not its name or its plural. A language's own forms stand in its
# tables under the term's name (context `FORM`).
FORMS: dict[str, str] = {
    "attention score": "[Ss]cores?",
    "step": "steps?",
    "rows of N tokens": r"rows of [\d,]+ tokens",
    "nats and bits": "nats?|bits?",
    "nats": "nats?",
    "held out": "[Hh]eld[ -]out",
    "logits": "[Ll]ogits?",
    "parameters": "[Pp]arameters?",
    "residual": "[Rr]esiduals?(?! stream)(?: connections?)?",
    "cosine": "(?<!and )[Cc]osines?(?! to zero)",  # and not the schedule of a learning rate
}

# Terms that every page may use, listed or not.
EVERYWHERE = (
    "token",
    "·",
    "<s>",
    "L1H0",
    "block",
    "MLP",
    "attention",
    "loss",
    "nats",
    "perplexity",
    "cosine",
    "residual stream",
    "residual",
    "parameters",
    "held out",
    "cheatsheet",
)


def sentence(why: object) -> str:
    """Format a reason or a note as a sentence: a capital first and, unless it ends with a mark, a full stop."""
    said = str(why)
    return said[:1].upper() + said[1:] + "." * (not said.endswith((".", "!", "?")))
