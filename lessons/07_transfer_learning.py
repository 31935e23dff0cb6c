# %% [markdown]
# # 7 · Must every network learn to see from scratch?
#
# In lesson 04 a network began with random numbers and saw ten thousand pictures before it could tell a truck from a frog.
# You may have fifty.
# But somebody else has already trained a network on 1.2 million photographs, and it would be strange if nothing of that were of use to you.
# *Transfer learning* keeps what such a network has learnt about seeing in general, and teaches it your classes.
# Lecture I (Imperial College's) comes to it twice, and makes one claim in bold about small data sets: we put it to the test.
#
# **You will be able to**
#
# - give a pretrained network a new head, freeze its body, and say of every number in it whether it moves;
# - train on features that were computed once, and say how much faster that is;
# - fine-tune with a learning rate for each depth, and see what careless fine-tuning costs;
# - judge, with error bars, which way is best for how many pictures;
# - look at what was transferred, and do all of it with photographs of your own.
#
# **Time**: about four hours with all eight exercises; good places for a break are before *Fine-tuning* and before *A score that is too good*.
#
# **From before**: normalisation (lesson 01), training, three sets, accuracy and its doubt (04), batch normalisation and skip connections (06).

# %% tags=["parameters"]
seed = 0
size = 96  # height and width of the pictures, in pixels
per_class = 50  # training pictures, 5 or more
test_count = 300
profile = "quick"  # "full": every run of the comparison, live; most of an hour

# %%
import copy
import dataclasses
import tempfile
import time
import warnings
from pathlib import Path
from statistics import mean, median, stdev

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models
from torchvision.utils import save_image

from course_utils import plots, pretrained, transfer
from course_utils.checks import lesson07 as checks
from course_utils.datasets import load_folder, my_images, select_per_class
from course_utils.drawn import CLASS_NAMES, draw_dataset
from course_utils.photos import credit, photo
from course_utils.predict import predict
from course_utils.recorded import recorded

plots.use_style()

# %% [markdown]
# ## A network that has been to school
#
# `pretrained.body()` returns the best network at hand that was trained on ImageNet: the slides' ResNet-18 where torchvision's weights are on this computer, otherwise a smaller one that comes as a Python package.
# It always says which.

# %% tags=["nbval-ignore-output"]
# differs: names the network that is at hand
network = pretrained.body()
print(network)

# %% [markdown]
# ImageNet has 1000 classes, from tench to toilet tissue.
# What does the network make of two of this workbook's photographs?

# %% tags=["nbval-ignore-output"]
# differs: rounding, and the network that is at hand
answers = {}
for name in ("chelsea", "coffee"):
    image = network.prepare(photo(name, size=network.input_size)[None])
    with torch.no_grad():
        probabilities = network.model(image).softmax(dim=1)[0]
    best = probabilities.topk(3)
    answers[name] = [network.classes[k] for k in best.indices]
    shares = [f"{p:.0%}" for p in best.values]
    print(f"{name}: {dict(zip(answers[name], shares, strict=True))}")
    print(credit(name))

# %% [markdown]
# A cat, and a cup of coffee.
#
# ### Which weights?
#
# Your slides load the network with `resnet50(pretrained=True)`, as transcribed.
# Torchvision has called that outdated since version 0.13, and says so itself.
# (With `False` nothing is downloaded, and the complaint is the same.)

# %%
with warnings.catch_warnings(record=True) as complaints:
    warnings.simplefilter("always")
    models.resnet50(pretrained=False)
print(complaints[0].message)

# %%
for weights in models.ResNet50_Weights:
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    steps = weights.transforms()
    print(f"{weights}: {accuracy} % top-1, ", end="")
    print(f"resize to {steps.resize_size[0]}, crop {steps.crop_size[0]}")

# %% [markdown]
# There are *two* sets of weights for ResNet-50 today, nearly five points of accuracy apart, and prepared differently.
# `True` cannot say which; a name can: `resnet50(weights=models.ResNet50_Weights.IMAGENET1K_V2)`.
# And the name knows how its images must be prepared, `weights.transforms()`; that will matter soon.
# `pretrained.body("resnet50", download=True)` does the same and checks the file that arrives.
#
# ## Does it know our world?
#
# We want a set with few classes and as many pictures of each as we like, so that we can take them away again.
# Real photographs are scarce without a download: this workbook has a dozen.
# So we use the drawn world of lesson 04, now at 96 pixels.
# Keep in mind what that means: ImageNet holds photographs, and no drawing of ours.
# That makes it a *hard* test for transfer; with your own photographs expect more.

# %%
train_images, train_labels = draw_dataset(10 * per_class, size=size, seed=seed)
test_images, test_labels = draw_dataset(test_count, split="test", size=size, seed=seed)
print("training:", tuple(train_images.shape), "test:", tuple(test_images.shape))

# %% [markdown]
# The last layer of the network turns some hundreds of numbers into 1000 logits.
# Those numbers are the **features**: all that the *body*, the layers before, has found in a picture.
# `transfer.cached_features` computes them (you will write it yourself in exercise 7.4).

# %% tags=["nbval-ignore-output"]
# differs: the network that is at hand
train_features = transfer.cached_features(network, train_images)
test_features = transfer.cached_features(network, test_images)
print("features of a picture:", network.num_features)
print("raw numbers of a picture:", train_images[0].numel())

# %% [markdown]
# Take a test picture and look for the training picture that is most like it.
# Once by the raw pixels, once by the features; the network has not learnt anything about our classes yet.

# %% tags=["nbval-ignore-output"]
# differs: widget
neighbour_guess = predict(
    "In how many of 100 cases does the nearest picture *by features* show the same "
    "class? (By chance it would be 10.)"
)
neighbour_guess


# %% [markdown]
# Features are compared by their direction, pixels by the sum of squared differences.


# %%
def nearest(queries: Tensor, others: Tensor, count: int = 1) -> Tensor:
    """Return the places of the nearest rows of ``others``, (len(queries), count)."""
    return torch.cdist(queries, others).topk(count, largest=False).indices


by_features = nearest(F.normalize(test_features), F.normalize(train_features), 4)
by_pixels = nearest(test_images.flatten(1) / 255, train_images.flatten(1) / 255, 4)
same = {
    name: (train_labels[places[:, 0]] == test_labels).float().mean().item()
    for name, places in (("features", by_features), ("pixels", by_pixels))
}

