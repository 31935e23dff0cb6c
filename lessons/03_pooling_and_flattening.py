# %% [markdown]
# # 3 · What may a network forget?
#
# A convolution answers *where* an edge is, to the pixel.
# To say "cat" a network needs far less: an ear, roughly here, and a whisker, roughly there.
# So it forgets, on purpose and in small steps, until a short row of numbers is left.
#
# **You will be able to**
#
# - pool an image by hand, with a loop and with PyTorch, and say how large the result is;
# - choose between maximum, average, global and adaptive pooling, and say where each sends its gradient;
# - measure when moving an image by one pixel changes the result, and when it does not;
# - use ReLU as a module and as a function, and know what `inplace=True` does to you;
# - flatten a batch without losing it, and work out the `in_features` of the layer that follows.
#
# **Time**: about two and a half hours, nine exercises included; a good place for a break is before *Move it by a pixel*.
#
# **From before**: tensors of shape (N, C, H, W) from lesson 01; convolution, stride, padding and the horizontal Sobel kernel from lesson 02.

# %% tags=["parameters"]
seed = 0
photo_name = "chelsea"
photo_size = 256

# %%
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import plots
from course_utils.checks import lesson03 as checks
from course_utils.photos import credit, photo
from course_utils.predict import predict

plots.use_style()
generator = torch.Generator().manual_seed(seed)

# %% [markdown]
# ## Max pooling: the strongest answer nearby
#
# Here is the lecture's 6 × 6 image once more.
# Lay a window of 2 × 2 on its top left corner: 2, 5, 1, 3.
# *Max pooling* keeps the largest, 5, and drops the other three.
# Then the window moves by two pixels, its stride, and holds 8, 7, 4, 2: it keeps 8.

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
fig, axes = plt.subplots(1, 3, figsize=(8.4, 3.1), layout="constrained")
plots.show_numbers(image, axes[0], window=(0, 0, 2, 2), title="window 1: keeps 5")
plots.show_numbers(image, axes[1], window=(0, 2, 2, 2), title="window 2: keeps 8")
plots.show_numbers(image, axes[2], window=(4, 4, 2, 2), title="window 9: keeps …?")
plt.show()

# %% [markdown]
# **Figure.** The nine windows do not overlap, because the stride equals the window: the first holds 2, 5, 1, 3, the second 8, 7, 4, 2, and the ninth, at the bottom right, 9, 2, 4, 8.
#
# Write down all nine maxima on paper before you run the loop.
# It says what your finger did: go to row 2·i and column 2·j, look at four numbers, keep the largest.

# %%
result = torch.zeros(3, 3)
for i in range(3):
    for j in range(3):
        window = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        result[i, j] = window.max()
result

# %% [markdown]
# Three rows of three, as in the lecture: 5 8 9, 4 8 5, 5 7 9.
# PyTorch has a layer for it, which wants a batch and channels around the image: (N, C, H, W).

# %%
max_pool_2x2 = nn.MaxPool2d(kernel_size=2, stride=2)
pooled = max_pool_2x2(image[None, None])[0, 0]

assert torch.equal(pooled, result)
print(f"{image.numel()} numbers in, {pooled.numel()} out")
print(f"{len(list(max_pool_2x2.parameters()))} parameters to learn")

# %% [markdown]
# Three quarters of the numbers are gone, and nothing had to be learnt: pooling has no weights.
#
# ## Window and stride are two numbers
#
# Here is the 5 × 5 example that the other lecture borrows from Dumoulin and Visin.
# Its slide writes the layer as `torch.nn.MaxPool2d(kernel_size, stride=None, …)`.
# Before you go on: what does `None` do?

# %% tags=["nbval-ignore-output"]
# differs: widget
small = torch.tensor(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ],
    dtype=torch.float32,
)
default_stride = predict(
    "You pool these 5 × 5 pixels with `nn.MaxPool2d(3)` and give no stride. "
    "What is the size of the result?",
    options=["3 × 3", "2 × 2", "1 × 1"],
)
default_stride

# %%
height, width = nn.MaxPool2d(3)(small[None, None]).shape[-2:]
default_stride.reveal(
    f"{height} × {width}",
    because="Without a stride the window moves by its own size, "
    "and 3 pixels further there is no room for a second one.",
)

# %% [markdown]
# A convolution's default stride is 1; a pooling's is its **`kernel_size`**.
# The slide's result has nine values, so there the stride must have been 1.
# Its windows overlap, and one strong pixel may win several of them.

# %%
nn.MaxPool2d(3, stride=1)(small[None, None])[0, 0]

# %% [markdown]
# These are the slide's values: 3 everywhere but for one 2, in the bottom row.
#
# ### Exercise 3.1: max pooling with a loop
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Turn the loop above into a function for any window and any stride.
#
# <details><summary>Hint 1</summary>
#
# Along one axis there is room for (size − kernel_size) // stride + 1 windows.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Window number i begins in row i · stride and ends before row i · stride + kernel_size.
#
# </details>
# <details><summary>I get a result that is too large</summary>
#
# Look at the default: what should `stride` be when it is `None`?
#
# </details>
# <details><summary>I get zeros where the image is negative</summary>
#
# A running maximum that starts at 0 never goes below 0. Ask the window itself: `window.max()`.
#
# </details>


