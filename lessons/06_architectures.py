# %% [markdown]
# # 6 · How can a network have 152 layers?
#
# In 1998 a network of five layers with weights read the amounts on cheques.
# In 2012 one with eight won the great competition of image recognition, in 2014 one with nineteen came second, and in 2015 one with 152 won.
# Was it only a matter of faster machines?
# No: pile up eighty layers as you have learnt to, and they hardly learn anything.
# In this lesson you open the famous networks, count what they cost, and find the two ideas that made depth possible, *batch normalisation* and *skip connections*, by hand, in code, and in experiments that could have come out otherwise.
#
# **You will be able to**
#
# - build LeNet-5 and train it on real handwritten digits, and say whose hands it was tested on;
# - open any network: its shapes, parameters, multiply–adds, memory and receptive field, without having the memory for it;
# - work out local response normalisation and batch normalisation by hand, in training and in evaluation, and say what they do to gradients, learning rate and initialisation;
# - write a residual block and a ResNet-18 of your own, and prove that it is the same as torchvision's;
# - read a picture of accuracy against cost, and choose a network with reasons.
#
# **Time**: about five hours with all ten exercises; good places for a break are before *Batch normalisation* and before *Deeper is worse*.
#
# **From before**: output sizes and receptive fields (lesson 02), pooling (03), the training loop, three sets, cross-entropy (04).

# %% tags=["parameters"]
seed = 0
epochs = 12
trial_epochs = 4
deep = 20
weights = "random"  # "official": torchvision's trained ResNet-18, if it is in the cache

# %%
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from math import ceil, sqrt

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torchvision import models

from course_utils import plots
from course_utils.arithmetic import (
    conv_output_size,
    conv_parameters,
    receptive_field,
    trace_shapes,
)
from course_utils.checks import lesson06 as checks
from course_utils.network_anatomy import anatomy
from course_utils.network_zoo import named_anatomy
from course_utils.photos import credit, photo
from course_utils.predict import predict
from course_utils.recorded import recorded

plots.use_style()

# %% [markdown]
# ## LeNet-5: reading digits, 1998
#
# Yann LeCun and his colleagues built it for handwritten digits in images of 32 × 32 pixels.
# We have real ones: 1797 digits that come with scikit-learn, written by 13 people.
# They were reduced to 8 × 8 pixels once, so we enlarge them again.
#
# First the split, and here is a trap.
# The digits lie in the file as they were collected, so neighbours are mostly by the same hand.
# Shuffle everything and cut, and each hand stands in the training set *and* in the test set: then the test asks "do you know these people's digits?", where we want to know about people whom the network has never met.
# So the last 500 digits are the test, mostly other people, and only the rest is shuffled.

# %%
digits = load_digits()
labels = torch.from_numpy(digits.target).long()
test = torch.arange(len(labels) - 500, len(labels))
generator = torch.Generator().manual_seed(0)
order = torch.randperm(len(labels) - 500, generator=generator)
train, val = order[:1000], order[1000:]


# %%
def digits_at(side: int) -> Tensor:
    """Return all digits, (1797, 1, side, side), normalised by the training ones."""
    images = torch.from_numpy(digits.images).float()[:, None] / 16
    if side != images.shape[-1]:
        images = F.interpolate(images, size=(side, side), mode="bilinear")
    return (images - images[train].mean()) / images[train].std()


# %%
large = digits_at(32)
print("training, validation, test:", len(train), len(val), len(test))
fig, axes = plt.subplots(2, 10, figsize=(9, 2.2), layout="constrained")
for digit in range(10):
    of_this = train[labels[train] == digit]
    for ax, k in zip(axes[:, digit], of_this[:2], strict=True):
        plots.show_gray(large[k], ax, limits=(-1, 2))
plt.show()

# %% [markdown]
# **Figure.** Two training digits of each class, enlarged to 32 × 32 pixels: blurred, but easily read, and the two ones show how far the same digit can differ from hand to hand.
#
# Now the network, layer by layer.
# Two convolutions of 5 × 5 without padding, each followed by tanh and by a *sub-sampling*, an average over 2 × 2; then 120, 84 and 10 features.
# Lecture C (ETH Zürich and CSCS) counts "two fully connected layers"; with the one that gives the ten outputs there are three.


# %%
def lenet5() -> nn.Sequential:
    """Return a new LeNet-5."""
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )


trace_shapes(lenet5(), (1, 1, 32, 32))

# %% [markdown]
# 61,706 parameters, and four fifths of them in the layer that comes first after the flattening.
# The original differs in small things: its second convolution left out some connections to save multiplications, its sub-sampling had weights, and its outputs were distances to drawn digits rather than logits.
# The "softmax" on your slide is in the loss today.
#
# ### Exercise 6.1: LeNet-5
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Write it as a class, for any number of classes.
#
# <details><summary>Hint 1</summary>
#
# Five layers with weights: `conv1`, `conv2`, `fc1`, `fc2`, `fc3`. The sizes stand in the table above.
#
# </details>
# <details><summary>Hint 2</summary>
#
# In `forward`, twice: `x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)`. Then flatten, and tanh after the first two linear layers.
#
# </details>
# <details><summary>I get "mat1 and mat2 shapes cannot be multiplied"</summary>
#
# 32 → 28 → 14 → 10 → 5: what arrives is 16 · 5 · 5 = 400 values.
#
# </details>
# <details><summary>I get a small difference in every logit</summary>
#
# Tanh first, then the average. The other way round is another number.
#
# </details>


# %%
class LeNet5(nn.Module):
    """LeNet-5 with tanh and average pooling.

    Shape:
        - Input: (N, 1, 32, 32)
        - Output: (N, num_classes), logits
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(x.flatten(1)))
        return self.fc3(torch.tanh(self.fc2(x)))
        ### END SOLUTION


# %%
checks.check_lenet5(LeNet5)

# %% [markdown]
# ### Train it
#
# Here is lesson 04's loop once more, for the digits: SGD with momentum 0.9, batches of 50, and a learning rate that falls to 0 in a straight line, so that the last steps are small ones.
# It serves all the experiments of this lesson.


# %%
@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, chosen: Tensor) -> float:
    """Return the share of the chosen digits that are predicted rightly."""
    model.eval()
    right = model(images[chosen]).argmax(dim=1) == labels[chosen]
    return right.float().mean().item()


def train_digits(
    model: nn.Module, images: Tensor, epochs: int, learning_rate: float
) -> list[tuple[float, float]]:
    """Train; return training loss and validation accuracy after each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    steps = epochs * ceil(len(train) / 50)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    history = []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for chosen in train[torch.randperm(len(train))].split(50):
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        history.append((total / len(train), accuracy(model, images, val)))
    return history


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
torch.manual_seed(seed)
lenet = lenet5()
history = train_digits(lenet, large, epochs, learning_rate=0.1)
for epoch, (loss, share) in enumerate(history, 1):
    if epoch in (1, 2, 4) or epoch % 4 == 0:
        print(f"epoch {epoch:2}: training loss {loss:.3f}, validation {share:.1%}")
tested = accuracy(lenet, large, test)
print(f"test, mostly other people's digits: {tested:.1%}")

# %%
print("validation above 93 %:", history[-1][1] > 0.93)
print("test above 88 %:", tested > 0.88)

# %% [markdown]
# A few seconds.
# But once is an anecdote, so here are the recorded runs over several seeds, and beside them what the careless split would have told you.

# %%
runs = recorded("lesson06_lenet")
print(f"recorded: {runs['n']} seeds, {runs['machine']}, {runs['date']}")
for name, shares in runs["accuracies"].items():
    spread = torch.tensor(shares)
    print(f"{name:20}{runs['tested'][name]} digits: {spread.mean():.1%}", end="")
    print(f" ± {spread.std():.1%}  ({spread.min():.1%} to {spread.max():.1%})")

