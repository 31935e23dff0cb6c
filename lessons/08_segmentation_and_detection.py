# %% [markdown]
# # 8 · What is where in a picture?
#
# A classifier answers with one word for a whole picture.
# A surgeon, a car and a counting ecologist all ask for more: *which* pixels, *which* box, *how many*?
# This lesson asks those questions one after the other, and each time very little has to change: the same convolutions, another head, another loss, another way to keep score.
#
# **You will be able to**
#
# - turn a classifier into a network that labels every pixel, and say what dilation does for it;
# - open DeepLabV3, follow an image through it, and train its head a little further;
# - measure a segmentation by intersection over union, by hand and with a library;
# - predict boxes, match them, thin them out, and measure them by average precision;
# - open Faster R-CNN and Mask R-CNN stage by stage, and follow individuals through a film.
#
# **Time**: about five hours with all twelve exercises; the place for a long break is before *A box is four numbers*.
#
# **From before**: dilated and transposed convolutions (lesson 02), flattening (03), cross-entropy and the confusion matrix (04), pretrained bodies and cached features (07).

# %% tags=["parameters"]
seed = 0
segmentation_steps = 30
box_steps = 150
weights = "auto"  # "official": fetches DeepLabV3 with ResNet-50, 160 MB

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import plots, pretrained
from course_utils.checks import lesson08 as checks
from course_utils.claims import claim
from course_utils.drawn import draw_scene
from course_utils.overlays import legend_handles, show_segmentation
from course_utils.photos import credit, photo
from course_utils.predict import predict
from course_utils.segmentation import SCENE_CLASSES, draw_scenes
from course_utils.training import set_seed

plots.use_style()
set_seed(seed)

# %% [markdown]
# ## A label for every pixel
#
# *Semantic segmentation*, says lecture I (Imperial College's), is to "assign a semantic label to every pixel".
# Somebody has to do that by hand before a network can learn it, and for a photograph it takes minutes, or hours.
# The drawn world knows whose pixel it painted, so its labels are free and exact.

# %%
scene = draw_scene(1, split="test")
labels = scene.semantic

fig, axes = plt.subplots(1, 2, figsize=(5.8, 2.8), layout="constrained")
plots.show_rgb(scene.image, axes[0], "image")
show_segmentation(
    scene.image, labels, SCENE_CLASSES, axes[1], "a class for every pixel"
)
plt.show()
print("image: ", tuple(scene.image.shape), scene.image.dtype)
print("labels:", tuple(labels.shape), labels.dtype)
found = [SCENE_CLASSES[k] for k in labels.unique().tolist()]
print("classes in it:", ", ".join(found))

# %% [markdown]
# **Figure.** Right, each object is filled with the colour and the hatching of its class and bears its name, while the background, class 0, stays clear: the outlines follow legs, wings and wheels to the pixel.
#
# The labels are a picture themselves: one whole number a pixel, (H, W), no channels.
# Note what they do *not* say: two trucks side by side would be one region. To tell them apart is the business of the second half of this lesson.
#
# How much must a network say to fill such a picture in?

# %% tags=["nbval-ignore-output"]
# differs: widget
num_classes = len(SCENE_CLASSES)
scores = predict(
    "One picture, (1, 3, 96, 128), goes in, and there are 11 classes, background "
    "included. What is the shape of the scores that come out?",
    options=["(1, 11)", "(1, 96, 128)", "(1, 11, 96, 128)"],
)
scores

# %%
scores.reveal(
    str((1, num_classes, *labels.shape)),
    because=f"Every pixel gets a score for every class: {num_classes} · 96 · 128 = "
    f"{num_classes * labels.numel():,} numbers. The labels come later, by argmax.",
)

# %% [markdown]
# ## Let a classifier slide
#
# A classifier ends in a linear layer: C features in, one score a class out.
# Suppose that you did not average the features over the picture first, but asked the same linear layer at *every* position of the feature map.
# At each position it multiplies the C channels by the same weights, adds them up and adds a bias.
# You know that operation by another name.

# %%
features = torch.randn(2, 8, 5, 6)  # (N, C, H, W)
head = nn.Linear(8, 3)

everywhere = head(features.permute(0, 2, 3, 1))  # the layer acts on the last axis
everywhere = everywhere.permute(0, 3, 1, 2)  # (N, 3, H, W)

sliding = nn.Conv2d(8, 3, kernel_size=1)
with torch.no_grad():
    sliding.weight.copy_(head.weight[:, :, None, None])
    sliding.bias.copy_(head.bias)
torch.testing.assert_close(sliding(features), everywhere)
print(f"{tuple(features.shape)} → {tuple(everywhere.shape)}: the same, twice")

# %% [markdown]
# A linear head that slides is a **1 × 1 convolution**, number by number.
# And a head behind `flatten`, which reads C maps of k × k? It is a k × k convolution that has so far stood on a single position.
# So a network for 32 × 32 pixels can walk over a larger picture, and no weight has to change: it has become *fully convolutional*.
#
# ### Exercise 8.1: let the head slide
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Turn a linear layer that reads flattened windows into the convolution that gives the same scores, at every position where a whole window fits.
#
# <details><summary>Hint 1</summary>
#
# How many channels? The layer reads `linear.in_features` = C · kernel_size · kernel_size numbers.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `flatten` writes the channels one after the other, each row by row: C, H, W. `nn.Conv2d` stores its weights as (out_channels, in_channels, kernel_size, kernel_size). So `reshape` is enough.
#
# </details>
# <details><summary>I get other scores each time</summary>
#
# A new `nn.Conv2d` has random weights. Copy both, weight and bias, inside `torch.no_grad()`.
#
# </details>
# <details><summary>I get a map that is too small</summary>
#
# The windows overlap: the head moves by one position, stride 1.
#
# </details>


# %%
def as_convolution(linear: nn.Linear, kernel_size: int) -> nn.Conv2d:
    """Return the convolution that applies a linear layer to every window.

    Args:
        linear: Reads windows (C, kernel_size, kernel_size), flattened.
        kernel_size: Height and width of a window, in positions.

    Returns:
        A layer (N, C, H, W) → (N, out_features, H − kernel_size + 1, W − kernel_size + 1).
    """
    ### BEGIN SOLUTION
    in_channels = linear.in_features // kernel_size**2
    conv = nn.Conv2d(in_channels, linear.out_features, kernel_size)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(conv.weight.shape))
        conv.bias.copy_(linear.bias)
    return conv
    ### END SOLUTION


# %%
checks.check_as_convolution(as_convolution)

# %% [markdown]
# ### A segmentation for nothing
#
# Now with a real classifier, SqueezeNet, on a real photograph.
# It ends in a 1 × 1 convolution with 1000 outputs and then an average over all positions.
# We stop one step earlier, before the average, and look at the map of the winning class.

# %%
squeezenet = pretrained.classifier("squeezenet1_1")
cat = photo("chelsea")
with torch.inference_mode():
    maps = squeezenet.model.features(squeezenet.prepare(cat[None]))
    class_maps = squeezenet.model.classifier[1](maps)[0]  # (1000, h, w)
winner = int(F.relu(class_maps).mean((1, 2)).argmax())
name = squeezenet.classes[winner]

fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.3), layout="constrained")
plots.show_rgb(cat[:, ::2, ::2], axes[0], "photograph")
plots.show_feature_map(
    class_maps[winner], axes[1], f"where is “{name}”?", label="score"
)
plt.show()
print(f"{tuple(cat.shape)} → class maps {tuple(class_maps.shape)}")
print(credit("chelsea"))

# %% [markdown]
# **Figure.** The score for "Egyptian cat" is highest on Chelsea's eyes, cheeks and nose, lower in the fur, and close to zero in the blurred room at the right: a map of 18 × 28 cells that says where the cat is.
#
# Nobody ever told this network *where* anything is, and still its scores know.
# But look at the size of a cell: 16 pixels.
#
# ## What the strides have thrown away
#
# Each stride of 2 halves the map, and whiskers are gone for good.
# Why not leave the strides out?
# Because every kernel behind them would then look at a smaller piece of the picture than the one that it was trained on.
# The way out is to let the kernel keep its nine weights and spread them: *atrous* convolution, from the French *à trous*, "with holes".
# Lesson 02 called it **dilation**.
#
# Take the lecture's image and its horizontal Sobel kernel, with dilation 2.
# Its nine *taps*, the pixels that it reads, now stand two pixels apart and span 5 × 5 pixels.

# %%
image = torch.tensor(
    [
        [2, 5, 8, 7, 9, 8],
        [1, 3, 4, 2, 8, 3],
        [0, 4, 1, 2, 1, 4],
        [3, 3, 8, 7, 5, 1],
        [4, 1, 2, 2, 9, 2],
        [5, 1, 3, 7, 4, 8],
    ],
    dtype=torch.float32,
)
sobel = torch.tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], dtype=torch.float32)
taps = torch.zeros(6, 6, dtype=torch.bool)
taps[0:5:2, 0:5:2] = True

holes = torch.zeros(5, 5)
holes[::2, ::2] = sobel
fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.2), layout="constrained")
plots.show_numbers(image, axes[0], highlight=taps, title="nine taps, dilation 2")
plots.show_numbers(holes, axes[1], signed=True, title="the kernel with its holes")
plt.show()

# %% [markdown]
# **Figure.** Framed are the nine pixels that the first window reads, in rows and columns 0, 2 and 4: 2, 8, 9 at the top, 0, 1, 1 in the middle, 4, 2, 9 at the bottom; right, the same kernel written as 5 × 5 with sixteen zeros.
#
# By hand: the top row gives −1·2 − 2·8 − 1·9 = −27, the middle row counts nothing, the bottom row 1·4 + 2·2 + 1·9 = 17.
# Together **−10**.
# For the other windows lesson 02's loop will do, with a step of 2 inside the window.

# %%
dilation = 2
span = dilation * (3 - 1) + 1  # pixels from the first tap to the last
by_hand = torch.zeros(6 - span + 1, 6 - span + 1)
for i in range(by_hand.shape[0]):
    for j in range(by_hand.shape[1]):
        window = image[i : i + span : dilation, j : j + span : dilation]
        by_hand[i, j] = (window * sobel).sum()

kernel = sobel[None, None]  # (out_channels, in_channels, height, width)
dilated = F.conv2d(image[None, None], kernel, dilation=2)[0, 0]
with_holes = F.conv2d(image[None, None], holes[None, None])[0, 0]
torch.testing.assert_close(dilated, by_hand)
torch.testing.assert_close(with_holes, by_hand)
by_hand

# %% [markdown]
# Loop, `dilation=2` and the kernel with zeros in its holes: three ways, one result.
# The zeros are never stored and never multiplied, so the view grows and the cost does not.
#
# ### The stride moves into the holes
#
# Here is why this is the very thing we need.
# Take a pooling of stride 2 and the 3 × 3 convolution behind it.
# Now take the stride away, and give the convolution dilation 2: its taps land on exactly the values that they met before.

# %%
x = torch.randn(1, 4, 24, 32)
conv_weight = torch.randn(6, 4, 3, 3)

coarse = F.conv2d(F.max_pool2d(x, 3, stride=2), conv_weight)
dense = F.conv2d(F.max_pool2d(x, 3, stride=1), conv_weight, dilation=2)
torch.testing.assert_close(dense[..., ::2, ::2], coarse)
print(f"with the stride:    {tuple(coarse.shape)}")
print(f"with the dilation:  {tuple(dense.shape)}, every second one the same")