# %%
def max_pool(image: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
    """Return the maximum of each window.

    Args:
        image: One plane, (H, W).
        kernel_size: Height and width of the window, in pixels.
        stride: Step between two windows, in pixels; ``kernel_size`` when ``None``.

    Returns:
        Maxima, (H_out, W_out), in the dtype of the image.
    """
    ### BEGIN SOLUTION
    stride = stride or kernel_size
    rows = (image.shape[0] - kernel_size) // stride + 1
    columns = (image.shape[1] - kernel_size) // stride + 1
    output = torch.empty(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = image[top : top + kernel_size, left : left + kernel_size]
            output[i, j] = window.max()
    return output
    ### END SOLUTION


# %%
checks.check_max_pool(max_pool)

# %% [markdown]
# ### What is left over at the edge?
#
# A window of 2 fits twice into 5 pixels, and one pixel is left over.
# PyTorch rounds down and drops it; `ceil_mode=True` rounds up and gives the rest a smaller window of its own.

# %%
for ceil_mode in (False, True):
    pooling = nn.MaxPool2d(2, ceil_mode=ceil_mode)
    print(f"ceil_mode={ceil_mode}:\n{pooling(small[None, None])[0, 0]}")

# %% [markdown]
# With the default, the last row and the last column never reach the result.
# The size follows the formula of the convolution, ⌊(size + 2·padding − kernel_size) / stride⌋ + 1; only the default stride is another.
#
# ### Exercise 3.2: how large is the result?
# **Difficulty** 1 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Write the formula as a function, with pooling's own default for the stride.
#
# <details><summary>Hint 1</summary>
#
# Rounding down is `//`.
#
# </details>
# <details><summary>I get a float</summary>
#
# `/` always gives a float. A number of pixels is an `int`.
#
# </details>


# %%
def pooled_size(
    size: int, kernel_size: int, stride: int | None = None, padding: int = 0
) -> int:
    """Return the output length of a pooling along one axis, in pixels.

    Args:
        size: Input length, in pixels.
        kernel_size: Window length, in pixels.
        stride: Step between two windows, in pixels; ``kernel_size`` when ``None``.
        padding: Pixels added on each side.
    """
    ### BEGIN SOLUTION
    stride = stride or kernel_size
    return (size + 2 * padding - kernel_size) // stride + 1
    ### END SOLUTION


# %%
checks.check_pooled_size(pooled_size)

# %% [markdown]
# ## Average pooling: a smoother memory
#
# The maximum listens to one pixel of the window; the average listens to all of them alike.
# The loop stays as it is, and what it does with a window becomes an argument.


# %%
def pool(
    image: Tensor,
    kernel_size: int,
    stride: int,
    reduce: Callable[[Tensor], Tensor] = torch.max,
) -> Tensor:
    """Reduce each window of a plane, (H, W), to one number."""
    rows = (image.shape[0] - kernel_size) // stride + 1
    columns = (image.shape[1] - kernel_size) // stride + 1
    output = torch.empty(rows, columns)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = image[top : top + kernel_size, left : left + kernel_size]
            output[i, j] = reduce(window)
    return output


averages = pool(small, 3, 1, reduce=torch.mean)
torch.testing.assert_close(averages, F.avg_pool2d(small[None], 3, 1)[0])
print("sums of nine:", (9 * averages).round().int().tolist())
print("averages, to one decimal:")
averages.round(decimals=1)

# %% [markdown]
# The slide shows the rounded values: its 1.7 is 15 / 9 = 1.666…
#
# You know this operation: multiply by a kernel of nine ninths and add up.
# Average pooling *is* a convolution, one with constant weights.
# Is max pooling one too?
# A convolution is linear: adding two images first or adding their results afterwards must come to the same.

# %%
ninths = torch.full((1, 1, 3, 3), 1 / 9)
torch.testing.assert_close(F.conv2d(small[None, None], ninths)[0, 0], averages)

left_dot = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
right_dot = torch.tensor([[[[0.0, 0.0], [0.0, 1.0]]]])
for name, layer in (("average", nn.AvgPool2d(2)), ("maximum", nn.MaxPool2d(2))):
    together = layer(left_dot + right_dot).item()
    apart = layer(left_dot).item() + layer(right_dot).item()
    print(f"{name}: of the sum {together}, sum of both {apart}")

# %% [markdown]
# For the average both ways agree; for the maximum 1 is not 2.
# So max pooling is not linear, and no kernel whatever can replace it.
#
# What do the two keep of a real picture?
# We look for horizontal edges with lesson 02's Sobel kernel, set what is negative to zero, and pool with larger and larger windows.

# %%
sobel = torch.tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], dtype=torch.float32)
picture = photo(photo_name, size=photo_size, gray=True)[None]  # (1, 1, H, W)
edges = F.conv2d(picture, sobel[None, None])  # signed, 2 pixels smaller
features = edges.clamp(min=0)