# %% [markdown]
# Shuffled, the test would have promised five points more than a new person gets.
# Are the last digits simply harder?
# The third line says no: the same people's digits are read as well as any once some of them were in the training set.
# Among 500 test digits an accuracy is uncertain by about two points (lesson 04); the gap is larger, and it shows for every seed.
# Whenever pictures come in groups, of persons, patients, cameras or days, cut between the groups.
#
# ## AlexNet: the start, 2012
#
# 1.2 million photographs, 1000 classes, two graphics cards, five to six days.
# Alex Krizhevsky, Ilya Sutskever and Geoffrey Hinton took the idea of LeNet, made it larger, and put ReLU in the place of tanh.
# The share of images whose class was not among five guesses fell from 26.2 % (the best of the others) to 15.3 %.
#
# To look at such a network you need not have room for it.
# On PyTorch's `meta` device tensors have shapes and no contents: nothing is stored and nothing computed.

# %%
with torch.device("meta"):
    alexnet = models.alexnet(weights=None)
trace_shapes(alexnet, (1, 3, 224, 224))

# %% tags=["nbval-ignore-output"]
# differs: widget
most = predict(
    "AlexNet has five convolutions and three fully connected layers. Where are most "
    "of its parameters, and where most of its multiplications?",
    options=[
        "both in the convolutions",
        "parameters in the convolutions, work in the linear layers",
        "parameters in the linear layers, work in the convolutions",
        "both in the linear layers",
    ],
)
most

# %%
facts = anatomy(alexnet, (1, 3, 224, 224))
linear = [row for row in facts if row.kind == "Linear"]
total = facts[-1]
stored = sum(row.parameters for row in linear) / total.parameters_so_far
worked = sum(row.multiply_adds for row in linear) / total.multiply_adds_so_far
most.reveal(
    "parameters in the linear layers, work in the convolutions"
    if stored > 0.5 > worked
    else "something else",
    because=f"The linear layers hold {stored:.0%} of the parameters and do {worked:.0%} "
    "of the work: a convolution uses each weight again at every position.",
)

# %% [markdown]
# (torchvision's AlexNet follows a later paper of Krizhevsky's: 64 kernels in the first layer instead of 96, no split over two cards, no local response normalisation. 61.1 million parameters; the first one had 61.0.)
#
# ### Which size goes in?
#
# Your slides say: 256 × 256 × 3 input layer.
# That is the size to which the *images* were brought.
# The network never saw them whole: in training it got crops of 224 × 224, cut out at random and mirrored half of the time, so that each photograph served as some two thousand different ones.

# %%
image = photo("chelsea", size=256)
fig, ax = plt.subplots(figsize=(3.4, 3.6), layout="constrained")
plots.show_rgb(image, ax, "256 × 256, three crops of 224")
for (top, left), style in zip(
    ((0, 0), (17, 25), (32, 9)), ("-", "--", ":"), strict=True
):
    frame = plt.Rectangle((left, top), 223, 223, fill=False, lw=2.5, ls=style)
    ax.add_patch(frame).set_edgecolor("white")
plt.show()
print(credit("chelsea"))

# %% [markdown]
# **Figure.** Each of the three crops of 224 × 224, framed in a photograph of 256 × 256 pixels, loses another part of the border, and the cat remains a cat.
#
# And the paper's own 224 does not fit either.
# Its first convolution (11 × 11, stride 4) is said to give maps of 55 × 55.

# %%
for size, padding in ((224, 0), (227, 0), (224, 2), (256, 0)):
    side = conv_output_size(size, kernel_size=11, stride=4, padding=padding)
    print(f"{size} pixels, padding {padding}: first maps of {side} × {side}")

# %% [markdown]
# 224 gives 54.
# For 55 it takes 227 pixels, which is what everyone uses who rebuilds the paper, or 224 with a padding of 2, as torchvision has it.
# Would the network have noticed?
#
# ### Exercise 6.2: the last maps of AlexNet
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# How large are the maps that reach AlexNet's first linear layer, for any image size and any padding of the first convolution?
# The layers are: convolution 11 × 11, stride 4; pooling; convolution 5 × 5, padding 2; pooling; three convolutions 3 × 3, padding 1; pooling.
# Each pooling has a 3 × 3 window and stride 2.
#
# <details><summary>Hint 1</summary>
#
# `conv_output_size` is at hand, and a pooling follows the same formula. Padded by 2, a 5 × 5 convolution keeps the size; padded by 1, a 3 × 3 does too.
#
# </details>
# <details><summary>Hint 2</summary>
#
# So four lines are left: the first convolution, and three times `conv_output_size(side, 3, stride=2)`.
#
# </details>
# <details><summary>I get 6 for 224 pixels without padding</summary>
#
# A window that does not fit wholly is left out: (54 − 3) / 2 is rounded *down*.
#
# </details>


# %%
def last_side(image_size: int, padding: int) -> int:
    """Return the side of AlexNet's last maps, in pixels.

    Args:
        image_size: Height and width of the image, in pixels.
        padding: Of the first convolution, on each side.
    """
    ### BEGIN SOLUTION
    side = conv_output_size(image_size, 11, stride=4, padding=padding)
    for _ in range(3):
        side = conv_output_size(side, 3, stride=2)
    return side
    ### END SOLUTION


# %%
checks.check_alexnet_side(last_side)

# %% [markdown]
# ## Local response normalisation
#
# AlexNet lets channels compete, by *local response normalisation* (LRN): at each pixel, a channel is made quieter when its neighbours in the list of channels are loud.
# Your slides write it as
#
# $$b_c = a_c \left(k + \frac{\alpha}{n} \sum_{c'} a_{c'}^2 \right)^{-\beta}$$
#
# where the sum runs over *n* channels around *c*, as far as they exist.
# By hand, for one pixel with the five channels 1, 0, 2, 4, 1, and n = 3, α = 3, β = ½, k = 1: the channel that holds 2 has the neighbours 0 and 4, so the sum is 0 + 4 + 16 = 20, the bracket 21, and 2 becomes 2/√21 = 0.436.

# %%
pixel = torch.tensor([1.0, 0.0, 2.0, 4.0, 1.0]).reshape(1, 5, 1, 1)
brackets = [1 + 1, 1 + 5, 1 + 20, 1 + 21, 1 + 17]
by_hand = torch.tensor(
    [a / sqrt(b) for a, b in zip((1, 0, 2, 4, 1), brackets, strict=True)]
)
layer = nn.LocalResponseNorm(size=3, alpha=3.0, beta=0.5, k=1.0)
torch.testing.assert_close(layer(pixel).flatten(), by_hand)
print("before:", [f"{value:.2f}" for value in pixel.flatten()])
print("after: ", [f"{value:.2f}" for value in by_hand])

# %% [markdown]
# The loud one, 4, is pressed down to 0.85.
# Of the two channels that hold a 1, the one beside it falls to 0.24, and the one far away keeps 0.71.
#
# Two things to know before you copy numbers from a paper.
# AlexNet's paper does *not* divide α by n; PyTorch and your slides do, so that its α = 0.0001 with n = 5 is PyTorch's `alpha=0.0005`.
# And for an even n the slide's window, from c − n/2 to c + n/2, holds n + 1 channels; PyTorch takes n, one less on the far side.
#
# How much does it do?
# That depends on how large the activations are.

# %%
paper = nn.LocalResponseNorm(size=5, alpha=5e-4, beta=0.75, k=2.0)
for scale in (1, 10, 100):
    activations = torch.full((1, 9, 1, 1), float(scale))
    factor = (paper(activations) / activations)[0, 4, 0, 0]
    print(f"activations of {scale:3}: multiplied by {factor:.3f}")

# %% [markdown]
# AlexNet's inputs were pixels between about −128 and 127, so its activations were large and the competition was real.
# With the normalised inputs of today they are near 1, and then the same layer only multiplies by 0.594: it sleeps.
# "Helps generalization", say your slides: AlexNet's paper reports 1.4 points fewer top-1 errors by it, the VGG paper, two years later, found no gain at all, and then came batch normalisation.
#
# ### Exercise 6.3: local response normalisation
# **Difficulty** 3 of 5 · **importance** 2 of 5 · **about 15 minutes**
#
# Write it for a batch, as PyTorch computes it.
#
# <details><summary>Hint 1</summary>
#
# A loop over the channels is fine. The window of channel c goes from c − size // 2 to c + (size − 1) // 2, cut off at the ends.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x[:, first : last + 1].square().sum(dim=1)` adds up the squares; write the result into `torch.empty_like(x)`.
#
# </details>
# <details><summary>I get the right numbers in the middle and wrong ones at the ends</summary>
#
# Divide by `size` there too. And a negative index does not mean "outside" in Python: use `max(0, …)`.
#
# </details>