# %% [markdown]
# Nothing that the network had learnt is lost; there are only answers between the answers, four times as many.
# Every stride that is taken away doubles the dilation of *all* layers behind it.
# The price is paid in computing time, and so one stops at an *output stride* of 8 or 16 and not at 1.
#
# ### Exercise 8.2: the field of view of a chain
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# How many pixels of the input, along one axis, can a single output of a chain of layers see?
#
# <details><summary>Hint 1</summary>
#
# Walk from the input to the output and keep two numbers: the `field` so far, which begins with 1, and the `jump`, the distance in input pixels between two neighbours, which begins with 1 too.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A layer's taps reach dilation · (kernel_size − 1) neighbours further, and each neighbour is one `jump` away. Only then does its stride multiply the jump.
#
# </details>
# <details><summary>I get 8 for one 3 × 3 convolution with dilation 4, and should get 9</summary>
#
# Begin with 1, not with 0: even without a layer, a pixel sees itself.
#
# </details>


# %%
def field_of_view(layers: list[tuple[int, int, int]]) -> int:
    """Return how many input pixels, along one axis, one output depends on.

    Args:
        layers: (kernel_size, stride, dilation) of each layer, from input to output.
    """
    ### BEGIN SOLUTION
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field
    ### END SOLUTION


# %%
checks.check_field_of_view(field_of_view)

# %% [markdown]
# ## Near and far at once: ASPP
#
# A truck may fill the picture or stand far away, so no single field of view is right.
# DeepLabV3 takes several of them side by side, on the same feature map: a 1 × 1 convolution, three 3 × 3 convolutions with different dilations, and the average of the whole picture.
# Their outputs are stacked along the channels, and a 1 × 1 convolution mixes them.
# The pile is called *atrous spatial pyramid pooling*, ASPP.

# %%
from torchvision.models.segmentation.deeplabv3 import ASPP

pyramid = ASPP(in_channels=512, atrous_rates=[2, 4, 6], out_channels=64).eval()
features = torch.randn(1, 512, 12, 16)
with torch.no_grad():
    branches = [branch(features) for branch in pyramid.convs]
    mixed = pyramid.project(torch.cat(branches, dim=1))
    torch.testing.assert_close(mixed, pyramid(features))

fields = ["1 × 1", *(f"{2 * rate + 1} × {2 * rate + 1}" for rate in (2, 4, 6)), "all"]
for field, branch in zip(fields, branches, strict=True):
    print(f"sees {field:8} of 12 × 16 positions → {tuple(branch.shape)}")
print(f"stacked {tuple(torch.cat(branches, 1).shape)} → mixed {tuple(mixed.shape)}")

# %% [markdown]
# Why stop at a dilation of 6 here?
# Close to the border some of the nine taps fall outside the map, where there are only zeros from the padding.
# Let us count how many taps hit the map, for every dilation: convolve a map of ones with a kernel of ones.

# %%
rates = range(1, 17)
hits = [
    F.conv2d(torch.ones(1, 1, 12, 16), torch.ones(1, 1, 3, 3), padding=r, dilation=r)
    for r in rates
]
all_nine = [(hit == 9).float().mean().item() for hit in hits]
only_one = [(hit == 1).float().mean().item() for hit in hits]

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
ax.plot(rates, all_nine, "o-", label="all nine taps on the map")
ax.plot(rates, only_one, "s--", label="the centre tap alone")
ax.set(xlabel="dilation, on a map of 12 × 16", ylabel="share of the positions")
ax.legend()
plt.show()
print(f"dilation 6: {all_nine[5]:.0%} with all nine, {only_one[5]:.0%} with one")

# %% [markdown]
# **Figure.** The share of positions whose nine taps all lie on the map falls to nothing at dilation 6, and from 9 on more and more positions are left with the centre tap alone; at dilation 16 it is all of them, and the 3 × 3 convolution has quietly become a 1 × 1 convolution.
#
# So dilations must suit the map, and on ours 6 is about the limit.
# The branch that averages everything is there because no useful dilation can see the whole picture.
# The official network works with 12, 24 and 36, on maps of 65 × 65.
#
# ## Back up to full size
#
# The scores come out on a grid of 12 × 16 and are wanted on 96 × 128.
# Blend neighbouring scores: *bilinear* upsampling, one axis after the other.
# Only one question needs care, and libraries answer it in two ways: *where* do the scores stand?
#
# Take two scores, 0 and 4, and make four of them.
# If each score stands at the centre of the pixels that it speaks for (`align_corners=False`), output i stands at (i + ½)·2/4 − ½: −¼, ¼, ¾, 1¼.
# If the outermost scores stand on the outermost pixels (`align_corners=True`), it stands at i·(2 − 1)/(4 − 1): 0, ⅓, ⅔, 1.


# %%
def upsample(row: Tensor, size: int, align_corners: bool) -> Tensor:
    """Stretch a row of numbers to a given length by blending neighbours."""
    place = torch.arange(size, dtype=torch.float32)
    if align_corners:
        place = place * (len(row) - 1) / (size - 1)
    else:
        place = (place + 0.5) * len(row) / size - 0.5
    place = place.clamp(0, len(row) - 1)  # beyond the last score there is no other
    left = place.floor().long().clamp(max=len(row) - 2)
    share = place - left
    return (1 - share) * row[left] + share * row[left + 1]


row = torch.tensor([0.0, 4.0])
for align_corners in (False, True):
    ours = upsample(row, 4, align_corners)
    torchs = F.interpolate(
        row[None, None], size=4, mode="linear", align_corners=align_corners
    )
    torch.testing.assert_close(ours, torchs[0, 0])
    print(f"align_corners={align_corners!s:5}: {[round(v, 2) for v in ours.tolist()]}")

# %% [markdown]
# At the picture's edge the two differ by nearly half a cell, three and a half pixels when the stride is 8: enough to spoil an outline, and a classic when weights move from one library to another.
# torchvision's DeepLabV3 uses `align_corners=False`.
#
# Lesson 02's *transposed* convolution goes up as well, with weights that could be learnt.
# Bilinear upsampling is one of them, with weights that are fixed:

# %%
profile = torch.tensor([0.25, 0.75, 0.75, 0.25])
transposed = nn.ConvTranspose2d(1, 1, kernel_size=4, stride=2, padding=1, bias=False)
with torch.no_grad():
    transposed.weight.copy_(torch.outer(profile, profile))
    small = torch.randn(1, 1, 6, 8)
    learnt = transposed(small)
blended = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)

same = torch.isclose(learnt, blended, atol=1e-6)[0, 0]
assert same[1:-1, 1:-1].all()
print(f"{tuple(small.shape)} → {tuple(learnt.shape)}")
print(f"equal everywhere but on the border: {int(same.sum())} of {same.numel()} pixels")

# %% [markdown]
# On the border the transposed convolution blends with zeros from outside, where interpolation repeats the last score.
# The first fully convolutional networks started from these very weights and trained them on.
# DeepLabV3 does without: it blends eight-fold, once, and has nothing to learn there.
#
# ## DeepLabV3, opened
#
# Now you know every part.
# Your slides load the whole in one line (as transcribed):
#
# > `model = torch.hub.load('pytorch/vision:v0.10.0', 'deeplabv3_resnet50', pretrained=True)`
#
# It worked in 2021. Today three things are amiss with it.
# It fetches *code* from GitHub and runs it on your machine, and GitHub turns it away when too many ask.
# `v0.10.0` is a version of torchvision from 2021 that does not know your PyTorch.
# And `pretrained=True` gave way to named weights, so that one can tell which ones were used.
# You have torchvision installed, so ask it:

# %%
from torchvision.models.segmentation import (
    DeepLabV3_ResNet50_Weights,
    deeplabv3_resnet50,
)

official = DeepLabV3_ResNet50_Weights.DEFAULT
# on your own machine: model = deeplabv3_resnet50(weights=official).eval()
with torch.device("meta"):  # shapes only: nothing is computed, nothing fetched
    deeplab = deeplabv3_resnet50(weights=None, weights_backbone=None)

print(official)
categories = official.meta["categories"]
print(f"{len(categories)} classes:", *categories[:4], "…")
print(f"{sum(p.numel() for p in deeplab.parameters()):,} parameters")

# %% [markdown]
# One trap is left: `deeplabv3_resnet50(weights=None)` alone still fetches 100 MB, the ImageNet weights of its body.
# Only `weights_backbone=None` makes it stay at home.
#
# What happens to an image of 520 × 520 pixels on its way?
# Its layers, gathered into stages:

# %%
from course_utils.network_anatomy import anatomy

layers = anatomy(deeplab, (1, 3, 520, 520))
stages: dict[str, list] = {}
for layer in layers:
    parts = layer.name.split(".")
    stages.setdefault(".".join(parts[: 4 if "convs" in parts else 2]), []).append(layer)

print(f"{'stage':20} {'output':>19} {'parameters':>11} {'10⁹ mult.':>9} {'sees':>5}")
for name, stage in stages.items():
    last, count = stage[-1], sum(layer.parameters for layer in stage)
    cost = sum(layer.multiply_adds for layer in stage) / 1e9
    sees = last.receptive_field[0] if last.receptive_field else "all"
    if count > 5_000 or last.kind == "MaxPool2d":
        print(
            f"{name:20} {last.output_shape!s:>19} {count:>11,} {cost:>9.1f} {sees:>5}"
        )

# %% [markdown]
# Read it from top to bottom.
# The map shrinks to 65 × 65, an eighth, and stays there: `layer3` and `layer4` have lost their strides and got dilations, and they see a wide field all the same.
# They pay for it, too: `layer4` works on fifteen times as many positions as it did in the classifier, and the two together cost more than half of all multiplications.
# Then come the five branches of the pyramid (`classifier.0.convs`), the mixing, and 21 scores for every cell; what upsamples them has no weights and so no row.
#
# ## A small DeepLabV3 of our own
#
# 160 MB and 170 billion multiplications are not for every laptop, and its 21 classes are not ours.
# So the workbook brings a small one: torchvision's own class `DeepLabV3`, on SqueezeNet's body with its last stride turned into dilation, as you did above.
# `tools/train_segmenter.py` has trained it on drawn scenes, and it is made again by calling that script.

# %%
network = pretrained.segmenter("segmenter")
print(network)

images, labels = draw_scenes(range(60), split="test")  # it has never seen these
model = network.model
with torch.inference_mode():
    x = network.prepare(images[:4])
    low = model.classifier(model.backbone(x)["out"])
    logits = model(x)["out"]
for what, tensor in (("images", x), ("scores", low), ("upsampled", logits)):
    print(f"{what:9} {tuple(tensor.shape)}")

# %% [markdown]
# ### Exercise 8.3: a class for every pixel
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Make labels of the coarse scores: the likeliest class of each pixel, at full size.
#
# <details><summary>Hint 1</summary>
#
# Two steps, and their order matters. Is there a class halfway between "cat" and "ship"?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `F.interpolate(…, mode="bilinear", align_corners=False)`, then `argmax` along the axis of the classes.
#
# </details>
# <details><summary>I get regions with steps, like stairs</summary>
#
# You chose before you enlarged. Blend the *scores*, then choose.
#
# </details>
# <details><summary>I get the shape (N, C, H)</summary>
#
# `argmax` took the largest along the width. Classes are axis 1.
#
# </details>


