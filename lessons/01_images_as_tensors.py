# %% [markdown]
# # 1 · What does a network see when it looks at a picture?
#
# You see a cat.
# The network gets 405 900 numbers, and everything that it will ever know about the cat has to come out of them.
# In this lesson you look at those numbers yourself: where they stand, how large they are, and what happens to them when the cat turns its head.
#
# **You will be able to**
#
# - say which number of a tensor belongs to which pixel and colour;
# - move between (H, W, C), (C, H, W) and (N, C, H, W) without scrambling the picture;
# - build an input pipeline with torchvision's transforms, v1 and v2, normalise, and undo it;
# - count the parameters of a fully connected layer, and say what such a layer can't see;
# - measure what scale, orientation, colour, form, view and background do to raw pixels.
#
# **Time**: about 90 minutes, 45 of them for the exercises.
#
# **From before**: tensors and `nn.Linear` from your first steps with PyTorch, and [lesson 00](00_start_here.ipynb) for how exercises and checks work.

# %% tags=["parameters"]
seed = 0
height = 80  # of the photographs, in pixels; they are half as wide again

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks import lesson01 as checks
from course_utils.photos import credit, photo, photo_pil
from course_utils.plots import (
    show_feature_map,
    show_gray,
    show_numbers,
    show_rgb,
    use_style,
)
from course_utils.predict import predict

use_style()
width = 3 * height // 2

# %% [markdown]
# **Computer vision** is the craft of getting a computer to say what is in a picture.
# It sorts holiday snaps, keeps a car on its lane, finds a tumour in a scan, and draws pictures that nobody took.
# All of it begins with the same step, which people do without noticing and computers can't skip: turning light into numbers.
#
# ## A grey picture is a matrix
#
# Here is the patch from your slides: eight rows, eight columns, one number for each pixel.
# 0 is black and 255 is white.
# Read a few of the numbers first, and try to guess where the dark part is.

# %%
patch = torch.tensor(
    [
        [203, 202, 195, 185, 196, 197, 196, 195],
        [209, 187, 128, 101, 179, 204, 205, 203],
        [173, 81, 60, 98, 146, 187, 201, 197],
        [71, 28, 37, 55, 84, 137, 155, 163],
        [20, 19, 32, 58, 100, 150, 156, 156],
        [20, 19, 76, 139, 138, 152, 152, 151],
        [26, 35, 110, 149, 144, 151, 147, 145],
        [27, 60, 118, 142, 139, 149, 146, 144],
    ],
    dtype=torch.uint8,
)
patch.shape, patch.dtype

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.8), layout="constrained")
show_numbers(patch, left, title="What the network gets")
show_gray(patch, right, title="What you see")
plt.show()

# %% [markdown]
# **Figure.** The numbers and the picture are the same thing: where the numbers are small, around 20 at the lower left, the picture is dark; where they are near 200, along the top, it is bright.
#
# A number is addressed as `patch[row, column]`, both counted from 0, and row 0 is at the top.
# That is a matrix's order, not that of a graph: *down* comes first, then *right*.

# %%
print("row 3, column 1:", patch[3, 1].item())
print("row 1, column 3:", patch[1, 3].item())
print("all of row 3:   ", patch[3].tolist())
print("all of column 1:", patch[:, 1].tolist())
print("mean brightness:", patch.float().mean().item())

# %% [markdown]
# Swap the two indices and you get another pixel, without a word of complaint: 28 became 101.
# (`mean` needs `float()` first. A byte can't hold a fraction, so PyTorch refuses.)
#
# ### Exercise 1.1: find the brightest pixel
#
# **Difficulty** 1 of 5 · **importance** 4 of 5 · **about 3 minutes**
#
# Write down row and column of the brightest pixel of the patch, as a tuple `(row, column)`.
# Find it by eye, then with code if you like.
#
# <details><summary>Hint 1</summary>
# Large numbers are bright. Look down the column at the far left.
# </details>
#
# <details><summary>Hint 2</summary>
# <code>patch.max()</code> tells you which number to look for.
# </details>
#
# <details><summary>I get a single number from <code>patch.argmax()</code></summary>
# It counts the pixels row after row, as if the matrix were one long line. Eight pixels make one row, so divide by 8: the quotient is the row and the remainder is the column.
# </details>