# %%
def local_response_norm(
    x: Tensor, size: int, alpha: float, beta: float, k: float
) -> Tensor:
    """Make each channel quieter by its neighbours at the same pixel.

    Shape:
        - x: (N, C, H, W)
        - Output: (N, C, H, W)
    """
    ### BEGIN SOLUTION
    out = torch.empty_like(x)
    for c in range(x.shape[1]):
        window = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        bracket = k + alpha / size * window.square().sum(dim=1)
        out[:, c] = x[:, c] / bracket**beta
    return out
    ### END SOLUTION


# %%
checks.check_local_response(local_response_norm)

# %% [markdown]
# ## VGG: nothing but 3 × 3, 2014
#
# Karen Simonyan and Andrew Zisserman asked what depth alone does, and kept everything else simple: 3 × 3 convolutions with padding 1, and from time to time a pooling that halves the maps while the channels double.
# The variants on your slides differ only in how many convolutions stand between the poolings.

# %%
for name in ("vgg13", "vgg16", "vgg19"):
    with torch.device("meta"):
        vgg = models.get_model(name, weights=None)
    stages, row = [], []
    for layer in vgg.features:
        if isinstance(layer, nn.Conv2d):
            row.append(str(layer.out_channels))
        elif isinstance(layer, nn.MaxPool2d):
            stages.append(" ".join(row))
            row = []
    print(f"{name}:", " | ".join(stages))

# %% [markdown]
# 10, 13 and 16 convolutions, and three linear layers each.
#
# Why only 3 × 3?
# Two of them in a row see 5 × 5 pixels, three see 7 × 7.
# And they are cheaper than one large kernel, with a ReLU after each instead of a single one.

# %%
channels = 64
for count in (1, 2, 3):
    side = receptive_field([(3, 1, 1)] * count)
    stack = count * conv_parameters(channels, channels, 3, bias=False)
    single = conv_parameters(channels, channels, side, bias=False)
    print(f"{count} × (3 × 3) sees {side} × {side}: {stack:7,} weights", end="")
    print(f", one {side} × {side} kernel {single:7,}")

# %% [markdown]
# ### Exercise 6.4: what a stack of 3 × 3 saves
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# Give three whole numbers for a stack of 3 × 3 convolutions (stride 1, `channels` in and out, **with** biases): the side of its receptive field, its parameters, and the parameters of one convolution with that receptive field.
#
# <details><summary>Hint 1</summary>
#
# The first layer sees 3 pixels, each further one adds a pixel on either side.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `conv_parameters(channels, channels, side)` counts with biases.
#
# </details>
# <details><summary>I get a few too few parameters</summary>
#
# One bias for each output channel, in each layer.
#
# </details>


# %%
def stack_of_3x3(layers: int, channels: int) -> tuple[int, int, int]:
    """Return receptive field, parameters of the stack, parameters of a single kernel.

    Args:
        layers: Number of 3 × 3 convolutions, one after the other.
        channels: Channels in and out of each.
    """
    ### BEGIN SOLUTION
    side = 2 * layers + 1
    stack = layers * conv_parameters(channels, channels, 3)
    return side, stack, conv_parameters(channels, channels, side)
    ### END SOLUTION


# %%
checks.check_stack_of_3x3(stack_of_3x3)

# %% [markdown]
# ## GoogLeNet: side by side, 2014
#
# VGG came second that year.
# The winner, by Christian Szegedy and others, had twelve times fewer parameters than AlexNet, by its authors' count (torchvision's has nine times fewer).
# Its *Inception* module does not choose between kernel sizes: it takes several at once and lays their maps on top of each other.

# %%
with torch.device("meta"):
    googlenet = models.googlenet(weights=None, init_weights=False, aux_logits=False)
    module = googlenet.inception3a
    maps = torch.empty(1, 192, 28, 28)
    branches = [module.branch1, module.branch2, module.branch3, module.branch4]
    for branch in branches:
        print(tuple(branch(maps).shape))
    print("together:", tuple(module(maps).shape))

# %% [markdown]
# 64 + 128 + 32 + 32 = 256 channels.
# The other trick is inside the branches: a 1 × 1 convolution first makes 192 channels into a few, and only those go through the expensive kernel.
# Here is the paper's 5 × 5 branch, 192 → 16 → 32 channels on maps of 28 × 28.
# (torchvision's third branch has a 3 × 3 kernel by mistake and keeps it, so as not to break its weights.)
#
# The work of a network is counted in *multiply–adds*: one weight times one number, added to a sum.

# %%
positions = 28 * 28
direct = positions * 192 * 32 * 5 * 5
squeezed = positions * (192 * 16 * 1 * 1 + 16 * 32 * 5 * 5)
print(f"directly:          {direct:11,} multiply–adds")
print(f"squeezed to 16:    {squeezed:11,} multiply–adds")
print(f"that is {direct / squeezed:.1f} times less")

# %% [markdown]
# Nearly ten times less work, thanks to a convolution that only mixes channels.
#
# ### Exercise 6.5: squeeze first, then look
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Count both ways for any sizes: the padded convolution directly, and with a 1 × 1 convolution before it. Leave biases out.
#
# <details><summary>Hint 1</summary>
#
# Positions · channels in · channels out · kernel side². Padded, so the positions stay side².
#
# </details>
# <details><summary>Hint 2</summary>
#
# Squeezed, two convolutions cost something: in_channels → reduced with 1 × 1, reduced → out_channels with the large kernel.
#
# </details>
# <details><summary>I get a number that is 784 times too small</summary>
#
# Those are the weights. Each is used at all 28 · 28 positions.
#
# </details>


# %%
def branch_cost(
    side: int, in_channels: int, reduced: int, out_channels: int, kernel_size: int
) -> tuple[int, int]:
    """Return the multiply–adds of a branch, directly and squeezed to `reduced`.

    Args:
        side: Height and width of the maps, in pixels; padding keeps it.
        in_channels: Channels that come in.
        reduced: Channels after the 1 × 1 convolution.
        out_channels: Channels that go out.
        kernel_size: Side of the large kernel, odd.
    """
    ### BEGIN SOLUTION
    positions, area = side**2, kernel_size**2
    direct = positions * in_channels * out_channels * area
    squeezed = positions * (in_channels * reduced + reduced * out_channels * area)
    return direct, squeezed
    ### END SOLUTION


# %%
checks.check_bottleneck(branch_cost)

# %% [markdown]
# ### Exercise 6.6: side by side
# **Difficulty** 1 of 5 · **importance** 3 of 5 · **about 5 minutes**
#
# Send the same maps through every branch and join what comes out, channel upon channel, in the branches' order.
#
# <details><summary>Hint 1</summary>
#
# `torch.cat` takes a list of tensors and `dim=`. Of N, C, H, W, which one grows?
#
# </details>
# <details><summary>I get twice as many images</summary>
#
# `torch.cat` joins along dimension 0, the batch, unless told otherwise.
#
# </details>


# %%
def inception(x: Tensor, branches: list[nn.Module]) -> Tensor:
    """Return what all branches make of the same maps, joined.

    Shape:
        - x: (N, C, H, W)
        - Output: (N, C1 + C2 + …, H, W); each branch gives (N, Ck, H, W)
    """
    ### BEGIN SOLUTION
    return torch.cat([branch(x) for branch in branches], dim=1)
    ### END SOLUTION


# %%
checks.check_inception(inception)

# %% [markdown]
# ## What they cost, all of them
#
# `anatomy` has followed AlexNet on the meta device and added up, layer by layer; `named_anatomy` does so for a network by its name.
# Here are the slides' networks, and two that the slides only name, each with its year.
# *Weights* and *maps* are megabytes for one image in float32, the maps being the outputs of all layers, most of which training has to keep; the *receptive field* is that of the last maps.