# %%
def predict_classes(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the likeliest class of each pixel.

    Args:
        logits: Scores of a coarse grid, (N, C, h, w).
        size: Height and width wanted, (H, W), in pixels.

    Returns:
        Classes, int64, (N, H, W).
    """
    ### BEGIN SOLUTION
    scores = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    return scores.argmax(dim=1)
    ### END SOLUTION


# %%
checks.check_predict_classes(predict_classes)

# %% [markdown]
# `course_utils.segmentation.predict_labels` does the same batch by batch.
# What does our network make of scenes that it has never seen?

# %%
from course_utils.segmentation import predict_labels

predicted = predict_labels(model, network.prepare(images))

shown = [0, 1, 2]
fig, axes = plt.subplots(2, 3, figsize=(5.6, 3.5), layout="constrained")
for row, regions in zip(axes, (labels, predicted), strict=True):
    for ax, index in zip(row, shown, strict=True):
        show_segmentation(
            images[index], regions[index], SCENE_CLASSES, ax, legend=False
        )
axes[0, 0].set_ylabel("truth")
axes[1, 0].set_ylabel("predicted")
handles = legend_handles([*labels[shown], *predicted[shown]], SCENE_CLASSES)
fig.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=9)
plt.show()

# %% [markdown]
# **Figure.** In the first three test scenes deer, trucks and cars are found and named, with outlines a few pixels too round: antlers and thin legs, finer than a cell of eight pixels, fade away. In the middle the black bird is taken for a frog, and all that is seen of the white airplane is its tail, as a bird.
#
# ## One loss for all the pixels
#
# How did it learn that? With the loss that you know from lesson 04.
# A picture of H × W pixels is H · W small classifications, and the loss is the mean of their cross-entropies.
# By hand, for one row of two pixels and three classes:

# %%
two_pixels = torch.tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[1.0, 1.0]]]])  # (1, 3, 1, 2)
truth = torch.tensor([[[0, 2]]])  # the first pixel is class 0, the second class 2

left, right = two_pixels[0, :, 0, 0], two_pixels[0, :, 0, 1]
loss_left = left.exp().sum().log() - left[0]
loss_right = right.exp().sum().log() - right[2]
loss = (loss_left + loss_right) / 2
torch.testing.assert_close(F.cross_entropy(two_pixels, truth), loss)
print(f"left {loss_left:.4f}, right {loss_right:.4f}, mean {loss:.4f}")

# %% [markdown]
# `F.cross_entropy` takes it as it stands: logits (N, C, H, W) and labels (N, H, W), classes second.
#
# Photographs bring a difficulty that drawings lack: whose is the pixel on the very edge of a cat?
# The annotators of Pascal VOC, a much used set of photographs with 20 classes, drew a band a few pixels wide around every object and gave it the label **255**: *do not count*.
# `ignore_index=255` leaves such pixels out, of the sum and of the mean.
#
# ### Exercise 8.4: one loss for all the pixels that count
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Write the cross-entropy of a batch of pictures yourself, without `F.cross_entropy`; pixels labelled `ignore_index` do not count.
#
# <details><summary>Hint 1</summary>
#
# `logits.log_softmax(dim=1)` gives the log-probabilities, (N, C, H, W). Move the classes to the end with `permute(0, 2, 3, 1)`, and a mask (N, H, W) picks rows of C numbers.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `counted = labels != ignore_index`, then `rows[counted]` is (M, C) and `labels[counted]` is (M,): an ordinary classification of M pixels.
#
# </details>
# <details><summary>I get "index 255 is out of bounds"</summary>
#
# There is no class 255. Take the ignored pixels out before you look anything up.
#
# </details>
# <details><summary>I get a loss that is too small</summary>
#
# Divide by the number of pixels that count, not by all of them.
#
# </details>


# %%
def pixel_cross_entropy(
    logits: Tensor, labels: Tensor, ignore_index: int = 255
) -> Tensor:
    """Return the mean cross-entropy over all pixels of the batch that count.

    Args:
        logits: Scores, (N, C, H, W).
        labels: True classes, int64, (N, H, W); ``ignore_index`` marks pixels that do
            not count.

    Returns:
        The mean, a tensor without axes.
    """
    ### BEGIN SOLUTION
    counted = labels != ignore_index
    rows = logits.log_softmax(dim=1).permute(0, 2, 3, 1)[counted]  # (M, C)
    truths = labels[counted]
    return -rows[torch.arange(len(truths)), truths].mean()
    ### END SOLUTION


# %%
checks.check_pixel_cross_entropy(pixel_cross_entropy)

# %% [markdown]
# ### Most pixels are background
#
# A scene is mostly road and sky.
# What would a network score that calls *everything* background?

# %%
shares = labels.flatten().bincount(minlength=num_classes) / labels.numel()
for name, share in zip(SCENE_CLASSES, shares.tolist(), strict=True):
    print(f"{name:11} {share:6.1%} {'█' * round(60 * share)}")
print(f"\nright pixels if all are called background: {shares[0]:.1%}")

# %% [markdown]
# Nearly nine pixels in ten would be right, and not one animal found.
# Two things follow.
# The *measure* must look at each class for itself; that comes next.
# And the *loss* may: `F.cross_entropy(…, weight=w)` multiplies each pixel's loss by the weight of its true class.
# With weights that are inverse to the shares, every class pulls with the same force.
# Mind what it divides by: not by the number of pixels but by the sum of their weights.

# %%
with torch.inference_mode():
    logits = model(network.prepare(images[:8]))["out"]
pixel_losses = F.cross_entropy(logits, labels[:8], reduction="none")  # (N, H, W)
class_weights = 1 / (num_classes * shares)
of_pixels = class_weights[labels[:8]]  # the weight of each pixel's class
weighted = (of_pixels * pixel_losses).sum() / of_pixels.sum()
torch.testing.assert_close(
    F.cross_entropy(logits, labels[:8], weight=class_weights), weighted
)
print("weight of background:", round(class_weights[0].item(), 2))
print("weight of airplane:  ", round(class_weights[1].item(), 1))

# %% [markdown]
# Such weights find more of the rare classes and pay with false alarms, since a mistake on the background has become cheap.
# Our network was trained without them.
#
# ## How good is it? Intersection over union
#
# Lay the predicted region of a class over the true one.
# Divide what both have in common by what either of them covers: *intersection over union*, IoU, 1 if they are the same and 0 if they never meet.

# %%
true = torch.tensor([[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
guess = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]])
both, either = (true == 1) & (guess == 1), (true == 1) | (guess == 1)

fig, axes = plt.subplots(1, 3, figsize=(8, 2.4), layout="constrained")
plots.show_numbers(true, axes[0], title="true")
plots.show_numbers(guess, axes[1], title="predicted")
count = (true == 1).int() + (guess == 1).int()
plots.show_numbers(count, axes[2], highlight=both, title="in how many?")
plt.show()
print(f"class 1: {both.sum()} / {either.sum()} = {both.sum() / either.sum():.3f}")

# %% [markdown]
# **Figure.** The true square and the predicted one, a column further right, share two pixels (2, framed) and cover six between them, so that the IoU is 2 / 6, although eight of the twelve pixels are right.
#
# One column off, and only a third is left: IoU is strict with small things.
# Count it as |A ∩ B| / (|A| + |B| − |A ∩ B|), and do the same for the background: 6 / 10.
# The mean over the classes, (0.333 + 0.6) / 2 = 0.467, is the **mean IoU**, the figure that segmentation is judged by.
#
# ### Exercise 8.5: intersection over union
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 20 minutes**
#
# Write the mean IoU over a batch of pictures.
# Ignored pixels do not count, and neither does a class that is nowhere, neither true nor predicted.
#
# <details><summary>Hint 1</summary>
#
# First throw the ignored pixels away, of `labels` and of `predicted`. Then the batch is just two long rows of numbers.
#
# </details>
# <details><summary>Hint 2</summary>
#
# For each class k: `a = predicted == k`, `b = labels == k`. `(a & b).sum()` is the intersection and `(a | b).sum()` the union.
#
# </details>
# <details><summary>I get 0.311 for the square, with three classes</summary>
#
# The third class is nowhere: 0 / 0 is not 0. Leave it out of the mean.
#
# </details>
# <details><summary>I get more than I should when there is a false alarm</summary>
#
# A class that is predicted but not there has union > 0 and IoU 0, and it counts.
#
# </details>


# %%
def mean_iou(
    predicted: Tensor, labels: Tensor, num_classes: int, ignore_index: int = 255
) -> float:
    """Return the mean intersection over union of the classes that occur.

    Args:
        predicted: Predicted classes, int64, (N, H, W).
        labels: True classes, int64, (N, H, W); ``ignore_index`` marks pixels that do
            not count.
        num_classes: Number of classes, background included.
    """
    ### BEGIN SOLUTION
    counted = labels != ignore_index
    predicted, labels = predicted[counted], labels[counted]
    values = []
    for k in range(num_classes):
        a, b = predicted == k, labels == k
        if (a | b).any():
            values.append(((a & b).sum() / (a | b).sum()).item())
    return sum(values) / len(values)
    ### END SOLUTION


# %%
checks.check_mean_iou(mean_iou)

# %% [markdown]
# ### Who is taken for whom, by pixels
#
# All IoUs at once stand in a confusion matrix of *pixels*: row = true class, column = predicted class.
# The intersection is the diagonal; the union is row plus column, less the diagonal, which both contain.
# torchmetrics, a library of measures, must agree.

# %%
from torchmetrics import classification as measures

pairs = labels.flatten() * num_classes + predicted.flatten()
confusion = pairs.bincount(minlength=num_classes**2).reshape(num_classes, num_classes)
diagonal = confusion.diagonal()
ious = diagonal / (confusion.sum(0) + confusion.sum(1) - diagonal)

library_counts = measures.MulticlassConfusionMatrix(num_classes)(predicted, labels)
library_ious = measures.MulticlassJaccardIndex(num_classes, average=None)(
    predicted, labels
)
torch.testing.assert_close(library_counts, confusion)
torch.testing.assert_close(library_ious, ious)
print(f"{len(labels)} scenes, {labels.numel():,} pixels: all eleven IoUs agree")

# %% [markdown]
# Seeing the whole matrix tells more than its mean.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
rows = confusion / confusion.sum(1, keepdim=True)
fig, axes = plt.subplots(
    1, 2, figsize=(9, 4), layout="constrained", width_ratios=(3, 2)
)
axes[0].imshow(rows, cmap="cividis", vmin=0, vmax=1)
for i, j in (rows >= 0.02).nonzero().tolist():
    ink, percent = "black" if rows[i, j] > 0.5 else "white", f"{100 * rows[i, j]:.0f}"
    axes[0].text(j, i, percent, color=ink, ha="center", va="center")
places = range(num_classes)
axes[0].set_xticks(places, SCENE_CLASSES, rotation=90)
axes[0].set_yticks(places, SCENE_CLASSES)
axes[0].set(xlabel="predicted", ylabel="true", title="of 100 true pixels")
axes[1].barh(places, ious, color="C0")
axes[1].set_yticks(places, SCENE_CLASSES)
axes[1].set(xlim=(0, 1), title="IoU")
axes[1].invert_yaxis()
plt.show()
accuracy = diagonal.sum() / confusion.sum()
print(f"mean IoU {ious.mean():.3f}; right pixels {accuracy:.1%}")

# %% [markdown]
# **Figure.** Of trucks, frogs, ships and cars more than eight true pixels in ten are found, of airplanes, whose wings are thin, not even half; what is missed is mostly called background (left column), and cats, dogs and horses are taken for one another. The IoUs at the right say the same more strictly.
#
# Both say what one mean can't: of *which* classes the network needs to see more.
#
# And one more trap, easy to fall into.
# The mean over *pictures* of each picture's mean IoU is another number than the mean IoU of all pixels together.

# %%
from course_utils.segmentation import class_iou, pixel_confusion

by_picture = [
    class_iou(pixel_confusion(truth, guess, num_classes)).nanmean().item()
    for truth, guess in zip(labels, predicted, strict=True)
]
assert ious.mean() > 0.55
assert sum(by_picture) / len(by_picture) > ious.mean() + 0.03
print("the mean over pictures is the larger one, by more than 0.03")

# %% [markdown]
# In a picture with a single truck there are two classes, one of them the easy background, which then counts for half.
# Among all pixels it is one class in eleven.
# Say which of the two you report; the benchmarks report the second.
#
# ## Train it a little further
#
# Now the weather turns.
# Fog takes most of the contrast away and adds white, and our network has never seen fog.


# %%
def fog(images: Tensor) -> Tensor:
    """Keep a quarter of the contrast and add white, uint8 in and out."""
    return (180 + 0.25 * images.float()).byte()


misty = network.prepare(fog(images))
in_the_fog = predict_labels(model, misty)


def score(regions: Tensor) -> float:
    """Return the mean IoU over the sixty test scenes."""
    ious = class_iou(pixel_confusion(labels, regions, num_classes))
    return ious.nanmean().item()


assert score(predicted) > score(in_the_fog) + 0.15
print("the fog costs more than 0.15 of mean IoU")

# %% [markdown]
# You know the cure from lesson 07: keep the body, run it once over some new scenes, store its features, and train the head on them.
# Here the head is the whole pyramid, a million weights, and a batch of eight scenes holds nearly a hundred thousand labelled pixels.
# Dense labels teach a lot at a time.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
import copy


def upsampled(head: nn.Module, features: Tensor) -> Tensor:
    """Return full-size logits of stored features, (N, 512, h, w)."""
    return F.interpolate(head(features), labels.shape[1:], mode="bilinear")


set_seed(seed)
new_images, new_labels = draw_scenes(range(100_000, 100_064), split="train")
with torch.inference_mode():
    new_features = model.backbone(network.prepare(fog(new_images)))["out"]
    test_features = model.backbone(misty)["out"]
new_features = new_features.clone()  # out here a tensor that gradients may use

head = copy.deepcopy(model.classifier)
optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
steps, reached = [0], [score(in_the_fog)]
for step in range(1, segmentation_steps + 1):
    chosen = torch.randint(len(new_labels), (8,))
    head.train()
    loss = F.cross_entropy(upsampled(head, new_features[chosen]), new_labels[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        head.eval()
        with torch.no_grad():
            steps.append(step)
            reached.append(score(upsampled(head, test_features).argmax(1)))
for step, value in zip(steps, reached, strict=True):
    print(f"after {step:2} steps: mean IoU {value:.3f} in the fog")

# %%
adapted = copy.deepcopy(model)
adapted.classifier = head.eval()
after = predict_labels(adapted, misty)

fig, axes = plt.subplots(1, 4, figsize=(7, 2.1), layout="constrained")
regions = {"truth": labels, "before": in_the_fog, "after": after}
index = 18  # one of those that gained most
misty_image = fog(images[index])
plots.show_rgb(misty_image, axes[0], "fog")
for ax, (name, found) in zip(axes[1:], regions.items(), strict=True):
    show_segmentation(misty_image, found[index], SCENE_CLASSES, ax, name, legend=False)
handles = legend_handles([found[index] for found in regions.values()], SCENE_CLASSES)
fig.legend(handles=handles, loc="outside lower center", ncols=6, fontsize=9)
plt.show()

excuse = "" if segmentation_steps >= 30 else "so few steps prove nothing"
claim(
    "training the head wins back more than 0.04 of mean IoU",
    score(after) > score(in_the_fog) + 0.04,
    excuse,
)

# %% [markdown]
# **Figure.** Before, the network takes the frog in the fog for a dog with a bird in it; after thirty steps the frog is a frog again and the ships have grown.
# This scene is one of those that gained most; a few got worse.
#
# A few seconds of training, and part of the loss is won back.
# The rest would have to come from the body, which has never met so little contrast.
# And the fair weather? The new head is the same network's only head now.

# %%
fair_weather = score(predict_labels(adapted, network.prepare(images)))
claim(
    "in fair weather the adapted network has lost more than 0.03 of mean IoU",
    fair_weather < score(predicted) - 0.03,
    excuse,
)

# %% [markdown]
# It has *forgotten* some of it, since nothing in these thirty steps reminded it.
# If you want both, mix both into the batches.
#
# ## And a photograph?
#
# Our network scores well, on drawings.
# Show it a photograph, and let us be honest about what happens.

# %%
from course_utils.segmentation import fit_photo

cat = fit_photo("chelsea", longer_side=129, step=8)  # as large as its scenes
guess = predict_labels(model, network.prepare(cat[None]))[0]

fig, ax = plt.subplots(figsize=(3.2, 2.7), layout="constrained")
show_segmentation(cat, guess, SCENE_CLASSES, ax, "our network")
plt.show()
print(credit("chelsea"))

# %% [markdown]
# **Figure.** Our network sees a frog across Chelsea's eyes, a bird on her forehead and a dog beneath her nose; "cat" it says only of a small patch of whiskers.
#
# "Cat" is one of its ten classes, and still it fails: it has learnt *drawn* cats, whole and small, and this is fur that fills the picture.
# What a network can do is what its training data showed it; a good figure on a test set says nothing about another world.
#
# ### The real thing, recorded
#
# For photographs one needs a network that was trained on photographs.
# Here is what such a one says: DeepLabV3 on MobileNetV2, trained for the 21 classes of Pascal VOC.
# It does not come with the workbook; its answers do, recorded by `tools/record_segmentation.py`, and they are drawn over the photographs that came with your packages.

# %%
from course_utils.recorded import recorded
from course_utils.recorded_masks import recorded_mask

run = recorded("segmentation")
names = ("chelsea", "grace_hopper", "astronaut", "camera", "coffee", "flower")
fig, axes = plt.subplots(2, 3, figsize=(5.2, 3.8), layout="constrained")
masks = [recorded_mask(name)[1::3, 1::3] for name in names]  # a third is enough to see
for ax, name, mask in zip(axes.flat, names, masks, strict=True):
    picture = F.avg_pool2d(fit_photo(name, run["longer_side"]), 3)
    show_segmentation(picture, mask, run["classes"], ax, name, legend=False)
handles = legend_handles(masks, run["classes"])
fig.legend(handles=handles, loc="outside lower center", ncols=7, fontsize=9)
plt.show()
print(f"Recorded: {run['network']}, {run['network_licence']}, {run['machine']}")
for name in names:
    print(f"{name}: {credit(name)}")

# %% [markdown]
# **Figure.** The cat, the commodore, the astronaut and the photographer are found with outlines that follow caps, shoulders and elbows; but the coffee set is called a dining table, a part of the model space shuttle a bottle, a leg of the tripod a chair, and the petals of a dahlia a bird.
#
# It can only answer with its 21 words, and for a cup or a flower it has none.
#
# ### And live, where the weights are at hand
#
# With `weights = "official"` at the top of this notebook, `pretrained.segmenter` fetches torchvision's weights once, and the next cell runs the lecture's network on your own machine.
# Try your own photograph: `torchvision.io.decode_image(path)` gives (3, H, W).

# %% tags=["nbval-ignore-output"]
# differs: runs what is at hand
best = pretrained.segmenter(download=True if weights == "official" else None)
print(best)
if best.source == "official":
    picture = fit_photo("astronaut", longer_side=521, step=8)
    regions = predict_labels(best.model, best.prepare(picture[None]))[0]
    fig, ax = plt.subplots(figsize=(4.5, 4.8), layout="constrained")
    show_segmentation(picture, regions, best.classes, ax, best.title)
    plt.show()
else:
    print("the official weights are not at hand, so nothing is drawn")

# %% [markdown]
# You have labelled every pixel, and one thing is still missing: two cats that sit side by side are one region.
# To count them, to follow one of them, the network must say what belongs *together*.
#
# *A good place for the long break.*

# %% [markdown]
# ## A box is four numbers
#
# Lecture I says: "Use CNNs to detect and localise objects within an image."
# *Where* can be said with four numbers.
# Lecture C (ETH Zürich and CSCS) takes centre, height and width; this half of the lesson takes **left, top, right, bottom**, in pixels, as torchvision does.
# Right and bottom are the first pixel outside, so that right − left is the width.

# %%
from torchvision.ops import box_convert, masks_to_boxes

from course_utils.boxes import outline, show_boxes, show_masks
from course_utils.drawn import CLASS_NAMES

scene = draw_scene(13, split="test")
names = [CLASS_NAMES[label] for label in scene.labels.tolist()]
fig, ax = plt.subplots(figsize=(4.8, 3.7), layout="constrained")
show_boxes(scene.image, scene.boxes, ax, texts=names, kind="true")
plt.show()
print("left, top, right, bottom:", scene.boxes[0].int().tolist())
as_centre = box_convert(scene.boxes, "xyxy", "cxcywh")
print("centre x and y, width, height:", as_centre[0].tolist())

# %% [markdown]
# **Figure.** Each box is just large enough for its object: a truck, two automobiles and a cat, whose raised tail makes its box a good deal higher.
# The boxes of the cat and of the red car overlap although the two share no pixel, since a box always takes some background along.
#
# A box is read off a mask: its first and last row, its first and last column.
# torchvision has a function for it, and it is worth a look before you trust it.

# %%
from_masks = masks_to_boxes(scene.masks)
print("from the mask:", from_masks[0].int().tolist())
print("as drawn:     ", scene.boxes[0].int().tolist())
assert torch.equal(from_masks + torch.tensor([0.0, 0, 1, 1]), scene.boxes)

# %% [markdown]
# One pixel apart: `masks_to_boxes` gives the *last* pixel inside, the other functions of `torchvision.ops` want the first one outside.
# Where a car is 400 pixels wide nobody notices; where it is 20, as in our scenes, a twentieth of its width is gone.
# Whenever boxes come from somewhere else, ask what their four numbers mean.
#
# ## How far do two boxes agree?
#
# By the same measure as two regions: intersection over union.
# Take two boxes small enough for your fingers, (2, 1, 8, 5) and (4, 2, 10, 6).

# %%
from torchvision.ops import box_iou

a = torch.tensor([[2.0, 1, 8, 5]])
b = torch.tensor([[4.0, 2, 10, 6]])
cells = torch.zeros(7, 12, dtype=torch.int64)
for left, top, right, bottom in torch.cat([a, b]).int().tolist():
    cells[top:bottom, left:right] += 1

fig, ax = plt.subplots(figsize=(4.6, 2.9), layout="constrained")
plots.show_numbers(cells, ax, highlight=cells == 2)
plt.show()
print(f"in both: {(cells == 2).sum()}, in one at least: {(cells > 0).sum()}")

# %% [markdown]
# **Figure.** Each number says how many of the two boxes hold the pixel: framed are the 12 pixels, 4 wide and 3 high, that both hold; 24 more are in one of them.
#
# The overlap begins at the larger left, 4, and ends at the smaller right, 8; likewise from 2 to 5.
# That is 4 · 3 = 12.
# Each box has 24 pixels, and their sum counts the overlap twice: 24 + 24 − 12 = 36.
# So the IoU is 12 / 36 = ⅓.

# %%
start, end = torch.maximum(a, b)[0, :2], torch.minimum(a, b)[0, 2:]
both = (end - start).clamp(min=0).prod()
by_hand = both / (24 + 24 - both)
torch.testing.assert_close(by_hand, box_iou(a, b)[0, 0])
by_hand

# %% [markdown]
# ### Exercise 8.6: intersection over union of boxes
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write it for every pair of N and M boxes.
#
# <details><summary>Hint 1</summary>
#
# `a[:, None]` has shape (N, 1, 4) and `b[None]` has (1, M, 4): everything that you compute with both has (N, M, …).
#
# </details>
# <details><summary>Hint 2</summary>
#
# Left top of the overlap: `torch.maximum` of the first two numbers. Right bottom: `torch.minimum` of the last two.
#
# </details>
# <details><summary>I get more than 0 for boxes that lie apart</summary>
#
# Minus times minus is plus. What should the width of an overlap be that does not exist?
#
# </details>


# %%
def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of every pair of boxes.

    Args:
        a: Left, top, right, bottom, (N, 4).
        b: Left, top, right, bottom, (M, 4).

    Returns:
        From 0 (apart) to 1 (equal), (N, M).
    """
    ### BEGIN SOLUTION
    one, other = a[:, None], b[None]
    start = torch.maximum(one[..., :2], other[..., :2])
    end = torch.minimum(one[..., 2:], other[..., 2:])
    both = (end - start).clamp(min=0).prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (one, other)]
    return both / (areas[0] + areas[1] - both)
    ### END SOLUTION


