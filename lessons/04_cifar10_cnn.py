# %% [markdown]
# # 4 · How does a network learn to tell a cat from a dog?
#
# You know what a convolution computes and what a pooling forgets.
# Nobody has told the kernels yet what to look for.
# In this lesson you put the layers together, and then you show the network pictures until it has found out by itself: predict, measure the error, find out which way is downhill, take a small step, and again.
# At the end you ask the harder question: how much of that may we believe?
#
# **You will be able to**
#
# - load and inspect images, and say why there are three sets of them;
# - build the lecture's network line by line, predict every shape, and mend the slides' mistakes;
# - work out the cross-entropy by hand, and write the four steps of training without looking them up;
# - train, watch the curves, and test once, with an uncertainty;
# - read a confusion matrix, and look at the filters, the feature maps and the worst mistakes.
#
# **Time**: about four hours with all twelve exercises; good places for a break are before *From ten logits to one loss* and before *The test, once*.
#
# **From before**: tensors and normalisation (lesson 01), convolution (02), pooling, ReLU and flattening (03).

# %% tags=["parameters"]
seed = 0
source = "auto"
train_size = 10_000
epochs = 10
profile = "quick"  # "full": CIFAR-10's own photographs, downloaded, and 20 epochs

# %%
import time
import warnings
from collections.abc import Iterator
from math import exp, log, sqrt

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import plots
from course_utils.arithmetic import trace_shapes
from course_utils.checks import lesson04 as checks
from course_utils.datasets import load_cifar10
from course_utils.predict import predict

plots.use_style()
if profile == "full":
    source, train_size, epochs = "official", None, 20

# %% [markdown]
# ## Look at the data first
#
# CIFAR-10 is 60,000 photographs of 32 × 32 pixels in ten classes, and the lectures' example.
# Its host can be very slow, so this workbook never waits for it: it takes the best that is at hand and says in one line what that is.
# Without the photographs there is the *drawn world*: pictures of the same ten classes, drawn on the spot.

# %% tags=["nbval-ignore-output"]
# differs: names the images that are at hand
data = load_cifar10(source, train_size=train_size, seed=seed)

# %%
class_names = data.class_names
num_classes = len(class_names)
print("training:  ", tuple(data.train_images.shape), data.train_images.dtype)
print("validation:", tuple(data.validation_images.shape))
print("test:      ", tuple(data.test_images.shape))

print(f"\n{'class':12}{'training':>9}{'validation':>12}{'test':>6}")
sets = (data.train_labels, data.validation_labels, data.test_labels)
counts = [labels.bincount(minlength=num_classes).tolist() for labels in sets]
for name, *row in zip(class_names, *counts, strict=True):
    print(f"{name:12}{row[0]:>9}{row[1]:>12}{row[2]:>6}")

# %% [markdown]
# Images are bytes, (N, 3, 32, 32), and labels are whole numbers that point into `class_names`.
# Every class comes up equally often, so guessing is right in one of ten cases, and that is the first number to beat.
# (If nine of ten pictures were ships, a network could always say "ship", learn nothing, and be right in nine of ten cases.)
#
# Now look at the pictures themselves, ten of each class.
# No number replaces this: wrong labels, upside-down images and mixed-up channels are seen in a second.

# %%
rows = [
    torch.cat(
        list(data.train_images[data.train_labels == k][:10]), dim=2
    )  # side by side
    for k in range(num_classes)
]
fig, ax = plt.subplots(figsize=(6.4, 6.2), layout="constrained")
plots.show_rgb(torch.cat(rows, dim=1), ax)
ax.set_yticks([32 * k + 16 for k in range(num_classes)], class_names)
ax.tick_params(length=0)
plt.show()

# %% [markdown]
# **Figure.** Ten training pictures of each class, a row a class: within a row colour, size, view and background change freely, while a cat and a dog, or a car and a truck, may differ in a few pixels only.
#
# ## Three sets, three purposes
#
# - The **training** images are for learning.
# - The **validation** images are for every decision: which learning rate, which network, when to stop. Whatever you choose by a set you also fit to it a little, so these must be other images than the training images.
# - The **test** images are for one measurement at the end. Choose by them, and nothing is left that could tell you the truth.
#
# Data sets mostly come as two parts, training and test.
# So the validation set is cut from the *training* images: shuffled first, and by a seed, so that it is the same cut tomorrow.
# `load_cifar10` has done that for you; here you do it yourself.
#
# ### Exercise 4.1: cut the validation set
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Divide the indices 0 … total − 1 of the training images in two, at random and repeatably.
#
# <details><summary>Hint 1</summary>
#
# `torch.randperm(total, generator=generator)` is every index once, in random order.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.Generator().manual_seed(seed)` makes a generator that begins the same way each time. Then cut the one order in two by slicing.
#
# </details>
# <details><summary>I get images that are in both sets</summary>
#
# Do you call `randperm` twice? Shuffle once, and give each half to one set.
#
# </details>