# %%
years = {
    "lenet5": 1998,
    "alexnet": 2012,
    "vgg13": 2014,
    "vgg16": 2014,
    "vgg19": 2014,
    "googlenet": 2014,
    "resnet18": 2015,
    "resnet34": 2015,
    "resnet50": 2015,
    "resnet101": 2015,
    "resnet152": 2015,
    "densenet121": 2016,
}


print("year  network     parameters  multiply- weights    maps receptive")
print("                                  adds       MB      MB    field")
for name, year in years.items():
    rows = named_anatomy(name)
    parameters, work = rows[-1].parameters_so_far, rows[-1].multiply_adds_so_far
    maps = sum(torch.Size(row.output_shape).numel() for row in rows)
    last = [row for row in rows if row.gives_maps and row.output_shape[-1] > 1][-1]
    print(f"{year}  {name:12}{parameters / 1e6:8.2f} M{work / 1e9:9.4f} G", end="")
    print(
        f"{parameters * 4 / 1e6:8.1f}{maps * 4 / 1e6:8.1f}{last.receptive_field[0]:8}"
    )

# %% [markdown]
# | Year | Network | What it claimed | Source |
# |---|---|---|---|
# | 1998 | LeNet-5 | learnt features beat designed ones: 0.95 % errors on MNIST | LeCun, Bottou, Bengio, Haffner, *Proc. IEEE* 86 |
# | 2012 | AlexNet | large, deep and on GPUs: 15.3 % top-5 errors against 26.2 % | Krizhevsky, Sutskever, Hinton, NIPS 25 |
# | 2014 | VGG | depth with 3 × 3 kernels alone is enough: 7.3 % | Simonyan, Zisserman, arXiv 1409.1556 |
# | 2014 | GoogLeNet | better with twelve times fewer parameters than AlexNet: 6.7 % | Szegedy and others, arXiv 1409.4842 |
# | 2015 | ResNet | skip connections train 152 layers: 3.6 % | He, Zhang, Ren, Sun, arXiv 1512.03385 |
# | 2016 | DenseNet | every layer reads all before it: as good with a half of the parameters or less | Huang, Liu, van der Maaten, Weinberger, arXiv 1608.06993 |
#
# The percentages are the competition's, mostly of several networks together, so they are claims to look up and not a table to rank by.
#
# Read the columns.
# VGG-16 has more than twice AlexNet's parameters and more than twenty times its work.
# ResNet-50 has less than a fifth of VGG-16's parameters and a quarter of its work, but *more* maps to keep: what fills a graphics card in training is the maps, once for each image of the batch.
# And from VGG-19 on, an output of the last maps could see more than the 224 pixels there are.
#
# *A good place for a first break.*
#
# ## Batch normalisation
#
# How are 152 layers trained?
# Inputs are normalised, mean 0 and deviation 1 (lesson 01), because then learning goes well.
# But the second layer's input is the first layer's output, and nobody normalises that.
# Sergey Ioffe and Christian Szegedy did, in 2015, in the simplest way there is: by the mean and the variance of the batch at hand.
#
# $$y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}}\,\gamma + \beta$$
#
# Your slides say "normalisation over C, statistics on (N, H, W)".
# It means: each channel has *one* mean and *one* variance, taken over all images of the batch and all pixels.
# By hand, two images with two channels of 1 × 2 pixels.
# Channel 0 holds 1, 3 in the first image and 5, 7 in the second: mean 4, variance (9 + 1 + 1 + 9)/4 = 5.

# %%
batch = torch.tensor([[[[1.0, 3.0]], [[10.0, 10.0]]], [[[5.0, 7.0]], [[20.0, 40.0]]]])
print("shape:", tuple(batch.shape))
mean = batch.mean(dim=(0, 2, 3))
var = batch.var(dim=(0, 2, 3), correction=0)  # divided by n, not by n − 1
print("means:", mean.tolist(), " variances:", var.tolist())
by_hand = (batch - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
print("channel 0:", [f"{value:.3f}" for value in by_hand[:, 0].flatten()])

norm = nn.BatchNorm2d(num_features=2)
torch.testing.assert_close(norm(batch), by_hand)
print("parameters:", {name: p.tolist() for name, p in norm.named_parameters()})

# %% [markdown]
# The same as PyTorch's.
# γ and β (`weight` and `bias`) start at 1 and 0 and are learnt: should a channel be better off with another mean and spread, it may have them.
# ε keeps a channel that is the same everywhere from dividing by 0; it stands *under* the root.
# And the variance is the *biased* one, divided by n and not by n − 1: we describe this batch, we do not estimate another.
#
# ### Exercise 6.7: normalise a batch
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Write it as a function, for training.
#
# <details><summary>Hint 1</summary>
#
# Which axes go? All but C: `dim=(0, 2, 3)`. With `keepdim=True` the statistics fit the maps.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `weight` and `bias` have shape (C,). `weight[:, None, None]` has (C, 1, 1) and fits (N, C, H, W).
#
# </details>
# <details><summary>I get values a little too small</summary>
#
# `x.var()` divides by n − 1 unless you say `correction=0`.
#
# </details>


# %%
def batch_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise each channel over the batch, then scale and shift it.

    Shape:
        - x: (N, C, H, W)
        - weight, bias: (C,)
        - Output: (N, C, H, W)
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    var = x.var(dim=(0, 2, 3), correction=0, keepdim=True)
    normalised = (x - mean) / (var + eps).sqrt()
    return normalised * weight[:, None, None] + bias[:, None, None]
    ### END SOLUTION


# %%
checks.check_batch_norm(batch_norm)

# %% [markdown]
# ### Two lives: training and evaluation
#
# In training, what comes out for an image depends on who else is in the batch.
# When the network is used, that must not be: the answer for your photograph can't depend on your neighbour's.
# So the layer keeps a diary while it trains, a *running mean* and a *running variance*, and uses these in evaluation.
# After each batch they take a tenth of the new value (`momentum=0.1`) and keep nine tenths of the old:
#
# running = (1 − momentum) · running + momentum · new
#
# Here it is followed batch by batch, beside PyTorch's.
# Mind one thing: into the diary goes the *unbiased* variance, divided by n − 1, for it is an estimate of what other images will be like.

# %%
torch.manual_seed(seed)
norm = nn.BatchNorm2d(num_features=1)
running_mean, running_var = 0.0, 1.0
followed = []
for number in range(1, 41):
    batch = 5 + 2 * torch.randn(8, 1, 2, 2)  # mean 5, variance 4
    norm(batch)
    mean, var = batch.mean().item(), batch.var(correction=1).item()
    running_mean = 0.9 * running_mean + 0.1 * mean
    running_var = 0.9 * running_var + 0.1 * var
    assert abs(running_mean - norm.running_mean.item()) < 1e-5
    assert abs(running_var - norm.running_var.item()) < 1e-5
    followed.append((mean, var, running_mean, running_var))
    if number in (1, 2, 3, 10, 40):
        print(f"batch {number:2}: mean {mean:.2f} → {running_mean:.2f}", end="")
        print(f"   variance {var:.2f} → {running_var:.2f}")

# %%
means, variances, running_means, running_variances = zip(*followed, strict=True)
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3), layout="constrained")
pairs = (
    (means, running_means, 5, "mean"),
    (variances, running_variances, 4, "variance"),
)
for ax, (single, running, truth, word) in zip(axes, pairs, strict=True):
    steps = range(1, len(single) + 1)
    ax.plot(steps, single, "o", markersize=4, label="of the batch")
    ax.plot(steps, running, "-", label="running")
    ax.axhline(truth, color="gray", linestyle=":", label="truth")
    ax.set(xlabel="batch", ylabel=word, ylim=0)
axes[0].legend()
plt.show()

# %% [markdown]
# **Figure.** The statistics of 40 batches scatter about the true mean 5 and variance 4; the running ones start at 0 and 1, climb towards the truth within about 30 batches, and then hardly move.
#
# So a layer that has seen few batches has a diary that is not true yet.
# Now the two lives side by side: the same picture, in two different batches.