# %%
checks.check_pairwise_iou(pairwise_iou)

# %% [markdown]
# ## Localisation is regression
#
# Four numbers for a picture: that is a linear layer with four outputs.
# The loss is not cross-entropy, since these are no classes; it is a distance, here the *smooth L1* loss: quadratic when close, a straight line when far off.
# We draw small scenes with one object each.

# %%
height, width = 48, 64


def one_object(count: int, split: str) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 3, 48, 64), around 0, and boxes (N, 4) as shares of a side."""
    size = {"size": (height, width), "objects": (1, 1)}
    scenes = [draw_scene(k, split=split, **size) for k in range(count)]
    scenes = [s for s in scenes if len(s.boxes)]  # now and then a bush hides it all
    pictures = torch.stack([s.image for s in scenes]) / 255 - 0.5
    sides = torch.tensor([width, height, width, height])
    return pictures, torch.cat([s.boxes for s in scenes]) / sides


pictures, boxes = one_object(1000, "train")
val_pictures, val_boxes = one_object(100, "validation")
print(tuple(pictures.shape), tuple(boxes.shape))

# %% [markdown]
# Mirrored pictures are free training data, as in lesson 07, with a trap: **the box has to be mirrored too**.
# What was left is now width − right.


# %%
from itertools import pairwise


def mirrored(pictures: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror pictures and their boxes, whose numbers are shares of a side."""
    left, top, right, bottom = boxes.unbind(1)
    return pictures.flip(-1), torch.stack([1 - right, top, 1 - left, bottom], dim=1)