# %%
### BEGIN SOLUTION
brightest = (1, 0)
### END SOLUTION

# %%
checks.check_brightest(brightest)

# %% [markdown]
# ## A colour picture is three matrices
#
# A colour pixel holds three numbers: how much red, green and blue light it sends out.
# So a colour picture is three grey pictures on top of each other, and three axes are needed: height H, width W, channels C.
#
# Meet Chelsea.
# She comes with the package scikit-image, so nothing has to be downloaded.

# %%
picture = photo_pil("chelsea")
pixels = torch.from_numpy(np.array(picture))
print("PIL says (width, height):", picture.size)
print("the tensor says (height, width, channels):", tuple(pixels.shape), pixels.dtype)
print("numbers in all:", f"{pixels.numel():,}".replace(",", " "))
print("on the nose, row 237, column 264:", pixels[237, 264].tolist())
print("photograph:", credit("chelsea"))

# %% [markdown]
# Mind the first two lines: picture libraries say *width, height*, tensors say *height, width*.
# Chelsea's nose has much red in it, some green and hardly any blue.
# Now look at the three planes one by one.

# %%
small = pixels[::3, ::3]  # every third row and column is enough to look at
fig, axes = plt.subplots(1, 4, figsize=(7, 1.5), layout="constrained")
show_rgb(small.permute(2, 0, 1), axes[0], title="all three")
for channel, name in enumerate(["red", "green", "blue"]):
    show_gray(small[:, :, channel], axes[channel + 1], title=f"{name} plane")
plt.show()

# %% [markdown]
# **Figure.** The three planes of the photograph, each drawn in grey: fur and nose are brightest in the red plane and darkest in the blue one, since orange is much red, some green and little blue.
# The white cloth beside her is bright in all three.
#
# ## Who comes first: height, width or channel?
#
# Three orders are in use, and mixing them up is among the commonest mistakes with pictures.
#
# | order | shape of one photograph of Chelsea | who uses it |
# |---|---|---|
# | (H, W, C), "channels last" | (300, 451, 3) | picture files, PIL, NumPy, matplotlib |
# | (C, H, W), "channels first" | (3, 300, 451) | one picture in PyTorch |
# | (N, C, H, W) | (1, 3, 300, 451) | a batch of N pictures in PyTorch, as every convolution takes it |
#
# Two operations turn (H, W, C) into the *shape* (C, H, W): `permute(2, 0, 1)` and `reshape(C, H, W)`.
# Before you see them on the cat, try them on a picture of 2 × 2 pixels, where pixel (0, 0) holds 0, 1, 2, the next one 3, 4, 5, and so on.
# The red plane must then be 0, 3 in the first row and 6, 9 in the second.

# %% tags=["nbval-ignore-output"]
# differs: a widget
guess_planes = predict(
    "Which of the two gives the red plane [[0, 3], [6, 9]]?",
    options=["permute(2, 0, 1)", "reshape(3, 2, 2)", "both"],
)
guess_planes

# %%
tiny = torch.arange(12).reshape(2, 2, 3)  # (H, W, C)
permuted = tiny.permute(2, 0, 1)  # (C, H, W)
reshaped = tiny.reshape(3, 2, 2)  # the same shape ...
print("shapes:", tuple(permuted.shape), tuple(reshaped.shape))
print("red plane by permute:", permuted[0].tolist())
print("red plane by reshape:", reshaped[0].tolist())
guess_planes.reveal(
    "permute(2, 0, 1)",
    because="That operation moves an axis and takes its numbers along; the other lays all numbers "
    "in one line and folds the line anew.",
)

# %% [markdown]
# After `reshape` the "red" plane holds 0, 1, 2, 3: all of the first pixel and a bit of the second.
# No error, the right shape, the wrong picture.
# Here is the same slip on the photograph, thinned out to every fourth row and column.
# (`view` does what `reshape` does.)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(6, 2.3), layout="constrained")
smaller = pixels[::4, ::4]  # (75, 113, 3)
show_rgb(smaller.permute(2, 0, 1), left, title="permute(2, 0, 1)")
show_rgb(smaller.reshape(3, 75, 113), right, title="reshape(3, 75, 113)")
plt.show()