# %%
def split_indices(total: int, validation_size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Divide the training images in two at random.

    Args:
        total: How many training images there are.
        validation_size: How many of them are cut off.
        seed: Which cut; the same seed gives the same one.

    Returns:
        Indices for training, (total - validation_size,), and for validation,
        (validation_size,).
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(total, generator=generator)
    return order[validation_size:], order[:validation_size]
    ### END SOLUTION


# %%
checks.check_split_indices(split_indices)

# %% [markdown]
# ### Bytes become small numbers
#
# A network learns best from inputs around 0, as lesson 01 has shown: subtract each channel's mean, divide by its standard deviation.
# Both come from the **training images only**.
# Validation and test stand for pictures that nobody has seen yet, so their own statistics must not be known either.

# %%
pixels = data.train_images.float() / 255
mean = pixels.mean(dim=(0, 2, 3), keepdim=True)  # (1, 3, 1, 1)
std = pixels.std(dim=(0, 2, 3), keepdim=True)

train_images = (pixels - mean) / std
val_images = (data.validation_images / 255 - mean) / std
test_images = (data.test_images / 255 - mean) / std
train_labels, val_labels = data.train_labels, data.validation_labels
for name, images in (("training", train_images), ("validation", val_images)):
    print(f"{name:11} mean {images.mean():+.2f}, standard deviation {images.std():.2f}")

# %% [markdown]
# The training images now have mean 0 and deviation 1, by construction.
# That the validation images come close, and not exactly, is as it should be: they are other pictures of the same kind.
#
# ### Exercise 4.2: normalise by the training images
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Write it as a function that treats both sets alike.
#
# <details><summary>Hint 1</summary>
#
# One mean a channel: reduce all axes but C, `dim=(0, 2, 3)`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# With `keepdim=True` the mean has shape (1, 3, 1, 1) and fits every image.
#
# </details>
# <details><summary>I get an error about dtypes</summary>
#
# Bytes have no mean. `.float()` first.
#
# </details>


# %%
def normalise(training: Tensor, validation: Tensor) -> tuple[Tensor, Tensor]:
    """Normalise two sets of images by the channels' statistics of the first.

    Args:
        training: Bytes, (N, 3, H, W).
        validation: Bytes, (M, 3, H, W).

    Returns:
        Both sets as float32, in the same shapes.
    """
    ### BEGIN SOLUTION
    mean = training.float().mean(dim=(0, 2, 3), keepdim=True)
    std = training.float().std(dim=(0, 2, 3), keepdim=True)
    return (training.float() - mean) / std, (validation.float() - mean) / std
    ### END SOLUTION


# %%
checks.check_normalise(normalise)

# %% [markdown]
# ## The network, line by line
#
# A network is a function put together from functions, Φ(x) = φ_K(… φ_2(φ_1(x)) …), as the slide has it.
# PyTorch writes it as a class with two methods: `__init__` makes the layers, `forward` says in which order they are used.
# The slides begin with an empty one:
#
# ```python
# class CNN(nn.Module):
#     def __init__(self):
#         super().__init__()  # Inherit from parent class
# ```
#
# The comment is not right: the class inherits in its first line, by `(nn.Module)`.
# `super().__init__()` is a call, and it *initialises* the parent, which sets up the registers where a module keeps its layers.
# Leave it out, and there is nowhere to put them.


# %%
class Forgetful(nn.Module):
    def __init__(self) -> None:
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, padding=1)


try:
    Forgetful()
except AttributeError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# Now the first block: a convolution from 3 channels to 6, an activation, a pooling.
# One image goes in, (1, 3, 32, 32).

# %% tags=["nbval-ignore-output"]
# differs: widget
first_block = predict(
    "What comes out of `conv1` (6 kernels, 3 × 3, padding 1) and a 2 × 2 pooling?",
    options=["(1, 6, 32, 32)", "(1, 6, 16, 16)", "(1, 3, 16, 16)", "(1, 6, 15, 15)"],
)
first_block


# %%
class CNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, stride=1, padding=1)
        self.act1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool1(self.act1(self.conv1(x)))


first_block.reveal(
    str(tuple(CNN()(torch.zeros(1, 3, 32, 32)).shape)),
    because="Padding 1 keeps 32, the pooling halves it, and each of 6 kernels gives a map.",
)

# %% [markdown]
# The second block is like the first.
# `conv2` takes 6 channels, because `conv1` gives 6.
# Activation and pooling learn nothing, so one of each serves both blocks.
# After it, six maps of 8 × 8 are left; flattened, 384 numbers, and three fully connected layers make ten of them: 384 → 120 → 84 → 10.
#
# ### Exercise 4.3: find the mistake in `forward`
# **Difficulty** 1 of 5 · **importance** 3 of 5 · **about 3 minutes**
#
# Your slides write `forward` in two nested calls, as transcribed:
#
# ```python
# x = self.pool1(self.act1(self.conv2(self.pool1(self.act1(self.conv1(x)))))))
# x = self.fc3(self.act1(self.fc2(self.act1(self.fc1(x))))))
# ```
#
# Python refuses both.
# Besides, an activation is easily lost in there: is one missing between `conv2` and the outer pooling? (Read from the inside.)
# Count the opening and the closing parentheses of each line, and answer with `((opening, closing), (opening, closing))`.
#
# <details><summary>Hint 1</summary>
#
# `line.count("(")` counts for you, if the line is a string.
#
# </details>
# <details><summary>I get "unmatched ')'"</summary>
#
# So does everyone who copies the slide. That is the message you are looking for the reason of.
#
# </details>

# %%
slide_lines = (
    "x = self.pool1(self.act1(self.conv2(self.pool1(self.act1(self.conv1(x)))))))",
    "x = self.fc3(self.act1(self.fc2(self.act1(self.fc1(x))))))",
)
for line in slide_lines:
    try:
        compile(line, "slide", "exec")
    except SyntaxError as error:
        print(f"{type(error).__name__}: {error.msg}")

# %%
# two pairs of whole numbers: ((opening, closing), (opening, closing))
### BEGIN SOLUTION
parentheses = tuple((line.count("("), line.count(")")) for line in slide_lines)
### END SOLUTION

# %%
checks.check_parentheses(parentheses)