def downwards(in_channels: int, out_channels: int) -> nn.Sequential:
    """Halve the map: 3 × 3 convolution of stride 2, batch norm, ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU())


set_seed(seed)
channels = (3, 16, 32, 64, 64)
steps = [downwards(a, b) for a, b in pairwise(channels)]
localiser = nn.Sequential(*steps, nn.Flatten(), nn.Linear(64 * 3 * 4, 4))
print(f"{sum(p.numel() for p in localiser.parameters()):,} parameters")

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
optimizer = torch.optim.AdamW(localiser.parameters(), lr=1e-3, weight_decay=0.05)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=box_steps)
for step in range(box_steps):
    chosen = torch.randint(len(pictures), (32,))
    batch, targets = pictures[chosen], boxes[chosen]
    if step % 2:
        batch, targets = mirrored(batch, targets)
    loss = F.smooth_l1_loss(localiser(batch), targets, beta=0.03)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
with torch.no_grad():
    found = localiser.eval()(val_pictures)
val_iou = box_iou(found, val_boxes).diagonal()  # each with its own
above = (val_iou > 0.5).float().mean()
print(f"mean IoU {val_iou.mean():.2f}; above one half: {above:.0%}")

# %% [markdown]
# Is that good? Compare it with an answer that never looks: the average box of the training set, for every picture.

# %%
average_box = boxes.mean(0).expand_as(val_boxes)
blind_iou = box_iou(average_box, val_boxes).diagonal()
print(f"the average box, for every picture: mean IoU {blind_iou.mean():.2f}")
claim(
    "looking is worth more than 0.05",
    val_iou.mean() > blind_iou.mean() + 0.05,
    excuse="" if box_steps >= 100 else "so few steps prove nothing",
)

sides = torch.tensor([width, height, width, height])
fig, axes = plt.subplots(1, 4, figsize=(9, 2), layout="constrained")
for k, ax in enumerate(axes):
    show_boxes(val_pictures[k] + 0.5, val_boxes[k : k + 1] * sides, ax, kind="true")
    outline(ax, found[k : k + 1] * sides)
    ax.set_title(f"IoU {val_iou[k]:.1f}")
plt.show()

# %% [markdown]
# **Figure.** The second and the third object are boxed to within a few pixels, the first is half missed and the last, at the edge of the picture, wholly (dashed the truth, solid the answer): in doubt the network says "in the middle".
#
# So a box can be learnt like any number, in seconds and from a thousand pictures, roughly.
# But there are four outputs, and so there is exactly one box, whether the scene holds three animals or none.
# How would a network answer when it does not know how many answers there are?
#
# ## Ask everywhere: anchors
#
# Detectors turn the question round.
# They lay thousands of boxes of fixed places and forms over the picture, the **anchors**, and ask of each: *is there an object about here, and how should I move this box to fit it?*
# Both questions have answers of a fixed size, so a convolution can ask them at every position at once.
#
# Our feature map will have 24 × 32 positions, 4 pixels apart.
# Each gets nine anchors: three sizes and three ratios of height to width.

# %% tags=["nbval-ignore-output"]
# differs: widget
anchor_guess = predict("How many anchors are there in all?")
anchor_guess

# %%
stride = 4
anchors_here = []
for ratio in (0.4, 0.65, 1.1):  # height ÷ width
    for size in (20, 32, 48):  # pixels: the square root of the area
        high, wide = size * ratio**0.5, size / ratio**0.5
        anchors_here.append((-wide / 2, -high / 2, wide / 2, high / 2))
anchors_here = torch.tensor(anchors_here).round()  # around (0, 0)

y, x = torch.meshgrid(torch.arange(24), torch.arange(32), indexing="ij")
shifts = stride * torch.stack([x, y, x, y], dim=-1).reshape(-1, 1, 4)
anchors = (shifts + anchors_here).reshape(-1, 4)
anchor_guess.reveal(
    len(anchors), because="24 · 32 positions, nine at each: most of them over nothing."
)

# %% [markdown]
# Two loops and a grid; torchvision's own generator must give the same boxes in the same order.

# %%
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

generator = AnchorGenerator(((20, 32, 48),), ((0.4, 0.65, 1.1),))
canvas = ImageList(torch.zeros(1, 3, 96, 128), [(96, 128)])
theirs = generator(canvas, [torch.zeros(1, 96, 24, 32)])[0]
assert torch.equal(theirs, anchors)

middle = anchors.reshape(24, 32, 9, 4)[12, 16]
fig, ax = plt.subplots(figsize=(4.8, 3.7), layout="constrained")
gray = scene.image.float().mean(0) / 255
plots.show_gray(gray, ax, "nine anchors at one position")
outline(ax, middle, kind="faint")
outline(ax, scene.boxes, texts=names, kind="true")
plt.show()

# %% [markdown]
# **Figure.** Nine faint boxes, three forms in three sizes, share their centre, the middle of the picture; the four dashed boxes of the objects are each about as large as one of them, only in another place.
#
# ### Who learns what
#
# For training, each anchor must be told what it should have said.
# The rule goes by IoU with the true boxes: 0.7 or more, and the anchor learns its best object; less than 0.3 with all of them, and it learns "background"; in between it learns nothing, because either answer would be unfair.
# And no object may go without: its best anchor gets it, however low the IoU.

# %%
iou = box_iou(scene.boxes, anchors)  # (objects, anchors)
best = iou.max(dim=0).values
for name, row in zip(names, iou, strict=True):
    enough = (row >= 0.7).sum()
    print(f"{name:12} best IoU {row.max():.2f}, anchors from 0.7 on: {enough}")
print(f"background: {(best < 0.3).sum():,} of {len(anchors):,}")

# %% [markdown]
# A handful of anchors learn an object, and thousands learn to keep quiet: were all asked alike, "nothing here" would nearly always be right.
# Therefore a detector draws a few hundred of them for each step, half of them with objects if there are that many.
#
# ### Exercise 8.7: which anchor learns which object?
# **Difficulty** 4 of 5 · **importance** 4 of 5 · **about 20 minutes**
#
# Give each anchor the number of its object, −1 for background, or −2 for "ignored".
#
# <details><summary>Hint 1</summary>
#
# `iou = box_iou(true_boxes, anchors)` has a row for each object. `iou.max(dim=0)` gives, for each anchor, its best IoU and whose it is.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.where(condition, this, that)` chooses for each anchor; begin with "ignored" and overwrite.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The rescue comes last: every anchor whose IoU equals an object's maximum gets its own best object. Ties count, all of them.
#
# </details>
# <details><summary>I get an object that nobody learns</summary>
#
# Its best anchor may lie below both thresholds. Do the rescue after the thresholds, not before.
#
# </details>


# %%
def match_anchors(
    anchors: Tensor, true_boxes: Tensor, high: float = 0.7, low: float = 0.3
) -> Tensor:
    """Tell each anchor what to learn.

    Args:
        anchors: Left, top, right, bottom, (A, 4).
        true_boxes: Of the objects, (K, 4).
        high: From this IoU on an anchor learns its best object.
        low: Below this IoU an anchor is background.

    Returns:
        The number of the object, −1 for background, −2 for ignored; int64, (A,). The
        best anchors of an object get their own best object in any case.
    """
    ### BEGIN SOLUTION
    iou = box_iou(true_boxes, anchors)
    best, owner = iou.max(dim=0)
    matches = torch.where(best >= high, owner, -2)
    matches[best < low] = -1
    rescued = (iou == iou.max(dim=1, keepdim=True).values).any(dim=0)
    matches[rescued] = owner[rescued]
    return matches
    ### END SOLUTION


# %%
checks.check_match_anchors(match_anchors)

# %% [markdown]
# ## Say it as an offset
#
# An anchor that has found its object must still say how it should be moved.
# In pixels? A step of 5 is large for a bird and nothing for a truck.
# So shifts are shares of the anchor's own sides, and sizes are ratios, as logarithms, so that twice and half are equally far from 0:
#
# $$d_x = \frac{x - x_a}{w_a},\quad d_y = \frac{y - y_a}{h_a},\quad d_w = \ln\frac{w}{w_a},\quad d_h = \ln\frac{h}{h_a}$$
#
# with centre (x, y), width w and height h, and an *a* for the anchor's.
# By hand: the anchor (10, 20, 50, 40) has its centre at (30, 30) and is 40 wide and 20 high.
# The object (22, 12, 70, 36) has its centre at (46, 24) and is 48 wide and 24 high.

# %%
from math import log

from torchvision.models.detection._utils import BoxCoder

by_hand = torch.tensor([[(46 - 30) / 40, (24 - 30) / 20, log(48 / 40), log(24 / 20)]])
coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))  # the one inside torchvision's detectors
anchor, target = torch.tensor([[10.0, 20, 50, 40]]), torch.tensor([[22.0, 12, 70, 36]])
torch.testing.assert_close(coder.encode_single(target, anchor), by_hand)
by_hand

# %% [markdown]
# Both sides are longer by a fifth, so the last two numbers are equal: ln 1.2 ≈ 0.18.
# Twice the picture, twice the anchor, twice the object: the same four numbers.
# That is why one small convolution can serve every position.
#
# ### Exercise 8.8: from offsets to boxes
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# A network gives offsets; turn them back into boxes.
#
# <details><summary>Hint 1</summary>
#
# Solve each of the four equations for x, y, w and h. The inverse of `ln` is `exp`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# From centre and sides to corners: half a side back, half a side on.
#
# </details>
# <details><summary>I get boxes of size 0 where the offsets are 0</summary>
#
# No offset should mean: the anchor itself. exp(0) = 1.
#
# </details>


# %%
def decode_boxes(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Move and stretch anchors.

    Args:
        offsets: dx, dy, dw, dh, (N, 4).
        anchors: Left, top, right, bottom, (N, 4).

    Returns:
        Left, top, right, bottom, (N, 4).
    """
    ### BEGIN SOLUTION
    sides = anchors[:, 2:] - anchors[:, :2]
    centres = anchors[:, :2] + sides / 2 + offsets[:, :2] * sides
    sides = sides * offsets[:, 2:].exp()
    return torch.cat([centres - sides / 2, centres + sides / 2], dim=1)
    ### END SOLUTION