sizes = (2, 4, 8, 16)
fig, axes = plt.subplots(2, 5, figsize=(8.4, 3.7), layout="constrained")
plots.show_gray(picture[0], axes[0, 0], "photograph")
plots.show_gray(features[0], axes[1, 0], "edges", limits=(0, features.max().item()))
for column, size in enumerate(sizes, start=1):
    for row, pooling in enumerate((F.max_pool2d, F.avg_pool2d)):
        shown = pooling(features, size)[0]
        name = ("max", "average")[row]
        limits = (0, shown.max().item())  # each panel has its own white
        plots.show_gray(
            shown, axes[row, column], f"{name}, {size} × {size}", limits=limits
        )
plt.show()
print(f"Photograph: {credit(photo_name)}")

# %% [markdown]
# **Figure.** Eyes and nose can still be made out at 8 × 8; at 16 × 16 little more than two bright spots is left of them: max pooling (top) turns the fine fur bright, since nearly every window holds one strong hair, while average pooling (bottom) lets the fur fade and leaves the broad edges round the eyes.
# Each panel is scaled to its own brightest value.
#
# ## Padding: what stands outside the image?
#
# Pooling may pad too, by at most half a window.
# But with what? Zeros would be a poor choice for the maximum: among negative numbers a zero from outside would win.
# So max pooling pads with −∞, which never wins.
# Average pooling can't; it pads with zeros, and by default they count when the sum is divided.
#
# Look at the top left corner, where a 3 × 3 window with padding 1 holds four real pixels and five that were added.

# %%
corner_of = {
    "max, image less 9": nn.MaxPool2d(3, stride=2, padding=1)((small - 9)[None]),
    "average": nn.AvgPool2d(3, stride=2, padding=1)(small[None]),
    "average, count_include_pad=False": nn.AvgPool2d(
        3, stride=2, padding=1, count_include_pad=False
    )(small[None]),
}
for name, output in corner_of.items():
    print(f"{name}: {output[0, 0, 0]:.2f}")

# %% [markdown]
# The four real pixels are 3, 3, 0, 0.
# Less 9 their maximum is −6, and no zero got in the way.
# Their sum is 6: divided by nine it is 0.67, so the border grows darker; divided by the four real pixels it is 1.50.
#
# ### Exercise 3.3: average pooling, with padding
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Write average pooling for one plane, with PyTorch's defaults: stride `kernel_size`, and added zeros that count.
#
# <details><summary>Hint 1</summary>
#
# `F.pad(image, (left, right, top, bottom))` puts zeros around the image. After that there is no padding to think of.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `window.mean()` divides by all nine values, added zeros included.
#
# </details>
# <details><summary>I get 1.5 in the corner and should get 0.67</summary>
#
# You divide by the four real pixels. The default counts the zeros too and divides by nine.
#
# </details>


# %%
def average_pool(
    image: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0
) -> Tensor:
    """Return the average of each window.

    Args:
        image: One plane, (H, W).
        kernel_size: Height and width of the window, in pixels.
        stride: Step between two windows, in pixels; ``kernel_size`` when ``None``.
        padding: Zeros added on each side, in pixels; they count in the average.

    Returns:
        Averages, (H_out, W_out).
    """
    ### BEGIN SOLUTION
    stride = stride or kernel_size
    padded = F.pad(image, (padding, padding, padding, padding))
    return pool(padded, kernel_size, stride, reduce=torch.mean)
    ### END SOLUTION


# %%
checks.check_average_pool(average_pool)

# %% [markdown]
# ## Channels and batch
#
# A convolution adds its channels up; pooling leaves each channel to itself: C maps go in, C maps come out.
# So the last step of our function is a small one: three dots for "whatever comes first", and the two window axes reduced.


# %%
def pool2d(
    images: Tensor, kernel_size: int, stride: int, padding: int, mode: str
) -> Tensor:
    """Pool a batch, (N, C, H, W) → (N, C, H_out, W_out); mode is "max" or "average"."""
    padded = F.pad(images, (padding,) * 4, value=-torch.inf if mode == "max" else 0.0)
    rows = (padded.shape[-2] - kernel_size) // stride + 1
    columns = (padded.shape[-1] - kernel_size) // stride + 1
    output = torch.empty(*images.shape[:2], rows, columns)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = padded[..., top : top + kernel_size, left : left + kernel_size]
            reduced = window.amax((-2, -1)) if mode == "max" else window.mean((-2, -1))
            output[..., i, j] = reduced  # (N, C)
    return output


batch = torch.randn(4, 3, 9, 11, generator=generator)
settings = [(2, 2, 0), (2, 1, 1), (3, 1, 0), (3, 2, 1), (3, 3, 1), (4, 2, 2)]
for setting in settings:
    torch.testing.assert_close(
        pool2d(batch, *setting, "max"), F.max_pool2d(batch, *setting)
    )
    torch.testing.assert_close(
        pool2d(batch, *setting, "average"), F.avg_pool2d(batch, *setting)
    )
print(f"max and average equal PyTorch's on {len(settings)} settings each")