# %% [markdown]
# **Figure.** Both tensors have shape (3, 75, 113), but only `permute` keeps the cat: after `reshape` there are stripes of coloured noise in which nobody would find her, because two numbers in three ended up in a plane of the wrong colour and nearly all at the wrong place.
# A network would train on such pictures without complaint, and badly.
#
# ### Exercise 1.2: from a picture file to a batch
#
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 8 minutes**
#
# Turn one picture as files hold it, (H, W, 3) in bytes from 0 to 255, into a batch of one as a network wants it: (1, 3, H, W), float32, from 0 to 1.
#
# <details><summary>Hint 1</summary>
# Three things change: the order of the axes, the range of the numbers, and one more axis in front.
# </details>
#
# <details><summary>Hint 2</summary>
# <code>image.permute(…)</code> lists, for each new axis, which old axis goes there. <code>tensor[None]</code> puts an axis of length 1 in front.
# </details>
#
# <details><summary>I get a dtype that is not float32</summary>
# <code>image.float()</code> converts, and so does dividing by 255 with <code>/</code>.
# </details>
#
# <details><summary>I get only zeros and ones</summary>
# <code>//</code> throws the fraction away. Divide with <code>/</code>.
# </details>


# %%
def to_nchw(image: Tensor) -> Tensor:
    """Turn a picture into a batch of one.

    Shape:
        - Input: (H, W, 3), uint8, 0 to 255
        - Output: (1, 3, H, W), float32, 0 to 1
    """
    ### BEGIN SOLUTION
    planes = image.permute(2, 0, 1)  # (3, H, W)
    return (planes.float() / 255)[None]  # (1, 3, H, W)
    ### END SOLUTION


# %%
checks.check_to_nchw(to_nchw)

# %% [markdown]
# ## Bytes or floats?
#
# Files store bytes: `uint8`, whole numbers from 0 to 255.
# They are small and exact, and hopeless for arithmetic, since they run round like the figures on an old mileage counter.
# Networks work with `float32`, by custom from 0 to 1.

# %%
bright, dark = (
    torch.tensor([200], dtype=torch.uint8),
    torch.tensor([100], dtype=torch.uint8),
)
print("bytes, 200 + 100: ", (bright + dark).item())
print("floats, 200 + 100:", (bright.float() + dark.float()).item())
print(
    "size of one number:",
    bright.element_size(),
    "byte and",
    bright.float().element_size(),
)

# %% [markdown]
# As bytes, 200 + 100 is 44, because counting starts again after 255.
# So the first thing to do with a picture is to convert it, and the price is four times the memory.
#
# ### Exercise 1.3: from colour to grey
#
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 8 minutes**
#
# Turn a colour picture into a grey one: red counts 0.299, green 0.587, blue 0.114, and the three are added.
# (The eye takes green for much brighter than blue. The weights add up to 1, so white stays white.)
#
# <details><summary>Hint 1</summary>
# <code>image[0]</code> is the red plane, (H, W). Weigh the three planes and add them.
# </details>
#
# <details><summary>Hint 2</summary>
# The result has one channel and not none: <code>plane[None]</code> gives (1, H, W).
# </details>
#
# <details><summary>I get "The size of tensor a must match the size of tensor b"</summary>
# PyTorch lines shapes up from the last axis, so a tensor of shape (3,) meets the width. <code>weights[:, None, None]</code> has shape (3, 1, 1) and meets the channels.
# </details>


# %%
def to_gray(image: Tensor) -> Tensor:
    """Return the brightness of a colour picture.

    Shape:
        - Input: (3, H, W), float32
        - Output: (1, H, W), float32
    """
    ### BEGIN SOLUTION
    red, green, blue = image
    return (0.299 * red + 0.587 * green + 0.114 * blue)[None]
    ### END SOLUTION


# %%
checks.check_to_gray(to_gray)

# %% [markdown]
# ## The same in three lines: torchvision's transforms
#
# Nobody writes that conversion out each time.
# A *transform* is a function from picture to picture, and `Compose` chains several of them.
# There are two generations: your slides show v1 first, and v2, which also handles boxes, masks and videos, after it.
# In v2's own words `ToTensor` is deprecated; two transforms, each with one job, took its place.
#
# Both pipelines end with `Normalize`, and these six numbers are worth knowing by sight.
# They are mean and standard deviation of red, green and blue over the photographs of ImageNet, and most networks that you can get ready-made were trained on inputs treated like that.