# %%
checks.check_decode_boxes(decode_boxes)

# %% [markdown]
# ## One object, one box
#
# Where an object is, many anchors say so, and each makes its own box.
# *Non-maximum suppression* thins them out: take the box with the best score, drop all that overlap it by more than a threshold, take the best of the rest, and so on.
# By hand, four boxes in a row, each 10 pixels high:

# %%
from torchvision.ops import batched_nms, nms

lefts = torch.tensor([0.0, 2, 4, 30])
heap = torch.stack([lefts, 0 * lefts, lefts + 10, 0 * lefts + 10], dim=1)
scores = torch.tensor([0.7, 0.9, 0.8, 0.6])
print(box_iou(heap, heap).round(decimals=2))
print("kept:", nms(heap, scores, iou_threshold=0.5).tolist())

# %% [markdown]
# Box 1 has the best score, 0.9, and stays.
# Boxes 0 and 2 overlap it with an IoU of 0.67 each, more than 0.5: both go, although with each other they have 0.43 only.
# Box 3 overlaps nobody.
#
# Now the class comes in.
# Say that box 1 is a cat and box 2 the horse that it sits on.

# %% tags=["nbval-ignore-output"]
# differs: widget
nms_guess = predict(
    "The labels of the four boxes are cat, cat, horse, cat. How many boxes are left, "
    "if boxes of different classes leave each other alone?",
    options=["1", "2", "3", "4"],
)
nms_guess

# %%
cat_horse = torch.tensor([3, 3, 7, 3])
kept = batched_nms(heap, scores, cat_horse, iou_threshold=0.5)
print("kept:", kept.tolist())
nms_guess.reveal(
    str(len(kept)),
    because="The horse stays; the other cat has the same label and goes.",
)

# %% [markdown]
# ### Exercise 8.9: non-maximum suppression
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 20 minutes**
#
# Write it, with labels.
#
# <details><summary>Hint 1</summary>
#
# Go through the indices from the best score to the worst, and keep a list of those that stay.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A box stays if no box that has been *kept* so far has the same label and an IoU above the threshold.
#
# </details>
# <details><summary>I get the right boxes in another order</summary>
#
# The result is a ranking: best score first, as indices into the boxes that came in.
#
# </details>


# %%
def suppress(
    boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float
) -> Tensor:
    """Keep the best box of each heap, class by class.

    Args:
        boxes: Left, top, right, bottom, (N, 4).
        scores: (N,), no two alike.
        labels: (N,); only boxes with the same label suppress each other.
        iou_threshold: A box goes if its IoU with a kept one is larger.

    Returns:
        Indices of what is kept, from the best score to the worst; int64.
    """
    ### BEGIN SOLUTION
    rivals = box_iou(boxes, boxes) > iou_threshold
    rivals &= labels[:, None] == labels
    kept: list[int] = []
    for index in scores.argsort(descending=True).tolist():
        if not rivals[index, kept].any():
            kept.append(index)
    return torch.tensor(kept)
    ### END SOLUTION


# %%
checks.check_suppress(suppress)

# %% [markdown]
# ## Faster R-CNN, opened
#
# You now have all the parts: features, anchors, offsets, suppression.
# **Faster R-CNN** puts them into two stages: the first proposes boxes where *something* is, the second looks at each proposal and says *what* it is.
# The workbook brings a small one, in torchvision's own classes: a SqueezeNet body, and half an hour of training on drawn scenes.

# %%
network = pretrained.detector("detector")
print(network)

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
detector = network.model
picture = scene.image / 255
with torch.no_grad():
    detections = detector([picture])[0]  # a list of pictures, a list of answers
for name, value in detections.items():
    print(f"{name:7} {tuple(value.shape)}")

# %% [markdown]
# A picture goes in, and boxes, labels and scores come out, sorted.
# Now we take the same road on foot, and stop at every station.
#
# ### Station 1: features
#
# `transform` normalises and resizes (here nothing needs resizing), and the body turns 3 × 96 × 128 numbers into 96 maps of 24 × 32.

# %%
from collections import OrderedDict

with torch.no_grad():
    images, _ = detector.transform([picture])
    features = OrderedDict({"0": detector.backbone(images.tensors)})
print(tuple(images.tensors.shape), "→", tuple(features["0"].shape))

# %% [markdown]
# ### Station 2: proposals
#
# The *region proposal network* is a 3 × 3 convolution and two 1 × 1 convolutions: nine scores at each position, one for each anchor, and nine times four offsets.
# The score, *objectness*, only says that there is something; classes come later.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
with torch.no_grad():
    objectness, offsets = detector.rpn.head(list(features.values()))
    proposals, _ = detector.rpn(images, features)
print("objectness", tuple(objectness[0].shape), "offsets", tuple(offsets[0].shape))

# by hand: the best 200 anchors, moved by their offsets, cut at the border, thinned out
flat_offsets = offsets[0].reshape(9, 4, 24, 32).permute(2, 3, 0, 1).reshape(-1, 4)
likely, chosen = objectness[0][0].permute(1, 2, 0).flatten().topk(200)
moved = coder.decode_single(flat_offsets[chosen], anchors[chosen])
moved[:, 0::2].clamp_(0, 128)
moved[:, 1::2].clamp_(0, 96)
kept = nms(moved, likely.sigmoid(), iou_threshold=0.7)[:40]
torch.testing.assert_close(moved[kept], proposals[0])
print(f"{len(anchors):,} anchors → 200 → {len(kept)} proposals, as the network's own")

# %% [markdown]
# Six lines, and their steps you know: offsets to boxes, and suppression.
#
# ### Station 3: RoI align
#
# Proposals have all sizes, a linear layer wants one.
# *RoI align* (a *region of interest* is what a proposal proposes) lays a grid of 7 × 7 bins over each proposal and reads the feature map in each bin, *between* the positions if need be, by bilinear interpolation.
# Check it on a map that you can do in your head: its value at column x and row y is x + 10·y.

# %%
from torchvision.ops import roi_align

ramp = torch.arange(8.0)[None] + 10 * torch.arange(6.0)[:, None]
region = torch.tensor([[2.0, 1, 6, 5]])
bins = roi_align(ramp[None, None], [region], output_size=2, sampling_ratio=2)[0, 0]
print(bins)
by_hand = torch.tensor([[3 + 10 * 2, 5 + 10 * 2], [3 + 10 * 4, 5 + 10 * 4]]).float()
assert torch.equal(bins, by_hand)

# %% [markdown]
# The region from (2, 1) to (6, 5) has four bins, 2 by 2, with their centres at x = 3 and 5, y = 2 and 4: 23, 25, 43, 45.
# Its older brother, RoI *pool*, rounded the corners to whole positions first.
# On a map of stride 16 that moves a region by up to 8 pixels, and masks suffered badly.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
with torch.no_grad():
    pooled = detector.roi_heads.box_roi_pool(features, proposals, images.image_sizes)
print(f"{len(proposals[0])} proposals → {tuple(pooled.shape)}")

# %% [markdown]
# ### Station 4: what is it, and where exactly?
#
# From here on it is a classifier, and every proposal is a small picture.
# Two linear layers, and then two heads: 11 logits, with the background as class 0, and for each class four offsets that move the proposal once more.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
with torch.no_grad():
    codes = detector.roi_heads.box_head(pooled)
    logits, refinements = detector.roi_heads.box_predictor(codes)
    probabilities = logits.softmax(dim=1)
print("logits", tuple(logits.shape), "offsets", tuple(refinements.shape))
background = probabilities.argmax(1) == 0
print(f"{background.sum()} of {len(logits)} proposals turn out to be background")

# %% [markdown]
# ### Station 5: tidy up
#
# Move the proposals, drop what is improbable, suppress class by class.
# Then the list must equal what the network said by itself.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
boxes, scores, labels = detector.roi_heads.postprocess_detections(
    logits, refinements, proposals, images.image_sizes
)
torch.testing.assert_close(boxes[0], detections["boxes"])
torch.testing.assert_close(scores[0], detections["scores"])
assert torch.equal(labels[0], detections["labels"])


def described(found: dict[str, Tensor], classes: list[str]) -> list[str]:
    """Return a text for each detection: its class and its score."""
    pairs = zip(found["labels"].tolist(), found["scores"].tolist(), strict=True)
    return [f"{classes[label]} {score:.2f}" for label, score in pairs]


def confident(found: dict[str, Tensor], least: float = 0.5) -> dict[str, Tensor]:
    """Return the detections whose score is large enough."""
    return {name: value[found["scores"] >= least] for name, value in found.items()}


print("all:    ", described(detections, network.classes))
print("certain:", described(confident(detections), network.classes))

# %%
best_at = objectness[0][0].amax(0).sigmoid()  # the best of nine anchors
whole = F.interpolate(best_at[None, None], (96, 128))[0, 0]
mover = detector.roi_heads.box_coder
moved = mover.decode(refinements, proposals)[
    torch.arange(len(logits)), logits.argmax(1)
]
certain = confident(detections)

fig, axes = plt.subplots(1, 3, figsize=(9.2, 2.7), layout="constrained")
plots.show_gray(whole, axes[0], "2 · objectness and proposals")
outline(axes[0], proposals[0], kind="faint")
plots.show_gray(gray, axes[1], "4 · moved, without background")
outline(axes[1], moved[~background], kind="faint")
texts = described(certain, network.classes)
show_boxes(scene.image, certain["boxes"], axes[2], texts=texts, title="5 · the answer")
plt.show()

# %% [markdown]
# **Figure.** Left, objectness is bright in four places, one on each object, and the proposals crowd round them in all sizes. In the middle, moved once more, they lie close round their objects. Right, one box each is left, but for the cat: it is called a dog as well, with a smaller score.
#
# Why does the dog survive? Suppression works class by class, and so a second *name* for the same thing is not a double.
#
# Two more scenes, with the truth, dashed, beside the answers.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for index, ax in zip((8, 7), axes, strict=True):
    other = draw_scene(index, split="test")
    with torch.no_grad():
        answer = confident(detector([other.image / 255])[0])
    show_boxes(other.image, other.boxes, ax, kind="true")
    outline(ax, answer["boxes"], texts=described(answer, network.classes))
plt.show()