# %% [markdown]
# ## Where does the gradient go?
#
# In training the error travels back through every layer, and pooling has to pass it on.
# How much would the sum of the outputs grow if this pixel grew a little? That is the pixel's gradient.

# %%
fig, axes = plt.subplots(1, 3, figsize=(8.4, 3.1), layout="constrained")
plots.show_numbers(image, axes[0], title="image")
poolings = {"max": F.max_pool2d, "average": F.avg_pool2d}
for ax, name in ((axes[1], "max"), (axes[2], "average")):
    pixels = image.clone().requires_grad_()
    poolings[name](pixels[None], 2).sum().backward()
    plots.show_numbers(pixels.grad, ax, title=f"gradient through {name}")
plt.show()

# %% [markdown]
# **Figure.** Max pooling sends the whole gradient of a window to its winner (1) and nothing to the other three pixels (0); average pooling gives each of the four pixels a quarter (0.25).
#
# So max pooling teaches only what was strongest, and leaves the rest alone.
# Where windows overlap, a pixel collects from every window that it wins: in the 5 × 5 example with stride 1, the 3 in the second row wins three of nine.
# And a tie? Two equal maxima do not share: PyTorch picks the first.

# %% [markdown]
# ## The whole image at once, and any size you like
#
# *Global average pooling* is the extreme: one number a channel, its mean over the whole image.
# It forgets *where* altogether and keeps *how much*.

# %%
maps = torch.randn(2, 6, 8, 8, generator=generator)  # (N, C, H, W)
global_average = maps.mean(dim=(2, 3))  # (N, C): neither images nor channels are mixed
torch.testing.assert_close(nn.AdaptiveAvgPool2d(1)(maps).flatten(1), global_average)
print(f"{tuple(maps.shape)} → {tuple(global_average.shape)}")
print(f"the lecture's image: {image.mean():.4f}")

# %% [markdown]
# PyTorch calls it `AdaptiveAvgPool2d(1)`.
# *Adaptive* pooling turns the question round: you name the size of the result, and it varies the window and its step to fit.
# With i counted from 0, window i starts at ⌊i · in / out⌋ and ends before ⌈(i + 1) · in / out⌉.
# Five pixels into three: 0 to 2, 1 to 4, 3 to 5.
# Let us do this by hand on the 5 × 5 example.

# %%
windows = [(0, 2), (1, 4), (3, 5)]  # start, end: as in a slice
by_hand = torch.tensor(
    [[small[a:b, c:d].mean() for c, d in windows] for a, b in windows]
)
torch.testing.assert_close(nn.AdaptiveAvgPool2d(3)(small[None])[0], by_hand)
by_hand

# %% [markdown]
# The windows have lengths 2, 3, 2 and overlap by a pixel, so that every pixel takes part.
# The gain: photographs of any size give a result of one size, and the layer after it always fits.

# %%
to_7x7 = nn.AdaptiveAvgPool2d(7)
for name in ("chelsea", "coffee", "rocket"):
    whole = photo(name)
    print(f"{name:8} {tuple(whole.shape)} → {tuple(to_7x7(whole).shape)}")

# %% [markdown]
# ### Exercise 3.4: the windows of adaptive pooling
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# List start and end of each window along one axis.
#
# <details><summary>Hint 1</summary>
#
# Rounding down is `a // b`. Rounding up is `math.ceil(a / b)`, or `-(-a // b)` without floats.
#
# </details>
# <details><summary>I get windows that never overlap</summary>
#
# Then both ends are rounded the same way. Starts are rounded down, ends up.
#
# </details>
# <details><summary>I get windows that are one too short</summary>
#
# The end is the first pixel outside, as in a slice: `line[start:end]`.
#
# </details>