# %%
torch.manual_seed(seed)
picture, *others = (5 + 2 * torch.randn(7, 1, 2, 2)).split([1, 3, 3])
for mode in (True, False):
    norm.train(mode)
    answers = [norm(torch.cat([picture, other]))[0] for other in others]
    same = torch.allclose(answers[0], answers[1])
    name = "training" if mode else "evaluation"
    print(f"{name:10}: the picture's output is the same in both batches: {same}")

norm.train()
try:
    norm(torch.ones(1, 1, 1, 1))
except ValueError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# In training the company matters; this noise is why the slides say that batch norm also acts as a regulariser.
# And one value has no spread: a batch of one image fails in training where its maps have shrunk to 1 × 1, a common surprise when the last batch of an epoch holds a single image.
# Evaluation needs `model.eval()`, and now you know what for.
#
# ### Exercise 6.8: a layer that remembers
# **Difficulty** 4 of 5 · **importance** 5 of 5 · **about 20 minutes**
#
# Write the `forward` of the whole layer: batch statistics and a diary entry in training, the diary alone in evaluation.
# A *buffer* is a tensor that belongs to the module, is saved with it, and is not trained.
#
# <details><summary>Hint 1</summary>
#
# `self.training` says which life it is. Choose `mean` and `var` accordingly; the last two lines are the same for both.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean`, under `torch.no_grad()`; the same for the variance, with `x.var(…, correction=1)`.
#
# </details>
# <details><summary>I get the right outputs and a wrong running_var</summary>
#
# Two variances are at work: divided by n for the output, by n − 1 for the diary.
#
# </details>
# <details><summary>I get a right first batch and then nothing fits</summary>
#
# Do you use the diary in training? Or is the momentum the wrong way round? In an optimizer 0.9 is the share of the *old*; here 0.1 is the share of the *new*.
#
# </details>


# %%
class MyBatchNorm2d(nn.Module):
    """Batch normalisation with running statistics.

    Shape:
        - Input: (N, num_features, H, W)
        - Output: (N, num_features, H, W)
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(dim=(0, 2, 3))
            var = x.var(dim=(0, 2, 3), correction=0)
            unbiased = x.var(dim=(0, 2, 3), correction=1)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(unbiased, self.momentum)
        normalised = (x - mean[:, None, None]) / (var[:, None, None] + self.eps).sqrt()
        return normalised * self.weight[:, None, None] + self.bias[:, None, None]
        ### END SOLUTION


# %%
checks.check_batch_norm_layer(MyBatchNorm2d)

# %% [markdown]
# ### What does it do to the gradients?
#
# Your slides list what batch norm is good for: no vanishing gradients, less care for the initialisation, larger learning rates.
# Three claims, three experiments.
# The network is a stack of 3 × 3 convolutions on the digits at 8 × 8 pixels, with nothing between them, with LRN (strong: α = 1), or with batch norm.
# The weights are drawn as Kaiming He and colleagues proposed for ReLU, with deviation √(2 / inputs), times a factor that we turn.


# %%
def unit(in_channels: int, channels: int, norm: str) -> list[nn.Module]:
    """Return a 3 × 3 convolution with its ReLU, and a normalisation if there is one."""
    conv = nn.Conv2d(in_channels, channels, 3, padding=1, bias=norm != "batch norm")
    if norm == "batch norm":
        return [conv, nn.BatchNorm2d(channels), nn.ReLU()]
    if norm == "LRN":
        return [conv, nn.ReLU(), nn.LocalResponseNorm(5, alpha=1.0, k=1.0)]
    return [conv, nn.ReLU()]


def initialise(network: nn.Module, scale: float = 1.0) -> nn.Module:
    """Draw the weights of all convolutions as He et al., times a factor."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            layer.weight.data *= scale
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


def stack(depth: int, norm: str, scale: float = 1.0) -> nn.Module:
    """Return `depth` convolutions of 16 channels and a linear layer."""
    layers = [*unit(1, 16, norm), nn.MaxPool2d(2)]
    for _ in range(depth - 1):
        layers += unit(16, 16, norm)
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 10))
    return initialise(network, scale)


# %% [markdown]
# At the start, before any step: how large is the gradient of each convolution's weights, in a stack of 20?


# %%
def gradients(build: Callable[[], nn.Module], runs: int = 5) -> Tensor:
    """Return how long each convolution's gradient is, as a power of ten.

    Shape:
        - Output: (runs, convolutions); each run builds and seeds a network anew
    """
    some, found = train[:50], []
    for run in range(runs):
        torch.manual_seed(seed + run)
        model = build()
        F.cross_entropy(model(small[some]), labels[some]).backward()
        convs = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
        found.append(torch.stack([conv.weight.grad.norm() for conv in convs]))
    return torch.stack(found).log10()


small = digits_at(8)

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
for ax, norm in zip(axes, ("nothing", "LRN", "batch norm"), strict=True):
    for scale, style, color in ((2, "^--", "C1"), (1, "o-", "C0"), (0.5, "v:", "C3")):
        found = gradients(partial(stack, 20, norm, scale))
        middle, spread = found.mean(dim=0), found.std(dim=0)
        x, label = range(1, 21), f"weights × {scale:g}"
        ax.plot(x, middle, style, color=color, markersize=4, label=label)
        ax.fill_between(x, middle - spread, middle + spread, color=color, alpha=0.3)
    ax.set(title=norm, xlabel="convolution", xticks=(1, 5, 10, 15, 20))
axes[0].set_ylabel("gradient, powers of 10")
axes[1].legend(loc="upper right")
plt.show()

# %% [markdown]
# **Figure.** Only with batch norm do the gradients at the start hardly depend on the size of the initial weights: over five seeds all of them lie within two powers of ten of 1. With nothing between the 20 convolutions they lie near 10⁻⁷, 10⁻¹ or 10⁵, according to whether the weights are halved, right or doubled; LRN tames the doubled ones only.
#
# Twelve powers of ten, by a factor of 4 in the weights.
# No learning rate can serve that.
# With batch norm the scale is simply divided out again, and one can say exactly how.

# %% tags=["nbval-ignore-output"]
# differs: widget
tenfold = predict(
    "All convolution weights of a network with batch norm are multiplied by 10. What "
    "happens to its logits, in training mode?",
    options=[
        "they grow tenfold",
        "they stay as they are",
        "they overflow",
        "all become 0",
    ],
)
tenfold

# %%
for norm in ("nothing", "batch norm"):
    torch.manual_seed(seed)
    network = stack(6, norm)
    with torch.no_grad():
        before = network(small[train])
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight *= 10
        after = network(small[train])
    change = ((after - before).norm() / before.norm()).item()
    print(f"{norm:10}: the logits change by {change:.0e} times their size")
tenfold.reveal(
    "they stay as they are" if change < 1e-3 else "they grow tenfold",
    because="Ten times as large, divided by a deviation ten times as large. "
    "What is left comes from ε.",
)

# %% [markdown]
# And the vanishing gradients?
# With ReLU and He's initialisation there were none to begin with.
# The claim is about activations that saturate: replace every ReLU by a sigmoid and look again.


# %%
def with_sigmoids(network: nn.Sequential) -> nn.Sequential:
    """Return the network with its ReLUs replaced."""
    layers = [nn.Sigmoid() if isinstance(a, nn.ReLU) else a for a in network]
    return nn.Sequential(*layers)


for norm in ("nothing", "batch norm"):
    found = gradients(lambda norm=norm: with_sigmoids(stack(10, norm))).mean(dim=0)
    print(f"{norm:10}: the last is 10^{found[-1] - found[0]:.1f} times the first")