# %% [markdown]
# Nested calls are read from the inside out and are hard to count.
# One line a step is longer, and you can put a shape behind each.
#
# ### Exercise 4.4: the whole network
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write the network of lecture I (Imperial College's) as a class: the two blocks, the flattening, the three fully connected layers, for any number of classes.
#
# <details><summary>Hint 1</summary>
#
# In `__init__` continue the class above: `conv2` (6 → 6), `nn.Flatten()`, and `nn.Linear` three times.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Six lines in `forward`: block, block, flatten, `fc1` with activation, `fc2` with activation, `fc3` without.
#
# </details>
# <details><summary>I get "mat1 and mat2 shapes cannot be multiplied"</summary>
#
# The first shape is what arrives, the second what `nn.Linear` was told. The `in_features` of `fc1` is 6 · 8 · 8.
#
# </details>
# <details><summary>I get rows that add up to 1</summary>
#
# Then there is a softmax at the end. The network returns logits: plain numbers, of any size and sign.
#
# </details>


# %%
class MyCNN(nn.Module):
    """Lecture I's network.

    Shape:
        - Input: (N, 3, 32, 32)
        - Output: (N, num_classes), logits
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(6, 6, kernel_size=3, padding=1)
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(6 * 8 * 8, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        x = self.pool(self.act(self.conv1(x)))
        x = self.pool(self.act(self.conv2(x)))
        x = self.act(self.fc1(x.flatten(1)))
        return self.fc3(self.act(self.fc2(x)))
        ### END SOLUTION


# %%
checks.check_cnn(MyCNN)

# %% [markdown]
# Here is the network as the rest of the lesson uses it, with the slide's names for the layers.


# %%
class CNN(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, stride=1, padding=1)
        self.act1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 6, kernel_size=3, stride=1, padding=1)
        self.flat = nn.Flatten()
        self.fc1 = nn.Linear(6 * 8 * 8, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.act1(self.conv1(x)))  # (N, 6, 16, 16)
        x = self.pool1(self.act1(self.conv2(x)))  # (N, 6, 8, 8)
        x = self.flat(x)  # (N, 384)
        x = self.act1(self.fc1(x))  # (N, 120)
        x = self.act1(self.fc2(x))  # (N, 84)
        return self.fc3(x)  # (N, num_classes): no activation here


# %% tags=["nbval-ignore-output"]
# differs: widget
largest = predict(
    "Which layer has the most parameters?",
    options=["conv1", "conv2", "fc1", "fc2", "fc3"],
)
largest

# %%
torch.manual_seed(seed)
sizes = {
    name: sum(parameter.numel() for parameter in layer.parameters())
    for name, layer in CNN().named_children()
}
largest.reveal(
    max(sizes, key=sizes.get),
    because=f"It holds {sizes['fc1'] / sum(sizes.values()):.0%} of them; both "
    f"convolutions together {(sizes['conv1'] + sizes['conv2']) / sum(sizes.values()):.1%}.",
)

# %% [markdown]
# The whole table, with the formula of each size filled in:

# %%
trace_shapes(CNN(), (1, 3, 32, 32))

# %% [markdown]
# The layers that *see* are nearly free, since their weights are shared over the whole image.
# The layer that first connects everything with everything pays for it.
#
# ### Exercise 4.5: count the parameters
# **Difficulty** 1 of 5 · **importance** 4 of 5 · **about 5 minutes**
#
# Count all weights and biases of any module, whether they are being trained or not.
#
# <details><summary>Hint 1</summary>
#
# `model.parameters()` gives one tensor after the other, from all levels.
#
# </details>
# <details><summary>I get 10 for the lecture's network</summary>
#
# That is the number of tensors, five weights and five biases. Each holds many numbers.
#
# </details>


# %%
def count_parameters(model: nn.Module) -> int:
    """Return the number of weights and biases of a module."""
    ### BEGIN SOLUTION
    return sum(parameter.numel() for parameter in model.parameters())
    ### END SOLUTION


# %%
checks.check_count_parameters(count_parameters)

# %% [markdown]
# ## The other lecture's network
#
# Lecture C (ETH Zürich and CSCS) puts its layers into `nn.Sequential`, which calls one after the other and saves you the `forward`.
# Your slides say, as transcribed:
#
# ```python
# nn.Sequential([
#     nn.Conv2D(3, 16, 3), nn.MaxPool2d(2), nn.ReLU(),
#     nn.Conv2D(16, 32, 3), nn.MaxPool2d(2), nn.ReLU(),
#     nn.Flatten(),
#     nn.Linear(256, 10)
# ])
# ```
#
# Three things in it can't work. PyTorch finds two of them at once.

# %%
for attempt in (lambda: nn.Sequential([nn.ReLU()]), lambda: nn.Conv2D(3, 16, 3)):
    try:
        attempt()
    except (TypeError, AttributeError) as error:
        print(f"{type(error).__name__}: {error}")

# %% [markdown]
# `nn.Sequential` takes the modules one by one, not in a list, and the class is called `nn.Conv2d`, with a small d.
# With both mended, the network can be made.
# Can it be used?

# %%
slide_network = nn.Sequential(
    nn.Conv2d(3, 16, 3),
    nn.MaxPool2d(2),
    nn.ReLU(),
    nn.Conv2d(16, 32, 3),
    nn.MaxPool2d(2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(256, 10),
)
trace_shapes(slide_network, (1, 3, 32, 32))

# %% [markdown]
# 32 × 32 images need 1152 inputs there.
# Is there another size for which 256 is right?
# 256 inputs are 32 maps of 8 values, and a square of 8 values does not exist; let the computer agree.

# %%
needed = {size: 32 * (((size - 2) // 2 - 2) // 2) ** 2 for size in range(10, 301)}
print("28 × 28 needs", needed[28], "and 32 × 32 needs", needed[32])
assert 256 not in needed.values()

# %% [markdown]
# ### Exercise 4.6: mend lecture C's network
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Write the three-layer network (two convolutions without padding, one fully connected layer) for any square image, and let `forward` *assert* each shape in symbols.
# An assert such as `assert x.shape == (N, 16, S1, S1)` costs nothing, tells the reader what you believe, and stops at the first line where you are wrong.
#
# <details><summary>Hint 1</summary>
#
# A convolution without padding takes 2 pixels away, a pooling halves and rounds down: 32 → 30 → 15 → 13 → 6.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Compute `first = (image_size - 2) // 2` and `second = (first - 2) // 2` once, in `__init__`, and keep them in `self`.
#
# </details>
# <details><summary>I get an AssertionError for a single image</summary>
#
# Is a batch size written into an assert? Take it from the input: `N = x.shape[0]`.
#
# </details>


# %%
class LabNetwork(nn.Module):
    """Lecture C's network: conv 3 → 16, pool, ReLU, conv 16 → 32, pool, ReLU, linear.

    Shape:
        - Input: (N, 3, image_size, image_size)
        - Output: (N, num_classes), logits
    """

    def __init__(self, image_size: int = 32, num_classes: int = 10) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.first = (image_size - 2) // 2  # side after the first block, in pixels
        self.second = (self.first - 2) // 2
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3)
        self.fc = nn.Linear(32 * self.second**2, num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        N = x.shape[0]
        x = F.max_pool2d(self.conv1(x), 2).relu()
        assert x.shape == (N, 16, self.first, self.first)
        x = F.max_pool2d(self.conv2(x), 2).relu()
        assert x.shape == (N, 32, self.second, self.second)
        x = x.flatten(1)
        assert x.shape == (N, self.fc.in_features)
        return self.fc(x)
        ### END SOLUTION


# %%
checks.check_lab_network(LabNetwork)

# %% [markdown]
# ## From ten logits to one loss
#
# The network ends in ten plain numbers, the *logits*: the larger, the more it likes the class.
# The softmax makes probabilities of them: take the exponential of each, divide by their sum.
# Three classes are enough to see it.

# %%
logits = torch.tensor([2.0, 1.0, -1.0])
exponentials = [exp(2.0), exp(1.0), exp(-1.0)]
by_hand = torch.tensor(exponentials) / sum(exponentials)
torch.testing.assert_close(logits.softmax(dim=0), by_hand)
print("probabilities:", [f"{p:.3f}" for p in by_hand])

# %% [markdown]
# Suppose class 1 is the true one.
# It has a probability of 0.26, and the loss is *minus the logarithm* of that: 1.35.
# Sure and right costs 0; the more surely wrong, the more it costs, without limit.
#
# Your slides call this the "cross-validation loss", as transcribed.
# Cross-validation is something else, a way of using one data set for training and validation in turns.
# The loss is the **cross-entropy**.

# %%
true_class = torch.tensor([1])
loss = F.cross_entropy(logits[None], true_class)
log_probabilities = logits - logits.logsumexp(dim=0)  # log-softmax, without forming exp
print(f"by hand   {-log(by_hand[1]):.4f}")
print(f"log-sum   {-log_probabilities[1]:.4f}")
print(f"PyTorch   {loss:.4f}")

# %% [markdown]
# Three times 1.3490.
# PyTorch takes the **logits** and does softmax and logarithm in one go, because that never overflows.
#
# So here is a check that costs one line.
# A network that has learnt nothing should be undecided among the classes.
# Which loss is that?

# %% tags=["nbval-ignore-output"]
# differs: widget
first_loss = predict(
    "The untrained network sees ten classes. What is its cross-entropy, to two decimals?"
)
first_loss

# %%
torch.manual_seed(seed)
model = CNN(num_classes)
images, labels = train_images[:64], train_labels[:64]
with torch.no_grad():
    loss = F.cross_entropy(model(images), labels)
first_loss.reveal(
    round(loss.item(), 2),
    because=f"−ln(1/{num_classes}) = {log(num_classes):.2f}: "
    "every class gets about the same probability.",
    tolerance=0.03,
)

# %% [markdown]
# Remember 2.30.
# A first loss of 5 or of 0.1 means that something is wrong before you have begun.
#
# ### Softmax, and softmax again
#
# The commonest silent mistake of all: a softmax at the end of the network, *and* the one inside the loss.
# Nothing crashes.
# Let a network be perfectly sure and perfectly right, and compare.

# %%
perfect = torch.full((1, 10), -30.0)
perfect[0, 3] = 30.0
target = torch.tensor([3])
print(f"loss on logits:        {F.cross_entropy(perfect, target):.4f}")
print(f"loss on probabilities: {F.cross_entropy(perfect.softmax(dim=1), target):.4f}")

# %% [markdown]
# With two softmaxes even perfection costs 1.46, and the gradient is faint long before.
# A loss that will not fall below about 1.5 is the fingerprint of this mistake.
#
# ### Exercise 4.7: cross-entropy from logits
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write it for a batch, without `F.cross_entropy` and `F.nll_loss`.
#
# <details><summary>Hint 1</summary>
#
# Log-softmax over the classes, then of each image the entry of its true class, then the mean, then the sign.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `log_probabilities[torch.arange(N), labels]` picks one entry a row.
#
# </details>
# <details><summary>I get infinity on the last case</summary>
#
# exp(−1000) is 0 for a computer, and its logarithm −∞. Use `log_softmax` or `logsumexp`, which never form it.
#
# </details>


# %%
def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of a batch, a tensor without axes.

    Shape:
        - logits: (N, C)
        - labels: (N,), whole numbers from 0 to C - 1
    """
    ### BEGIN SOLUTION
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    true_ones = log_probabilities[torch.arange(len(labels)), labels]
    return -true_ones.mean()
    ### END SOLUTION


# %%
checks.check_cross_entropy(cross_entropy)

# %% [markdown]
# ## Four steps, by hand
#
# Your slides name the four steps of training: predict, compute the loss, compute its gradient, update the parameters.
# Here they are on one batch of 64 images, with nothing but plain tensors.
# The gradient says for each of the 57,712 parameters how the loss would grow if it grew a little; so we move each a little *against* it.

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
logits = model(images)  # 1) predict
before = F.cross_entropy(logits, labels)  # 2) loss
before.backward()  # 3) gradient: now in parameter.grad
with torch.no_grad():  # 4) update
    for parameter in model.parameters():
        parameter -= 0.1 * parameter.grad
    after = F.cross_entropy(model(images), labels)
print(f"loss before {before:.4f}, after {after:.4f}")

# %% [markdown]
# A small step downhill: the loss has fallen, a little.
# Before the next one, a trap.
# `backward` does not *write* the gradient into `.grad`, it *adds* it to what is there.

# %% tags=["nbval-ignore-output"]
# differs: widget
second_backward = predict(
    "You compute the same loss twice and call `backward` each time, without resetting. "
    "How large is the gradient in `.grad`, compared with the right one?",
    options=["the same", "twice", "0", "an error"],
)
second_backward

# %%
model.zero_grad()
F.cross_entropy(model(images), labels).backward()
once = model.fc3.bias.grad.norm()
F.cross_entropy(model(images), labels).backward()
factor = (model.fc3.bias.grad.norm() / once).item()
second_backward.reveal(
    {1.0: "the same", 2.0: "twice"}[round(factor, 2)],
    because="Gradients add up until `zero_grad` clears them.",
)

# %% [markdown]
# So every step begins with `optimizer.zero_grad()`.
#
# The slides' optimizer is `SGD(lr=1e-3, momentum=0.9)`.
# *Stochastic gradient descent* is our step 4; *momentum* lets it roll: a velocity keeps 0.9 of itself, the gradient is added, and the parameters follow the velocity.
# Here is that sentence in code, beside PyTorch's.

# %%
ours = torch.tensor([1.0, -2.0])
theirs = nn.Parameter(ours.clone())
optimizer = torch.optim.SGD([theirs], lr=0.1, momentum=0.9)
velocity = torch.zeros(2)
for _ in range(3):
    velocity = 0.9 * velocity + 2 * ours  # the gradient of x² is 2x
    ours = ours - 0.1 * velocity
    optimizer.zero_grad()
    theirs.square().sum().backward()
    optimizer.step()
torch.testing.assert_close(theirs.data, ours)
print("after three steps:", [f"{value:.3f}" for value in ours])

# %% [markdown]
# The same numbers.
# Now the four steps as everyone writes them.
#
# ### Exercise 4.8: one step of training
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Take one step on one batch and return the loss as a plain number.
#
# <details><summary>Hint 1</summary>
#
# Five lines in this order: predict, loss, `zero_grad`, `backward`, `step`.
#
# </details>
# <details><summary>I get a first loss that is right and later ones that are not</summary>
#
# Is `zero_grad` there? The check takes three steps in a row, since one step cannot show it.
#
# </details>
# <details><summary>I get "modified by an inplace operation"</summary>
#
# The parameters were changed between prediction and `backward`: `step` comes last.
#
# </details>


# %%
def train_step(
    model: nn.Module, images: Tensor, labels: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    """Take one step of training; return the batch's loss before the update.

    Args:
        model: Gives logits, (N, C).
        images: Normalised, (N, 3, H, W).
        labels: True classes, (N,).
        optimizer: Holds the model's parameters.
    """
    ### BEGIN SOLUTION
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %%
checks.check_train_step(train_step)

# %% [markdown]
# ### Can it learn one batch by heart?
#
# Before any long training, train on a *single* batch, again and again.
# A network with 57,712 parameters must be able to learn 32 pictures by heart; if it can't, there is a mistake in the loop, and no amount of data will mend it.
# We try the slides' learning rate and one ten times as large.


# %%
def learn_one_batch(
    learning_rate: float, steps: int = 200
) -> tuple[list[float], float]:
    """Train a new network on the first 32 images; return its losses and accuracy."""
    torch.manual_seed(seed)
    model = CNN(num_classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    images, labels = train_images[:32], train_labels[:32]
    losses = []
    for _ in range(steps):
        logits = model(images)  # 1) predict
        loss = F.cross_entropy(logits, labels)  # 2) loss
        optimizer.zero_grad()
        loss.backward()  # 3) gradient
        optimizer.step()  # 4) update
        losses.append(loss.item())
    return losses, (logits.argmax(dim=1) == labels).float().mean().item()


slow, slow_accuracy = learn_one_batch(1e-3)
fast, fast_accuracy = learn_one_batch(1e-2)

# %%
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
ax.plot(slow, "--", label="learning rate 0.001 (slides)")
ax.plot(fast, label="learning rate 0.01")
ax.axhline(
    log(num_classes), color="gray", linestyle=":", label="undecided: ln 10 = 2.30"
)
ax.set(xlabel="step", ylabel="loss of the 32 images", ylim=(0, 2.6))
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# **Figure.** With a learning rate of 0.01 the loss of the one batch stays near 2.30 at first and then falls to nearly 0 within 200 steps; with the slides' 0.001 it has hardly moved by then.

# %%
print("0.01 knows all 32 pictures by heart:", fast_accuracy == 1.0 and fast[-1] < 0.1)
print("0.001 is still above 2.0:", slow[-1] > 2.0)

# %% [markdown]
# The loop works.
# And the slides' learning rate isn't wrong, only patient: it needs many more steps than 200.
#
# ## The loop
#
# An *epoch* shows every training image once, in batches, in another order each time.
# The last batch is smaller when the batch size does not divide the number of images; it counts all the same.


# %%
def batches(
    images: Tensor, labels: Tensor, batch_size: int, shuffle: bool = False
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images, labels) until all have been seen once."""
    order = torch.randperm(len(labels)) if shuffle else torch.arange(len(labels))
    for chosen in order.split(batch_size):
        yield images[chosen], labels[chosen]


def train_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loader: Iterator[tuple[Tensor, Tensor]],
) -> float:
    """Train on every batch once; return the mean loss of an image."""
    model.train()
    total = count = 0
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)  # 1) and 2)
        optimizer.zero_grad()
        loss.backward()  # 3)
        optimizer.step()  # 4)
        total += loss.item() * len(labels)  # batches differ in size
        count += len(labels)
    return total / count


# %% [markdown]
# While training we only look at the loss.
# How good the network is we ask the *validation* images, and for that it must stand still: no gradients, and evaluation mode (`model.eval()`), in which dropout and batch norm, which you will meet in lesson 06, behave differently.
# This network has neither; the habit costs nothing.
#
# ### Exercise 4.9: accuracy over many batches
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Given the logits and labels of every batch, return the share of images that are predicted rightly.
#
# <details><summary>Hint 1</summary>
#
# The prediction is the class with the largest logit: `argmax` over the classes.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Keep two counts, right images and images, over all batches, and divide once at the end.
#
# </details>
# <details><summary>I get nearly the right number</summary>
#
# Do you average the batches' accuracies? The last batch is smaller, and its images would count for more.
#
# </details>


# %%
def accuracy(batches: list[tuple[Tensor, Tensor]]) -> float:
    """Return the share of right predictions, from 0 to 1.

    Args:
        batches: Pairs of logits, (N, C), and labels, (N,); N may differ.
    """
    ### BEGIN SOLUTION
    right = sum(
        (logits.argmax(dim=1) == labels).sum().item() for logits, labels in batches
    )
    return right / sum(len(labels) for _, labels in batches)
    ### END SOLUTION


# %%
checks.check_accuracy(accuracy)

# %% [markdown]
# ### Exercise 4.10: evaluate a network
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Run a network over batches of images, as an examiner does: nothing is learnt, nothing recorded, nobody left out.
#
# <details><summary>Hint 1</summary>
#
# Two lines come first: `model.eval()` and `with torch.inference_mode():`. They do different things, and you need both.
#
# </details>
# <details><summary>I get another accuracy at each call</summary>
#
# Dropout is still at work: the network is in training mode.
#
# </details>
# <details><summary>I get "gradients were recorded"</summary>
#
# `eval()` does not stop autograd. `torch.inference_mode()` does, and so does the older `torch.no_grad()`.
#
# </details>


# %%
def evaluate_accuracy(model: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> float:
    """Return the share of images that a network predicts rightly, from 0 to 1.

    Args:
        model: Gives logits, (N, C).
        batches: Pairs of images, (N, 3, H, W), and labels, (N,); N may differ.
    """
    ### BEGIN SOLUTION
    model.eval()
    right = total = 0
    with torch.inference_mode():
        for images, labels in batches:
            right += (model(images).argmax(dim=1) == labels).sum().item()
            total += len(labels)
    return right / total
    ### END SOLUTION


# %%
checks.check_evaluate(evaluate_accuracy)

# %% [markdown]
# The version for the rest of the lesson keeps all logits, so that loss, accuracy and everything after can be computed from them.
# (`inference_mode` is `no_grad` and a promise: what it returns never enters a gradient again. So PyTorch may leave out some more of its bookkeeping.)


# %%
def evaluate(model: nn.Module, images: Tensor) -> Tensor:
    """Return the logits of all images, (N, C)."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(chunk) for chunk in images.split(500)])


# %% [markdown]
# ### Which learning rate, which batch size?
#
# The slides give a learning rate, 0.001, and no batch size.
# The usual partner of 0.001 is a batch of **4**.
# That is slow: each step costs Python and PyTorch about the same whether it holds 4 images or 32, and there are eight times as many steps.
# But a batch of 32 with the same learning rate takes an eighth of the steps and gets an eighth as far.
# So we raise both: eight times the batch, ten times the rate.
# Each of the three sees the same 5000 training images once, and is judged on the validation images, as for every choice.

# %% tags=["nbval-ignore-output"]
# differs: times, and rounding from machine to machine
tried = {}
for learning_rate, batch_size in ((1e-3, 4), (1e-3, 32), (1e-2, 32)):
    torch.manual_seed(seed)
    model = CNN(num_classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    start = time.perf_counter()
    half = batches(train_images[:5000], train_labels[:5000], batch_size, shuffle=True)
    train_epoch(model, optimizer, half)
    seconds = time.perf_counter() - start
    right = (evaluate(model, val_images).argmax(dim=1) == val_labels).float().mean()
    tried[learning_rate, batch_size] = right.item(), seconds
    print(
        f"learning rate {learning_rate:5}, batch {batch_size:2}: "
        f"{right:4.0%} right after {seconds:.1f} s"
    )

# %%
slides, too_timid, ours = tried.values()
print("with batch 32, 0.001 learns less than 0.01:", too_timid[0] < ours[0])
print("batch 4 takes longer than batch 32:", slides[1] > ours[1])

# %% [markdown]
# Many small steps go as far as few large ones, but they take longer.
# From here on we use **batch 32 and learning rate 0.01**: that is what we change in the slides' recipe, and this is why; network, loss, optimizer and momentum stay.
# (Lesson 05 takes up the hunt for speed.)
#
# ### Train

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
torch.manual_seed(seed)
model = CNN(num_classes)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)

train_losses, val_losses, val_accuracies = [], [], []
for epoch in range(1, epochs + 1):
    loader = batches(train_images, train_labels, batch_size=32, shuffle=True)
    train_losses.append(train_epoch(model, optimizer, loader))
    val_logits = evaluate(model, val_images)
    val_losses.append(F.cross_entropy(val_logits, val_labels).item())
    right = (val_logits.argmax(dim=1) == val_labels).float().mean().item()
    val_accuracies.append(right)
    print(
        f"epoch {epoch:2}: training loss {train_losses[-1]:.3f}, "
        f"validation loss {val_losses[-1]:.3f}, accuracy {right:.1%}"
    )

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
steps = range(1, epochs + 1)
left.plot(steps, train_losses, marker="o", label="training")
left.plot(steps, val_losses, "--", marker="s", label="validation")
left.axhline(log(num_classes), color="gray", linestyle=":", label="undecided")
left.set(xlabel="epoch", ylabel="loss (cross-entropy)", ylim=0)
left.legend()
right.plot(steps, [100 * share for share in val_accuracies], "--", marker="s")
right.axhline(100 / num_classes, color="gray", linestyle=":")
right.text(1, 100 / num_classes + 1.5, "guessing")
right.set(xlabel="epoch", ylabel="validation accuracy (%)", ylim=0)
plt.show()

# %% [markdown]
# **Figure.** Both losses fall from below 2.30, fast at first and then more slowly, and the training loss falls further than the validation loss in the end; the validation accuracy climbs from about a third to over a half, far above the 10 % of guessing.
#
# Read curves like a doctor: both fall, it learns; training falls and validation *rises*, it learns by heart (overfitting); neither falls, something is broken or the learning rate is far off; both jump about, the rate is too large.

# %%
print("the training loss fell in total:", train_losses[-1] < train_losses[0])
print("validation accuracy above 45 %:", val_accuracies[-1] > 0.45)

# %% [markdown]
# ## The test, once
#
# All decisions are made, so the test images may be used: once.

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
test_logits = evaluate(model, test_images)
test_labels = data.test_labels
predictions = test_logits.argmax(dim=1)
n = len(test_labels)
correct = int((predictions == test_labels).sum())
share = correct / n
half_width = 1.96 * sqrt(share * (1 - share) / n)
print(f"{correct} of {n} right: {share:.1%} ± {half_width:.1%}")

# %% [markdown]
# Where does the ± come from?
# Another set of test pictures would have given another number.
# Each picture is right with probability *p*, so the share of *n* of them scatters with a standard deviation of √(p(1 − p)/n), and 1.96 of these cover 95 of 100 cases.
# With 2000 pictures that is about two percentage points: a network with one point more than yours is not thereby better.
#
# ### Exercise 4.11: how sure are you?
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 5 minutes**
#
# Write the part after the ± as a function.
#
# <details><summary>Hint 1</summary>
#
# `math.sqrt`, with p(1 − p)/n under the root.
#
# </details>
# <details><summary>I get something like 0.9</summary>
#
# Is *n* under the root?
#
# </details>


# %%
def half_width_95(correct: int, total: int) -> float:
    """Return half the width of the 95 % interval of an accuracy, as a share.

    Args:
        correct: Number of images predicted rightly.
        total: Number of images.
    """
    ### BEGIN SOLUTION
    p = correct / total
    return 1.96 * sqrt(p * (1 - p) / total)
    ### END SOLUTION


# %%
checks.check_half_width(half_width_95)

# %% [markdown]
# There is a second kind of doubt.
# Train again with another seed, with other first weights and another order of images, and the accuracy is another one, on the very same test.
# That takes a few trainings, so we ran them beforehand and recorded them.

# %%
from course_utils.recorded import recorded

runs = recorded("lesson04_seeds")
shares = runs["test_accuracies"]
print(f"recorded: {len(shares)} seeds, {runs['machine']}")
print(
    f"{runs['data']}, {runs['train_size']:,} training images, {runs['epochs']} epochs"
)
print("test accuracy:", ", ".join(f"{share:.1%}" for share in shares))
spread = torch.tensor(shares)
print(f"mean {spread.mean():.1%}, standard deviation {spread.std():.1%}")

# %% [markdown]
# So give an accuracy with both: how many test images, and how many seeds.
# One run on one test set is an anecdote.
#
# ## Where is it right, and where wrong?
#
# One number for ten classes hides a lot.
# The **confusion matrix** counts every case: its row is what a picture *is*, its column what the network *says*.
# The right answers stand on the diagonal.

# %% tags=["nbval-ignore-output"]
# differs: widget
cats = predict("As what are cats most often mistaken?", options=list(class_names))
cats

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
for true, predicted in zip(test_labels.tolist(), predictions.tolist(), strict=True):
    confusion[true, predicted] += 1

errors = confusion.clone().fill_diagonal_(0)
cat = class_names.index("cat") if "cat" in class_names else 0
cats.reveal(class_names[errors[cat].argmax()], because="See row 'cat' below.")

# %%
fig, ax = plt.subplots(figsize=(6.6, 5.8), layout="constrained")
ax.imshow(confusion, cmap="Blues")
for row in range(num_classes):
    for column in range(num_classes):
        count = confusion[row, column].item()
        colour = "white" if count > 0.72 * confusion.max() else "black"
        ax.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
ax.set_xticks(range(num_classes), class_names, rotation=45, ha="right")
ax.set_yticks(range(num_classes), class_names)
ax.set(xlabel="predicted class", ylabel="true class")
plt.show()

# %% [markdown]
# **Figure.** The confusion matrix of the test, with its counts: the diagonal holds most of the pictures, and the largest numbers beside it stand where two classes look alike, such as truck and automobile, or horse and deer.
#
# Divide the diagonal by the rows' sums, and you have the accuracy of each class.

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
per_class = confusion.diagonal() / confusion.sum(dim=1)
for k in per_class.argsort(descending=True).tolist():
    total = int(confusion[k].sum())
    doubt = 1.96 * sqrt(per_class[k] * (1 - per_class[k]) / total)
    print(f"{class_names[k]:12}{per_class[k]:>5.0%} ± {doubt:.0%}   of {total}")
print("\nmost frequent confusions")
for cell in errors.flatten().argsort(descending=True)[:5].tolist():
    true, predicted = divmod(cell, num_classes)
    print(f"{class_names[true]:>12} taken for {class_names[predicted]:12}", end="")
    print(f"{errors[true, predicted]} of {confusion[true].sum()}")

# %% [markdown]
# With 200 pictures a class the doubt is larger too, about seven points: don't make a story of every difference.
# But that some classes are much easier than others is beyond doubt.
#
# ### Exercise 4.12: the confusion matrix
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Count, for any number of classes: row = true class, column = predicted class.
#
# <details><summary>Hint 1</summary>
#
# Start with zeros of dtype `torch.int64` and walk through the pairs.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Without a loop: number the cells, `labels * num_classes + predictions`, and count them with `torch.bincount(…, minlength=…)`.
#
# </details>
# <details><summary>I get no count above 1</summary>
#
# `counts[labels, predictions] += 1` writes each cell once, however often it comes up.
#
# </details>


# %%
def confusion_counts(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    """Count how often each class was taken for each class.

    Args:
        labels: True classes, (N,).
        predictions: Predicted classes, (N,).
        num_classes: Number of classes, C.

    Returns:
        Counts, int64, (C, C): row = true class, column = predicted class.
    """
    ### BEGIN SOLUTION
    cells = labels * num_classes + predictions
    counts = torch.bincount(cells, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)
    ### END SOLUTION


# %%
checks.check_confusion(confusion_counts)

# %% [markdown]
# ### The most confident mistakes
#
# Sort the wrong answers by the probability that the network gave them.
# Nothing teaches more about a network, or about the data: here wrong labels come to light, and habits such as "green below means deer".

# %%
probabilities = test_logits.softmax(dim=1).amax(dim=1)
wrong = (predictions != test_labels).nonzero()[:, 0]
worst = wrong[probabilities[wrong].argsort(descending=True)][:10].tolist()
fig, axes = plt.subplots(2, 5, figsize=(8.4, 4.3), layout="constrained")
for ax, k in zip(axes.flat, worst, strict=False):
    said, truth = class_names[predictions[k]], class_names[test_labels[k]]
    plots.show_rgb(data.test_images[k], ax)
    ax.set_title(f"'{said}' {probabilities[k]:.2%}\nis: {truth}", fontsize=9)
plt.show()
sure = probabilities[predictions == test_labels].median()
print("surer than of half the right ones:", bool(probabilities[worst].min() > sure))

# %% [markdown]
# **Figure.** The ten test pictures on which the network was most sure and wrong, each with its answer, its probability and the truth: it is surer of them than of half the pictures that it gets right.
#
# So a probability from a softmax is not a promise.
# It says how the network weighs the ten classes against each other; "none of these" or "I have never seen such a thing" is not among them.
#
# ## Look inside
#
# What has it learnt to look for?
# The first layer's kernels are small colour pictures of 3 × 3 pixels, one for each of the six feature maps, and here they are: grey means 0, brighter and darker than grey mean positive and negative weights of a colour.

# %%
filters = model.conv1.weight.detach()  # (6, 3, 3, 3)
fig, axes = plt.subplots(1, 6, figsize=(8.4, 1.8), layout="constrained")
for k, ax in enumerate(axes):
    plots.show_rgb(0.5 + filters[k] / (2 * filters[k].abs().max()), ax, f"filter {k}")
plt.show()

# %% [markdown]
# **Figure.** The six learnt kernels of `conv1`: some are bright on one side and dark on the other, edge finders like Sobel's; others weigh one colour against another.
#
# Nobody has designed them; they are what made the loss fall.
#
# ### The feature maps of training image 60
#
# The slides send training image 60 through `conv1`:
#
# ```python
# X = torch.tensor([trainset.data[60]], dtype=torch.float32).permute(0,3,1,2)
# ```
#
# Two things are amiss.
# The values run from 0 to 255, whereas the network was trained on *normalised* pictures, so these maps are not what the network saw.
# And a tensor made from a *list of arrays* is made number by number; PyTorch itself complains.
# `trainset.data` holds NumPy arrays, (N, H, W, C); let us make some like that.

# %% tags=["nbval-ignore-output"]
# differs: times
arrays = [image.permute(1, 2, 0).numpy() for image in data.train_images[:200]]
with warnings.catch_warnings(record=True) as complaints:
    warnings.simplefilter("always")
    start = time.perf_counter()
    from_list = torch.tensor(arrays, dtype=torch.float32)
    slow = time.perf_counter() - start
start = time.perf_counter()
stacked = torch.from_numpy(data.train_images[:200].permute(0, 2, 3, 1).numpy()).float()
fast = time.perf_counter() - start
assert torch.equal(from_list, stacked)
print(str(complaints[0].message).split(". ")[0] if complaints else "no complaint")
print(
    f"200 images: {slow:.3f} s from a list, {slow / fast:,.0f} times as long as from one array"
)

# %% [markdown]
# Mended, it is one line: take the picture from the normalised tensor.
# Here are both, as the network sees them.

# %%
raw = data.train_images[60:61].float()  # 0 to 255, as on the slide
with torch.no_grad():
    maps = {"normalised": model.conv1(train_images[60:61])[0]}
    maps["0 to 255"] = model.conv1(raw)[0]
fig, axes = plt.subplots(2, 7, figsize=(9.6, 3.2), layout="constrained")
for row, (name, values) in zip(axes, maps.items(), strict=True):
    plots.show_rgb(data.train_images[60], row[0], name)
    limit = values.abs().max()
    for k, ax in enumerate(row[1:]):
        ax.imshow(values[k], cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.set_title(f"map {k}" if name == "normalised" else "")
        ax.axis("off")
plt.show()

# %% [markdown]
# **Figure.** The six feature maps of training image 60, red above 0 and blue below, each row with a scale of its own: outlines and areas stand out in both rows, but the slide's maps (bottom) are shifted, as no mean was taken off, and their values are many times as large.
#
# The rest of the network has never met such values.
# Does it mind?

# %%
largest_values = {name: values.abs().max().item() for name, values in maps.items()}
factor = largest_values["0 to 255"] / largest_values["normalised"]
print("the slide's maps are more than 20 times as large:", factor > 20)

raw_answers = evaluate(model, data.test_images[:500].float()).argmax(dim=1)
raw_share = (raw_answers == test_labels[:500]).float().mean().item()
print("fewer are right on values of 0 to 255:", raw_share < share - 0.05)

# %% [markdown]
# ### A place to play
#
# The feature-map explorer shows the whole network at once: pick a picture, a layer and a map, and change the numbers of a kernel by dragging, with the arrow keys, or by typing.
# Picture 0 is training image 60.
# First as it looks from outside, for everyone who reads this without a running kernel.

# %%
from course_utils.widgets import FeatureMapExplorer

few, true_classes = data.train_images[60:84], data.train_labels[60:84]
explorer = FeatureMapExplorer(
    model, few, true_classes, class_names, mean=mean.flatten(), std=std.flatten()
)
explorer.filmstrip()
plt.show()

# %% [markdown]
# **Figure.** Training image 60, the six maps that `conv1` makes of it, and the network's probability for each of the ten classes beside them.
#
# Now the live one.
# Set a kernel of `conv1` to 0, or turn one of its numbers round: one map of `conv1` and of the two layers after it changes, but every map of `conv2`, because `conv2` reads all six channels.
# The table says what that does to the prediction, and your own model stays as it was.

# %% tags=["nbval-ignore-output"]
# differs: widget
explorer

# %% [markdown]
# ## When it goes wrong and nothing crashes
#
# Most mistakes in training raise no error: the loss falls a little less, and that is all.
# You have met several, each in an exercise.
# `diagnose` looks for them in a model and its data.
# We plant two, a softmax at the end of the network and a step without `zero_grad`, and ask.


# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
from course_utils.datasets import ImageLoader, normalisation
from course_utils.diagnosis import diagnose


def forgetful_step(
    model: nn.Module, images: Tensor, labels: Tensor, optimizer: torch.optim.Optimizer
) -> None:
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


mean, std = normalisation(data.train_images)
some = data.train_images[:1000], data.train_labels[:1000]
loader = ImageLoader(*some, 32, shuffle=True, mean=mean, std=std)
spoilt = nn.Sequential(CNN(num_classes), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(spoilt.parameters(), lr=1e-2, momentum=0.9)
diagnosis = diagnose(spoilt, loader, optimizer=optimizer, training_step=forgetful_step)
diagnosis

# %%
print("found:", ", ".join(diagnosis.names))

# %% [markdown]
# Both are found, each with what was measured and what to write instead.
# When a training disappoints you, ask `diagnose` before you turn any knobs.
#
# ## The same code, imported
#
# What you have read and written here, `course_utils.training` and `course_utils.datasets` hold for the lessons to come: `ImageLoader` is our `batches`, `train_epoch` and `evaluate` are ours with more checks, and `fit` is the loop around them.
# The network is there as `course_utils.networks.LectureCNN`.
# The test once more, with the library's code:

# %% tags=["nbval-ignore-output"]
# differs: rounding, from machine to machine
from course_utils import training

test_loader = ImageLoader(
    data.test_images, data.test_labels, 500, shuffle=False, mean=mean, std=std
)
evaluation = training.evaluate(model, test_loader)
assert abs(evaluation.correct - correct) <= 2  # rounding may turn a tie
assert evaluation.confusion.sum() == confusion.sum()
evaluation

# %% [markdown]
# The library's interval is Wilson's, which also behaves when nearly everything is right; here the two agree.
#
# ## What to keep
#
# - Three sets: training to learn, validation to choose, test to measure once. Statistics for normalising come from training alone.
# - `super().__init__()` initialises the parent; layers are made in `__init__` and used in `forward`; the last one returns logits, without activation.
# - Cross-entropy is −ln of the true class's probability. It takes logits, and an undecided network of ten classes begins at 2.30.
# - Predict, loss, `zero_grad`, `backward`, `step`. First overfit one batch.
# - Evaluate with `eval()` and `inference_mode()`, count every image, divide once.
# - An accuracy has two uncertainties: the test's size, and the seed.
# - Rows true, columns predicted. Then look at the mistakes.
#
# ## Quiz
#
# Five questions; three want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `CNN`, `F`, `model`, `sqrt` and `log` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson04 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lectures: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London); Rocco Meli and Rafael Sarmiento, *Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS, 2024).
# - Alex Krizhevsky, [Learning Multiple Layers of Features from Tiny Images](https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf), 2009: the CIFAR-10 data set.
# - Edwin B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American Statistical Association 22, 1927: the library's interval.
# - PyTorch's pages on [`CrossEntropyLoss`](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html), [`SGD`](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html) and [`Module`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html).