# %%
def adaptive_windows(size: int, output_size: int) -> list[tuple[int, int]]:
    """Return (start, end) of each window; the end is the first pixel outside.

    Args:
        size: Input length, in pixels.
        output_size: Number of windows.
    """
    ### BEGIN SOLUTION
    return [
        (i * size // output_size, -(-(i + 1) * size // output_size))
        for i in range(output_size)
    ]
    ### END SOLUTION


# %%
checks.check_adaptive_windows(adaptive_windows)

# %% [markdown]
# ## Move it by a pixel
#
# Here is the promise that makes pooling famous.
# Your slides say, as transcribed: "Even when moved by a pixel, we get the same result, i.e., the pooling is not sensitive to position."
# Let us hold it against the very image on the slide.
# `moved` shifts an image by whole pixels; zeros come in where it leaves.


# %%
def moved(image: Tensor, right: int = 0, down: int = 0) -> Tensor:
    """Move an image, (H, W), by whole pixels; negative is left and up."""
    return F.pad(image, (right, -right, down, -down))  # negative padding cuts off


image_right = moved(image, right=1)
pooled_right = pool(image_right, 2, 2)
same = pooled_right == pooled

fig, axes = plt.subplots(
    1, 4, figsize=(9.8, 2.9), layout="constrained", width_ratios=(6, 4, 6, 4)
)
plots.show_numbers(image, axes[0], title="image")
plots.show_numbers(pooled, axes[1], title="pooled")
plots.show_numbers(image_right, axes[2], title="moved right by 1")
plots.show_numbers(pooled_right, axes[3], title="pooled", highlight=~same)
plt.show()
print(f"{int(same.sum())} of {same.numel()} outputs stay the same")

# %% [markdown]
# **Figure.** After one step to the right, four of the nine pooled values are others (framed) and five are the same.
#
# When does an output stay? When its maximum is still inside the window **and** nothing larger has come in.
# The 9 at the top right moved from the left column of its window to the right one, and stayed in.
# The 5 at the top left stepped out, into the next window, where 8 was larger anyway.
#
# The explorer does the same, for any shift, window and stride; first a few of its steps as a picture.

# %%
from course_utils.widgets import PoolingExplorer

explorer = PoolingExplorer("lecture", mode="max", kernel_size=2, stride=2, shift=(0, 1))
film = explorer.filmstrip(steps=3)
plt.show()
print(explorer.changed_text())

# %% [markdown]
# **Figure.** Three of the nine steps on the moved image: the window in the corner now keeps 2, the one in the middle still keeps 8, and the last still keeps 9.
#
# Now with your own hands: Tab leads to a control, and the arrow keys change it.
# (Where pixels enter, the explorer repeats the border instead of writing zeros.)

# %% tags=["nbval-ignore-output"]
# differs: widget
explorer

# %% [markdown]
# ### Exercise 3.5: find the mistake in "the same result"
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Move the lecture's image by one pixel in each of the four directions, pool with 2 × 2 and stride 2, and count how many of the nine outputs stay as they were.
# Answer with a dict, `{"right": …, "left": …, "down": …, "up": …}`.
#
# <details><summary>Hint 1</summary>
#
# `moved(image, right=1)` is done above; left is `right=-1`, down is `down=1`, up is `down=-1`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `(pool(moved(image, …), 2, 2) == pooled).sum()` counts the equal ones.
#
# </details>
# <details><summary>I get 4 to the right</summary>
#
# That is how many change. Five stay.
#
# </details>

# %%
# four numbers from 0 to 9: {"right": …, "left": …, "down": …, "up": …}
### BEGIN SOLUTION
unchanged_outputs = {
    "right": int((pool(moved(image, right=1), 2, 2) == pooled).sum()),
    "left": int((pool(moved(image, right=-1), 2, 2) == pooled).sum()),
    "down": int((pool(moved(image, down=1), 2, 2) == pooled).sum()),
    "up": int((pool(moved(image, down=-1), 2, 2) == pooled).sum()),
}
### END SOLUTION

# %%
checks.check_unchanged_outputs(unchanged_outputs)

# %% [markdown] tags=["solution"]
# Right 5, left 0, down 5, up 4: together 14 of 36.
# It does not depend on the zeros that come in: repeat the border instead, or let the image wrap round, and the counts are the same.
# The mistake is the word *even*: the result *may* stay the same, and here it mostly does not.

# %% [markdown]
# ### A real photograph
#
# Six by six pixels are few, so we ask the photograph: its map of edges has 254 × 254 values.
# We cut out two windows, one pixel apart, so that real pixels come in at the border.
# How much stays?

# %% tags=["nbval-ignore-output"]
# differs: widget
share_guess = predict(
    "The edges move by one pixel. "
    "How many per cent of the 2 × 2 maxima are exactly what they were?"
)
share_guess

# %%
still = features[..., 1:]
shifted = features[..., :-1]  # one pixel to the right
stays = F.max_pool2d(still, 2) == F.max_pool2d(shifted, 2)
share_guess.reveal(
    round(100 * stays.float().mean().item()),
    because="A maximum stays only if it is still in its window and nothing larger came in.",
)

# %% [markdown]
# About a third; and even that flatters.
# Much of the map is 0, and a 0 that stays 0 proves nothing.
# So we also count among the *active* outputs only, those where an edge was found before or after.
# Pure noise serves as a yardstick: two neighbouring windows cover three columns, and the largest value must lie in the one they share, one chance in three.


# %%
def compare(name: str, layer: nn.Module, maps: Tensor) -> None:
    """Print how many outputs stay the same: among all, and among the active ones."""
    still, shifted = layer(maps[..., 1:]), layer(maps[..., :-1])
    stays, active = still == shifted, (still > 0) | (shifted > 0)
    of_all, of_active = stays.float().mean(), stays[active].float().mean()
    print(f"{name:28}{of_all:>8.0%}{of_active:>12.0%}")


print(f"{'one pixel to the right':28}{'of all':>8}{'of active':>12}")
compare("edges, not pooled", nn.Identity(), features)
compare("2 × 2 maximum, stride 2", nn.MaxPool2d(2), features)
compare("2 × 2 maximum, stride 1", nn.MaxPool2d(2, stride=1), features)
compare("3 × 3 maximum, stride 1", nn.MaxPool2d(3, stride=1), features)
compare("2 × 2 average, stride 2", nn.AvgPool2d(2), features)
noise = torch.rand(features.shape, generator=generator)
compare("noise, 2 × 2 maximum", nn.MaxPool2d(2), noise)

# %% [markdown]
# Where there is an edge, only about one 2 × 2 maximum in five is unmoved by a step of one pixel, fewer than in noise.
# Photographs are smooth: on a slope the largest pixel always stands at the rim of its window, ready to leave.
# The stride makes no difference to this; a larger window helps; averages hardly ever stay *exactly* the same.
#
# ### Exercise 3.6: measure it
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Write the measurement as a function: the share of max-pooling outputs that stay the same when the features move to the right.
#
# <details><summary>Hint 1</summary>
#
# Two crops of the same width: `features[:, shift:]` and `features[:, :-shift]`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Pool both with `F.max_pool2d(crop[None], kernel_size, stride)`. The mean of true and false, as floats, is a share.
#
# </details>
# <details><summary>I get only 0 or 1</summary>
#
# `torch.equal` answers for all outputs at once. Compare one by one with `==`.
#
# </details>


# %%
def unchanged_share(
    features: Tensor, kernel_size: int, stride: int, shift: int
) -> float:
    """Return the share of outputs, 0 to 1, that a move leaves as they were.

    Args:
        features: One feature map, (H, W).
        kernel_size: Height and width of the max-pooling window, in pixels.
        stride: Step between two windows, in pixels.
        shift: How far the features move to the right, in pixels; at least 1.
    """
    ### BEGIN SOLUTION
    before, after = features[:, shift:], features[:, :-shift]
    pooled_before = F.max_pool2d(before[None], kernel_size, stride)
    pooled_after = F.max_pool2d(after[None], kernel_size, stride)
    return (pooled_before == pooled_after).float().mean().item()
    ### END SOLUTION


# %%
checks.check_unchanged_share(unchanged_share)

# %% [markdown]
# ### So is the promise empty?
#
# No: "exactly the same" is a hard test.
# A fairer one asks *how much* the result changes, compared with its own size.
# We measure both, for windows from 1 × 1 (no pooling) to 32 × 32.
# Two 2 × 2 max poolings in a row are one of 4 × 4, so the table also tells what a deeper stack forgets.

# %%
twice = F.max_pool2d(F.max_pool2d(features, 2), 2)
assert torch.equal(twice, F.max_pool2d(features, 4))

sizes = (1, 2, 4, 8, 16, 32)
shares, change_max, change_average = [], [], []
print("window     same   change: max   average")
for size in sizes:
    a, b = F.max_pool2d(still, size), F.max_pool2d(shifted, size)
    shares.append((a == b)[(a > 0) | (b > 0)].float().mean())
    change_max.append((a - b).norm() / a.norm())
    a, b = F.avg_pool2d(still, size), F.avg_pool2d(shifted, size)
    change_average.append((a - b).norm() / a.norm())
    row = f"{size:2} × {size:<2} {shares[-1]:>9.0%} {change_max[-1]:>13.0%}"
    print(f"{row} {change_average[-1]:>9.0%}")

# %% [markdown]
# The same numbers as curves:

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.plot(sizes, shares, marker="o", label="maximum, edges of the photograph")
by_chance = [(k - 1) / (k + 1) for k in sizes]
left.plot(sizes, by_chance, "--", marker="s", label="noise: (k − 1) / (k + 1)")
left.set(title="exactly the same", ylabel="share of active outputs", ylim=(-0.04, 1.04))
right.plot(sizes, change_max, marker="o", label="maximum")
right.plot(sizes, change_average, "--", marker="s", label="average")
right.set(title="how much the result changes", ylabel="change / size of result", ylim=0)
for ax in (left, right):
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_xlabel("window and stride (pixels)")
    ax.legend()
plt.show()

# %% [markdown]
# **Figure.** The larger the window, the less a step of one pixel matters: on the left the share of maxima that stay exactly the same climbs from about 1 % to over 90 %, close to the curve for noise at the end; on the right the change shrinks from about half of the result to a few per cent, for average pooling no less than for the maximum.
#
# One 2 × 2 pooling forgets a little of the position; after five in a row a step of one pixel hardly shows.
# And averages, which hardly ever stay the same, change no more than maxima do.
#
# ### Two words to keep apart
#
# *Invariant*: the input moves and the output stays. *Equivariant*: the input moves and the output moves along.
# Move by exactly the stride, and pooling is equivariant, to the last bit; move by less, and it is neither.

# %%
print("moved by   same place   moved along")
for shift in (1, 2, 3, 4):
    before = F.max_pool2d(features[..., shift:], 2)
    after = F.max_pool2d(features[..., :-shift], 2)
    line = f"{shift:8}{(before == after).float().mean():>13.0%}"
    if shift % 2 == 0:
        steps = shift // 2
        along = (before[..., :-steps] == after[..., steps:]).float().mean()
        line += f"{along:>14.0%}"
    print(line)

wrapped = features.roll(100, dims=-1)
assert torch.equal(wrapped.amax(dim=(2, 3)), features.amax(dim=(2, 3)))
torch.testing.assert_close(wrapped.mean(dim=(2, 3)), features.mean(dim=(2, 3)))
print("global maximum and average: the same, even after 100 pixels")

# %% [markdown]
# Every second pixel the outputs simply move along, all of them.
# Only *global* pooling is truly invariant, as long as nothing leaves the image: let what leaves on the right come back on the left, and the global maximum and average stay what they were.
#
# So the slide's sentence, mended: *pooling makes a network less sensitive to position, the more so the larger its windows; it is not insensitive.*
#
# ## ReLU: the other thing it forgets
#
# Between convolution and pooling stands the *activation*, most often ReLU(x) = max(0, x).
# It forgets how negative a negative answer was.
# You will meet it as a module, which fits into `nn.Sequential`, and as a function, which fits into `forward`; they are the same.

# %%
values = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])
spellings = [nn.ReLU()(values), F.relu(values), torch.relu(values), values.clamp(min=0)]
assert all(torch.equal(spelling, spellings[0]) for spelling in spellings)
spellings[0]