# %% [markdown]
# There it is: with nothing between them, the first of ten layers gets about a hundred-thousandth of the last one's gradient and will hardly learn; with batch norm the two differ by a factor of some tens, less than two powers of ten.
#
# ### What does it do to the learning rate and the initialisation?
#
# Six layers with weights, four short epochs, one run each.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
tried = {}
for norm in ("nothing", "batch norm"):
    for learning_rate in (0.03, 0.3):
        torch.manual_seed(seed)
        history = train_digits(stack(5, norm), small, trial_epochs, learning_rate)
        tried[norm, learning_rate] = history[-1]
        loss, share = history[-1]
        print(f"{norm:10} {learning_rate}: loss {loss:.2f}, validation {share:.0%}")

# %%
shares = {key: share for key, (_, share) in tried.items()}
print("0.03 serves both:", all(shares[norm, 0.03] > 0.85 for norm, _ in shares))
print("0.3 serves batch norm:", shares["batch norm", 0.3] > 0.85)
print("0.3 ruins the other:", not shares["nothing", 0.3] > 0.5)

# %% [markdown]
# One run is a taste, not a result.
# The whole range, with several seeds for each point, was recorded.

# %%
runs = recorded("lesson06_norms")
print(f"recorded: {runs['n']} seeds a point, {runs['epochs']} epochs")
print(f"{runs['machine']}, {runs['date']}")
styles = {"nothing": ("o:", "C3"), "LRN": ("s--", "C1"), "batch norm": ("^-", "C0")}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
for ax, sweep in zip(axes, ("learning rate", "initial weights"), strict=True):
    for norm, (style, color) in styles.items():
        shares = 100 * torch.tensor(runs[sweep]["accuracies"][norm])  # (points, seeds)
        mean, spread = shares.mean(dim=1), shares.std(dim=1)
        points = runs[sweep]["values"]
        ax.errorbar(points, mean, spread, fmt=style, color=color, capsize=3, label=norm)
    ax.axhline(10, color="gray", linewidth=0.8)
    ax.set(xscale="log", xlabel=sweep, ylim=(0, 100))
axes[1].set_xlabel("initial weights, times He's")
axes[0].set_ylabel("validation accuracy (%)")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
plt.show()

# %% [markdown]
# **Figure.** Recorded: batch norm learns over the widest range, a factor of 100 in the learning rate (left) and of 256 in the size of the initial weights (right); with nothing the network learns in a narrow window only; LRN moves that window towards larger rates and weights more than it widens it. Shown are mean and deviation of the validation accuracy over seeds, with a grey line for guessing.
#
# For each, the range in which the mean stays above 85 %:

# %%
for sweep in ("learning rate", "initial weights"):
    points = runs[sweep]["values"]
    for norm, shares in runs[sweep]["accuracies"].items():
        means = torch.tensor(shares).mean(dim=1)
        good = [point for point, mean in zip(points, means, strict=True) if mean > 0.85]
        print(f"{sweep:16}{norm:11}{min(good):8g} to {max(good):g}")

# %% [markdown]
# So the slide's claims hold here, with numbers to them.
# *Why* batch norm helps is less settled than that it does: its inventors spoke of an "internal covariate shift", and later experiments (Santurkar and others, 2018) point to a smoother loss instead.
#
# *A good place for a second break.*
#
# ## Deeper is worse
#
# With batch norm everything is ready for depth, one should think.
# Here are two convolutions with batch norm as a *pair*, and networks that are made of nothing but such pairs.


# %%
class Pair(nn.Module):
    """Two 3 × 3 convolutions with batch norm; adds its input if `skip`."""

    def __init__(self, channels: int, skip: bool) -> None:
        super().__init__()
        self.skip = skip
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(self.conv1(x)).relu()
        out = self.bn2(self.conv2(out))
        if self.skip:
            out = out + x
        return out.relu()


def pairs(depth: int, skip: bool) -> nn.Module:
    """Return a network of `depth` layers with weights, made of pairs."""
    layers = [*unit(1, 16, "batch norm"), nn.MaxPool2d(2)]
    layers += [Pair(16, skip) for _ in range((depth - 2) // 2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)]
    return initialise(nn.Sequential(*layers, *head))


# %% tags=["nbval-ignore-output"]
# differs: widget
deeper = predict(
    "A plain network of 10 layers is made deeper, 20 layers. Trained alike, what "
    "happens to its loss on the *training* digits?",
    options=["it falls: more to learn with", "it stays the same", "it rises"],
)
deeper

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
ends = {}
for depth, skip in ((10, False), (deep, False), (deep, True)):
    torch.manual_seed(seed)
    network = pairs(depth, skip)
    ends[depth, skip] = train_digits(network, small, trial_epochs, 0.05)[-1]
    loss, share = ends[depth, skip]
    kind = "with skips" if skip else "plain"
    print(f"{depth} layers, {kind:10}: loss {loss:.2f}, validation {share:.0%}")

# %%
plain, plain_deep = ends[10, False][0], ends[deep, False][0]
best = min(ends, key=lambda key: ends[key][0])
print("the deep network with skips learns best:", best == (deep, True))
deeper.reveal(
    "it rises" if plain_deep > plain else "it falls: more to learn with",
    because="And this is the training loss: overfitting cannot be the reason.",
)

# %% [markdown]
# The deeper network could do whatever the shallower one does, if ten of its layers simply passed their input on.
# Training doesn't find that.
# Kaiming He and colleagues saw this on photographs in 2015 and called it *degradation*; and they turned it round.
# If passing on is so hard to learn, give it for free: let the layers learn only what is to be *added* to their input.
# That is the `+ x` in `Pair`, a **skip connection**, and the third line above shows what it does.
#
# Now the recorded runs, to 80 layers and over several seeds.

# %%
runs = recorded("lesson06_depth")
print(f"recorded: {runs['n']} seeds a point, {runs['epochs']} epochs")
print(f"{runs['machine']}, {runs['date']}")
fig, axes = plt.subplots(1, 2, figsize=(9, 3.3), layout="constrained")
depths = runs["depths"]
for kind, style in (("plain", "o:"), ("with skips", "^-")):
    for ax, what, factor in zip(axes, ("losses", "accuracies"), (1, 100), strict=True):
        found = factor * torch.tensor(runs[what][kind])  # (depths, seeds)
        mean, spread = found.mean(dim=1), found.std(dim=1)
        ax.errorbar(depths, mean, spread, fmt=style, capsize=3, label=kind)
for ax, word in zip(axes, ("training loss", "validation accuracy (%)"), strict=True):
    ax.set(xscale="log", xlabel="layers with weights", ylabel=word, ylim=0)
    ax.set_xticks(depths, depths)
    ax.minorticks_off()
axes[0].legend()
plt.show()

others = runs["plain_at_other_rates"]
best = min(sum(losses) / len(losses) for losses in others["losses"])
print(
    f"{others['depth']} plain layers, learning rates {min(others['values'])} to ",
    end="",
)
print(f"{max(others['values'])}: best mean training loss {best:.2f}")

# %% [markdown]
# **Figure.** Recorded: from 10 to 80 layers the training loss of plain networks rises from 0.3 to 2.0, where guessing has 2.3, and their validation accuracy falls below 20 %; networks with skip connections train well at every depth.
#
# Was the learning rate to blame?
# For 40 plain layers we tried five, from 0.003 to 0.5; none comes near.
#
# ### Where the gradients go
#
# Look once more at the gradients at the start, now through 80 layers, all with batch norm.

# %%
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for skip, style, name in ((False, "o:", "plain"), (True, "^-", "with skips")):
    middle = gradients(partial(pairs, 80, skip), runs=3).mean(dim=0)
    ax.plot(range(1, len(middle) + 1), middle, style, markersize=3, label=name)
    print(f"{name:10}: the second is 10^{middle[1] - middle[-1]:.1f} times the last")
ax.set(xlabel="convolution", ylabel="gradient, powers of 10")
ax.legend()
plt.show()

# %% [markdown]
# **Figure.** Gradients of 79 convolutions at the start: in the plain network they grow by more than four powers of ten from the last layers to the first, in the one with skips by about one.
#
# So the trouble with depth is not always a *vanishing* gradient: in plain networks with batch norm it *explodes* towards the input, a little with each layer.
# A step that suits the last layers throws the first ones about.
# With skips the gradient has a way back past the layers, whatever these do to their share: the derivative of x + f(x) is 1 + f′(x), and the 1 is never lost.
# "Facilitate signal propagation (forward/backward)", say your slides; this is the picture to it.
#
# ### The block, as the slides have it
#
# Your slides show torchvision's block: `identity = x`, two convolutions with batch norm, a ReLU between, `out += identity`, and a last ReLU.
# That is the short version.
# Three times in ResNet-18 the maps are halved and the channels doubled; there input and output do not fit.

# %%
block = models.resnet.BasicBlock(64, 128, stride=2)  # without `downsample`
try:
    block(torch.zeros(1, 64, 8, 8))
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# There the skip needs a *projection*: a 1 × 1 convolution with the same stride, and a batch norm.
# Where the shapes do fit, the input goes through untouched.
#
# ### Exercise 6.9: a residual block
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 20 minutes**
#
# Write the block of ResNet-18: 3 × 3 convolution (with the stride), batch norm, ReLU, 3 × 3 convolution, batch norm, *plus the input*, ReLU. No biases in convolutions.
#
# <details><summary>Hint 1</summary>
#
# In `__init__`: `self.projection = nn.Identity()`, and if the stride is not 1 or the channels change, an `nn.Sequential` of a 1 × 1 convolution and a batch norm.
#
# </details>
# <details><summary>Hint 2</summary>
#
# In `forward`: `out = …` for the two convolutions, without touching `x`; then `return F.relu(out + self.projection(x))`.
#
# </details>
# <details><summary>I get "The size of tensor a must match the size of tensor b"</summary>
#
# That is the projection: its stride, its channels, or that there is none.
#
# </details>
# <details><summary>I get the right shapes and wrong numbers</summary>
#
# Add first, ReLU afterwards. And the stride is in the first convolution.
#
# </details>


# %%
class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to the input.

    Shape:
        - Input: (N, in_channels, H, W)
        - Output: (N, out_channels, H / stride, W / stride)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        conv = partial(nn.Conv2d, bias=False)
        self.conv1 = conv(in_channels, out_channels, 3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.projection = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.projection = nn.Sequential(
                conv(in_channels, out_channels, 1, stride=stride),
                nn.BatchNorm2d(out_channels),
            )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.projection(x))
        ### END SOLUTION


# %%
checks.check_residual_block(ResidualBlock)

# %% [markdown]
# ## Your own ResNet-18
#
# A stem (7 × 7, stride 2, pooling), four stages of two blocks with 64, 128, 256 and 512 channels, a global average and one linear layer: 18 layers with weights, if the projections are not counted.
# That is all, and it fits in a cell.


# %%
def conv_norm(in_channels: int, channels: int, size: int, stride: int) -> nn.Module:
    conv = nn.Conv2d(in_channels, channels, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(channels)))


class Block(nn.Module):
    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.projection = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.projection = conv_norm(in_channels, channels, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.projection(x))


class ResNet18(nn.Module):
    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.stem = conv_norm(3, 64, size=7, stride=2)
        stages, before = [], 64
        for channels in (64, 128, 256, 512):
            stride = 1 if channels == 64 else 2
            pair = Block(before, channels, stride), Block(channels, channels, 1)
            stages.append(nn.Sequential(*pair))
            before = channels
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.stem(x)), 3, stride=2, padding=1)
        x = self.stages(x)  # (N, 512, H / 32, W / 32)
        return self.head(x.mean(dim=(2, 3)))