# %% tags=["nbval-ignore-output"]
# differs: rounding, and the network that is at hand
for name, share in same.items():
    print(f"the nearest by {name:9} shows the same class: {share:.0%}")
neighbour_guess.reveal(round(100 * same["features"]), tolerance=5)

# %%
print("features find the class more than twice as often as pixels:", end=" ")
print(same["features"] > 2 * same["pixels"])

# %% [markdown]
# See what that means for a horse and a ship.

# %%
queries = [int((test_labels == k).nonzero()[1]) for k in (7, 8)]  # horse, ship
fig, axes = plt.subplots(4, 5, figsize=(5.4, 4.9), layout="constrained")
lines = [(q, name) for q in queries for name in ("features", "pixels")]
for line, (query, name) in zip(axes, lines, strict=True):
    places = by_features if name == "features" else by_pixels
    plots.show_rgb(test_images[query], line[0], f"by {name}")
    for ax, place in zip(line[1:], places[query], strict=True):
        mark = "✓" if train_labels[place] == test_labels[query] else "✗"
        title = f"{mark} {CLASS_NAMES[train_labels[place]]}"
        plots.show_rgb(train_images[place], ax, title)
        ax.title.set_fontsize(9)
plt.show()

# %% [markdown]
# **Figure.** By features, the four training pictures nearest to a horse show animals and those nearest to a ship show ships; by pixels, they are pictures with the same colours in the same places, whatever they show.
#
# Pixels compare place by place, so one grey-blue background is like another, whatever stands before it.
# The features were never told what a drawn horse is.
# They have learnt from photographs what legs, wings and wheels look like, wherever they are.
# *That* is what transfers.
#
# ## A new head
#
# For ten classes the 1000 logits are of no use.
# Your slides replace the last layer, and this works on any ResNet, pretrained or not, so an untrained one will do to look at.

# %%
resnet = models.resnet18(weights=None)
print(resnet.fc)
resnet.fc = nn.Linear(resnet.fc.in_features, 10)
print(resnet.fc)
print("logits:", tuple(resnet(torch.zeros(2, 3, size, size)).shape))

# %% [markdown]
# The new layer asks the old one how many features there are, so that the same line suits ResNet-50, which has 2048.
# It begins with random weights.
#
# ### Exercise 7.1: replace the head
# **Difficulty** 1 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Write it as a function for any network whose last layer is called `fc`.
#
# <details><summary>Hint 1</summary>
#
# Assign a new `nn.Linear` to `model.fc`, and return the model.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `model.fc.in_features` is the number of features. Read it before you overwrite `model.fc`.
#
# </details>
# <details><summary>I get "mat1 and mat2 shapes cannot be multiplied"</summary>
#
# Your head expects another number of features than the body gives. 512 is ResNet-18's number, and the check has other bodies.
#
# </details>
# <details><summary>I get as many logits as before</summary>
#
# Setting `out_features` renames the layer and leaves its weights as they are. Make a new layer.
#
# </details>


# %%
def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    """Give a network a new last layer for other classes, and return the network.

    Args:
        model: Its last layer is ``model.fc``, an ``nn.Linear``.
        num_classes: Number of logits.
    """
    ### BEGIN SOLUTION
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    return model
    ### END SOLUTION


# %%
checks.check_replace_head(replace_head)

# %% [markdown]
# Other networks call their last layer `classifier`, or make their logits by a 1 × 1 convolution.
# So that the rest of the lesson suits them all, we take the body as it is and put behind it what nearly all of them have: the mean of each feature map, then a linear layer.