# %%
from torchvision import transforms
from torchvision.transforms import v2

imagenet_mean = [0.485, 0.456, 0.406]  # red, green, blue, on the scale from 0 to 1
imagenet_std = [0.229, 0.224, 0.225]

pipeline_v1 = transforms.Compose(
    [
        transforms.ToTensor(),  # PIL picture → (C, H, W), float32 in [0, 1]
        transforms.Normalize(mean=imagenet_mean, std=imagenet_std),
    ]
)
pipeline_v2 = v2.Compose(
    [
        v2.ToImage(),  # PIL picture → (C, H, W), still uint8
        v2.ToDtype(torch.float32, scale=True),  # bytes → float32 in [0, 1]
        v2.Normalize(mean=imagenet_mean, std=imagenet_std),
    ]
)

# %%
from_v1, from_v2 = pipeline_v1(picture), pipeline_v2(picture)
print("v1:", tuple(from_v1.shape), from_v1.dtype, type(from_v1).__name__)
print("v2:", tuple(from_v2.shape), from_v2.dtype, type(from_v2).__name__)
assert torch.allclose(from_v1, from_v2, atol=1e-6)
print("equal to six decimals:", torch.allclose(from_v1, from_v2, atol=1e-6))

# %% [markdown]
# Two pipelines, one result.
# (The last bit of some numbers differs, since v2 multiplies by 1/255 where v1 divides by 255.
# v2's `Image` is a tensor that remembers being a picture.)
#
# ## Normalise, and undo it
#
# `Normalize` subtracts the mean and divides by the standard deviation, channel by channel: the mean colour becomes 0, and an ordinary difference in brightness becomes about 1.
# Take the pixel on the nose again and do its red value by hand.

# %%
red = pixels[237, 264, 0].item() / 255
by_hand = (red - 0.485) / 0.229
print(f"red on the nose: {red:.4f}, normalised by hand: {by_hand:.4f}")
print(f"by the pipeline: {from_v1[0, 237, 264].item():.4f}")
assert abs(by_hand - from_v1[0, 237, 264].item()) < 1e-5

for name, value in [("black", 0.0), ("white", 1.0)]:
    print(f"{name} in the red plane becomes {(value - 0.485) / 0.229:.2f}")

# %% [markdown]
# So a normalised picture has negative numbers and numbers above 1.
# A plotting function takes neither for a colour: you have to undo the normalisation before you look.

# %%
undo = v2.Normalize(
    mean=[-m / s for m, s in zip(imagenet_mean, imagenet_std, strict=True)],
    std=[1 / s for s in imagenet_std],
)
undone = undo(from_v1)
assert torch.allclose(undone, pixels.permute(2, 0, 1) / 255, atol=1e-6)

fig, axes = plt.subplots(1, 3, figsize=(7, 1.7), layout="constrained")
show_rgb(from_v1[:, ::3, ::3].clamp(0, 1), axes[0], title="cut off at 0 and 1")
show_feature_map(from_v1[0, ::3, ::3], axes[1], title="normalised red", label="value")
show_rgb(undone[:, ::3, ::3].clamp(0, 1), axes[2], title="undone")
plt.show()

# %% [markdown]
# **Figure.** Shown as it is, the normalised cat is garish and its darker parts are plain black, because everything below the mean was cut off at 0 (left); the numbers themselves are fine, around 0 with both signs (middle); undone, it is the photograph again (right).
#
# If your training pictures look like the one on the left, nothing is wrong with them: you forgot to undo.
#
# ### Exercise 1.4: normalise
#
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 8 minutes**
#
# Normalise a batch: subtract each channel's mean, then divide by its standard deviation.
#
# <details><summary>Hint 1</summary>
# <code>mean</code> has shape (3,) and the images have (N, 3, H, W). The three has to stand where the channels stand.
# </details>
#
# <details><summary>Hint 2</summary>
# <code>mean[:, None, None]</code> has shape (3, 1, 1). Axes of length 1 are stretched to fit, and a missing axis in front is added.
# </details>
#
# <details><summary>I get "The size of tensor a must match the size of tensor b"</summary>
# The three met the width. See hint 2.
# </details>
#
# <details><summary>I get numbers near −0.5 where −2.1 is expected</summary>
# Either the division is missing, or it was done first: <code>/</code> binds tighter than <code>-</code>.
# </details>