# %% [markdown]
# Both spellings know `inplace=True`.
# It saves memory by writing the result over the input, and the input is gone, for you and for everyone else who holds it.

# %%
before = torch.tensor([-2.0, 3.0])
after = F.relu(before, inplace=True)
print("the input is now", before.tolist())

weights = torch.tensor([-2.0, 3.0], requires_grad=True)
try:
    F.relu(weights, inplace=True)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# Where autograd notices, it refuses; a plain tensor is overwritten without a word.
# Leave it out until memory is short.
#
# One lecture puts ReLU before max pooling, the other after it.
# Does it matter?

# %%
relu_first = F.max_pool2d(F.relu(edges), 2)
pool_first = F.relu(F.max_pool2d(edges, 2))
print("maximum, on all edges:", torch.equal(relu_first, pool_first))

corner = torch.tensor([[[[-4.0, 2.0], [1.0, -3.0]]]])
relu_first = F.avg_pool2d(F.relu(corner), 2)
pool_first = F.relu(F.avg_pool2d(corner, 2))
print(f"average, on −4, 2, 1, −3: {relu_first.item()} and {pool_first.item()}")

# %% [markdown]
# With the maximum the order is free, because ReLU keeps numbers in order: the winner stays the winner.
# Pooling first even saves work, since ReLU then sees a quarter of the values.
# With the average it is not free: (2 + 1) / 4 = 0.75, but the plain average is −1 and ReLU makes it 0.
#
# ### Exercise 3.7: ReLU without `nn.ReLU`
# **Difficulty** 1 of 5 · **importance** 3 of 5 · **about 5 minutes**
#
# Write ReLU with plain tensor operations, and leave the input as it was.
#
# <details><summary>Hint 1</summary>
#
# `torch.where(condition, a, b)` takes `a` where the condition holds and `b` elsewhere; there are shorter ways too.
#
# </details>
# <details><summary>I get "your function changed its input"</summary>
#
# `x[x < 0] = 0` and every method with a trailing underscore, such as `clamp_`, write into `x`. Make a new tensor.
#
# </details>