# %% [markdown]
# Is it *the* ResNet-18?
# Two networks are the same when they give the same outputs with the same weights.
# So we take torchvision's, with random weights, let it see a few batches in training mode so that its diaries are not trivial, and copy everything over.
# Only the names differ.

# %%
for own, other in zip(
    ResNet18().state_dict(), models.resnet18().state_dict(), strict=True
):
    if own.endswith("weight") and ("stages.1.0" in own or "stage" not in own):
        print(f"{own:34}{other}")

# %% [markdown]
# ### Exercise 6.10: the names of the others
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# Translate a name of ours into torchvision's.
# Above you see the names of the stem, of one block and of the head, ours on the left; the other blocks follow suit.
# Mind the stages: torchvision counts them from 1.
#
# <details><summary>Hint 1</summary>
#
# A dictionary of the parts that change, and `name.replace(own, other)` for each.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The stages: `for n in range(4): name = name.replace(f"stages.{n}.", f"layer{n + 1}.")`.
#
# </details>
# <details><summary>I get "layer2.0.downsample.conv.weight"</summary>
#
# torchvision's `downsample` is an `nn.Sequential` without names: its parts are 0 and 1.
#
# </details>


# %%
def their_name(name: str) -> str:
    """Return torchvision's name for a parameter or buffer of our ResNet-18."""
    ### BEGIN SOLUTION
    parts = {
        "stem.conv": "conv1",
        "stem.norm": "bn1",
        "projection.conv": "downsample.0",
        "projection.norm": "downsample.1",
        "head": "fc",
    }
    parts |= {f"stages.{n}.": f"layer{n + 1}." for n in range(4)}
    for own, other in parts.items():
        name = name.replace(own, other)
    return name
    ### END SOLUTION


# %%
checks.check_their_name(their_name)

# %% [markdown]
# Here the weights are copied in their order, since both networks list their layers from the input to the output; `strict=True` refuses any name that is missing or left over, and any shape that does not fit.
# (With `weights = "official"` at the top of the lesson it is the trained ResNet-18, if its weights are in the cache.)

# %%
torch.manual_seed(seed)
if weights == "official":
    from course_utils import pretrained

    theirs = pretrained.classifier("resnet18").model
else:
    theirs = models.resnet18(weights=None)
    with torch.no_grad():
        for _ in range(3):
            theirs.train()(torch.randn(8, 3, 64, 64) + 0.5)

ours = ResNet18()
names = dict(zip(theirs.state_dict(), ours.state_dict(), strict=True))
copied = {names[name]: value for name, value in theirs.state_dict().items()}
print(ours.load_state_dict(copied, strict=True))
counts = [sum(p.numel() for p in net.parameters()) for net in (ours, theirs)]
print(f"parameters: {counts[0]:,} and {counts[1]:,}")
print(f"tensors copied, diaries included: {len(copied)}")

# %% tags=["nbval-ignore-output"]
# differs: rounding, from processor to processor
pictures = torch.stack([photo(name, size=224) for name in ("chelsea", "coffee")])
for mode in ("evaluation", "training"):
    with torch.no_grad():
        own, other = (net.train(mode == "training")(pictures) for net in (ours, theirs))
    largest = (own - other).abs().max().item()
    assert largest < 1e-4
    print(f"in {mode}: logits up to {other.abs().max():.2f}", end="")
    print(f", largest difference {largest:.0e}")

# %% [markdown]
# The same network, to the last digit or nearly so.
# From here on you may say that you know what ResNet-18 is, and load weights that somebody else has trained into a class that you have written.
#
# ### Deeper still: bottlenecks and DenseNet
#
# ResNet-50, 101 and 152 use GoogLeNet's trick inside their blocks: a 1 × 1 convolution squeezes 256 channels to 64, a 3 × 3 works on those, a 1 × 1 widens to 256 again, and the input is added.
# That is a *bottleneck*.
# It costs about as much as ResNet-18's block and is three layers deep.
#
# DenseNet (2016) joins where ResNet adds: each layer reads the maps of *all* layers before it in its block, and adds 32 channels of its own.

# %%
with torch.device("meta"):
    densenet = models.densenet121(weights=None)
first_block = densenet.features.denseblock1
reads = [layer.norm1.num_features for layer in first_block.values()]
print("channels that each layer of the first dense block reads:", reads)
bottleneck = models.resnet.Bottleneck(256, 64)
basic = models.resnet.BasicBlock(64, 64)
for name, block, channels in (("basic", basic, 64), ("bottleneck", bottleneck, 256)):
    cost = anatomy(block, (1, channels, 56, 56))[-1]
    print(f"{name:10} block: {cost.parameters_so_far:,} parameters", end="")
    print(f", {cost.multiply_adds_so_far / 1e6:.0f} M multiply–adds")