# %%
def normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return the images with each channel shifted by its mean and scaled by its std.

    Shape:
        - images: (N, 3, H, W), float32
        - mean, std: (3,)
        - Output: (N, 3, H, W), float32
    """
    ### BEGIN SOLUTION
    return (images - mean[:, None, None]) / std[:, None, None]
    ### END SOLUTION


# %%
checks.check_normalise(normalise)

# %% [markdown]
# ### Exercise 1.5: undo the normalisation
#
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 5 minutes**
#
# Write the way back, so that `denormalise(normalise(x, mean, std), mean, std)` is `x` again.
#
# <details><summary>Hint 1</summary>
# Shoes go on after socks and come off before them. What was done last is undone first.
# </details>
#
# <details><summary>Hint 2</summary>
# The last step was a division by <code>std</code>, so begin with a multiplication.
# </details>
#
# <details><summary>I get pictures that are too dark</summary>
# Is the mean added, and is it added <em>after</em> the multiplication?
# </details>


# %%
def denormalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Undo `normalise`; values are not cut off.

    Shape:
        - images: (N, 3, H, W), float32, normalised
        - mean, std: (3,)
        - Output: (N, 3, H, W), float32
    """
    ### BEGIN SOLUTION
    return images * std[:, None, None] + mean[:, None, None]
    ### END SOLUTION


# %%
checks.check_denormalise(denormalise)

# %% [markdown]
# ## Batches
#
# Networks take pictures by the stack: N of the same size in one tensor.
# Which axes do you take the mean over, if you want one number a channel?
# All but the channels': over the pictures, the rows and the columns.

# %%
names = ["chelsea", "coffee", "flower"]
batch = torch.stack([photo(name, size=(height, width)) for name in names])
print("batch:", tuple(batch.shape))
print(
    "mean of each channel:          ",
    [round(m, 3) for m in batch.mean(dim=(0, 2, 3)).tolist()],
)
print(
    "mean of each picture:          ",
    [round(m, 3) for m in batch.mean(dim=(1, 2, 3)).tolist()],
)
print("shape of a mean over dim=(2, 3):", tuple(batch.mean(dim=(2, 3)).shape))

# %% [markdown]
# Three pictures and three channels: here both answers have three numbers, and only one of them is what you wanted.
# The axes you name are those that vanish.
# `dim=(0, 2, 3)` leaves C, and `dim=(2, 3)` leaves a mean for each picture *and* channel.
#
# ## What a fully connected layer costs
#
# Now for the obvious network.
# Lay all pixels end to end, and connect each of them with each neuron of a first hidden layer.
# Your slides ask how many parameters that takes for 100 × 100 pixels and 1000 neurons, and say (as transcribed): **10 000 000 parameters!**
#
# ### Exercise 1.6: find the mistake on the slide
#
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 6 minutes**
#
# The slide computes `height * width * neurons`.
# Two things are missing: one that matters on the slide's own example, and one that matters once the pictures are in colour.
# Write the function that agrees with `nn.Linear`.
#
# <details><summary>Hint 1</summary>
# One neuron computes <em>w · x + b</em>. The slide counts the <em>w</em>.
# </details>
#
# <details><summary>Hint 2</summary>
# How many numbers does a colour picture of 100 × 100 pixels hold?
# </details>
#
# <details><summary>I get 10 010 000 for the slide's layer</summary>
# You gave each pixel a bias. Biases belong to the neurons.
# </details>


# %%
def count_parameters(height: int, width: int, channels: int, neurons: int) -> int:
    """Return the number of parameters between a picture and a fully connected layer."""
    ### BEGIN SOLUTION
    inputs = height * width * channels
    return (inputs + 1) * neurons  # + 1: each neuron's bias
    ### END SOLUTION


# %%
checks.check_count_parameters(count_parameters)

# %% [markdown]
# PyTorch settles it.
# On the device `"meta"` a layer has shapes but no memory, so it costs nothing to ask.

# %%
from course_utils.arithmetic import linear_parameters


def grouped(number: int) -> str:
    """Write a number with a space between thousands, as the slides do."""
    return f"{number:,}".replace(",", " ")