# %%
def relu(x: Tensor) -> Tensor:
    """Return max(0, x) for each value; same shape and dtype as ``x``."""
    ### BEGIN SOLUTION
    return torch.where(x > 0, x, torch.zeros_like(x))
    ### END SOLUTION


# %%
checks.check_relu(relu)

# %% [markdown]
# ## Flattening: from maps to a row
#
# The layers that decide, `nn.Linear`, want one row of numbers an image: (N, features).
# *Flattening* makes it, and computes nothing: it writes the same numbers in a row.
# Here is the lecture's batch, 32 images of (1, 5, 5), by all three spellings.

# %%
images = torch.randn(32, 1, 5, 5, generator=generator)
rows = nn.Flatten()(images)  # start_dim=1: the batch stays
assert torch.equal(rows, images.view(-1, 25))
assert torch.equal(rows, images.flatten(1))
rows.shape

# %% [markdown]
# In which order? Number the values of a tiny batch and look: two channels of 2 × 3 pixels.

# %%
tiny = torch.arange(12).reshape(1, 2, 2, 3)  # (N, C, H, W)
print(tiny)
row = tiny.flatten(1)
print("flattened:", row.tolist())
assert torch.equal(row.unflatten(1, (2, 2, 3)), tiny)

# %% [markdown]
# All of channel 0 comes first, row by row, then all of channel 1: the order is C, H, W, and W runs fastest.
# `unflatten` goes back, because nothing was lost but the shape.
#
# `view(-1, 25)` reads: rows of 25, and as many as it takes.
# That is a trap.

# %% tags=["nbval-ignore-output"]
# differs: widget
rows_guess = predict(
    "32 images now have 2 channels: (32, 2, 5, 5). "
    "How many rows does `view(-1, 25)` give?",
    options=["32", "64", "an error"],
)
rows_guess

# %%
two_channels = torch.randn(32, 2, 5, 5, generator=generator)
rows_guess.reveal(
    str(two_channels.view(-1, 25).shape[0]),
    because="There are 32 · 50 values, and rows of 25 use them up: "
    "each image is cut in two, without a word.",
)