# %%
class Transfer(nn.Module):
    """A pretrained body, the mean over height and width, and a new head."""

    def __init__(self, body: pretrained.Body, num_classes: int) -> None:
        super().__init__()
        self.body = body.features
        self.head = nn.Linear(body.num_features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        features = self.body(x).mean(dim=(2, 3))  # (N, C, h, w) => (N, C)
        return self.head(features)


logits = Transfer(network, num_classes=10)(network.prepare(train_images[:2]))
print("logits:", tuple(logits.shape))

# %% [markdown]
# ## Which parameters train?
#
# Now there are three ways to go on.
#
# - **Feature extraction**: freeze the body, train the head alone.
# - **Fine-tuning**: train everything, beginning from the pretrained weights.
# - **From scratch**: train everything, beginning from random weights, as in lesson 04.
#
# Freezing is a flag that every parameter has, `requires_grad`.
# Your slides set it for all parameters, and *then* replace the head.

# %% tags=["nbval-ignore-output"]
# differs: widget
trained_guess = predict(
    "ResNet-18 (11.7 million parameters) is frozen, then gets a new head for 10 "
    "classes. How many numbers train?"
)
trained_guess

# %%
new_layer = nn.Linear(models.resnet18(weights=None).fc.in_features, 10)
trained_guess.reveal(
    sum(parameter.numel() for parameter in new_layer.parameters()),
    because="512 · 10 weights and 10 biases: a new layer is not frozen.",
)

# %% [markdown]
# Less than a twentieth of one per cent of the network.
# The order of the two steps is the whole trick: turned round, it freezes the new head too, and nobody complains until you train.
#
# ### Exercise 7.2: freeze the body
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Make a feature extractor: nothing trains but a new head.
#
# <details><summary>Hint 1</summary>
#
# A loop over `model.parameters()`, then the new `model.fc`. In this order.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `model.requires_grad_(False)`, with the underscore, is the loop in one line. Without the underscore and the parentheses it is an attribute that nobody reads.
#
# </details>
# <details><summary>I get "element 0 of tensors does not require grad"</summary>
#
# That is what `backward` says when nothing at all can train. Is the new head frozen too?
#
# </details>


# %%
def feature_extractor(model: nn.Module, num_classes: int) -> nn.Module:
    """Freeze a network and give it a new head that trains; return the network.

    Args:
        model: Its last layer is ``model.fc``, an ``nn.Linear``.
        num_classes: Number of logits.
    """
    ### BEGIN SOLUTION
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    return model
    ### END SOLUTION


# %%
checks.check_feature_extractor(feature_extractor)

# %% [markdown]
# ### What the optimizer does with frozen parameters
#
# An optimizer never looks at `requires_grad`.
# It looks at `.grad`: where there is none it does nothing, and where there is one it takes a step.
# So it may be given frozen parameters; but two things can go wrong.
# If *everything* is frozen, there is nothing to differentiate.

# %%
layer = nn.Linear(2, 1)
layer.requires_grad_(False)
try:
    layer(torch.ones(1, 2)).sum().backward()
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# And a parameter that is frozen *after* it has trained still has its last gradient.

# %%
layer = nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
layer(torch.ones(1, 2)).sum().backward()
layer.requires_grad_(False)
before = layer.weight.clone()
optimizer.step()
print("frozen, and it moved:", not torch.equal(layer.weight, before))
optimizer.zero_grad()
before = layer.weight.clone()
optimizer.step()
print("after zero_grad it stays:", torch.equal(layer.weight, before))

# %% [markdown]
# So give the optimizer what trains and nothing else, `[p for p in model.parameters() if p.requires_grad]`, and make a new one when you freeze or unfreeze.
#
# ## Inputs as the weights know them
#
# A network that you train yourself gets used to whatever you feed it.
# A pretrained one *is* used to something: red, green and blue in this order, scaled to 0 … 1, less a mean, divided by a deviation, and the numbers belong to the weights.
# Nothing crashes if you feed it something else.
# Here is the damage, with a head trained on rightly prepared pictures and asked about wrongly prepared ones.


# %%
def right_share(head: nn.Linear, features: Tensor, labels: Tensor) -> float:
    """Return the share of pictures that a head gets right."""
    with torch.no_grad():
        return (head(features).argmax(dim=1) == labels).float().mean().item()


head = transfer.train_head(train_features, train_labels, num_classes=10, seed=seed)
shares = {"as the weights know it": right_share(head, test_features, test_labels)}
careless = dataclasses.replace(network, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
wrong = {
    "0 … 1, no mean, no deviation": transfer.cached_features(careless, test_images),
    "blue, green, red": transfer.cached_features(network, test_images.flip(1)),
}
for name, features in wrong.items():
    shares[name] = right_share(head, features, test_labels)

# %% tags=["nbval-ignore-output"]
# differs: rounding, and the network that is at hand
for name, share in shares.items():
    print(f"{name:30}{share:.0%}")

# %%
best, *others = shares.values()
print("both cost more than five points:", all(share < best - 0.05 for share in others))

# %% [markdown]
# No error, no warning, only a network that is a little stupid.
# And the numbers are not the same for all: SqueezeNet and torchvision's ResNets want ImageNet's means and deviations, EfficientNet-Lite0 wants 127/255 and 128/255 for every channel.
# That is why `network.prepare` belongs to the network.
#
# ### Exercise 7.3: inputs as the weights know them
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Prepare bytes for a network whose mean and deviation you are given.
#
# <details><summary>Hint 1</summary>
#
# Scale, subtract, divide: lesson 01, with other people's numbers.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.tensor(mean).view(1, 3, 1, 1)` meets each channel with its own number.
#
# </details>
# <details><summary>I get "The size of tensor a (5) must match the size of tensor b (3)"</summary>
#
# Three numbers without further axes meet the last axis, the columns. Give them the shape (1, 3, 1, 1).
#
# </details>


# %%
def prepare(
    images: Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Tensor:
    """Normalise images as a pretrained network expects them.

    Args:
        images: Bytes, red, green, blue, (N, 3, H, W).
        mean: Of each channel, for values from 0 to 1.
        std: Of each channel, likewise.

    Returns:
        float32, (N, 3, H, W).
    """
    ### BEGIN SOLUTION
    shape = (1, 3, 1, 1)
    scaled = images.float() / 255
    return (scaled - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
    ### END SOLUTION


# %%
checks.check_prepare(prepare)

# %% [markdown]
# ## Feature extraction: compute the features once
#
# "Train as before", say your slides after freezing, and that works: every epoch sends every picture through the whole body, to train one linear layer at its end.
# But a frozen body gives the same features in every epoch.
# So compute them once, keep them, and train the head on them: it never notices.
# We have kept them already; what is left are the four steps of lesson 04, each on all pictures at once.
# The optimizer is AdamW, which scales each parameter's step by the size of its recent gradients, so that one learning rate suits features of any scale.

# %% tags=["nbval-ignore-output"]
# differs: rounding, and the network that is at hand
torch.manual_seed(seed)
head = nn.Linear(network.num_features, 10)
optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
for _ in range(100):
    loss = F.cross_entropy(head(train_features), train_labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
extracted = right_share(head, test_features, test_labels)
print(f"{per_class} pictures a class, feature extraction: {extracted:.0%} right")

# %% [markdown]
# How much time does it save to have kept them?
# We time one epoch of 100 pictures both ways, in turns, several times.


# %%
def epoch_seconds(features_of, labels: Tensor) -> float:
    """Train a head for one epoch in batches of 50; return the time in seconds."""
    start = time.perf_counter()
    for chosen in torch.arange(len(labels)).split(50):
        loss = F.cross_entropy(head(features_of(chosen)), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def through_the_body(chosen: Tensor) -> Tensor:
    return transfer.cached_features(network, train_images[chosen])


def from_the_cache(chosen: Tensor) -> Tensor:
    return train_features[chosen]


ratios = []
for _ in range(5):
    slow = epoch_seconds(through_the_body, train_labels[:100])
    ratios.append(slow / epoch_seconds(from_the_cache, train_labels[:100]))

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
kept = recorded("lesson07_shrinking")["speed_up"]
print(f"median of {len(ratios)} rounds: {median(ratios):.0f} times as fast")
print(f"recorded, {len(kept['ratios'])} rounds: {kept['median']} times")

# %%
print("an epoch on kept features is at least 10 times as fast:", median(ratios) > 10)

# %% [markdown]
# The price is one pass through the body, once, and something else: features that are kept can't be augmented, since a mirrored picture has other features.
# (You may keep those too.)
#
# ### Exercise 7.4: features computed once
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Write the function that we have used all along, for images that are prepared already.
#
# <details><summary>Hint 1</summary>
#
# Evaluation mode, no gradients, a batch at a time, the mean over height and width, all parts joined in order.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `images.split(batch_size)` gives the batches, a smaller one at the end included; `torch.cat` joins what you collect.
#
# </details>
# <details><summary>I get other features each time</summary>
#
# Then dropout is at work, or batch norm looks at the batch: `body.eval()` comes first.
#
# </details>
# <details><summary>I get "gradients are recorded"</summary>
#
# `eval()` does not stop autograd; `with torch.no_grad():` does.
#
# </details>


# %%
def cache_features(body: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    """Return the features of images, computed batch by batch, once.

    Args:
        body: Gives feature maps, (N, C, h, w); may come in training mode.
        images: Prepared for the body, (N, 3, H, W).
        batch_size: At most so many images at a time.

    Returns:
        The mean of each map, (N, C), without gradients.
    """
    ### BEGIN SOLUTION
    body.eval()
    with torch.no_grad():
        parts = [body(part).mean(dim=(2, 3)) for part in images.split(batch_size)]
    return torch.cat(parts)
    ### END SOLUTION


# %%
checks.check_cache_features(cache_features)

# %% [markdown]
# ## Frozen, and yet it moves
#
# A body with batch norm has more in it than parameters.
# Every batch norm keeps a running mean and a running variance (lesson 06), and these are *buffers*: no gradient ever touches them, so `requires_grad = False` does not either.
# What moves them is training mode, and `model.train()` puts every layer into it, the frozen ones too.
# EfficientNet-Lite0 has 49 batch norms.

# %% tags=["nbval-ignore-output"]
# differs: says so if a network has to be fetched
normed = pretrained.body("efficientnet_lite0")
print(normed)

# %%
body = copy.deepcopy(normed).features
body.requires_grad_(False)
norms = [layer for layer in body.modules() if isinstance(layer, nn.BatchNorm2d)]
weight, running_mean = norms[0].weight.clone(), norms[0].running_mean.clone()

pictures, labels = draw_dataset(100, size=97, seed=seed)  # Lite0 likes 32 k + 1 pixels
body.train()
with torch.no_grad():
    body(normed.prepare(pictures[:20]))
print("batch norms:", len(norms))
print("weights moved:", not torch.equal(norms[0].weight, weight))
print("running mean moved:", not torch.equal(norms[0].running_mean, running_mean))

# %% [markdown]
# One batch, without any gradient, and the "frozen" body is another one.
# Does that matter?
# We train a head for two epochs behind the frozen body, batch by batch as the slides have it, once with the body in evaluation mode and once in training mode.
# After each epoch we ask how far the features of the *same* twenty pictures have moved.

# %% tags=["nbval-ignore-output"]
# differs: widget
drift_guess = predict(
    "The body is frozen but in training mode. By how many per cent have the features "
    "of a picture changed after two epochs of 100 pictures?"
)
drift_guess


# %%
def train_behind(frozen: pretrained.Body, mode: bool) -> tuple[float, list[float]]:
    """Train a head behind a frozen body in training mode (or not).

    Returns:
        Share of test pictures got right, and the features' change after each epoch.
    """
    torch.manual_seed(seed)
    head = nn.Linear(frozen.num_features, 10)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    at_first, changes = transfer.cached_features(frozen, asked[:20]), []
    for _ in range(2):
        for chosen in torch.randperm(len(labels)).split(8):
            frozen.features.train(mode)
            with torch.no_grad():
                maps = frozen.features(frozen.prepare(pictures[chosen]))
            loss = F.cross_entropy(head(maps.mean(dim=(2, 3))), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        now = transfer.cached_features(frozen, asked[:20])
        changes.append(((now - at_first).norm() / at_first.norm()).item())
    features = transfer.cached_features(frozen, asked)
    return right_share(head, features, asked_labels), changes


# %% [markdown]
# Two runs, the same head, the same pictures in the same order; only the mode differs.

# %%
asked, asked_labels = draw_dataset(150, split="test", size=97, seed=seed)
still, still_changes = train_behind(copy.deepcopy(normed), mode=False)
moving, moving_changes = train_behind(copy.deepcopy(normed), mode=True)

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
for name, share, changes in (
    ("evaluation mode", still, still_changes),
    ("training mode", moving, moving_changes),
):
    moved = ", ".join(f"{change:.0%}" for change in changes)
    print(f"{name:16} features changed by {moved:15} {share:.0%} right")
drift_guess.reveal(round(100 * moving_changes[-1]), tolerance=10)

# %%
print("in evaluation mode nothing changes:", max(still_changes) == 0)
print("in training mode more than a quarter:", moving_changes[-1] > 0.25)
print("that costs more than five points:", moving < still - 0.05)

# %% [markdown]
# Two things go wrong at once.
# While the head trains, each picture's features depend on the seven others in its batch; afterwards, in evaluation mode, they come from running statistics that have moved part of the way to our pictures.
# The head has learnt on the one and is asked about the other.
#
# So: `eval()` says *how a layer computes*, `requires_grad` says *whether a parameter learns*, and freezing needs both.
#
# ### Exercise 7.5: the body stands still
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# A training loop calls `model.train()` at every epoch.
# Write what it should call instead: the head in training mode, the body in evaluation mode, and nothing else changed.
#
# <details><summary>Hint 1</summary>
#
# `train()` and `eval()` go down to every layer within, so the order of two calls is all you need.
#
# </details>
# <details><summary>I get a running mean that moves</summary>
#
# A batch norm deep in the body is still in training mode. `eval()` on the whole body reaches it; setting `training` on the body does not.
#
# </details>
# <details><summary>I get parameters that train</summary>
#
# The body comes frozen and stays frozen. Leave `requires_grad` alone.
#
# </details>


# %%
def training_mode(model: nn.Module) -> None:
    """Put a model into training mode, but let its body stand still.

    Args:
        model: Has ``model.body`` and ``model.head``; comes in either mode.
    """
    ### BEGIN SOLUTION
    model.train()
    model.body.eval()
    ### END SOLUTION


# %%
checks.check_training_mode(training_mode)

# %% [markdown]
# `transfer.Transfer` is our class with those two lines in a `train` method of its own, so that no loop can forget them.
#
# ## Fine-tuning
#
# Features that were made for photographs of a thousand things can't be the best for ten kinds of drawings.
# *Fine-tuning* lets the body adapt: nothing is frozen, and training goes on from the weights that are there.
# The danger is in the beginning.
# The new head is random, its gradients are large and point anywhere, and a body that follows them forgets what it was taken for.
# Two remedies are common:
#
# - **discriminative learning rates**: the head learns fast, the body slowly, the layers next to the picture slowest of all, since edges and colours are the same in every world;
# - **gradual unfreezing**: first the head alone, then the last stages of the body with it, then all.
#
# Both are a matter of what an optimizer is given: a list of *groups*, each with its parameters and its own learning rate.

# %% tags=["nbval-ignore-output"]
# differs: the network that is at hand
model = transfer.Transfer(network, num_classes=10)
groups = [
    {"params": model.head.parameters(), "lr": 3e-3},
    {"params": model.body.parameters(), "lr": 3e-4},
]
optimizer = torch.optim.AdamW(groups)
for group in optimizer.param_groups:
    count = sum(parameter.numel() for parameter in group["params"])
    print(f"learning rate {group['lr']}: {count:,} numbers")

# %% [markdown]
# ### Exercise 7.6: a learning rate for each depth
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Go further: one group for the head, and one for each stage of the body, each slower by a factor than the one above it.
# With rate 0.01 and factor 0.1 the head gets 0.01, the last stage 0.001, the one before 0.0001, and so on.
# Leave out what is frozen.
#
# <details><summary>Hint 1</summary>
#
# `reversed(list(model.body.children()))` goes through the stages from the head downwards, and `enumerate(…, start=1)` counts the depth.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Each stage: `{"params": [p for p in stage.parameters() if p.requires_grad], "lr": rate * factor**depth}`.
#
# </details>
# <details><summary>I get empty groups</summary>
#
# `parameters()` gives an iterator, which can be read once. Make a list of it.
#
# </details>
# <details><summary>I get "some parameters appear in more than one parameter group"</summary>
#
# Is there a group of `model.parameters()` besides those of the stages? That holds everything again.
#
# </details>


# %%
def parameter_groups(model: nn.Module, rate: float, factor: float) -> list[dict]:
    """Return an optimizer's groups, with a learning rate that falls with the depth.

    Args:
        model: Has ``model.head``, and ``model.body``, whose children are the stages,
            in order from the picture to the head.
        rate: Learning rate of the head.
        factor: By which a stage is slower than the one above it, below 1.

    Returns:
        ``{"params": [...], "lr": ...}`` for the head and each stage; what is frozen is
        in none of them.
    """
    ### BEGIN SOLUTION
    parts = [model.head, *reversed(list(model.body.children()))]
    return [
        {
            "params": [p for p in part.parameters() if p.requires_grad],
            "lr": rate * factor**depth,
        }
        for depth, part in enumerate(parts)
    ]
    ### END SOLUTION


# %%
checks.check_parameter_groups(parameter_groups)

# %% [markdown]
# ### Train as before
#
# The loop is that of lesson 04, `train_epoch`.
# Around it are two small things: pictures are mirrored at random, and the learning rates climb for a fifth of the steps, so that the head may find its place before the body moves much, and then fall to nearly 0.

# %%
from course_utils.datasets import Augment, ImageLoader
from course_utils.training import train_epoch


def fine_tune(
    model: nn.Module, images: Tensor, labels: Tensor, groups: list[dict], epochs: int
) -> None:
    """Train the parameters in ``groups``, each group with its learning rate."""
    loader = ImageLoader(
        images, labels, 16, shuffle=True, mean=model.mean, std=model.std,
        augment=Augment(flip=True), seed=seed, channels_last=True,
    )  # fmt: skip
    optimizer = torch.optim.AdamW(groups)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in groups],
        total_steps=epochs * len(loader),
        pct_start=0.2,
    )
    for _ in range(epochs):
        train_epoch(model, loader, optimizer, scheduler=scheduler)


# %% [markdown]
# Five pictures of each class: is that enough to learn anything?
# All three ways get the same fifty pictures.
# From scratch we give the advantage to a small network that is made for it, four convolutions with batch norm, and let it look at each picture three times as often.

# %% tags=["nbval-ignore-output"]
# differs: widget
five_guess = predict(
    "From fifty pictures, five a class, who is best on new pictures?",
    options=["feature extraction", "fine-tuning", "from scratch"],
)
five_guess

# %%
few = 5
chosen_images, chosen_labels = select_per_class(
    train_images, train_labels, few, seed=seed
)
chosen_features, _ = select_per_class(train_features, train_labels, few, seed=seed)
live = {}

head = transfer.train_head(chosen_features, chosen_labels, num_classes=10, seed=seed)
live["feature extraction"] = right_share(head, test_features, test_labels)

# %% [markdown]
# That was feature extraction.
# Now the two that train a body; this takes some seconds.

# %%
torch.manual_seed(seed)
tuned = transfer.Transfer(copy.deepcopy(network), num_classes=10)
groups = transfer.discriminative(tuned, rate=3e-3, factor=0.1)
fine_tune(tuned, chosen_images, chosen_labels, groups, epochs=20)
live["fine-tuning"] = transfer.evaluate(tuned, test_images, test_labels)

torch.manual_seed(seed)
scratch = transfer.SmallCNN(num_classes=10)
groups = [{"params": list(scratch.parameters()), "lr": 3e-3}]
fine_tune(scratch, chosen_images, chosen_labels, groups, epochs=60)
live["from scratch"] = transfer.evaluate(scratch, test_images, test_labels)

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
for name, share in live.items():
    print(f"{few} pictures a class, {name:18}: {share:.0%} right")
five_guess.reveal(max(live, key=live.get), because="On this seed; wait for the others.")

# %%
for name in ("feature extraction", "fine-tuning"):
    lead = live[name] - live["from scratch"]
    print(f"{name} beats training from scratch by ten points:", lead > 0.1)

# %% [markdown]
# Fifty pictures, and about every second new picture is named rightly; from scratch it is one in five.
# But this is one seed, fifty pictures out of many possible fifties, and 300 test pictures.
# Lesson 04 has told you what to think of that.
#
# ## Is it the only viable option?
#
# Your slides say of feature extraction: "Only viable option for **small datasets!**", as transcribed.
# That is a claim about numbers, so let numbers answer.
# We ran all three ways for 5 to 500 pictures a class, each with three seeds that choose the pictures, the first weights and the order, and judged each run by 1000 test pictures.
# It took less than twenty minutes of one processor core and is **recorded**; `profile = "full"` runs it before your eyes instead.

# %%
run = recorded("lesson07_shrinking")
print(f"recorded on {run['date']}: {run['network']}, {run['data']}")
print(f"{run['picture_size']} pixels, {run['test_size']} test pictures")
print(f"{len(run['seeds'])} seeds, {run['machine']}, torch {run['torch']}")
print(f"{run['seconds'] / 60:.0f} minutes")


def recorded_runs(way: str, count: int) -> list[float]:
    """Return the recorded accuracies of one way with so many pictures a class."""
    return [
        r["accuracy"] for r in run["runs"] if (r["way"], r["per_class"]) == (way, count)
    ]


# %%
ways = ("feature extraction", "fine-tuning", "from scratch")
counts = run["per_class"]
results = {way: [recorded_runs(way, count) for count in counts] for way in ways}
if profile == "full":
    pool = draw_dataset(10 * max(counts), size=size, seed=seed)
    judges = draw_dataset(run["test_size"], split="test", size=size, seed=seed)
    comparison = transfer.Comparison(network, pool, judges)
    results = {
        way: [[comparison.accuracy(way, n, s) for s in run["seeds"]] for n in counts]
        for way in ways
    }

print("pictures a class  " + "".join(f"{count:>12}" for count in counts))
for way, columns in results.items():
    cells = [f"{100 * mean(c):.1f} ± {100 * stdev(c):.1f}" for c in columns]
    print(f"{way:18}" + "".join(f"{cell:>12}" for cell in cells))

# %% [markdown]
# And beside it our one seed of a moment ago.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
for way in ways:
    column = results[way][counts.index(few)]
    print(f"{way:18}: live {live[way]:.0%}, three seeds {mean(column):.0%}", end="")
    print(f" ± {stdev(column):.0%}")

# %%
fig, ax = plt.subplots(figsize=(6.8, 4), layout="constrained")
ax.set_prop_cycle(color=["#006ba4", "#ff800e", "#595959"])
for way, style in zip(ways, ("o-", "s--", "^:"), strict=True):
    means = [100 * mean(column) for column in results[way]]
    spreads = [100 * stdev(column) for column in results[way]]
    ax.errorbar(counts, means, spreads, fmt=style, capsize=3, label=way)
ax.axhline(10, color="gray", linewidth=0.8)
ax.text(counts[-1], 11.5, "guessing", ha="right", color="#595959")
ax.set(xscale="log", xlabel="training pictures of each class", ylim=(0, 100))
ax.set(ylabel="test accuracy (%)")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **Figure.** Fine-tuning lies above feature extraction, by a few points up to 20 training pictures of each class and by about ten at 500; training from scratch stays below both at every size, though it gains with every step. Drawn are mean and standard deviation of the test accuracy over three seeds.
#
# Now read the claim again, with the numbers beside it.

# %%
extraction, tuning, from_scratch = (
    {n: 100 * mean(column) for n, column in zip(counts, results[way], strict=True)}
    for way in ways
)
both = [min(extraction[n], tuning[n]) - from_scratch[n] for n in counts]
print(
    f"transfer leads training from scratch by {min(both):.0f} to {max(both):.0f} points"
)
leads = ", ".join(f"{tuning[n] - extraction[n]:+.0f}" for n in counts)
print(f"fine-tuning against feature extraction: {leads} points")
enough = [n for n in counts if from_scratch[n] > extraction[50]]
needed = enough[0] if enough else f"more than {counts[-1]}"
print(f"from scratch needs up to {needed} a class for what kept features do with 50")

# %% [markdown]
# For small sets transfer is worth a great deal: that much is true, and the gap is not subtle.
# But feature extraction is not the *only* viable option.
# Fine-tuning was at least as good with five pictures a class (up to 20 the error bars overlap, and three seeds can't decide), and clearly better from 50 upwards, where the frozen features have little more to give.
# Nor is training from scratch hopeless: it was still climbing at 500.
#
# Be as strict with our numbers as with the slides.
# They hold for one network, for one recipe, and for drawings, which are so far from ImageNet that the body has much to gain by adapting.
# On some two hundred real photographs of ants and bees, which ImageNet knows well, the same network and recipe made fine-tuning gain *nothing* over frozen features.
# The answer depends on your pictures, and measuring it takes minutes.
#
# Two things were unequal: feature extraction saw no mirror images, and from scratch looked at everything three times as often.
#
# ### The recipe is part of the claim
#
# For fine-tuning your slides say "TRAIN AS BEFORE", as transcribed: SGD with a rate of 0.001 and momentum 0.9, for every parameter.
# We recorded that too, and two recipes more, at two sizes and with as many steps each.
# "One rate for all" gives the body the head's 0.003; gradual unfreezing begins with a head that was trained on kept features, and has the same steps for the upper half of the body and then for all of it.

# %%
recipes = ("fine-tuning", "as on the slides", "one rate for all", "gradual unfreezing")
print(f"{'pictures a class':20}{'5':>13}{'50':>13}")
for way in ("feature extraction", *recipes):
    columns = [recorded_runs(way, count) for count in (5, 50)]
    cells = [f"{100 * mean(c):.1f} ± {100 * stdev(c):.1f}" for c in columns]
    print(f"{way:20}" + "".join(f"{cell:>13}" for cell in cells))

# %% [markdown]
# *Here* the claim in bold has some truth in it.
# By the slides' own recipe fine-tuning gains nothing over feature extraction, and with five pictures a class it scatters widely from seed to seed: eighty small steps are few for a head that begins at random.
# With one large rate most runs end near guessing: the body followed a head that knew nothing yet, and forgot what it had been taken for.
# Gradual unfreezing was no better than a body that is simply slow; it had to share the same number of steps among its stages.
#
# So whoever says that fine-tuning does or does not work owes you the recipe.
#
# Gradual unfreezing is a loop over `requires_grad`: `transfer.thaw(model, last)` lets the head and the last stages train, and freezes the others.

# %% tags=["nbval-ignore-output"]
# differs: the network that is at hand
model = transfer.Transfer(network, num_classes=10)
for last in (0, 2, 4, len(transfer.stages(model))):
    transfer.thaw(model, last)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    print(f"head and {last} stages of the body: {trained:>9,} numbers train")

# %% [markdown]
# ## A score that is too good
#
# Before you believe a score, ask whether the test pictures are *new*.
# Small sets tempt you to make more of them: crops, mirror images, several frames of one film.
# That is fine for training.
# It is fatal if the pictures are made first and divided into training and test afterwards.
#
# To show it beyond doubt, we take sixty drawings, four crops of each, half of them mirrored, and give each drawing a label by *tossing a coin*.
# There is nothing to learn, so no honest score can be far from 50 %.

# %%
generator = torch.Generator().manual_seed(seed)
drawings, crops = test_images[:60], []
for picture in drawings:
    for number in range(4):
        top, left = torch.randint(0, size // 6, (2,), generator=generator).tolist()
        crop = picture[:, top : top + size * 5 // 6, left : left + size * 5 // 6]
        crops.append(crop.flip(2) if number % 2 else crop)
photographs = torch.arange(len(drawings)).repeat_interleave(4)
coin = torch.randint(0, 2, (len(drawings),), generator=generator)[photographs]
crop_features = transfer.cached_features(network, torch.stack(crops))


# %%
def score(held_out: Tensor) -> float:
    """Train on the crops that are not held out; return the score on the others."""
    head = transfer.train_head(crop_features[~held_out], coin[~held_out], 2, seed=seed)
    return right_share(head, crop_features[held_out], coin[held_out])


# %% [markdown]
# First we divide the *crops* at random, then the *drawings*.

# %%
leaky, honest = [], []
for _ in range(10):
    held_out = torch.zeros(len(crops), dtype=torch.bool)
    held_out[torch.randperm(len(crops), generator=generator)[: len(crops) // 4]] = True
    leaky.append(score(held_out))
    chosen = torch.randperm(len(drawings), generator=generator)[: len(drawings) // 4]
    honest.append(score(torch.isin(photographs, chosen)))

# %% tags=["nbval-ignore-output"]
# differs: rounding, and the network that is at hand
print(f"crops divided at random:    {mean(leaky):.0%} right")
print(f"drawings divided at random: {mean(honest):.0%} right")

# %%
print("the leaky split promises more than 80 %:", mean(leaky) > 0.8)
print("the honest one is near 50 %:", abs(mean(honest) - 0.5) < 0.15)

# %% [markdown]
# More than nine of ten right, on labels from a coin.
# The head has recognised the other crops of the same drawing, and pretrained features are very good at that.
# Whenever pictures belong together (one photograph, one patient, one day), they go to one side *together*.
#
# Two smaller leaks are of the same kind: a mean and a deviation computed over *all* features before the split, and a choice made by the test score.
# Features from a frozen body are no leak: it has learnt nothing from your pictures.
#
# ### Exercise 7.7: a split that does not leak
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Divide pictures so that all pictures of a photograph are on one side.
#
# <details><summary>Hint 1</summary>
#
# `photographs.unique()` lists the photographs. Shuffle these, and hold out the first ones.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.isin(photographs, chosen)` is true for the pictures of the chosen photographs; `.nonzero()[:, 0]` gives their places.
#
# </details>
# <details><summary>I get pictures left out</summary>
#
# Have you returned the *numbers of the photographs*? Wanted are the places of their pictures in the list.
#
# </details>


# %%
def split_by_photograph(
    photographs: Tensor, share: float, seed: int
) -> tuple[Tensor, Tensor]:
    """Divide pictures in two, keeping those of a photograph together.

    Args:
        photographs: The number of the photograph that each picture was made from, (N,).
        share: Share of the photographs for validation, rounded to a whole number.
        seed: Which split; the same seed gives the same one.

    Returns:
        Places of the pictures for training and for validation.
    """
    ### BEGIN SOLUTION
    names = photographs.unique()
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(names), generator=generator)
    chosen = names[order[: round(share * len(names))]]
    held_out = torch.isin(photographs, chosen)
    return (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]
    ### END SOLUTION


# %%
checks.check_split_by_photograph(split_by_photograph)

# %% [markdown]
# ## Where does it look?
#
# The network says "Egyptian cat" or "espresso".
# Because of the cat, or because of the table cloth?
# **Grad-CAM** asks which places of the last feature maps speak for a class.
# The maps still know where things are: behind them comes only the mean over height and width.
# The gradient of the class's logit says for each map whether more of it would raise that logit.
#
# Two things are needed that a model doesn't return: the maps, and their gradient.
# A **hook** is a function of yours that a layer calls whenever it is used.

# %%
picture = photo("coffee", size=network.input_size)
image = network.prepare(picture[None])
kept_maps = []
last_layer = list(network.features.children())[-1]
hook = last_layer.register_forward_hook(
    lambda layer, inputs, output: kept_maps.append(output)
)
logits = network.model(image)
hook.remove()

best = logits[0].argmax()
(gradients,) = torch.autograd.grad(logits[0, best], kept_maps)
activations = kept_maps[0].detach()
print("the same shape:", activations.shape == gradients.shape)

# %% [markdown]
# From there it is arithmetic.
#
# 1. The weight of a map is the *mean* of its gradient over height and width.
# 2. Add up the maps, each times its weight: one map for all.
# 3. Keep what is above 0, what speaks *for* the class; what speaks against it becomes 0.
# 4. Divide by the largest value.
#
# ### Exercise 7.8: Grad-CAM
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 15 minutes**
#
# Write the four steps for one picture.
#
# <details><summary>Hint 1</summary>
#
# `gradients.mean(dim=(1, 2), keepdim=True)` has shape (C, 1, 1) and multiplies the maps as it is.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `(weights * activations).sum(dim=0)`, then `clamp(min=0)`, then the division.
#
# </details>
# <details><summary>I get NaN</summary>
#
# Where nothing speaks for the class the largest value is 0. Return the zeros as they are.
#
# </details>


# %%
def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Return where the evidence for a class lies, (H, W), from 0 to 1.

    Args:
        activations: Feature maps of one picture, (C, H, W).
        gradients: Gradient of the class's logit with respect to them, (C, H, W).
    """
    ### BEGIN SOLUTION
    weights = gradients.mean(dim=(1, 2), keepdim=True)
    cam = (weights * activations).sum(dim=0).clamp(min=0)
    return cam / cam.max() if cam.max() > 0 else cam
    ### END SOLUTION


# %%
checks.check_grad_cam(grad_cam)

# %% [markdown]
# `transfer.grad_cam` does all of it, hook included, and stretches the small map over the picture.

# %%
fig, axes = plt.subplots(2, 3, figsize=(5, 3.6), layout="constrained")
hottest = {}
for row, name in zip(axes, ("chelsea", "coffee"), strict=True):
    picture = photo(name, size=network.input_size)
    plots.show_rgb(picture, row[0], name)
    for ax, label in zip(row[1:], answers[name], strict=False):
        index = network.classes.index(label)
        image = network.prepare(picture[None])
        cam = transfer.grad_cam(network.model, last_layer, image, index)
        plots.show_gray(picture.mean(dim=0), ax, label)
        ax.imshow(cam, cmap="viridis", vmin=0, vmax=1, alpha=0.55)
        ax.contour(cam, [0.5], colors="white", linewidths=1.5)
        hottest[name, label] = divmod(int(cam.argmax()), network.input_size)
plt.show()

# %% [markdown]
# **Figure.** The evidence for the network's first two answers lies on the things themselves: for the cat on the striped fur, an eye and the whiskers, for espresso and consommé on what is in the cup. It is bright where it is strong, with a white line at half of the maximum.

# %%
place = hottest["coffee", answers["coffee"][0]]
row, column = (pixels / network.input_size for pixels in place)
print("the strongest evidence for the coffee lies in the cup:", end=" ")
print(0.1 < row < 0.65 and 0.15 < column < 0.8)

# %% [markdown]
# Grad-CAM doesn't prove that the network is right, but it catches the worst: a network that tells wolves from dogs by the snow behind them.
#
# ## Your own photographs
#
# Now you need nothing but a folder: one sub-folder a class, a few dozen pictures in each.
#
# ```text
# data/my_images/train/ants/first.jpg     data/my_images/test/ants/…
# data/my_images/train/bees/second.jpg    data/my_images/test/bees/…
# ```
#
# Names, sizes and formats are free; without `test/` a fifth of the pictures is held out.
# (By picture, mind you: if several show the same thing, put them on one side yourself.)
#
# So that there is something to run, we make such a folder from three of the workbook's photographs.
# Training crops come from their left halves and test crops from their right halves, so that none overlap.

# %%
print("\n".join(credit(name) for name in ("brick", "grass", "gravel")))


# %%
def write_crops(root: Path) -> None:
    """Write eight crops of each photograph for training and four for the test."""
    places = torch.Generator().manual_seed(seed)
    for name in ("brick", "grass", "gravel"):
        whole = photo(name)  # (1, 512, 512)
        for part, first_column, count in (("train", 0, 8), ("test", 256, 4)):
            (root / part / name).mkdir(parents=True)
            for number in range(count):
                top = int(torch.randint(384, (), generator=places))
                left = first_column + int(torch.randint(128, (), generator=places))
                crop = whole[:, top : top + 128, left : left + 128]
                save_image(crop, root / part / name / f"{number}.png")


# %% [markdown]
# From here on it is your code, whatever the folder holds.
# If you have put pictures into `data/my_images`, these are taken.

# %% tags=["nbval-ignore-output"]
# differs: takes your own photographs where there are any
with tempfile.TemporaryDirectory() as folder:
    if my_images().is_dir() and any(my_images().iterdir()):
        folder = my_images()
    else:
        write_crops(Path(folder))
    mine = load_folder(folder, size=128, validation_size=0)
print(mine)

# %% tags=["nbval-ignore-output"]
# differs: takes your own photographs where there are any
features = transfer.cached_features(network, mine.train_images)
head = transfer.train_head(
    features, mine.train_labels, len(mine.class_names), seed=seed
)
asked_features = transfer.cached_features(network, mine.test_images)
own_share = right_share(head, asked_features, mine.test_labels)
print(f"{own_share:.0%} of {len(mine.test_labels)} test pictures right:", end=" ")
print(", ".join(mine.class_names))

# %%
print("better than guessing:", own_share > 1 / len(mine.class_names))

# %% [markdown]
# Walls, lawns and gravel are easy, and a dozen test pictures of three walls prove nothing but that the path works.
# What goes wrong first with a folder of one's own is its layout, so the messages say what was found.

# %%
for classes in ((), ("ants",)):
    with tempfile.TemporaryDirectory() as folder:
        for name in classes:
            place = Path(folder, "train", name)
            place.mkdir(parents=True)
            save_image(photo("coins", size=32), place / "first.png")
        try:
            load_folder(folder)
        except ValueError as error:
            print(str(error).replace(folder, "my_images"), end="\n\n")

# %% [markdown]
# With a folder of your own, go this way:
#
# 1. Put what belongs together on one side, then look at twenty pictures of each class.
# 2. Feature extraction first. It takes seconds, and it is the number to beat.
# 3. Fine-tune, with a body that is ten times as slow as the head.
# 4. Judge both on the held-out pictures, with several seeds and the doubt of lesson 04.
# 5. Look at the mistakes, and with Grad-CAM at what they were made of.
#
# ## What to keep
#
# - A new head is a new last layer: as many inputs as the body has features, as many outputs as there are classes.
# - Freeze first, then replace the head; `requires_grad` says what learns, `eval()` says how a layer computes, and a frozen body needs both.
# - Inputs are prepared as the *weights* know them, in their order of colours and with their means and deviations.
# - A frozen body gives the same features every time: compute them once.
# - Fine-tuning needs a body that learns more slowly than the head; done so, it was at least as good as feature extraction with five pictures a class, and better with fifty. Both beat training from scratch at every size we tried.
# - Pictures that belong together stay together when you divide them.
#
# ## Quiz
#
# Five questions; three want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `models`, `nn` and `transfer` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson07 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lecture: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London).
# - Jason Yosinski, Jeff Clune, Yoshua Bengio and Hod Lipson, [How transferable are features in deep neural networks?](https://arxiv.org/abs/1411.1792), 2014.
# - Simon Kornblith, Jonathon Shlens and Quoc V. Le, [Do Better ImageNet Models Transfer Better?](https://arxiv.org/abs/1805.08974), 2019: fine-tuning, feature extraction and training from scratch on twelve data sets.
# - Jeremy Howard and Sebastian Ruder, [Universal Language Model Fine-tuning for Text Classification](https://arxiv.org/abs/1801.06146), 2018: discriminative learning rates and gradual unfreezing.
# - Ramprasaath R. Selvaraju and others, [Grad-CAM](https://arxiv.org/abs/1610.02391), 2017.
# - The networks: Forrest N. Iandola and others, [SqueezeNet](https://arxiv.org/abs/1602.07360), 2016; Mingxing Tan and Quoc V. Le, [EfficientNet](https://arxiv.org/abs/1905.11946), 2019; Kaiming He and others, [Deep Residual Learning for Image Recognition](https://arxiv.org/abs/1512.03385), 2015.
# - Torchvision's page on [its models and weights](https://docs.pytorch.org/vision/stable/models.html).