layer = nn.Linear(in_features=100 * 100, out_features=1000, device="meta")
print("weights:", grouped(layer.weight.numel()), "and biases:", layer.bias.numel())
total = layer.weight.numel() + layer.bias.numel()
assert total == linear_parameters(100 * 100, 1000) == 10_001_000

for shape in [(1, 100, 100), (3, 100, 100), (3, 224, 224)]:
    count = linear_parameters(int(np.prod(shape)), 1000)
    print(
        f"{shape} to 1000 neurons: {grouped(count)} parameters, {count * 4 / 1e6:.0f} MB"
    )

# %% [markdown]
# The slide's 10 000 000 are the weights alone, the connections; with the 1000 biases there are 10 001 000 parameters.
# The slide's point stands, and all the more in colour: the last line is the first layer of a network that looks at one photograph of the usual size, and it takes 150 million parameters.
# In [lesson 02](02_convolution_by_hand.ipynb) you will meet a layer for colour pictures that gets by with 15 200, whatever their size.
#
# ## What a fully connected layer can't see
#
# Cost is the smaller trouble.
# Laid end to end, pixels lose their neighbours: number 100 and number 101 may be neighbours, or the end of one row and the start of the next, and nothing in the layer tells which.
# To see how much is lost, shuffle all pixels, always in the same way.

# %%
torch.manual_seed(seed)
cat_gray = photo("chelsea", size=100, gray=True)  # (1, 100, 100), as on the slide
order = torch.randperm(cat_gray.numel())
shuffled = cat_gray.flatten()[order]  # (10000,)

fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
show_gray(cat_gray, left, title="100 × 100 pixels")
show_gray(shuffled.reshape(100, 100), right, title="the same pixels, shuffled")
plt.show()

# %% [markdown]
# **Figure.** The same 10 000 numbers in another order: to you the cat on the left has become noise on the right.
#
# What does the fully connected layer make of it?
# Shuffle its weights in the same order, and compare.

# %% tags=["nbval-ignore-output"]
# differs: a widget
guess_shuffle = predict(
    "The layer's weights are shuffled in the same order as the pixels. Its outputs ...",
    options=["stay the same", "change a little", "turn into noise"],
)
guess_shuffle

# %%
layer = nn.Linear(in_features=100 * 100, out_features=10)
twin = nn.Linear(in_features=100 * 100, out_features=10)
with torch.no_grad():
    twin.weight.copy_(layer.weight[:, order])
    twin.bias.copy_(layer.bias)
    logits = layer(cat_gray.flatten())
    logits_of_noise = twin(shuffled)
assert torch.allclose(logits, logits_of_noise, atol=1e-4)
guess_shuffle.reveal(
    "stay the same",
    because="Each output is a sum of weight times pixel, and a sum does not care in which "
    "order it is added up.",
)

# %% [markdown]
# For every fully connected network that recognises cats there is one that recognises this noise exactly as well, and training has no reason to prefer one to the other.
# That pixels have neighbours, that the picture has an up and a left: none of it is built in.
# It would have to be learnt, from scratch, for every place in the picture.
#
# ## Seven changes that make no difference to you
#
# Your slides list what makes computer vision hard: different scales, orientations, colours, forms, views and backgrounds.
# You can make all of them out of one photograph.
# Add a seventh, which is so small that nobody lists it: a slightly different position.
# First those that move the picture as a whole, then view, form and colour (here: half the light).

# %%
from torchvision.transforms.v2 import functional as TF

