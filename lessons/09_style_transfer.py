# %% [markdown]
# # 9 · Can a network tell what is painted from how?
#
# A painter can paint a pavilion with the brush of another: the same roofs, other strokes.
# So there must be two things in a picture, *what* it shows and *how* it is made.
# A network that was trained for neither turns out to hold both, in its layers, and apart.
# In this lesson you take the *what* from one picture and the *how* from another, and let a third one grow that has both.
# Nothing is trained for it: the weights stay, and the pixels learn.
#
# **You will be able to**
#
# - optimise the pixels of a picture instead of the weights of a network;
# - measure content and style by losses, and work out a Gram matrix by hand and in one line;
# - say which layers carry what, and show it with pictures made from one layer alone;
# - choose weights, layers, start, optimizer and total variation, and know what each of them does;
# - run it on your own pictures, and interrupt it without losing them.
#
# **Time**: about three hours with all eight exercises; a good place for a break is before *Style: who answers together*.
#
# **From before**: normalising (lesson 01), convolution (02), gradients and the four steps of training (04), pretrained networks (06 and 07).

# %% tags=["parameters"]
seed = 0
content_name = "china"  # a photograph of the workbook, or the path of your own picture
painting_name = "strokes"  # "strokes", "mosaic", a photograph, or a path
size = 128  # pixels
steps = 60
features_name = "auto"  # "vgg19": the lecture's network, fetched if need be (575 MB)
profile = "quick"  # "full": VGG-19, larger and longer

# %%
import matplotlib.pyplot as plt
import torch
from torch import Tensor

from course_utils import plots, pretrained, style
from course_utils.checks import lesson09 as checks
from course_utils.predict import predict

plots.use_style()
generator = torch.Generator().manual_seed(seed)
if profile == "full":
    features_name, size, steps = "vgg19", 224, 300

# %% [markdown]
# ## Two pictures and a network
#
# The slide of lecture I (Imperial College's) is a sum: content + style = new image.
# Our content is a photograph; our style is a painting that a few lines of this workbook have drawn, so that it belongs to everybody.
# Put the path of a picture of your own into the parameters, any kind, any size, and everything below happens to that one.

# %%
content = style.open_picture(content_name, size)  # (1, 3, H, W), between 0 and 1
painting = style.open_picture(painting_name, size)

style.show({"content": content, "style": painting}, zoom=2)
plt.show()

# %% [markdown]
# **Figure.** What and how: on the left a photograph of a Chinese pavilion above a lake, on the right short strokes of blue and gold that whirl about each other and show nothing at all.
# Photograph: danielbuechele, CC BY 2.0, via scikit-learn (cropped and resized).
#
# The lecture imports VGG-19 "pre-trained".
# Here we take the best network that is at hand; it was trained to name the objects in photographs, and nobody told it about painting.
# Its parameters get `requires_grad_(False)`: whatever happens below, they stay what they are.

# %%
named = None if features_name == "auto" else features_name
network = pretrained.style_features(named, download=True if named else None)
layers = network.model.requires_grad_(False)
print(network)

# %% [markdown]
# A picture goes in at the top, and each layer answers with its feature maps.
# Which layers we shall listen to is a choice, different for each network; the reasons come below.

# %%
content_layer, style_layers, depths = {
    "squeezenet1_1": (3, (1, 4, 6, 7), (1, 3, 6, 9)),
    "vgg19": (22, (1, 6, 11, 20, 29), (1, 11, 20, 29)),
}[network.name]

values = content
for index, layer in enumerate(layers[: max(depths) + 1]):
    values = layer(values)
    use = "content " * (index == content_layer) + "style" * (index in style_layers)
    shape = " × ".join(str(length) for length in values.shape[1:])
    print(f"{index:2} {type(layer).__name__:9} {shape:15} {use}".rstrip())

# %% [markdown]
# The deeper, the smaller the maps and the more of them: *where* gets coarser, *what* gets richer.
# (A `Fire` module is SqueezeNet's building block, a few small convolutions.)
#
# One function does the listening.
# It normalises the picture first, as the network was trained with normalised ones, and stops after the last layer that is asked for.

# %%
mean = torch.tensor(network.mean).view(1, 3, 1, 1)
std = torch.tensor(network.std).view(1, 3, 1, 1)


def listen(
    picture: Tensor, wanted: tuple[int, ...], layers: torch.nn.Module = layers
) -> dict[int, Tensor]:
    """Return what the wanted layers answer to a picture, (1, 3, H, W) in [0, 1]."""
    values, heard = (picture - mean) / std, {}
    for index, layer in enumerate(layers):
        values = layer(values)
        if index in wanted:
            heard[index] = values
        if index == max(wanted):
            break
    return heard