# %% [markdown]
# **Figure.** Left, the animal behind the first truck gets two boxes, "truck" and "cat", and the network believes in neither much; it is a cat. Right, the airplane behind the car is overlooked: its dashed box has no solid one.
#
# ### How it learns
#
# In training mode the same call takes the truth along and gives back losses instead of boxes: two for the proposals, two for the heads.
# Each stage has one for *what* and one for *where*, and the second kind counts only the boxes that have an object.

# %%
targets = [{"boxes": scene.boxes, "labels": scene.labels + 1}]  # 0 is the background
losses = detector.train()([picture], targets)
detector.eval()
assert all(loss.isfinite() for loss in losses.values())
print("proposals:", "loss_objectness", "loss_rpn_box_reg")
print("heads:    ", *sorted(set(losses) - {"loss_objectness", "loss_rpn_box_reg"}))

# %% [markdown]
# Their sum goes backwards through the whole network, body included.
# `tools/train_detector.py` does that 3000 times with eight scenes each, none of them twice.
#
# ### The official one
#
# torchvision's Faster R-CNN has a ResNet-50 body, a pyramid of five feature maps instead of one, and the classes of COCO, the photographs by which detectors are compared; it takes 160 MB, and its stations are the same five.

# %% tags=["nbval-ignore-output"]
# differs: runs what is at hand
best = pretrained.detector(download=True if weights == "official" else None)
print(best)
if best.source == "official":
    street = photo("astronaut")
    with torch.no_grad():
        answer = confident(best.model([street])[0], least=0.7)
    fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    show_boxes(street, answer["boxes"], ax, texts=described(answer, best.classes))
    plt.show()
else:
    print("the official weights are not at hand, so nothing is drawn")

# %% [markdown]
# ## How good is a detector?
#
# There are two ways to be wrong: to invent an object, and to overlook one.
# **Precision** asks how many of the boxes are right, **recall** how many of the objects were found.
# Right means: IoU of at least ½ with an object that no better box has taken.
#
# ### Exercise 8.10: precision and recall
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Compute both, for the boxes of one class in one picture.
#
# <details><summary>Hint 1</summary>
#
# From the best score down, each box takes the object with the largest IoU among those that are still free, if that IoU reaches the threshold. Count how often this works out.
#
# </details>
# <details><summary>Hint 2</summary>
#
# To mark an object as taken, set its whole column of the IoU table to −1.
#
# </details>
# <details><summary>I get a recall above 1</summary>
#
# Then an object was found twice, and both counted.
#
# </details>


# %%
def precision_recall(
    boxes: Tensor, scores: Tensor, true_boxes: Tensor, iou_threshold: float = 0.5
) -> tuple[float, float]:
    """Return the share of boxes that are right, and of objects that were found.

    Args:
        boxes: What was found, (N, 4), at least one.
        scores: How sure the network is, (N,).
        true_boxes: The objects, (M, 4), at least one.
        iou_threshold: From this IoU on a box is right.
    """
    ### BEGIN SOLUTION
    iou = box_iou(boxes, true_boxes)
    hits = 0
    for index in scores.argsort(descending=True).tolist():
        value, owner = iou[index].max(dim=0)
        if value >= iou_threshold:
            hits += 1
            iou[:, owner] = -1
    return hits / len(boxes), hits / len(true_boxes)
    ### END SOLUTION


# %%
checks.check_precision_recall(precision_recall)

# %% [markdown]
# ### Where to draw the line?
#
# Both numbers depend on how sure a box must be to count.
# Ask for more certainty, and as a rule precision rises while recall falls.
# So one draws the whole curve: sort all boxes of a class, best score first, and after each box write down both.
# By hand, five boxes for four objects; the first, second and fourth are hits.

# %%
hits = torch.tensor([True, True, False, True, False])
precision = hits.cumsum(0) / torch.arange(1, 6)
recall = hits.cumsum(0) / 4
print("precision", precision.tolist())
print("recall   ", recall.tolist())

levels = torch.linspace(0, 1, 101)
to_come = torch.tensor([F.pad(precision[recall >= q], (0, 1)).max() for q in levels])
fig, ax = plt.subplots(figsize=(5.2, 3), layout="constrained")
ax.plot(recall, precision, "o--", label="after each box")
ax.step(levels, to_come, where="pre", label="the best still to come")
ax.set(xlabel="recall", ylabel="precision", ylim=(0, 1.08))
ax.legend(loc="lower left")
plt.show()
print(f"average precision: {to_come.mean():.3f}")

# %% [markdown]
# **Figure.** Precision is 1 up to a recall of ½, then 0.75 up to ¾, and 0 beyond, because the fourth object is never found; the dashed line shows that precision falls to 0.67 on the way and rises again, which the step line levels out.
#
# **Average precision**, AP, is the mean height of that step line.
# COCO's rule takes 101 levels of recall, 0, 0.01, …, 1, and at each level the best precision at this recall *or a larger one*.
# Here 51 levels have 1, 25 have 0.75 and 25 have 0: together 0.691.
#
# ### Exercise 8.11: average precision
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# From the list of hits to the number.
#
# <details><summary>Hint 1</summary>
#
# `hits.cumsum(0)` counts the hits so far; divide by the rank for precision, by `num_objects` for recall.
#
# </details>
# <details><summary>Hint 2</summary>
#
# "The best still to come" is a running maximum from the end: `precision.flip(0).cummax(0).values.flip(0)`.
#
# </details>
# <details><summary>I get a number that is slightly too large</summary>
#
# Levels that are never reached count as 0, and there are 101 of them in all.
#
# </details>


# %%
def average_precision(hits: Tensor, num_objects: int) -> float:
    """Return the mean, over 101 levels of recall, of the best precision still to come.

    Args:
        hits: Whether each box is right, best score first; bool, (N,).
        num_objects: How many objects there are, found or not.
    """
    ### BEGIN SOLUTION
    found = hits.cumsum(0).double()
    precision = found / torch.arange(1, len(hits) + 1)
    recall = found / num_objects
    best = precision.flip(0).cummax(0).values.flip(0)
    total = 0.0
    for level in range(101):
        later = best[recall >= level / 100 - 1e-9]
        total += later[0].item() if len(later) else 0.0
    return total / 101
    ### END SOLUTION


# %%
checks.check_average_precision(average_precision)

# %% [markdown]
# ### On forty scenes, by hand and by a library
#
# One list for each class, over all scenes together, and at the end the mean of the ten APs.

# %%
test_scenes = [draw_scene(k, split="test") for k in range(40)]
with torch.no_grad():
    answers = detector([s.image / 255 for s in test_scenes])


def ap_of_class(label: int, threshold: float = 0.5) -> float:
    """Return COCO's AP of one class over the forty scenes; the background is 0."""
    ranked, objects = [], 0
    for s, answer in zip(test_scenes, answers, strict=True):
        of_class = answer["labels"] == label
        iou = box_iou(answer["boxes"][of_class], s.boxes[s.labels + 1 == label])
        objects += iou.shape[1]
        for row, score in zip(iou, answer["scores"][of_class].tolist(), strict=True):
            value, owner = row.max(0) if len(row) else (torch.tensor(-1.0), 0)
            ranked.append((score, bool(value >= threshold)))
            if value >= threshold:
                iou[:, owner] = -1
    hits = torch.tensor([hit for _, hit in sorted(ranked, reverse=True)])
    found = hits.cumsum(0).double()
    precision, recall = found / torch.arange(1, len(hits) + 1), found / objects
    best = precision.flip(0).cummax(0).values.flip(0)
    places = torch.searchsorted(recall, torch.linspace(0, 1, 101, dtype=torch.float64))
    return F.pad(best, (0, 1))[places].mean().item()


by_hand = [ap_of_class(label) for label in range(1, 11)]

# %%
from torchmetrics.detection import MeanAveragePrecision

truths = [{"boxes": s.boxes, "labels": s.labels + 1} for s in test_scenes]
metric = MeanAveragePrecision(iou_thresholds=[0.5], class_metrics=True)
metric.update(answers, truths)
library = metric.compute()
theirs = library["map_per_class"]
torch.testing.assert_close(theirs, torch.tensor(by_hand), atol=1e-4, rtol=0)
assert library["map_50"] > 0.5
print("ten classes, by hand and by torchmetrics: the same")

# %% [markdown]
# They agree class by class.
# Forty scenes are few; the script that trained the network measured it once on five hundred that it had never seen.

# %%
from course_utils.pretrained.own import shipped

for name, figure in shipped()["detector"]["figures"].items():
    print(f"{name}: {figure}")

# %% [markdown]
# *AP50* is what you have just computed.
# Plain *AP* is stricter: the mean over ten thresholds of IoU, 0.5, 0.55, …, 0.95, so a box that is right by half earns little.
# COCO's tables rank by this stricter one.
#
# What does AP *not* see?

# %% tags=["nbval-ignore-output"]
# differs: widget
noise_guess = predict(
    "To every scene you add fifty boxes over nothing, with scores below all others. "
    "What happens to AP50?",
    options=["it collapses", "it falls a little", "it does not change"],
)
noise_guess

# %%
nonsense = torch.tensor([[0.0, 0, 3, 3]]).expand(50, 4)
worse = [
    {
        "boxes": torch.cat([answer["boxes"], nonsense]),
        "labels": torch.cat([answer["labels"], torch.arange(50) % 10 + 1]),
        "scores": torch.cat([answer["scores"], torch.full((50,), 1e-6)]),
    }
    for answer in answers
]
metric.reset()
metric.update(worse, truths)
change = abs(metric.compute()["map_50"] - library["map_50"]).item()
noise_guess.reveal(
    "it does not change" if change < 1e-4 else "it falls a little",
    because="They come last in the ranking, after every hit, and add no recall. "
    "AP rates the ranking; where to cut it is left to you.",
)

# %% [markdown]
# So a network with a splendid AP may still shower you with boxes.
# Before you use it, choose a threshold on the *validation* scenes, for the precision or the recall that your purpose needs.
#
# ## A mask for every instance
#
# "Add instance segmentation to follow individuals", say your slides.
# **Mask R-CNN** is Faster R-CNN with a third head: for each detected box, 28 × 28 logits a class.
# Ours is the very network that you have just opened; there we had left its mask head away.

# %%
network = pretrained.instance_segmenter("instance_segmenter")
print(network)
masker = network.model
with torch.no_grad():
    instances = masker([picture])[0]
assert torch.equal(instances["boxes"], detections["boxes"])
height, width = instances["masks"].shape[-2:]
print(f"the same boxes, and a mask of {height} × {width} for each")

# %% [markdown]
# Let us take the last piece of the road on foot as well.
# Each final box goes through RoI align once more, now with 14 × 14 bins; a few convolutions and a transposed one make 28 × 28 out of it.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
with torch.no_grad():
    heads = masker.roi_heads
    regions = heads.mask_roi_pool(features, [instances["boxes"]], images.image_sizes)
    mask_logits = heads.mask_predictor(heads.mask_head(regions))
print(f"{tuple(regions.shape)} → {tuple(mask_logits.shape)}")

number = 0  # the detection with the best score
label = int(instances["labels"][number])
small = mask_logits[number, label].sigmoid()
left, top, right, bottom = instances["boxes"][number].int().tolist()
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
plots.show_rgb(scene.image[:, top:bottom, left:right], axes[0], "the box")
plots.show_gray(small, axes[1], f"28 × 28: “{network.classes[label]}”?")
plots.show_gray(instances["masks"][number], axes[2], "pasted into the picture")
plt.show()