cat = photo("chelsea", size=(height, width))
# room to move: the picture, mirrored beyond its edges, so that no corner comes out empty
roomy = TF.pad(cat, [width // 2, height // 2], padding_mode="reflect")


def moved(angle: float = 0, right: int = 0, scale: float = 1) -> Tensor:
    """Turn (degrees, clockwise), shift (pixels) and zoom, then cut out the middle."""
    smooth = v2.InterpolationMode.BILINEAR
    whole = TF.affine(roomy, angle, [right, 0], scale, [0.0, 0.0], interpolation=smooth)
    return TF.center_crop(whole, [height, width])


changed = {
    "position": moved(right=-width // 20),
    "scale": moved(scale=1.5),
    "orientation": moved(angle=-20),
}

# %%
x0, y0 = width // 2, height // 2
x1, y1 = x0 + width - 1, y0 + height - 1
away = width // 10  # the right edge recedes, as if you stood further to the left
before = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
after = [[x0, y0], [x1 - away, y0 + away // 2], [x1 - away, y1 - away // 2], [x0, y1]]
turned = TF.perspective(roomy, before, after)
changed["view"] = TF.center_crop(turned, [height, width])

torch.manual_seed(seed)
bend = v2.ElasticTransform(alpha=600.0, sigma=12.0)
changed["form"] = TF.center_crop(bend(roomy), [height, width])
changed["colour"] = TF.adjust_brightness(cat, 0.5)  # half the light

# %% [markdown]
# Now the background.
# There is no trick to it: eleven points were set around Chelsea's head by hand, and what lies outside them is taken from another photograph.

# %%
from skimage.draw import polygon2mask

outline_rows = [0, 70, 110, 160, 299, 299, 250, 190, 130, 75, 0]  # of 300
outline_columns = [40, 35, 45, 0, 0, 290, 310, 350, 365, 355, 400]  # of 451
outline = np.column_stack([outline_rows, outline_columns])
inside = polygon2mask((height, width), outline * [height / 300, width / 451])
mask = TF.gaussian_blur(torch.from_numpy(inside)[None].float(), kernel_size=5)
changed["background"] = mask * cat + (1 - mask) * photo("china", size=(height, width))
print("behind her:", credit("china"))

# %%
fig, axes = plt.subplots(2, 4, figsize=(7, 2.8), layout="constrained")
for ax, (name, image) in zip(
    axes.flat, {"original": cat, **changed}.items(), strict=True
):
    show_rgb(image.clamp(0, 1), ax, title=name)
plt.show()

# %% [markdown]
# **Figure.** One photograph and seven changes to it: moved by a twentieth of its width, enlarged, turned, seen from the side, bent, at half the light, and in front of sky and trees.
# You would call each of them the same cat at once.
#
# How large are these changes for someone who sees only numbers?
# That takes a distance between two pictures.
#
# ### Exercise 1.7: how far apart are two pictures?
#
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 6 minutes**
#
# Return the *root mean square* distance of two pictures of equal shape: square the difference at each number, take the mean, take the root.
#
# <details><summary>Hint 1</summary>
# Read "root mean square" from right to left: first the square, then the mean, then the root.
# </details>
#
# <details><summary>Hint 2</summary>
# <code>((a - b) ** 2)</code> is a picture of squares. <code>.mean()</code>, <code>.sqrt()</code> and <code>.item()</code> do the rest.
# </details>
#
# <details><summary>I get 0 for pictures that differ</summary>
# Brighter and darker places cancel if you take the mean before the square.
# </details>


# %%
def rms_distance(a: Tensor, b: Tensor) -> float:
    """Return the root mean square difference of two pictures of equal shape."""
    ### BEGIN SOLUTION
    return ((a - b) ** 2).mean().sqrt().item()
    ### END SOLUTION


# %%
checks.check_rms_distance(rms_distance)

# %% [markdown]
# For the rest of the lesson there is torch's own: the root of `mse_loss`, the *mean squared error*.
# And for a yardstick there is the dullest picture of all: a card, painted all over in the mean colour of the cat's photograph.

# %% tags=["nbval-ignore-output"]
# differs: a widget
guess_card = predict(
    "Pixel by pixel, which is nearer to the photograph of the cat?",
    options=["the same cat, turned by 20 degrees", "a plain card without any picture"],
)
guess_card


# %%
def pixel_distance(a: Tensor, b: Tensor) -> float:
    """Return the root mean square difference, as torch computes it."""
    return F.mse_loss(a, b).sqrt().item()


card = cat.mean(dim=(1, 2), keepdim=True).expand_as(cat)  # (3, 1, 1) → (3, H, W)
to_card = pixel_distance(cat, card)
to_turned = pixel_distance(cat, changed["orientation"])
print(f"cat to card: {to_card:.3f}, cat to turned cat: {to_turned:.3f}")
nearer = (
    "a plain card without any picture"
    if to_card < to_turned
    else "the same cat, turned by 20 degrees"
)
guess_card.reveal(
    nearer,
    because="Light and dark hairs lie side by side; turned, they no longer meet their like.",
)

# %% [markdown]
# To the pixels, the turned cat is less like the cat than no cat at all.
# Is that so for the other changes, and how far away are photographs of something else?

# %%
others = ["coffee", "astronaut", "rocket", "china", "flower", "grace_hopper"]
other = {name: photo(name, size=(height, width)) for name in others}
distance = {
    name: pixel_distance(cat, image) for name, image in {**changed, **other}.items()
}

print(f"{'plain card':<14} {to_card:.3f}")
for name in changed:
    verdict = (
        "farther than the card" if distance[name] > to_card else "nearer than the card"
    )
    print(f"{name:<14} {distance[name]:.3f}  {verdict}")
print(
    f"other photographs: {min(distance[n] for n in other):.3f} to {max(distance[n] for n in other):.3f}"
)

# %%
fig, ax = plt.subplots(figsize=(7.6, 4), layout="constrained")
shown = sorted(distance, key=distance.__getitem__)
bars = ax.barh(shown, [distance[name] for name in shown], color="#006ba4")
for bar, name in zip(bars, shown, strict=True):
    if name in other:
        bar.set(facecolor="#cfcfcf", edgecolor="#595959", hatch="//")
ax.axvline(to_card, color="black", linestyle="--")
ax.text(to_card, len(shown) - 0.4, " plain card", va="bottom")
ax.set(
    xlabel="root mean square distance to the cat",
    title="Plain bars: the cat, changed. Hatched: another photograph",
    ylim=(-0.6, len(shown) + 0.3),
)
plt.show()

# %% [markdown]
# **Figure.** Five of the seven changes (position, orientation, scale, background and colour) take the cat farther from itself than a blank card is; only bending it and looking from the side do less.
# Other photographs are farther still.
#
# (How strong each change is was our choice. Turn the knobs in the cells above, and the bars move.)
#
# So raw distance is not blind, but it measures the wrong thing: moving the cat by a twentieth of the picture's width costs more than taking it away.
# And it can be fooled outright.
# Take the cat at half the light, and ask which photograph is nearest.

# %%
library = {"chelsea": cat, **other}
to_dusk = {
    name: pixel_distance(changed["colour"], image) for name, image in library.items()
}
for name in sorted(to_dusk, key=to_dusk.__getitem__)[:3]:
    print(f"{name:<10} {to_dusk[name]:.3f}")

# %% [markdown]
# Nearest to the cat in the dusk is not the cat: it is a rocket in the evening.
# Both are dark, and that is all that the distance notices.
#
# What we want is a network that answers "cat" in all of these cases.
# It should look at *small neighbourhoods* instead of single pixels, and look for the same thing *at every place*.
# That is what a convolution does, and it is the subject of [lesson 02](02_convolution_by_hand.ipynb).
#
# ## What to keep
#
# - A grey picture is a matrix, `[row, column]`; a colour picture has one such plane each for red, green and blue.
# - Files hold (H, W, C) in bytes, PyTorch takes (N, C, H, W) in floats. `permute` moves an axis; `reshape` and `view` scramble the picture.
# - `(x - mean) / std` normalises, `x * std + mean` undoes it, and a shape of (3, 1, 1) lines both up with the channels.
# - A fully connected layer from 100 × 100 pixels to 1000 neurons has 10 001 000 parameters, and it can't tell neighbours from strangers.
# - Small changes of position, scale, orientation, light or background move a picture far in pixel space.
#
# ## Quiz
#
# Five questions; three of them are quickest answered with a line or two of code.
# Use the empty cell, and the names from above.

# %%
# Scratch: try things here.

# %% tags=["nbval-ignore-output"]
# differs: a widget
from course_utils.questions import lesson01 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The patch of 8 × 8 numbers, the list of challenges, the two pipelines and the fully connected layer are from the lecture *Introduction to Convolutional Neural Networks* (R. Meli and R. Sarmiento, ETH Zürich / CSCS, 2024), as transcribed.
# - The weights for grey are those of Recommendation ITU-R BT.601.
# - Transforms v1 and v2: [torchvision's documentation](https://docs.pytorch.org/vision/stable/transforms.html).
# - `permute`, broadcasting, `nn.Linear`: [PyTorch's documentation](https://docs.pytorch.org/docs/stable/index.html).
# - The photographs come with scikit-image, scikit-learn and matplotlib; `course_utils.photos.credit(name)` names author and licence of each.