print({index: tuple(f.shape) for index, f in listen(content, style_layers).items()})

# %% [markdown]
# ## Content: what a layer hears
#
# Two pictures have the same content, we say, when a layer answers the same to both.
# How far apart are two answers? Take the mean of the squared differences, and measure it in units of what should be there.
# By hand: the target is (3, 4), the answer (3, 2).
# The squared differences are 0 and 4, on average 2; the target's squares are 9 and 16, on average 12.5.
# The error is 2 / 12.5 = 0.16.


# %%
def relative_error(found: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error in units of the target's mean square."""
    return (found - target).square().mean() / target.square().mean()


relative_error(torch.tensor([3.0, 2.0]), torch.tensor([3.0, 4.0]))

# %% [markdown]
# 0 means "hears the same", and 1 means "as wrong as silence".
# Why the units?
# Because some layers answer with numbers near 1 and others with numbers near 100, and we want to compare and add their errors.
#
# ### Exercise 9.1: the content loss
# **Difficulty** 1 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Write it yourself, so that a gradient can flow back through it.
#
# <details><summary>Hint 1</summary>
#
# Two means, one division. The shapes of both tensors are the same, and you need not know them.
#
# </details>
# <details><summary>I get the right number, and the check complains of the gradient</summary>
#
# `.item()` turns a tensor into a plain number, and a plain number has forgotten where it came from.
#
# </details>


# %%
def content_loss(found: Tensor, target: Tensor) -> Tensor:
    """Return the error of a layer's answer, as a tensor without dimensions.

    Args:
        found: What the layer answers to the picture; any shape.
        target: What it should answer; the same shape.
    """
    ### BEGIN SOLUTION
    return torch.mean((found - target) ** 2) / torch.mean(target**2)
    ### END SOLUTION


# %%
checks.check_content_loss(content_loss)

# %% [markdown]
# ### The other gradient
#
# In lesson 04 the pictures were fixed, and the loss told each *weight* which way to go.
# Backpropagation does not stop there: it can go on to the input and tell each *pixel* which way to go.
# Let us ask a grey picture what it would have to change to sound like the photograph.

# %%
target = listen(content, (content_layer,))[content_layer]
grey = torch.full_like(content, 0.5)

picture = grey.clone().requires_grad_()
loss = relative_error(listen(picture, (content_layer,))[content_layer], target)
loss.backward()

assert picture.grad.shape == picture.shape
assert all(parameter.grad is None for parameter in layers.parameters())
print("one number for each of", picture.grad.numel(), "pixel values")

# %% [markdown]
# Every value of every pixel has a gradient, and no weight has one.
# Now one can go downhill: step by step, always a little against the gradient.
# After each step the pixels are clamped to the range from 0 to 1, where colours live.
#
# ### Exercise 9.2: move the pixels
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write plain gradient descent on a picture: the network stays, the picture goes.
#
# <details><summary>Hint 1</summary>
#
# Work on `start.clone().requires_grad_()`. In each step: loss, `backward()`, then the new pixels.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Inside `with torch.no_grad():` you may write into the picture: `picture -= lr * picture.grad`, then `picture.clamp_(0, 1)`. And `picture.grad = None`, because the next `backward()` adds to what is there.
#
# </details>
# <details><summary>I get "can't optimize a non-leaf Tensor", or a gradient that is None</summary>
#
# `picture = picture.clamp(0, 1)` makes a *new* tensor, computed from the old one. The gradient arrives at the old one. Change the picture in place, without gradient.
#
# </details>


# %%
def move_pixels(
    network: torch.nn.Module, target: Tensor, start: Tensor, steps: int, lr: float
) -> Tensor:
    """Change pixels so that the network's answer comes near a target.

    Args:
        network: Its parameters stay as they are.
        target: The answer that is wanted; the loss is its mean squared difference
            from ``network(picture)``.
        start: The picture to begin with, (N, 3, H, W) in [0, 1]; it stays as it is.
        steps: How often to go downhill.
        lr: Learning rate.

    Returns:
        The new picture, (N, 3, H, W) in [0, 1] after every step, without gradient.
    """
    ### BEGIN SOLUTION
    picture = start.clone().requires_grad_()
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(network(picture), target)
        (gradient,) = torch.autograd.grad(loss, picture)
        with torch.no_grad():
            picture -= lr * gradient
            picture.clamp_(0, 1)
    return picture.detach()
    ### END SOLUTION


# %%
checks.check_move_pixels(move_pixels)

# %% [markdown]
# The lesson goes on with an optimizer that chooses its own step lengths, Adam; lesson 04 used its simpler cousin SGD.
# L-BFGS is the one that the papers use, and we shall compare the two.
# It wants to call the loss itself, hence the function `closure`.
# `style.live` is plumbing: it keeps the picture of every finished step, and it can show it.

# %%
from collections.abc import Callable

Loss = Callable[[Tensor], Tensor]
OPTIMIZERS = {
    "Adam": lambda picture: torch.optim.Adam([picture], lr=0.03),
    "L-BFGS": lambda picture: torch.optim.LBFGS(
        [picture], max_iter=1, history_size=30, tolerance_grad=0, tolerance_change=0
    ),
}


def optimise(
    loss_of: Loss, start: Tensor, steps=steps, optimizer="Adam", watch=False
) -> tuple[Tensor, list[float]]:
    """Change pixels so that `loss_of(picture)` falls; return picture and losses."""
    picture = start.clone().requires_grad_()
    chosen = OPTIMIZERS[optimizer](picture)

    def closure() -> Tensor:
        chosen.zero_grad()
        loss = loss_of(picture)
        loss.backward()
        return loss

    with style.live(picture, steps, show=watch) as progress:
        for _ in range(steps):
            loss = chosen.step(closure)
            with torch.no_grad():
                picture.clamp_(0, 1)
            progress.update(loss)
    return progress.picture, progress.losses


# %% [markdown]
# ### Which layers remember what?
#
# Now we can ask a layer what it still knows of the photograph.
# Begin with plain grey, and change the pixels until this one layer answers as it does to the photograph.
# What it has forgotten can't come back.

# %% tags=["nbval-ignore-output"]
# differs: widget
survivor = predict(
    f"From the answers of layer {depths[-1]}, the deepest that we try, what will come "
    "back best?",
    options=["the colours", "the contours", "both", "neither"],
)
survivor

# %%
rebuilt = {"photograph": content}
for depth in depths:
    target = listen(content, (depth,))[depth]

    def loss_of(picture: Tensor, depth: int = depth, target: Tensor = target) -> Tensor:
        return relative_error(listen(picture, (depth,))[depth], target)

    rebuilt[f"layer {depth}"], _ = optimise(loss_of, grey)

style.show(rebuilt)
plt.show()

# %% [markdown]
# **Figure.** The first layer gives the photograph back as good as new; the deeper the layer, the less of colour and surface returns, while the contours of the roofs can just be made out in their places to the end.

# %%
survivor.reveal(
    "the contours",
    because="Deep layers answer to parts of objects, whatever their colour, and they "
    "still know roughly where these are.",
)

# %% [markdown]
# That is what we want of *content*: where things are and what shape they have, but not their every pixel.
# A layer in the middle is a good compromise; ours is the one marked *content* in the table above.
# How far are the pixels off?

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
for name, picture in rebuilt.items():
    print(f"{name:10} mean difference {(picture - content).abs().mean():.3f}")

# %%
distances = [(picture - content).abs().mean() for picture in rebuilt.values()]
print("the deeper, the farther from the pixels:", distances == sorted(distances))

# %% [markdown]
# ## Style: who answers together
#
# Style must not ask *where*.
# A stroke of blue is the same stroke in the left and in the right corner.
# What makes a painting recognisable is which features come *together*: "curved line" with "blue", "dark joint" with "bright tile".
#
# Take two feature maps of 2 × 2 and write each as a row, place by place.
# "Stripes" answers 1, 2, 0, 1 at the four places, and "blue" answers 0, 3, 1, 0.
# Multiply place by place and add up: stripes with stripes 1 + 4 + 0 + 1 = 6, stripes with blue 0 + 6 + 0 + 0 = 6, blue with blue 0 + 9 + 1 + 0 = 10.

# %%
rows = torch.tensor([[1.0, 2, 0, 1], [0, 3, 1, 0]])  # (C, H·W)

by_hand = torch.zeros(2, 2)
for i in range(2):
    for j in range(2):
        for place in range(4):
            by_hand[i, j] += rows[i, place] * rows[j, place]

assert torch.equal(by_hand, rows @ rows.T)
assert torch.equal(by_hand, torch.einsum("ip,jp->ij", rows, rows))
by_hand

# %% [markdown]
# Three loops are one matrix product: every channel with every channel.
# This table is the *Gram matrix*.
# Stripes and blue answered at the same place once, strongly, and so 6 stands off the diagonal.
#
# Where that place was, the table does not know.
# Shuffle the places, the same way in both maps, and nothing changes:

# %%
order = torch.randperm(4, generator=generator)
shuffled = rows[:, order]
assert torch.equal(shuffled @ shuffled.T, by_hand)

apart = torch.tensor([[1.0, 2, 0, 1], [1, 0, 3, 0]])  # blue's places alone shuffled
print("both shuffled alike: the same; one alone:", (apart @ apart.T)[0].tolist())

# %% [markdown]
# Shuffle one map alone, and stripes and blue no longer meet: 1 instead of 6.
# So a Gram matrix forgets *where*, and remembers *together*. That is style, near enough.
#
# ### How many are there to add up?
#
# The sums grow with the picture: four times the pixels, four times the sums.
# So one divides by the number of features, C · H · W.
# Lay four copies of the painting side by side, two by two: the same style, four times the pixels.

# %%
four = painting.repeat(1, 1, 2, 2)
print("layer   not normalised   normalised")
for index in style_layers:
    small, large = (listen(p, (index,))[index][0].flatten(1) for p in (painting, four))
    times = (large @ large.T).mean() / (small @ small.T).mean()
    divided = times * small.numel() / large.numel()
    print(f"{index:5} {times:12.1f} times {divided:9.1f} times")

# %% [markdown]
# Without the division the same style counts about four times (not exactly, because of the borders).
# We shall see below what that does to a picture.
#
# ### Exercise 9.3: a Gram matrix on paper
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 5 minutes**
#
# Two channels answer at four places: 1, 0, 2, 1 and 0, 3, 1, 2. Write down their Gram matrix, divided by the number of features.
#
# <details><summary>Hint 1</summary>
#
# Three sums of four products; the matrix is symmetric, so the fourth is one of them again.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Two channels times four places are eight features.
#
# </details>
# <details><summary>I get whole numbers</summary>
#
# Those are the sums. Each of them is still to be divided by the number of features.
#
# </details>

# %%
### BEGIN SOLUTION
gram_on_paper = ((0.75, 0.5), (0.5, 1.75))
### END SOLUTION

# %%
checks.check_gram_on_paper(gram_on_paper)

# %% [markdown]
# ### Exercise 9.4: Gram matrices of a batch
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# From feature maps (N, C, H, W) make one normalised Gram matrix for each picture, (N, C, C).
#
# <details><summary>Hint 1</summary>
#
# `features.flatten(2)` writes each map as a row: (N, C, H·W).
#
# </details>
# <details><summary>Hint 2</summary>
#
# `@` multiplies the matrices of a batch one by one, and `.mT` transposes each of them.
#
# </details>
# <details><summary>I get a matrix that is too large</summary>
#
# H·W × H·W compares places. Turn the two factors round.
#
# </details>


# %%
def gram_matrix(features: Tensor) -> Tensor:
    """Return the Gram matrix of each picture, divided by its number of features.

    Args:
        features: Feature maps, (N, C, H, W).

    Returns:
        (N, C, C).
    """
    ### BEGIN SOLUTION
    N, C, H, W = features.shape
    rows = features.reshape(N, C, H * W)
    return rows @ rows.transpose(1, 2) / (C * H * W)
    ### END SOLUTION


# %%
checks.check_gram_matrix(gram_matrix)

# %% [markdown]
# ### The style of a painting, layer by layer
#
# From here on the lesson uses a Gram matrix and a style loss of its own.
# The loss compares one layer after the other, each in its own units, and takes the mean.
#
# A first test: begin with noise, and ask for the painting's style in one layer, without any content.


# %%
def gram(features: Tensor) -> Tensor:
    """Return normalised Gram matrices: (N, C, H, W) → (N, C, C)."""
    rows = features.flatten(2)
    return rows @ rows.mT / rows[0].numel()


def style_error(
    heard: dict[int, Tensor], targets: dict[int, Tensor], matrix: Loss = gram
) -> Tensor:
    """Return the mean error of the Gram matrices over the layers of `targets`."""
    errors = [relative_error(matrix(heard[i]), wanted) for i, wanted in targets.items()]
    return torch.stack(errors).mean()


def grams_of(picture: Tensor, wanted: tuple[int, ...]) -> dict[int, Tensor]:
    """Return the Gram matrices of a picture, by layer."""
    return {i: gram(features) for i, features in listen(picture, wanted).items()}


# %%
noise = torch.rand(content.shape, generator=generator)
textures = {}
for chosen in [*((index,) for index in style_layers), style_layers]:
    targets = grams_of(painting, chosen)

    def loss_of(picture: Tensor, targets: dict[int, Tensor] = targets) -> Tensor:
        return style_error(listen(picture, tuple(targets)), targets)

    name = f"layer {chosen[0]}" if len(chosen) == 1 else "all of them"
    textures[name], _ = optimise(loss_of, noise, optimizer="L-BFGS")

style.show(textures)
plt.show()

# %% [markdown]
# **Figure.** Each layer has its own idea of style: the first gives spots in the painting's colours, the next short strokes, the deeper ones curved lines that whirl, in rainbow grain instead of the painting's colours; together they give strokes, curves and colours, in places of their own choice.
#
# Nothing in the last picture stands where it stands in the painting, and yet one would say it is by the same hand.
#
# ### Exercise 9.5: the style loss
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Compare several layers at once. You may use `gram` from the cell above.
#
# <details><summary>Hint 1</summary>
#
# For each layer: the Gram matrix of what is heard, its squared difference from the target, in units of the target's square. Then the mean over the layers.
#
# </details>
# <details><summary>I get an error about shapes</summary>
#
# `targets` holds Gram matrices already, `heard` holds feature maps. Only one of the two needs `gram(…)`.
#
# </details>


# %%
def style_loss(heard: dict[int, Tensor], targets: dict[int, Tensor]) -> Tensor:
    """Return the mean relative error of the Gram matrices.

    Args:
        heard: Feature maps of the picture, (1, C, H, W), by layer.
        targets: Gram matrices of the painting, (1, C, C), by layer.
    """
    ### BEGIN SOLUTION
    errors = []
    for index, target in targets.items():
        difference = gram(heard[index]) - target
        errors.append((difference**2).mean() / (target**2).mean())
    return sum(errors) / len(errors)
    ### END SOLUTION


# %%
checks.check_style_loss(style_loss)

# %% [markdown]
# ## Smooth, please: total variation
#
# You have seen the coloured grain in the textures above.
# SqueezeNet hardly hears it: its first convolution moves in steps of two pixels, and each pooling keeps the strongest of nine.
# A third loss speaks against it: the *total variation*, how much neighbouring pixels differ, down and to the right.
#
# ### Exercise 9.6: total variation
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# Add two means: of the absolute steps from each pixel to the one below, and to the one on its right.
#
# <details><summary>Hint 1</summary>
#
# `picture[..., 1:, :] - picture[..., :-1, :]` are all steps down.
#
# </details>
# <details><summary>I get 0 for a picture full of noise</summary>
#
# Steps up and down cancel out. Take absolute values before the mean.
#
# </details>


# %%
def total_variation(picture: Tensor) -> Tensor:
    """Return the mean absolute step down plus that to the right.

    Args:
        picture: (N, 3, H, W).
    """
    ### BEGIN SOLUTION
    down = picture[:, :, 1:, :] - picture[:, :, :-1, :]
    right = picture[:, :, :, 1:] - picture[:, :, :, :-1]
    return down.abs().mean() + right.abs().mean()
    ### END SOLUTION


# %%
checks.check_total_variation(total_variation)

# %% [markdown]
# ## Content + style = new image
#
# Now the sum of the slide.
# Both pictures are heard once, before we begin: that gives the targets, and they never change (hence `no_grad`).
# Then one loss for the new picture, with a weight for each part.


# %%
def roughness(picture: Tensor) -> Tensor:
    """Return the total variation of a picture."""
    return picture.diff(dim=-2).abs().mean() + picture.diff(dim=-1).abs().mean()


def transfer(
    style_weight=100.0, tv_weight=5.0, painting=painting, layers=layers, matrix=gram
) -> Loss:
    """Return the loss of a new picture: content, style and total variation."""
    with torch.no_grad():
        content_target = listen(content, (content_layer,), layers)[content_layer]
        heard = listen(painting, style_layers, layers)
        style_targets = {index: matrix(features) for index, features in heard.items()}

    def loss_of(picture: Tensor) -> Tensor:
        heard = listen(picture, (content_layer, *style_layers), layers)
        what = relative_error(heard[content_layer], content_target)
        how = style_error(heard, style_targets, matrix)
        return what + style_weight * how + tv_weight * roughness(picture)

    return loss_of


# %% [markdown]
# And now watch.
# The picture begins as the photograph and changes below the cell while it is computed.
# Press *Interrupt the kernel* (■ above) whenever you like it: the loop stops, the picture of the last finished step is yours, and the cell says which step that was.

# %% tags=["nbval-ignore-output"]
# differs: the picture is shown while it changes
loss_of = transfer()
result, losses = optimise(loss_of, content, watch=True)

# %%
style.show({"content": content, "style": painting, "new image": result}, zoom=2)
plt.show()

# %% [markdown]
# **Figure.** Content + style = new image: the pavilion stands where it stood, with every roof, but it is painted now, in blue and gold, and strokes run through sky and water.
#
# Nobody told the strokes to follow the edge of the roof.
# The content loss wants an edge there and the style loss wants strokes, and a stroke along the edge serves both.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
targets = grams_of(painting, style_layers)
for name, picture in (("photograph", content), ("new image", result)):
    heard = listen(picture, (content_layer, *style_layers))
    what = relative_error(
        heard[content_layer], listen(content, (content_layer,))[content_layer]
    )
    print(f"{name:11} content {what:.3f}, style {style_error(heard, targets):.4f}")

# %%
print("the loss has fallen to less than a tenth:", losses[-1] < losses[0] / 10)

# %% [markdown]
# The photograph has the content for nothing and the style all wrong.
# The new image pays for style with content.
# How much to pay is what the weights say.
#
# ## The knobs
#
# There is no right answer here, only taste, so you should turn the knobs yourself.
# All combinations of seven style weights and five choices of layers have been computed beforehand, with this lesson's losses, for three pairs of pictures.
# First one pair, and every second weight, on still paper:

# %%
from course_utils.widgets.style import StyleExplorer

explorer = StyleExplorer()
explorer.filmstrip()
plt.show()

# %% [markdown]
# **Figure.** To the right, with more weight, the photograph turns into a painting; downwards, with deeper layers, the style grows from colour alone (layer 1) to strokes (1, 4) and whirls (1, 4, 6, 7); the deep layers without the first (bottom row) bring lines and hardly any of the painting's colours.

# %% [markdown]
# Now with sliders.
# The stored pictures answer at once.
# *Run for real* computes the setting in your kernel, beside the notebook, with a picture on the way; *Stop* ends it and keeps the picture.
# For your own two pictures, write `StyleExplorer(content, painting)`.

# %% tags=["nbval-ignore-output"]
# differs: widget
explorer

# %% [markdown]
# ### Where to begin, and who walks
#
# Gatys and his colleagues began with noise, and used L-BFGS.
# It remembers its last steps, estimates from them how the slope itself changes, and so walks more directly; Adam only has its own step length for each pixel.
# Both get the same budget: as many evaluations of the loss as we used above.

# %%
loss_of = transfer()
resized = torch.nn.functional.interpolate(painting, content.shape[-2:])
runs = {
    "photograph, Adam": (result, losses),
    "photograph, L-BFGS": optimise(loss_of, content, optimizer="L-BFGS"),
    "noise, Adam": optimise(loss_of, noise),
    "noise, L-BFGS": optimise(loss_of, noise, optimizer="L-BFGS"),
    "style, Adam": optimise(loss_of, resized),
}

style.show({name.replace(", ", "\n"): run[0] for name, run in runs.items()})
plt.show()

# %% [markdown]
# **Figure.** The start decides more than the optimizer: from the photograph both paint the pavilion; from noise neither has found it after the same number of steps, and from the style picture there is no trace of it.

# %%
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
looks = ("o-", "o--", "-", "--", ":")  # circles: from the photograph
for (name, (_, values)), look in zip(runs.items(), looks, strict=True):
    ax.plot(range(1, len(values) + 1), values, look, markevery=6, label=name)
ax.set(xlabel="step (one evaluation each)", ylabel="loss", yscale="log")
ax.legend()
plt.show()

# %% [markdown]
# **Figure.** From the photograph (circles) the two optimizers end at nearly the same loss; from noise L-BFGS (dashed) is far ahead of Adam after a few steps and stays ahead.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
for name, (_, values) in runs.items():
    print(f"{name:19} loss {values[0]:7.1f} → {values[-1]:6.2f}")

# %%
final = {name: values[-1] for name, (_, values) in runs.items()}
print("from noise L-BFGS is ahead:", final["noise, L-BFGS"] < final["noise, Adam"])
print("lowest loss of all:", min(final, key=final.get))

# %% [markdown]
# The lowest loss belongs to the picture that we want least!
# It started as the style picture and had no style error to begin with; with a weight of 100 that is worth more than a pavilion.
# The loss is a means, and the picture is the end: always look.
#
# A fair word on L-BFGS: it expects that nobody touches the picture between its steps, and our clamping does.
# With large weights that goes well; with small ones it can lose its way, and that is why the grid above was made with Adam.
#
# ### Too rough, too smooth
#
# Without total variation, with ours, and with twenty times as much:

# %%
grainy, _ = optimise(transfer(tv_weight=0.0), content)
melted, _ = optimise(transfer(tv_weight=100.0), content)
pictures = {"tv_weight 0": grainy, "tv_weight 5": result, "tv_weight 100": melted}
style.show(pictures, zoom=2)
plt.show()

# %% [markdown]
# **Figure.** Without total variation the sky is a little grainier than with our weight of 5, which leaves the strokes sharp; with 100 the strokes themselves melt into smooth patches.
#
# ### And if the Gram matrix is not normalised?
#
# As long as painting and new picture have the same size, nothing: both are off by the same factor, and our error is relative.
# So take the four copies from above for the style picture, once with and once without the division.


# %%
def sums(features: Tensor) -> Tensor:
    """Return Gram matrices that are not normalised: (N, C, H, W) → (N, C, C)."""
    rows = features.flatten(2)
    return rows @ rows.mT


normalised, _ = optimise(transfer(painting=four), content)
not_normalised, _ = optimise(transfer(painting=four, matrix=sums), content)
style.show({"normalised": normalised, "not normalised": not_normalised}, zoom=2)
plt.show()

# %% [markdown]
# **Figure.** Normalised, the large style picture gives the same painting as before; not normalised, it asks for four times as much of everything, and the picture answers with harsh contrast and burnt-out colours.
#
# ## Does the network have to be trained?
#
# The slide says "pre-trained network" and goes on.
# Is that needed?
# A network as torchvision makes it new has the same layers and filters at random; even those are sensitive to edges and colours.
# So let the very same losses listen to one that has never seen a picture.

# %%
from torchvision.models import get_model

torch.manual_seed(seed)
random_layers = get_model(network.name, weights=None).features.eval()
random_layers.requires_grad_(False)
for module in random_layers.modules():
    if isinstance(module, torch.nn.ReLU):
        module.inplace = False  # so that what we have heard stays as it was

by_random, _ = optimise(transfer(layers=random_layers), content)
style.show({"trained features": result, "random features": by_random}, zoom=2)
plt.show()

# %% [markdown]
# **Figure.** Trained features paint with strokes; random features find the colours too, but put them on in rows of dots, like a coarse screen, and no line whirls.
#
# Each picture was made for its own judge, so ask both judges about both pictures.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
judged = {}
print("style loss, heard by    trained   random")
for name, picture in (("trained", result), ("random", by_random)):
    for judge, ears in (("trained", layers), ("random", random_layers)):
        targets = {i: gram(f) for i, f in listen(painting, style_layers, ears).items()}
        heard = listen(picture, style_layers, ears)
        judged[name, judge] = style_error(heard, targets).item()
    row = f"{judged[name, 'trained']:10.4f} {judged[name, 'random']:8.4f}"
    print(f"made with {name:12} {row}")

# %%
for judge in ("trained", "random"):
    best = min(("trained", "random"), key=lambda name: judged[name, judge])
    print(f"the {judge} judge prefers the picture made with {best} features")

# %% [markdown]
# Each judge prefers its own.
# Numbers alone can't say which picture is better painted; your eyes can.
# What training has brought is a judge whose idea of "together" is close to ours.
#
# ## In and out
#
# Two steps at the very ends remain, and both go wrong often: from the bytes of a file to what the network expects, and from the finished picture to the bytes of a file.
#
# ### Exercise 9.7: what the network expects
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Turn the bytes of a picture into the network's input; `mean` and `std`, (1, 3, 1, 1), are at hand.
#
# <details><summary>Hint 1</summary>
#
# Four things: the channels to the front, a batch of one, numbers from 0 to 1, then normalise.
#
# </details>
# <details><summary>I get a style transfer that looks pale and wrong, without any error</summary>
#
# Then the normalisation is probably missing. The network hears *something* in every tensor; nothing but your eyes will complain.
#
# </details>


# %%
def prepare(pixels: Tensor) -> Tensor:
    """Turn the bytes of a picture into a network's input.

    Args:
        pixels: uint8, (H, W, 3), as Pillow gives them.

    Returns:
        float32, (1, 3, H, W), normalised by `mean` and `std`.
    """
    ### BEGIN SOLUTION
    picture = pixels.permute(2, 0, 1)[None].float() / 255
    return (picture - mean) / std
    ### END SOLUTION


# %%
checks.check_prepare(prepare)

# %% [markdown]
# ### Exercise 9.8: back to bytes
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 5 minutes**
#
# Turn a finished picture into the bytes of a file. It may lie a little outside of [0, 1].
#
# <details><summary>Hint 1</summary>
#
# Two things go wrong on the way from a float to a byte: values outside of the range, and fractions, which `.byte()` cuts off instead of rounding.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Clamp, multiply by 255, round, and only then `.byte()`. The channels go last.
#
# </details>
# <details><summary>I get black dots in the brightest places</summary>
#
# 1.02 · 255 is 260, and a byte ends at 255: it starts again at 0. Clamp first.
#
# </details>


# %%
def finish(picture: Tensor) -> Tensor:
    """Turn a picture into bytes.

    Args:
        picture: float32, (1, 3, H, W), about 0 to 1.

    Returns:
        uint8, (H, W, 3), as Pillow and matplotlib want it.
    """
    ### BEGIN SOLUTION
    pixels = picture[0].permute(1, 2, 0).clamp(0, 1) * 255
    return pixels.round().byte()
    ### END SOLUTION


# %%
checks.check_finish(finish)

# %% [markdown]
# ## Your own
#
# Put the path of your own picture into `content_name` or `painting_name` at the top, raise `size` to 224 and `steps` to 150, and run the notebook anew.
# Any kind of file will do; sideways photographs are turned upright, and transparent parts become white.
# `style.save_picture(result, "my_work/new_image.png")` keeps the result.
#
# Good styles have many small parts: bricks, gravel, knitting, leaves, handwriting.
# If the strokes come out too fine, open the style picture in a larger size than the content; if too coarse, in a smaller one.
#
# How long that takes depends on your machine; this was measured once, with SqueezeNet:

# %%
from course_utils.recorded import recorded

timing = recorded("style/timing")
print(f"{timing['size']} pixels, {timing['steps']} steps, {timing['machine']}")
for threads, measured in timing["threads"].items():
    seconds = measured["median_seconds"]
    print(f"{threads} thread(s): {seconds:.0f} s, median of {timing['runs']} runs")

# %% [markdown]
# With `features_name = "vgg19"` the lecture's network listens instead, once it has been fetched.
# The pictures in the papers were made with it; up to its last style layer it computes more than a hundred times as much, so be patient, or take a GPU.
#
# One thought ahead: here every picture costs dozens of trips through the network, there and back.
# Johnson, Alahi and Fei-Fei trained a second network, once for each style, to do the whole change in a single trip, with the very losses of this lesson; that is how a telephone paints a video live.
#
# ## What to keep
#
# - The gradient goes on to the input: pixels can be optimised, while the weights stay.
# - Content is what a layer in the middle answers; deep layers keep shapes and places and lose colours and surfaces.
# - Style is which channels answer together: Gram matrices, which forget where. Early layers carry colour, later ones strokes and larger forms.
# - Divide by C · H · W, and measure errors in units of the target; then weights mean the same for all layers and sizes.
# - Start from the photograph. L-BFGS goes further from noise; Adam is steady.
# - Total variation takes the grain away, and with too much weight the strokes too.
# - Normalise on the way in, clamp on the way, round on the way out.
#
# ## Quiz
#
# Five questions; two want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `listen`, `gram`, `relative_error`, `painting`, `content` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson09 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lecture: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London).
# - Leon Gatys, Alexander Ecker and Matthias Bethge, [A Neural Algorithm of Artistic Style](https://arxiv.org/abs/1508.06576), 2015: the idea, with VGG-19.
# - Aravindh Mahendran and Andrea Vedaldi, [Understanding Deep Image Representations by Inverting Them](https://arxiv.org/abs/1412.0035), 2014: pictures rebuilt from one layer.
# - Justin Johnson, Alexandre Alahi and Li Fei-Fei, [Perceptual Losses for Real-Time Style Transfer and Super-Resolution](https://arxiv.org/abs/1603.08155), 2016: one trip.
# - Forrest Iandola and others, [SqueezeNet](https://arxiv.org/abs/1602.07360), 2016; Karen Simonyan and Andrew Zisserman, [Very Deep Convolutional Networks](https://arxiv.org/abs/1409.1556), 2014: VGG-19.
# - The photographs' authors and licences stand below them and in the explorer; all come with packages that are installed anyway. The paintings are the workbook's own.