# %% [markdown]
# 32 images became 64 rows, and no error is raised until the loss meets 32 labels.
# Write what you mean: `flatten(1)`, or `view(images.shape[0], -1)`.
# Two more ways to go wrong: losing the batch, and a tensor whose values do not lie in order in memory.

# %%
print("nn.Flatten(start_dim=0):", tuple(nn.Flatten(start_dim=0)(images).shape))

channels_last = torch.randn(2, 5, 5, 3, generator=generator)  # (N, H, W, C)
channels_first = channels_last.permute(0, 3, 1, 2)  # (N, C, H, W), nothing moved
try:
    channels_first.view(2, -1)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
print("reshape:", tuple(channels_first.reshape(2, -1).shape))

# %% [markdown]
# `view` never copies, so it refuses what it can't do without a copy.
# `reshape` and `flatten` copy when they must.
#
# ### Exercise 3.8: one row an image
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Flatten any batch, whatever its channels, height and width, and also a permuted one.
#
# <details><summary>Hint 1</summary>
#
# Which axis must survive? Take its length from the tensor, and let −1 stand for the rest.
#
# </details>
# <details><summary>I get the right shape and wrong values</summary>
#
# Then something was transposed on the way. Reshape with N first; permute nothing.
#
# </details>


# %%
def flatten_images(images: Tensor) -> Tensor:
    """Return one row an image: (N, C, H, W) → (N, C · H · W), in the order C, H, W."""
    ### BEGIN SOLUTION
    return images.reshape(images.shape[0], -1)
    ### END SOLUTION


# %%
checks.check_flatten_images(flatten_images)

# %% [markdown]
# ### How wide is the next layer?
#
# `nn.Linear` has one weight for each input and must be told how many there are: C · H · W, `in_features`.
# In lecture I (Imperial College's; the other is lecture C) the number is written `6*8*8`.
# Let us see where it comes from; you will build and train this network in lesson 04.

# %%
from course_utils.arithmetic import trace_shapes

layers = nn.Sequential(
    nn.Conv2d(3, 6, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2, 2),
    nn.Conv2d(6, 6, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2, 2),
    nn.Flatten(),
)
trace_shapes(layers, (1, 3, 32, 32))

# %% [markdown]
# The convolutions keep the size, thanks to their padding; each pooling halves it: 32 → 16 → 8.
# Six maps of 8 × 8 are 384 numbers, and that is what `nn.Linear(6*8*8, 120)` expects.
# (The other lecture's network says 256 in this place. Lesson 04 asks whether it can.)
#
# ### Exercise 3.9: the next layer's in_features
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Follow the size through a list of layers and return the number of values after flattening.
#
# <details><summary>Hint 1</summary>
#
# Convolution and pooling share one formula, so a layer is just three numbers. Start from `image_size` and replace it layer by layer.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The last step is channels times height times width, and here height equals width.
#
# </details>
# <details><summary>I get 48 instead of 384</summary>
#
# That is 6 · 8. A map of 8 × 8 has 64 values.
#
# </details>


# %%
def in_features(
    image_size: int, channels: int, layers: list[tuple[int, int, int]]
) -> int:
    """Return how many values an image has after these layers, flattened.

    Args:
        image_size: Height and width of the square input, in pixels.
        channels: Number of channels after the last layer.
        layers: (kernel_size, stride, padding) of each convolution and pooling, in order.
    """
    ### BEGIN SOLUTION
    size = image_size
    for kernel_size, stride, padding in layers:
        size = (size + 2 * padding - kernel_size) // stride + 1
    return channels * size * size
    ### END SOLUTION


# %%
checks.check_in_features(in_features)

# %% [markdown]
# ## What to keep
#
# - Pooling shrinks each map by itself and learns nothing. Its default stride is its `kernel_size`, and it rounds down.
# - The maximum keeps the strongest answer and sends it the whole gradient; the average is a convolution with constant weights and shares the gradient out.
# - Max pooling pads with −∞; average pooling pads with zeros and counts them.
# - Global pooling leaves one number a channel; adaptive pooling finds the windows for the size you want.
# - One 2 × 2 pooling makes a network a *little* less sensitive to position. Invariance comes with large windows; a move by the stride just moves the outputs along.
# - ReLU and max pooling may change places; ReLU and average pooling may not.
# - `flatten(1)` keeps the batch, in the order C, H, W; the next layer needs `in_features` = C · H · W.
#
# ## Quiz
#
# Five questions; two want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `image`, `features`, `photo(…)`, `F` and `nn` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson03 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lectures: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London); Rocco Meli and Rafael Sarmiento, *Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS, 2024).
# - Vincent Dumoulin and Francesco Visin, [A guide to convolution arithmetic for deep learning](https://arxiv.org/abs/1603.07285), 2016: the 5 × 5 example.
# - Richard Zhang, [Making Convolutional Networks Shift-Invariant Again](https://arxiv.org/abs/1904.11486), 2019: why the stride breaks the promise, and a cure.
# - PyTorch's pages on [`MaxPool2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html), [`AvgPool2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html) and [`Flatten`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html).
# - The photographs' authors and licences are printed with them; all come with packages that are installed anyway.