# %% [markdown]
# In DenseNet's first block each layer reads 32 channels more than the one before.
# And the bottleneck, on four times as many channels, costs even a little less than the basic block.
#
# ## The zoo: accuracy against cost
#
# "Test different architectures and choose the best for your task", say your slides.
# Where to begin?
# torchvision publishes for each of its trained networks the accuracy on ImageNet and the work for one image.
# (It calls the latter GFLOPS, floating-point operations; a multiply–add is counted as one.)

# %%
families = {
    "AlexNet": ["alexnet"],
    "VGG": ["vgg11", "vgg13", "vgg16", "vgg19"],
    "GoogLeNet": ["googlenet"],
    "ResNet": ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"],
    "DenseNet": ["densenet121", "densenet169", "densenet201", "densenet161"],
    "SqueezeNet": ["squeezenet1_1"],
    "MobileNetV3": ["mobilenet_v3_small", "mobilenet_v3_large"],
    "EfficientNet": [f"efficientnet_b{n}" for n in range(6)],
    "ConvNeXt": ["convnext_tiny", "convnext_small", "convnext_base"],
}


def work_and_accuracy(weights: object) -> tuple[float, float]:
    """Return billions of multiply–adds and per cent top-1, as torchvision has them."""
    return weights.meta["_ops"], weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]


# %%
fig, ax = plt.subplots(figsize=(8.4, 5.2), layout="constrained")
for name in models.list_models(module=models):
    for one in models.get_model_weights(name):
        ax.plot(*work_and_accuracy(one), ".", color="silver", zorder=1)
for k, (family, names) in enumerate(families.items()):
    all_weights = [next(iter(models.get_model_weights(name))) for name in names]
    points = [work_and_accuracy(one) for one in all_weights]
    look = {"marker": "oshD^*vPX"[k], "color": ("C0", "C5", "C3")[k % 3]}
    ax.plot(*zip(*points, strict=True), markersize=7, **look)
    nudge = (
        (-10, 10) if family in ("EfficientNet", "GoogLeNet", "ConvNeXt") else (8, -10)
    )
    place = points[0] if family == "EfficientNet" else points[-1]
    ax.annotate(family, place, xytext=nudge, textcoords="offset points")
recipes = models.get_model_weights("resnet50")
old, new = (work_and_accuracy(recipes[f"IMAGENET1K_V{n}"]) for n in (1, 2))
ax.annotate("", new, old, arrowprops={"arrowstyle": "->", "lw": 1.5})
ax.annotate(
    "ResNet-50,\nnewer recipe", new, xytext=(6, -16), textcoords="offset points"
)
ax.set(xscale="log", xlim=(0.04, 60), ylim=(55, 88))
ax.set_xlabel("multiply–adds for one image (billions, log scale)")
ax.set_ylabel("top-1 accuracy on ImageNet (%)")
plt.show()
print(
    f"ResNet-50, at {old[0]:.1f} billion: {old[1]:.1f} % → {new[1]:.1f} % by recipe alone"
)

# %% [markdown]
# **Figure.** VGG costs most for what it gives; ResNet and DenseNet lie close together well above it, EfficientNet and ConvNeXt higher still; and the arrow shows ResNet-50 gaining almost five points at the same cost by a newer training recipe alone. Drawn is accuracy against work, each family of torchvision's networks as a line with its own marker and name, all others as grey dots.
#
# Three cautions before you choose from such a picture.
# Multiply–adds are not seconds: memory and the shape of the work count too (lesson 05).
# Points of one family were mostly trained alike, different families were not, and the arrow is as long as the distance between many of them.
# And it is ImageNet; your task is another.
# As a rule: begin with a pretrained ResNet-18 or -50, since everyone knows how it behaves, and change when you have a reason.
#
# ## A trained one
#
# Random networks are for studying.
# Here is one with trained weights: SqueezeNet 1.1 (2016), which squeezes with 1 × 1 convolutions throughout and fits into five megabytes.

# %%
from course_utils import pretrained

squeezenet = pretrained.classifier("squeezenet1_1")
print(squeezenet)
for name in ("chelsea", "coffee"):
    picture = squeezenet.prepare(photo(name, size=squeezenet.input_size)[None])
    with torch.no_grad():
        shares, classes = squeezenet.model(picture).softmax(dim=1)[0].topk(3)
    said = [squeezenet.classes[k] for k in classes.tolist()]
    print(f"{name}: {said[0]}, then {said[1]} and {said[2]}; credit: {credit(name)}")

# %% [markdown]
# A cat of three kinds, and an espresso: right, on photographs that nobody took for it.
# What happens on the way?
# The network explorer shows every layer of every network of this lesson: its shapes, its costs so far, the pixels that one output depends on, and, where trained weights are at hand, what it answers.
# First as it looks from outside, for everyone who reads this without a running kernel.

# %%
from course_utils.widgets import NetworkExplorer

explorer = NetworkExplorer("squeezenet1_1", layer="features.6 (concatenation)")
explorer.filmstrip()
plt.show()

# %% [markdown]
# **Figure.** The cat's photograph with the 47 × 47 pixels that one output in the middle of SqueezeNet depends on, twelve of the 256 maps there, strongest first, and the classes named in the end: some maps answer to outlines, some to the eyes, some to fur, and where one is bright another is dark.
#
# Now the live one.
# Step down the layers and watch the receptive field grow and the maps shrink; then choose ResNet-152 and see what each of its layers costs, trained or not.

# %% tags=["nbval-ignore-output"]
# differs: widget
explorer

# %% [markdown]
# How such insides can serve your own task is the subject of lesson 07.
#
# ## What to keep
#
# - Cut between groups: test on other hands than you trained on.
# - Parameters sit in linear layers, work in convolutions, training memory in the maps. The meta device opens any network for nothing.
# - AlexNet: images of 256, crops of 224 (227 without padding). Shapes that fit prove nothing.
# - 3 × 3 stacks see far at little cost; 1 × 1 convolutions squeeze channels before the expensive kernel; branches are joined along C.
# - LRN: neighbouring channels at one pixel. Batch norm: each channel over N, H, W; biased variance for the batch, unbiased for the running average; running statistics in evaluation.
# - Batch norm divides the scale of the weights out: a wider range of learning rates and initialisations.
# - Plain networks get worse with depth, in training already. With `+ x` gradients have a free way.
# - A network is its outputs: same weights, same numbers, same network.
#
# ## Quiz
#
# Five questions; three want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `models`, `anatomy`, `conv_parameters`, `nn` and `torch` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson06 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lecture: Rocco Meli and Rafael Sarmiento, *Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS, 2024).
# - The digits: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998, as they come with scikit-learn.
# - Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 1998.
# - Alex Krizhevsky, Ilya Sutskever, Geoffrey Hinton, *ImageNet classification with deep convolutional neural networks*, NIPS 25, 2012; Krizhevsky's [One weird trick](https://arxiv.org/abs/1404.5997), 2014, is torchvision's AlexNet.
# - Karen Simonyan, Andrew Zisserman, [Very deep convolutional networks](https://arxiv.org/abs/1409.1556), 2014.
# - Christian Szegedy and others, [Going deeper with convolutions](https://arxiv.org/abs/1409.4842), 2014.
# - Sergey Ioffe, Christian Szegedy, [Batch normalization](https://arxiv.org/abs/1502.03167), 2015; Shibani Santurkar and others, [How does batch normalization help optimization?](https://arxiv.org/abs/1805.11604), 2018; Greg Yang and others, [A mean field theory of batch normalization](https://arxiv.org/abs/1902.08129), 2019: why it makes gradients explode with depth.
# - Kaiming He and others, [Delving deep into rectifiers](https://arxiv.org/abs/1502.01852), 2015: the initialisation; [Deep residual learning](https://arxiv.org/abs/1512.03385), 2015.
# - Gao Huang and others, [Densely connected convolutional networks](https://arxiv.org/abs/1608.06993), 2016; Forrest Iandola and others, [SqueezeNet](https://arxiv.org/abs/1602.07360), 2016.