# %% [markdown]
# **Figure.** Left, the box cut out of the picture; in the middle the 28 × 28 probabilities, stretched to a square, in which roof, bonnet and wheels of the car can be made out; right, the same map squeezed back into its box: white inside, black outside, grey along the outline.
#
# Note what is *not* asked: the eleven masks do not compete.
# Which class it is the box head has decided, so only its mask is read, and `sigmoid` says for each pixel "mine or not".
# Two horses side by side get two boxes, and so two masks: what a label for every pixel could not say.
#
# ### Exercise 8.12: a mask for one instance
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 15 minutes**
#
# Make the mask of one detection: probabilities, enlarged to its box, compared with ½, pasted into the picture.
#
# <details><summary>Hint 1</summary>
#
# `F.interpolate` wants (N, C, H, W) and a size as (height, width): `plane[None, None]`, then `[0, 0]`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The order matters: sigmoid, enlarge with `mode="bilinear"`, compare with `>= 0.5`, then write into `mask[top:bottom, left:right]`.
#
# </details>
# <details><summary>I get an outline with steps</summary>
#
# Then you compared first and enlarged yes and no, or enlarged without `mode="bilinear"`.
#
# </details>


# %%
def instance_mask(
    logits: Tensor, label: int, box: Tensor, size: tuple[int, int]
) -> Tensor:
    """Return the pixels of one instance.

    Args:
        logits: One small map a class, (C, h, w).
        label: Which class the instance has.
        box: Left, top, right, bottom, whole numbers within the picture, int64 (4,).
        size: Height and width of the picture.

    Returns:
        bool, (height, width).
    """
    ### BEGIN SOLUTION
    left, top, right, bottom = box.tolist()
    probable = logits[label].sigmoid()[None, None]
    enlarged = F.interpolate(probable, (bottom - top, right - left), mode="bilinear")
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top:bottom, left:right] = enlarged[0, 0] >= 0.5
    return mask
    ### END SOLUTION


# %%
checks.check_instance_mask(instance_mask)

# %% [markdown]
# torchvision's own pasting also takes boxes that end between two pixels or outside the picture.
# Here is what it makes of our scene, next to the truth.

# %%
sure = confident(instances, least=0.7)
masks = sure["masks"][:, 0] >= 0.5  # (K, 96, 128)
fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.2), layout="constrained")
show_masks(scene.image, scene.masks, axes[0], texts=names, title="truth")
texts = described(sure, network.classes)
show_masks(scene.image, masks, axes[1], texts=texts, title="Mask R-CNN")
plt.show()

pairs = masks.flatten(1).float() @ scene.masks.flatten(1).float().T  # pixels in both
sizes = masks.sum((1, 2))[:, None] + scene.masks.sum((1, 2))
mask_iou = (pairs / (sizes - pairs)).amax(dim=1)
assert mask_iou.mean() > 0.5
print("each mask's IoU with its best true mask is above one half, on average")

# %% [markdown]
# **Figure.** The outlines of the truck and the two cars agree with the truth to a pixel or two, while the cat has lost its tail and most of its paws: thin parts fall through a map of 28 × 28 cells first.
#
# The official Mask R-CNN, with COCO's classes, has the same form.

# %% tags=["nbval-ignore-output"]
# differs: runs what is at hand
best = pretrained.instance_segmenter(download=True if weights == "official" else None)
print(best)
if best.source == "official":
    with torch.no_grad():
        answer = confident(best.model([photo("astronaut")])[0], least=0.7)
    fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    found_masks = answer["masks"][:, 0] >= 0.5
    texts = described(answer, best.classes)
    show_masks(photo("astronaut"), found_masks, ax, texts=texts)
    plt.show()
else:
    print("the official weights are not at hand, so nothing is drawn")

# %% [markdown]
# ## Follow individuals
#
# A film is a row of pictures, and the detector knows nothing of the one before.
# But things move little between two frames, so *the box that overlaps the last one most is the same thing*.
# That is a tracker: match new boxes to old tracks by IoU, best pair first; what finds no partner begins a track of its own.


# %%
def follow(frames: list[Tensor], least_iou: float = 0.3) -> list[list[int]]:
    """Number the boxes of each frame, so that the same thing keeps its number.

    Args:
        frames: Boxes of each frame, (K, 4).
        least_iou: Two boxes that overlap less are not the same thing.

    Returns:
        For each frame the number of each of its boxes.
    """
    last: dict[int, Tensor] = {}  # number → where it was seen last
    numbers, fresh = [], 0
    for boxes in frames:
        here = [-1] * len(boxes)
        pairs = [
            (box_iou(box[None], boxes[k][None]).item(), number, k)
            for number, box in last.items()
            for k in range(len(boxes))
        ]
        for iou, number, k in sorted(pairs, reverse=True):
            if iou >= least_iou and here[k] == -1 and number not in here:
                here[k] = number
        for k, number in enumerate(here):
            if number == -1:
                here[k], fresh = fresh, fresh + 1
            last[here[k]] = boxes[k]
        numbers.append(here)
    return numbers


# %% [markdown]
# Two films of eight frames each, in which two animals cross.
# A score of 0.7 is asked for, so that half-hearted second names do not begin tracks.

# %%
from course_utils.drawn_frames import Film, draw_film


def detected(film: Film) -> list[dict[str, Tensor]]:
    """Return what the detector is sure of, frame by frame."""
    with torch.no_grad():
        answers = detector([frame.image / 255 for frame in film.frames])
    return [confident(answer, least=0.7) for answer in answers]


films = [draw_film(7), draw_film(4)]
seen = [detected(film) for film in films]
numbers = [follow([s["boxes"] for s in of_film]) for of_film in seen]

fig, axes = plt.subplots(2, 3, figsize=(6.9, 3.9), layout="constrained")
for row, film in enumerate(films):
    for ax, k in zip(axes[row], (0, 4, 7), strict=True):
        kinds = [network.classes[label] for label in seen[row][k]["labels"].tolist()]
        texts = [f"{n} {kind}" for n, kind in zip(numbers[row][k], kinds, strict=True)]
        show_boxes(film.frames[k].image, seen[row][k]["boxes"], ax, texts=texts)
        ax.set_title(f"frame {k}")
plt.show()

# %% [markdown]
# **Figure.** Top: horse and deer cross, and keep their numbers, 0 and 1. Bottom: in frame 4 the bird stands behind the deer and gets no box; when it comes out again it is a stranger, number 2.
#
# The film knows who is who, so we can count how often an individual gets another number than it had before: an *identity switch*.


# %%
def switches(
    film: Film, seen: list[dict[str, Tensor]], numbers: list[list[int]]
) -> int:
    """Count how often an individual gets another number than it had before."""
    known: dict[int, int] = {}  # individual → number
    count = 0
    for frame, who, found, given in zip(
        film.frames, film.identities, seen, numbers, strict=True
    ):
        for individual, row in zip(
            who.tolist(), box_iou(frame.boxes, found["boxes"]), strict=True
        ):
            if len(row) and row.max() >= 0.5:
                number = given[int(row.argmax())]
                count += known.get(individual, number) != number
                known[individual] = number
    return count


for name, film, s, n in zip(("first", "second"), films, seen, numbers, strict=True):
    print(f"identity switches in the {name} film: {switches(film, s, n)}")

# %% [markdown]
# Where the bird was hidden it had no box to overlap with, so it came back as a stranger.
# Real trackers remember where a thing was heading, and what it looked like: [SORT](https://arxiv.org/abs/1602.00763) adds the first, its successors the second.
#
# ## The real thing, recorded
#
# On photographs one needs a network that was trained on photographs.
# Here is what such a one finds: SSD300 on MobileNetV1, trained on COCO.
# SSD is the impatient cousin of Faster R-CNN: anchors on six maps, and class and offsets straight from each anchor, without a second look.
# It does not come with the workbook; its boxes do, recorded by `tools/record_detection.py`.

# %%
from course_utils.recorded import recorded

run = recorded("lesson08_detections")
shown = ("astronaut", "coins")
fig, axes = plt.subplots(
    1, 2, figsize=(5.6, 2.6), layout="constrained", width_ratios=(1, 1.27)
)
for ax, name in zip(axes, shown, strict=True):
    answer = run["photos"][name]
    pairs = zip(answer["labels"], answer["scores"], strict=True)
    texts = [f"{label} {score:.2f}" for label, score in pairs]
    small = F.avg_pool2d(photo(name).expand(3, -1, -1), 3)  # a third of the size
    show_boxes(small, torch.tensor(answer["boxes"]) / 3, ax, texts=texts, title=name)
plt.show()
print(f"Recorded: {run['network']}; {run['source']}, {run['licence']}")
for name in shown:
    print(f"{name}: {credit(name)}")

# %% [markdown]
# **Figure.** The person is found; but her helmet is called a mouse, the shuttle behind her a bottle, and the tray of coins a cake with a clock in it.
#
# A detector can only give names that it was taught; what it has never seen gets the nearest one.
# And our own, which has never seen a photograph?

# %% tags=["nbval-ignore-output"]
# differs: the last digits of a network's scores depend on the processor
for name in shown:
    with torch.no_grad():
        answer = detector([photo(name).expand(3, -1, -1)])[0]
    print(f"{name}: {described(confident(answer), network.classes)}")

# %% [markdown]
# An astronaut who is a horse: an AP50 of 0.94 at home is worth nothing abroad.
#
# ## What to keep
#
# - A linear head that slides is a 1 × 1 convolution: so a classifier becomes a network that labels every pixel.
# - Dilation gives the view back that a removed stride took away; ASPP looks with several dilations at once, and DeepLabV3 enlarges its scores at the end.
# - Intersection over union measures regions, boxes and masks alike. Clamp the overlap at 0, count it once in the union, and ask what the four numbers of a box mean.
# - A detector asks thousands of anchors two questions each, and thins the answers out: best score first, class by class.
# - Faster R-CNN: features, proposals, RoI align, two heads, tidying up. Mask R-CNN adds a small mask to each box, and so tells individuals apart.
# - Average precision rates a ranking over all thresholds. It does not choose the threshold for you.
# - A network knows its training world. Look at its mistakes before you believe its score.
#
# ## Quiz
#
# Six questions over both halves; two of them want a few lines of code.

# %%
# Your scratch cell: `box_iou`, `box_convert`, `torch` and `detector` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson08 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lectures: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London); Rocco Meli and Rafael Sarmiento, *Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS, 2024).
# - Jonathan Long, Evan Shelhamer and Trevor Darrell, [Fully Convolutional Networks for Semantic Segmentation](https://arxiv.org/abs/1411.4038), 2014; Liang-Chieh Chen and others, [Rethinking Atrous Convolution for Semantic Image Segmentation](https://arxiv.org/abs/1706.05587), 2017: DeepLabV3.
# - Shaoqing Ren and others, [Faster R-CNN](https://arxiv.org/abs/1506.01497), 2015; Kaiming He and others, [Mask R-CNN](https://arxiv.org/abs/1703.06870), 2017; Tsung-Yi Lin and others, [Feature Pyramid Networks](https://arxiv.org/abs/1612.03144), 2016; Wei Liu and others, [SSD](https://arxiv.org/abs/1512.02325), 2015.
# - Tsung-Yi Lin and others, [Microsoft COCO](https://arxiv.org/abs/1405.0312), 2014, and its rules of evaluation; Alex Bewley and others, [Simple Online and Realtime Tracking](https://arxiv.org/abs/1602.00763), 2016.
# - torchvision's pages on [detection models](https://docs.pytorch.org/vision/stable/models.html#object-detection-instance-segmentation-and-person-keypoint-detection) and [operators](https://docs.pytorch.org/vision/stable/ops.html); torchmetrics on [mean average precision](https://lightning.ai/docs/torchmetrics/stable/detection/mean_average_precision.html).
# - The photographs' authors and licences are printed with them; all come with packages that are installed anyway.
