# %% [markdown]
# # 2 · What does a convolution compute?
#
# Nine multiplications and one sum, again and again: that is all.
# In this lesson you work it out by hand, write it as a loop, and let the loop grow, step by step, until it gives what PyTorch's `F.conv2d` gives, number for number.
#
# **You will be able to**
#
# - compute any output of a convolution by hand, and write the loop that computes all of them;
# - say what padding, stride, dilation and groups change, and how large the output becomes;
# - count the parameters of a convolutional layer, and say why there are so few;
# - design a kernel for a purpose, and have gradient descent find one for you;
# - explain why the framework turns a convolution into a matrix product.
#
# **Time**: about three hours with all eleven exercises and two good places for a break.
#
# **From before**: [lesson 01](01_images_as_tensors.ipynb): images are tensors, the order N, C, H, W, and what a fully connected layer costs.

# %% tags=["parameters"]
seed = 0
photo_size = 128
timing_size = 64

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks import lesson02 as checks
from course_utils.photos import credit, photo
from course_utils.plots import show_feature_map, show_gray, show_numbers, use_style
from course_utils.predict import predict

use_style()

# %% [markdown]
#
# ## One window, nine products, one sum
#
# The lecture starts with an image of 6 × 6 pixels and a kernel of 3 × 3 numbers.
# The kernel is called *Sobel, horizontal*: it finds horizontal edges, places where the rows above differ from the rows below.
# How it does that is easiest to see with the numbers on the table.

# %%
image = torch.tensor(
    [
        [2.0, 5, 8, 7, 9, 8],
        [1, 3, 4, 2, 8, 3],
        [0, 4, 1, 2, 1, 4],
        [3, 3, 8, 7, 5, 1],
        [4, 1, 2, 2, 9, 2],
        [5, 1, 3, 7, 4, 8],
    ]
)
sobel = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
image.shape, sobel.shape

# %%
fig, axs = plt.subplots(
    1, 2, figsize=(7, 3.6), width_ratios=[2, 1], layout="constrained"
)
show_numbers(image, axs[0], window=(0, 0, 3, 3), title="Image and its first window")
show_numbers(sobel, axs[1], signed=True, title="Kernel: Sobel, horizontal")
plt.show()

# %% [markdown]
# **Figure.** The 3 × 3 kernel lies on the top left window of the 6 × 6 image: its row of −1, −2, −1 on the 2, 5, 8, its zeros on the 1, 3, 4, and its row of 1, 2, 1 on the 0, 4, 1.
#
# Multiply each pixel of the window by the number that lies on it, and add the nine products up:
#
# $$\begin{aligned}
# & 2\cdot(-1) + 5\cdot(-2) + 8\cdot(-1) \\
# +\;& 1\cdot 0 + 3\cdot 0 + 4\cdot 0 \\
# +\;& 0\cdot 1 + 4\cdot 2 + 1\cdot 1 \;=\; -20 + 0 + 9 \;=\; -11
# \end{aligned}$$
#
# The same in code: a window, a product element by element, a sum.

# %%
window = image[0:3, 0:3]
products = window * sobel
print(products)
print("sum:", products.sum().item())

# %% [markdown]
# −11, as on the slide.
# The top of the window is bright and the bottom is dark, so the sum is negative.
#
# Now move the window one pixel to the right.
# The middle row of the kernel is zero, so only six products count: work them out on paper before you run the next two cells.

# %% tags=["nbval-ignore-output"]
# differs: the prediction is a widget
second = predict("The window covers columns 1 to 3. What is the sum now?")
second

# %%
second.reveal(
    (image[0:3, 1:4] * sobel).sum().item(),
    because="5·(−1) + 8·(−2) + 7·(−1) = −28 above, 4·1 + 1·2 + 2·1 = 8 below.",
)

# %% [markdown]
#
# ## Slide the kernel
#
# A kernel of length 3 fits into 6 pixels at 6 − 3 + 1 = 4 places, in each direction.
# So 16 windows give 16 numbers: a new, smaller image, the **feature map**.
# Each of its pixels says how well the kernel's pattern matches the window at that place.

# %% [markdown]
#
# ### Exercise 2.1: slide the kernel
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Write the function that lays a kernel on every window of an image and returns the feature map.
# It must not matter whether image and kernel are square.
#
# <details><summary>Hint 1</summary>
#
# Two loops: one over the rows of the output, one over its columns.
# The window that belongs to output (row, column) begins at pixel (row, column).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `image[row : row + height, column : column + width]` is the window, if `height, width = kernel.shape`.
#
# </details>
#
# <details><summary>I get numbers that grow and grow</summary>
#
# Does the sum start again at 0 for each window?
#
# </details>
#
# <details><summary>I get "The size of tensor a must match the size of tensor b"</summary>
#
# The last windows hang over the edge of the image: your loops run too far.
# The output has `image.shape[0] - height + 1` rows.
#
# </details>


# %%
def slide_kernel(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the sum of window times kernel at each place where the kernel fits.

    Shape:
        - image: (H, W)
        - kernel: (kH, kW)
        - Output: (H - kH + 1, W - kW + 1)
    """
    ### BEGIN SOLUTION
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    output = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + height, column : column + width]
            output[row, column] = (window * kernel).sum()
    return output
    ### END SOLUTION


# %%
checks.check_slide_kernel(slide_kernel)

# %% [markdown]
#
# ### Exercise 2.2: your slides say −11, −20, −45, −70
# **Difficulty** 1 of 5 · **importance** 3 of 5 · **about 5 minutes**
#
# That is the first row of the result on the slide, as transcribed, and two of its four numbers are not right.
# Find the row as it should be, with your function or on paper, and then find out *how* the two numbers came about.
#
# <details><summary>Hint 1</summary>
#
# The third window covers rows 0 to 2 and columns 2 to 4.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Take the differences between neighbours in the slide's row: from −20 to −45, from −45 to −70.
#
# </details>
#
# <details><summary>I get 11, 20, 25, 25</summary>
#
# Your kernel is upside down: the row of −1, −2, −1 lies on top.
#
# </details>

# %%
### BEGIN SOLUTION
first_row = (-11, -20, -25, -25)
### END SOLUTION

# %%
checks.check_first_row(first_row)

# %% [markdown] tags=["solution"]
# The third window gives −31 + 6 = −25, and the fourth −33 + 8 = −25 as well.
# The slide's −45 is −20 + (−25), and its −70 is −45 + (−25): the sum ran on from window to window.
# The other fourteen numbers of the slide are right.

# %% [markdown]
#
# ## The loop, and what PyTorch says
#
# Here is one way to write it; yours may look different.
# This function is the seed of the lesson: it will learn padding, stride, channels, batches, dilation and groups, one after the other.


# %%
def conv_valid(image: Tensor, kernel: Tensor) -> Tensor:
    """Slide a kernel, (kH, kW), over an image, (H, W), where it fits."""
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    output = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + height, column : column + width]
            output[row, column] = (window * kernel).sum()
    return output


conv_valid(image, sobel)

# %% [markdown]
# PyTorch's function is `F.conv2d`.
# It expects a batch of images with channels, (N, C, H, W), and its kernels as (out_channels, in_channels, kH, kW).
# With one of each, both need two leading axes of length 1, which `[None, None]` adds.

# %%
ours = conv_valid(image, sobel)
torchs = F.conv2d(image[None, None], sobel[None, None])[0, 0]
assert torch.equal(ours, torchs)
torchs

# %% [markdown]
# Equal, to the last bit.
# Each of the sixteen numbers came from a window of its own and owes nothing to its neighbour.
#
# ## Convolution or cross-correlation?
#
# In mathematics, a *convolution* first turns the kernel by 180°, upside down and left to right, and then slides it.
# What we just did, sliding it as it is, is called *cross-correlation*.

# %% tags=["nbval-ignore-output"]
# differs: the prediction is a widget
turned = predict("Turn the Sobel kernel by 180°. What is the first number then?")
turned

# %%
turned_kernel = sobel.flip(0, 1)
print(turned_kernel)
turned.reveal(
    conv_valid(image, turned_kernel)[0, 0].item(),
    because="Turned by 180°, this kernel is its own negative.",
)

# %% [markdown]
# So which of the two is `nn.Conv2d`?
# The cell above the prediction has told: it equals our loop, which does not turn anything.
# Deep learning says **convolution and means cross-correlation**, and from here on so do we.
# For a network the difference is only a name: its kernels are learned, and a kernel that should be turned is learned the other way round.

# %% [markdown]
#
# ### Exercise 2.3: move the picture
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 5 minutes**
#
# Give the 3 × 3 kernel with which `F.conv2d(..., padding=1)` moves a picture one pixel **to the left**.
#
# <details><summary>Hint 1</summary>
#
# The kernel with a single 1 in its middle changes nothing: each output takes the pixel under the 1.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Once the picture has moved to the left, which of the old pixels stands in the middle of the window?
#
# </details>
#
# <details><summary>I get a picture that moves to the right</summary>
#
# You may have turned the kernel in your mind, as a mathematician would.
#
# </details>

# %%
### BEGIN SOLUTION
move_left = torch.tensor([[0.0, 0, 0], [0, 0, 1], [0, 0, 0]])
### END SOLUTION

# %%
checks.check_move_left(move_left)

# %% [markdown]
#
# ## Why not simply connect everything?
#
# A fully connected layer could also turn 36 pixels into 16 numbers.
# A convolution differs from it in two ways, and both can be measured.
# The first is **locality**: an output depends on nearby pixels only.
# Let us change one pixel by 1 and see which outputs notice.
# We use a kernel that holds 1 to 9, so that we can tell its numbers apart.

# %%
counting = torch.arange(1.0, 10).reshape(3, 3)
nudged = image.clone()
nudged[2, 2] += 1
change = conv_valid(nudged, counting) - conv_valid(image, counting)
print(change)

# %%
fig, axs = plt.subplots(
    1, 3, figsize=(9, 3.2), width_ratios=[6, 3, 4], layout="constrained"
)
show_numbers(nudged - image, axs[0], title="Pixel (2, 2) grows by 1")
show_numbers(counting, axs[1], title="Kernel")
show_numbers(change, axs[2], title="Change of the output")
plt.show()

# %% [markdown]
# **Figure.** One changed pixel changes nine of the sixteen outputs, a 3 × 3 block, and by exactly the kernel's numbers turned by 180°: 9 at the top left, 1 at the bottom right.
#
# Nine windows contain the pixel, and each of them meets it with another number of the kernel.
# Pixels in the corner lie in one window only.
#
# The second difference is **shared weights**: the same nine numbers serve every place.
# Write the convolution as the fully connected layer that it could be, as a matrix with 16 rows and 36 columns, and count.
# Column *j* of a matrix is what it makes of the *j*-th unit vector, so we convolve 36 images with a single 1 in each.

# %%
single_pixels = torch.eye(36).reshape(36, 1, 6, 6)
matrix = F.conv2d(single_pixels, counting[None, None]).flatten(1).T  # (16, 36)
assert torch.equal(matrix @ image.flatten(), conv_valid(image, counting).flatten())

print("entries:          ", matrix.numel())
print("zeros:            ", (matrix == 0).sum().item())
print("different weights:", len(matrix[matrix != 0].unique()))

# %%
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
show_feature_map(matrix, ax, title="The same convolution as a matrix", label="weight")
ax.set(xlabel="36 input pixels", ylabel="16 outputs")
plt.show()

# %% [markdown]
# **Figure.** The matrix is almost empty: 432 of its 576 entries are zero, and the rest are the same nine numbers in every row, each time a little further to the right.
#
# Because the weights are shared, a convolution treats every place alike.
# If the picture moves, the feature map moves with it and is otherwise the same: this is called **translation equivariance**.

# %%
moved = image.roll(1, dims=1)  # one pixel to the right; the last column comes in again
before, after = conv_valid(image, sobel), conv_valid(moved, sobel)
print(before)
print(after)
assert torch.equal(after[:, 1:], before[:, :-1])

# %% [markdown]
# The first three columns of the first map are the last three of the second.
# Only the first column is new, as new pixels came in there.
#
# ## Padding: a frame around the image
#
# Each convolution so far made the image smaller: 6 × 6 became 4 × 4, and another one would leave 2 × 2.
# Pixels at the border count less, too: a corner lies in one window, a pixel in the middle in nine.
# Both are mended by a frame of zeros.
# In PyTorch, `padding=1` means one pixel on **each** side.

# %% [markdown]
#
# ### Exercise 2.4: a frame of zeros
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 5 minutes**
#
# Put an image into a frame of zeros, `padding` pixels wide on each side, without `F.pad`.
#
# <details><summary>Hint 1</summary>
#
# Make a larger tensor of zeros first, then write the image into its middle.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The image begins at row `padding` and ends before row `padding + H`.
#
# </details>
#
# <details><summary>I get a shape error at padding 0</summary>
#
# With `[padding:-padding]` the slice is empty when padding is 0, since −0 is 0.
# Count from the front: `[padding : padding + H]`.
#
# </details>


# %%
def pad_zeros(image: Tensor, padding: int) -> Tensor:
    """Return the image in a frame of zeros.

    Shape:
        - image: (H, W)
        - Output: (H + 2 * padding, W + 2 * padding)
    """
    ### BEGIN SOLUTION
    height, width = image.shape
    padded = torch.zeros(height + 2 * padding, width + 2 * padding)
    padded[padding : padding + height, padding : padding + width] = image
    return padded
    ### END SOLUTION


# %%
checks.check_pad_zeros(pad_zeros)

# %% [markdown]
# From here on `F.pad` does it for us; it takes the widths as (left, right, top, bottom).
# Our function learns its first word: padding.


# %%
def conv_padded(image: Tensor, kernel: Tensor, padding: int = 0) -> Tensor:
    """Slide a kernel, (kH, kW), over an image, (H, W), in a frame of zeros."""
    return conv_valid(F.pad(image, (padding, padding, padding, padding)), kernel)


ours = conv_padded(image, sobel, padding=1)
for padding in [1, "same"]:
    torchs = F.conv2d(image[None, None], sobel[None, None], padding=padding)[0, 0]
    assert torch.equal(ours, torchs)
ours

# %% [markdown]
# 6 × 6 again, with the old 4 × 4 result in the middle.
# A padding that keeps the size is so common that PyTorch has a word for it: `padding="same"`.
# For an odd kernel it is `(kernel_size - 1) / 2`: 1 for a 3 × 3 kernel, 2 for 5 × 5.
# (With a stride other than 1, the subject of the next section, the word is refused.)
#
# Zeros are a choice, and not always a harmless one.
# Take a wall of even brightness, a 5 × 5 image that is 7 everywhere.
# It has no edge at all.

# %% tags=["nbval-ignore-output"]
# differs: the prediction is a widget
wall = predict("Sobel on an even wall of 7s, padding 1: how many of the 25 are not 0?")
wall

# %%
even = torch.full((5, 5), 7.0)
on_even = conv_padded(even, sobel, padding=1)
wall.reveal(
    int((on_even != 0).sum()),
    because="The frame of zeros makes an edge above and below, five pixels each.",
)

# %% [markdown]
# The frame itself looks like an edge to the kernel.
# `nn.Conv2d` therefore knows other frames, chosen with `padding_mode`; here they are for a row of four pixels.

# %%
row = torch.tensor([[1.0, 2, 3, 4]])
for mode in ["constant", "reflect", "replicate", "circular"]:
    framed = F.pad(row, (2, 2), mode=mode)
    print(f"{mode:9}", [int(value) for value in framed[0]])

# %% [markdown]
# `constant` is what `padding_mode="zeros"` does.
# *Reflect* mirrors the image at its border pixel, *replicate* repeats that pixel, *circular* comes in again on the other side.
# On the even wall, each of the last three leaves no trace of a border:

# %%
fig, axs = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
for ax, padding_mode in zip(axs, ["zeros", "replicate"], strict=True):
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode=padding_mode, bias=False)
    layer.weight.data = sobel[None, None]
    show_numbers(layer(even[None, None])[0], ax, signed=True, title=padding_mode)
plt.show()

# %% [markdown]
# **Figure.** On an image without any edge, zero padding makes the Sobel kernel answer along the whole top and bottom border (28 inside the rows, 21 in the corners), while replicate padding gives zero everywhere.
#
# Zeros remain the default: they are cheap, and a network learns to live with them.
# Some even make use of the false edge: it tells them where the border is (Islam and others, in the sources).
#
# ## Stride: longer steps
#
# The window need not stop at every pixel.
# With a **stride** of 2 it moves two pixels at a time, to the right and downwards, and the feature map has half the height and half the width.
# On the lecture's image the windows then begin at rows 0 and 2, and at columns 0 and 2.

# %% [markdown]
#
# ### Exercise 2.5: longer steps
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 8 minutes**
#
# Write the sliding function again, now with a stride, and without computing windows that are then thrown away.
#
# <details><summary>Hint 1</summary>
#
# Output (row, column) belongs to the window that begins at (row · stride, column · stride).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# How many steps of length `stride` fit into `image.shape[0] - height` pixels?
# There is one window more than there are steps.
#
# </details>
#
# <details><summary>I get one row too few</summary>
#
# From 6 − 3 = 3 pixels of room, a stride of 2 takes 3 // 2 = 1 step: that is 2 windows.
#
# </details>


# %%
def stride_kernel(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Slide the kernel in steps of ``stride`` pixels, right and down.

    Shape:
        - image: (H, W)
        - kernel: (kH, kW)
        - Output: one row for each step that fits, and one for the start; columns alike
    """
    ### BEGIN SOLUTION
    height, width = kernel.shape
    rows = (image.shape[0] - height) // stride + 1
    columns = (image.shape[1] - width) // stride + 1
    output = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            window = image[top : top + height, left : left + width]
            output[row, column] = (window * kernel).sum()
    return output
    ### END SOLUTION


# %%
checks.check_stride_kernel(stride_kernel)

# %% [markdown]
# Our function learns its second word.
# A stride of *s* gives every *s*-th row and column of what stride 1 gives, and that is how we write it here: short, but it computes three windows of four in vain.


# %%
def conv_strided(
    image: Tensor, kernel: Tensor, stride: int = 1, padding: int = 0
) -> Tensor:
    """Slide a kernel, (kH, kW), over an image, (H, W), with stride and padding."""
    return conv_padded(image, kernel, padding)[::stride, ::stride]


ours = conv_strided(image, sobel, stride=2)
assert torch.equal(ours, F.conv2d(image[None, None], sobel[None, None], stride=2)[0, 0])
ours

# %% [markdown]
# Now the example of the second lecture, which comes from Dumoulin and Visin's guide: a 5 × 5 image, padding 1, stride 2.
# The kernel has no symmetry at all, so a slip of any kind would show.

# %%
dumoulin_image = torch.tensor(
    [
        [3.0, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
dumoulin_kernel = torch.tensor([[0.0, 1, 2], [2, 2, 0], [0, 1, 2]])
result = conv_strided(dumoulin_image, dumoulin_kernel, stride=2, padding=1)
result

# %%
padded = F.pad(dumoulin_image, (1, 1, 1, 1))
fig, axs = plt.subplots(1, 3, figsize=(9.5, 3.2), layout="constrained")
for step, ax in enumerate(axs):
    title = f"output (0, {step}): {result[0, step]:.0f}"
    show_numbers(padded, ax, window=(0, 2 * step, 3, 3), title=title)
plt.show()

# %% [markdown]
# **Figure.** Three windows on the padded 7 × 7 image, two pixels apart, give the first output row 6, 17, 3; the first and the last window reach into the frame of zeros.
#
# These are the slide's numbers: 6, 17, 3, then 8, 17, 13, then 6, 4, 4.
# The first one by hand: of the nine products only one is not zero, 3·2 = 6 in the middle of the window.
#
# One thing is lost with a stride.
# The feature map used to move along with the picture; now it depends on whether the picture moved by an even or an odd number of pixels.

# %%
torch.manual_seed(seed)
texture = torch.rand(16, 16)
still = conv_strided(texture, sobel, stride=2)
for shift in [1, 2]:
    moved = conv_strided(texture.roll(shift, dims=1), sobel, stride=2)
    same = torch.equal(moved[:, 1:], still[:, :-1])
    print(f"moved by {shift}: just a moved map?", same)

# %% [markdown]
# Moved by two pixels, the map moves by one.
# Moved by one pixel, it becomes another map: the windows now begin at the pixels that were skipped before.
#
# ## How large is the output?
#
# Let us count along one side: the height, say; the width works alike.
# Let the input have $n$ pixels, the kernel $k$, the padding $p$ on each side, and the stride $s$.
# Padding makes $n + 2p$ pixels, of which the first window takes $k$; into the rest fit so many steps of length $s$, and there is one window more than there are steps:
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# The brackets say *rounded down*.
# They matter when the division leaves a rest: $n = 6$, $k = 3$, $s = 2$ gives $\lfloor 1.5 \rfloor + 1 = 2$.
# A third window would hang over the edge, so it is not computed, and the last column of pixels is never looked at.
# See for yourself: change that column, and nothing happens.

# %%
repainted = image.clone()
repainted[:, 5] = 1000
before = conv_strided(image, sobel, stride=2)
after = conv_strided(repainted, sobel, stride=2)
print("same output:", torch.equal(before, after))

# %% [markdown]
#
# ### Exercise 2.6: how large is the output?
# **Difficulty** 1 of 5 · **importance** 5 of 5 · **about 5 minutes**
#
# Write the formula as a function of whole numbers that returns a whole number.
#
# <details><summary>Hint 1</summary>
#
# In Python, `//` divides and rounds down.
#
# </details>
#
# <details><summary>I get 4.0 instead of 4</summary>
#
# `/` always gives a float, even where it divides.
#
# </details>
#
# <details><summary>I get one too many, but only sometimes</summary>
#
# Only where the division leaves a rest?
# Then something rounds up, or the + 1 was divided as well.
#
# </details>


# %%
def output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Return the output length along one axis, in pixels; padding is per side."""
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel_size) // stride + 1
    ### END SOLUTION


# %%
checks.check_output_size(output_size)

# %% [markdown]
#
# ## Play with it
#
# The explorer does what you have just programmed, one window at a time: nine products, their sum, and the place where the sum goes.
# First as a picture, for everyone who reads this without a running kernel.

# %%
from course_utils.widgets import ConvolutionExplorer

static = ConvolutionExplorer(kernel="sobel_horizontal", stride=2, padding=1)
static.filmstrip(steps=3)
plt.show()

# %% [markdown]
# **Figure.** The window moves over the padded 6 × 6 image in steps of two; at each stop, the nine products of pixels and kernel add up to one number of the 3 × 3 output.
#
# The same in words, for those who cannot see the picture, or would rather check every product:

# %%
static.table()

# %% [markdown]
# Now the live one.
# Change a number of the kernel, pick another kernel or a photograph, set stride, padding and dilation; with the arrow keys the window moves.
# Try to make the output 1 × 1, or to make it larger than the image.

# %% tags=["nbval-ignore-output"]
# differs: widget
explorer = ConvolutionExplorer(kernel="sobel_horizontal")
explorer

# %% [markdown]
# *A good place for a first break.*
#
# ## A kernel on a photograph
#
# Six by six numbers show how a convolution works; a photograph shows what it is good for.
# `sobel` compares the row above with the row below, so it finds **horizontal** edges.
# Turned on its side, `sobel.T`, it compares left with right and finds **vertical** ones.

# %%
kernels = torch.stack([sobel, sobel.T])[:, None]  # (2, 1, 3, 3): two kernels at once
pictures, edges = {}, {}
for name in ["camera", "brick"]:
    pictures[name] = photo(name, size=photo_size, gray=True)
    edges[name] = F.conv2d(pictures[name][None], kernels)[0]
    print(f"{name}: {credit(name)}")
edges["camera"].shape

# %%
fig, axs = plt.subplots(2, 4, figsize=(8.4, 3.8), layout="constrained")
for axes, name in zip(axs, pictures, strict=True):
    horizontal, vertical = edges[name]
    show_gray(pictures[name], axes[0], title=name)
    show_feature_map(horizontal, axes[1], title="horizontal edges")
    show_feature_map(vertical, axes[2], title="vertical edges")
    strength = (horizontal**2 + vertical**2).sqrt()
    show_gray(strength, axes[3], title="strength", limits=(0, strength.max().item()))
    ratio = vertical.abs().mean() / horizontal.abs().mean()
    print(f"{name}: vertical edges are {ratio:.1f} times as strong, on average")
plt.show()

# %% [markdown]
# **Figure.** The horizontal kernel sees the cameraman's shoulder and the short joints between the bricks; the vertical kernel sees the legs of the tripod and the long joints; the strength of both together, the square root of the sum of their squares, draws every outline whatever its direction.
#
# The maps are **signed**.
# Red means: brighter below than above (or brighter on the right than on the left); blue means the opposite.
# The joints of the bricks run mostly downwards, and the ratio above the figure says so.

# %% [markdown]
#
# ### Exercise 2.7: find the bar
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 8 minutes**
#
# Design a 3 × 3 kernel that is **positive** on the middle of a bright vertical bar, one pixel wide, and **zero** on flat areas and wherever there is only a horizontal bar.
# Many kernels do; any of them is right.
#
# <details><summary>Hint 1</summary>
#
# On a flat area all nine pixels are equal, so the result is that pixel times the sum of the kernel.
# What must the sum be?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A horizontal bar fills one row of the window with ones.
# What must each row of the kernel add up to?
#
# </details>
#
# <details><summary>I get zero on the bar itself</summary>
#
# That is an edge detector: left and right have opposite signs, so the middle counts for nothing.
#
# </details>

# %%
### BEGIN SOLUTION
bar_detector = torch.tensor([[-1.0, 2, -1], [-1, 2, -1], [-1, 2, -1]])
### END SOLUTION

# %%
checks.check_bar_detector(bar_detector)

# %% [markdown]
#
# ## Channels: add them up
#
# A colour image has three channels, and inside a network there may be hundreds.
# The rule is short: **each channel has a kernel of its own, and what they give is added up**, plus one number, the bias.
# By hand, with two channels, kernels of 2 × 2, and a bias of 10:

# %%
two_channels = torch.tensor(
    [[[1.0, 2, 0], [0, 1, 3], [2, 1, 1]], [[0, 1, 2], [1, 0, 1], [3, 2, 0]]]
)
weight = torch.tensor([[[[1.0, 0], [0, 1]], [[0, 2], [-1, 0]]]])  # (1, 2, 2, 2)
bias = torch.tensor([10.0])

from_channel_0 = (two_channels[0, 0:2, 0:2] * weight[0, 0]).sum().item()  # 1·1 + 1·1
from_channel_1 = (two_channels[1, 0:2, 0:2] * weight[0, 1]).sum().item()  # 1·2 + 1·(−1)
total = from_channel_0 + from_channel_1 + bias.item()
print(from_channel_0, "+", from_channel_1, "+", bias.item(), "=", total)

# %% [markdown]
# That is one output map.
# A layer has many: `out_channels` of them, each with its own kernel for every input channel and its own bias.
# The lecture's formula says just this, for image $i$ of the batch and output channel $j$:
#
# $$O(N_i, C_{O_j}) = b(C_{O_j}) + \sum_{k=0}^{C_I - 1} W(C_{O_j}, k) \star I(N_i, k)$$
#
# Read $\star$ as "slide the kernel over", which you have written yourself.

# %% [markdown]
#
# ### Exercise 2.8: add up the channels
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 12 minutes**
#
# Write a convolution with channels for one image; `conv_valid(plane, kernel)` from above does the sliding.
#
# <details><summary>Hint 1</summary>
#
# Two loops: over the output channels *j*, and inside it over the input channels *k*.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# For one *j*: start with `bias[j]` and add `conv_valid(image[k], weight[j, k])` for each *k*.
# At the end, `torch.stack` makes one tensor of all maps.
#
# </details>
#
# <details><summary>I get the bias several times over</summary>
#
# It belongs to the output channel: add it outside the loop over the input channels.
#
# </details>


# %%
def add_channels(image: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve an image that has channels; stride 1, no padding.

    Shape:
        - image: (in_channels, H, W)
        - weight: (out_channels, in_channels, kH, kW)
        - bias: (out_channels,)
        - Output: (out_channels, H - kH + 1, W - kW + 1)
    """
    ### BEGIN SOLUTION
    maps = []
    for kernels, number in zip(weight, bias, strict=True):
        output = number.clone()
        for plane, kernel in zip(image, kernels, strict=True):
            output = output + conv_valid(plane, kernel)
        maps.append(output)
    return torch.stack(maps)
    ### END SOLUTION


# %%
checks.check_add_channels(add_channels)

# %% [markdown]
# Our function learns channels, and right after it the **batch**: the images of a batch know nothing of each other, so it is one more loop.


# %%
def conv_channels(
    image: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, padding: int = 0
) -> Tensor:
    """Convolve one image, (C_in, H, W), with kernels, (C_out, C_in, kH, kW)."""

    def one_map(kernels: Tensor) -> Tensor:
        pairs = zip(image, kernels, strict=True)
        return sum(conv_strided(plane, k, stride, padding) for plane, k in pairs)

    return torch.stack([one_map(w) + b for w, b in zip(weight, bias, strict=True)])


def conv_batch(
    images: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, padding: int = 0
) -> Tensor:
    """Convolve a batch of images, (N, C_in, H, W)."""
    return torch.stack(
        [conv_channels(image, weight, bias, stride, padding) for image in images]
    )


conv_channels(two_channels, weight, bias)

# %% [markdown]
# The 13 at the top left is the one that we worked out.
# Now against a real layer, `nn.Conv2d`, with its random weights, on a batch of two small colour images of noise.

# %%
torch.manual_seed(seed)
layer = nn.Conv2d(in_channels=3, out_channels=4, kernel_size=3, stride=2, padding=1)
images = torch.randn(2, 3, 8, 8)  # N, C, H, W

ours = conv_batch(images, layer.weight, layer.bias, stride=2, padding=1)
assert torch.allclose(ours, layer(images), atol=1e-6)
print("input ", tuple(images.shape))
print("weight", tuple(layer.weight.shape))
print("bias  ", tuple(layer.bias.shape))
print("output", tuple(ours.shape))

# %% [markdown]
# Equal again, up to rounding: floating-point sums depend a little on their order, so from here on we compare with `allclose`.
#
# ## How many parameters?
#
# The second lecture asks: input of 100 × 100 pixels with 3 colour channels, kernels of 5 × 5, biases, 200 feature maps of 100 × 100; how many parameters?
# Each map has 5 · 5 · 3 weights and a bias, so there are (5 · 5 · 3 + 1) · 200.
# The layer agrees:

# %%
layer = nn.Conv2d(3, 200, kernel_size=5, padding="same")
convolutional = sum(parameter.numel() for parameter in layer.parameters())
fully_connected = (3 * 100 * 100 + 1) * (200 * 100 * 100)
print(f"convolutional:   {convolutional:>14,}".replace(",", " "))
print(f"fully connected: {fully_connected:>14,}".replace(",", " "))

# %% [markdown]
# 15 200, as on the slide.
# A fully connected layer from the same input to the same output would have sixty thousand million.
# The size of the image does not come in: the same 15 200 numbers serve a thumbnail and a poster.
# You will count for yourself in Exercise 2.9, after two more ideas.
#
# ## Dilation: a wider view for free
#
# A **dilated** kernel has gaps: with dilation 2, its nine numbers stand two pixels apart and look at 5 × 5 pixels.
# In general $k$ numbers span $d\,(k - 1) + 1$ pixels, and that span takes the place of $k$ in the size formula.
# Our function learns it by spreading the kernel out, with zeros in the gaps.


# %%
def spread(weight: Tensor, dilation: int) -> Tensor:
    """Move the numbers of kernels, (..., kH, kW), ``dilation`` pixels apart."""
    height, width = (dilation * (length - 1) + 1 for length in weight.shape[-2:])
    gaps = torch.zeros(*weight.shape[:-2], height, width)
    gaps[..., ::dilation, ::dilation] = weight
    return gaps


spread(counting, dilation=2)


# %%
def conv_dilated(
    images: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """Convolve a batch of images, (N, C_in, H, W), with kernels that have gaps."""
    return conv_batch(images, spread(weight, dilation), bias, stride, padding)


weight, bias = torch.randn(4, 3, 3, 3), torch.randn(4)
ours = conv_dilated(images, weight, bias, dilation=2)
assert torch.allclose(ours, F.conv2d(images, weight, bias, dilation=2), atol=1e-5)
ours.shape

# %% [markdown]
# 8 pixels, a span of 5, so 8 − 5 + 1 = 4: the formula holds.
#
# What is it good for?
# Stack layers, and ask which pixels of the image one single output can see: its **receptive field**.
# The gradient answers: where it is not zero, the pixel has an influence.


# %%
def pixels_seen(dilations: tuple[int, ...], size: int = 19) -> Tensor:
    """Return which pixels, (size, size), the middle output of 3 × 3 layers sees."""
    pixels = torch.zeros(1, 1, size, size, requires_grad=True)
    x = pixels
    for dilation in dilations:
        x = F.conv2d(x, torch.ones(1, 1, 3, 3), padding=dilation, dilation=dilation)
    x[0, 0, size // 2, size // 2].backward()
    return pixels.grad[0, 0] != 0


# %%
from course_utils.arithmetic import receptive_field

stacks = [(1, 1, 1), (1, 2, 4), (2, 2, 2)]
fig, axs = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, dilations in zip(axs, stacks, strict=True):
    seen = pixels_seen(dilations)
    rows = seen.any(dim=1).nonzero()
    side = (rows.max() - rows.min() + 1).item()
    assert side == receptive_field([(3, 1, dilation) for dilation in dilations])
    print(f"dilations {dilations}: {seen.sum()} pixels within {side} x {side}")
    show_gray(seen.float(), ax, title=f"dilations {dilations}")
plt.show()

# %% [markdown]
# **Figure.** Three 3 × 3 layers see 7 × 7 pixels with dilation 1; with dilations 1, 2, 4 they see all of 15 × 15; with dilations 2, 2, 2 they reach over 13 × 13 pixels but see only 49 of them, a grid with gaps.
#
# All three stacks have the same 27 weights.
# Dilations that double from layer to layer widen the view fastest without leaving holes; equal ones leave a grid of blind spots.
# The side adds up: each layer contributes $d\,(k - 1)$ pixels, times the strides of the layers before it, and `course_utils.arithmetic.receptive_field` does the sum for any stack.
#
# *A good place for a second break.*
#
# ## Groups: channels that keep to themselves
#
# So far every output channel has seen every input channel.
# With `groups=2` the channels are split into two halves that never meet, which halves the number of weights.
# It is the last word that our function learns: cut, convolve the parts, put the results together.


# %%
def conv_grouped(
    images: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve a batch, (N, C_in, H, W), with (C_out, C_in / groups, kH, kW)."""
    parts = zip(
        images.chunk(groups, dim=1),
        weight.chunk(groups),
        bias.chunk(groups),
        strict=True,
    )
    return torch.cat(
        [conv_dilated(*part, stride, padding, dilation) for part in parts], dim=1
    )


# %% [markdown]
# Now it has every argument of `F.conv2d`.
# The great test: all combinations of some strides, paddings, dilations and groups, on noise.

# %%
from itertools import product

torch.manual_seed(seed)
images = torch.randn(2, 4, 7, 8)
settings = list(product([1, 2, 3], [0, 1, 2], [1, 2], [1, 2, 4]))
for stride, padding, dilation, groups in settings:
    weight, bias = torch.randn(4, 4 // groups, 3, 3), torch.randn(4)
    ours = conv_grouped(images, weight, bias, stride, padding, dilation, groups)
    torchs = F.conv2d(images, weight, bias, stride, padding, dilation, groups)
    assert torch.allclose(ours, torchs, atol=1e-5)
print(len(settings), "settings, all equal")

# %% [markdown]
# From nine products to the whole of `F.conv2d`, and you have seen every line of it.
#
# Two special cases have names.
# A **depthwise** convolution takes as many groups as channels: one filter per channel, the outputs stacked, as the first lecture says.
# A **pointwise** convolution has a kernel of 1 × 1: it looks at no neighbour at all and only adds channels up, with weights.

# %% tags=["nbval-ignore-output"]
# differs: the prediction is a widget
one_by_one = predict(
    "A 1 × 1 convolution with the weights 0.3, 0.6, 0.1, on a colour photograph:",
    options=["it blurs it", "it makes it grey", "it makes it smaller"],
)
one_by_one

# %%
colour = photo("coffee", size=photo_size)
to_gray = torch.tensor([0.3, 0.6, 0.1]).reshape(1, 3, 1, 1)
gray = F.conv2d(colour[None], to_gray)[0]
weighted_sum = 0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2]
assert torch.allclose(gray[0], weighted_sum, atol=1e-6)
one_by_one.reveal(
    "it makes it grey",
    because="Each pixel becomes 0.3 · red + 0.6 · green + 0.1 · blue.",
)

# %% [markdown]
# A depthwise convolution looks around but mixes no channels; a pointwise one mixes channels but does not look around.
# One after the other does both, for far less: this pair is the **depthwise-separable** convolution, on which small networks for telephones are built.

# %%
standard = nn.Conv2d(64, 128, kernel_size=3, padding=1)
depthwise = nn.Conv2d(64, 64, kernel_size=3, padding=1, groups=64)
pointwise = nn.Conv2d(64, 128, kernel_size=1)


def count(*layers: nn.Module) -> int:
    """Return the number of parameters of some layers together."""
    return sum(p.numel() for layer in layers for p in layer.parameters())


print(f"standard:  {count(standard):>6,}".replace(",", " "))
print(f"separable: {count(depthwise, pointwise):>6,}".replace(",", " "))
print(f"ratio:     {count(standard) / count(depthwise, pointwise):>6.1f}")

# %% [markdown]
# Eight times fewer parameters, and about as many times fewer multiplications.
# It is not the same function, of course: a separable pair can compute only some of what the standard layer can.

# %% [markdown]
#
# ### Exercise 2.9: count the parameters
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 6 minutes**
#
# Count the parameters of any `nn.Conv2d` with a square kernel, without making the layer.
#
# <details><summary>Hint 1</summary>
#
# Count for one output channel first, then multiply.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# With groups, an output channel has kernels for `in_channels // groups` input channels only.
# The number of output channels stays.
#
# </details>
#
# <details><summary>I get 15 000 for the lecture's layer</summary>
#
# Those are its weights; 200 biases come on top.
#
# </details>


# %%
def count_parameters(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    bias: bool = True,
    groups: int = 1,
) -> int:
    """Return the number of weights and biases of a convolution with square kernels."""
    ### BEGIN SOLUTION
    weights = (in_channels // groups) * kernel_size * kernel_size
    return out_channels * (weights + int(bias))
    ### END SOLUTION


# %%
checks.check_count_parameters(count_parameters)

# %% [markdown]
#
# ## Transposed convolution: from small to large
#
# Some networks have to come back to the full size of the image: to label every pixel, or to paint a picture.
# A convolution gathers a window into one number.
# A **transposed** convolution goes the other way and scatters one number over a window: each pixel *stamps* the kernel, multiplied by itself, and where stamps overlap they are added.
# Here are the four stamps of a 2 × 2 image, with a 3 × 3 kernel and stride 2.

# %%
small = torch.tensor([[1.0, 2], [3, 4]])
stamp = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])

single_pixels = torch.diag(small.flatten()).reshape(4, 1, 2, 2)
stamps = F.conv_transpose2d(single_pixels, stamp[None, None], stride=2)[:, 0]
stamps.shape

# %%
fig, axs = plt.subplots(1, 5, figsize=(12.5, 2.9), layout="constrained")
corners = [(0, 0), (0, 2), (2, 0), (2, 2)]
for ax, values, (top, left) in zip(axs, stamps, corners, strict=False):
    pixel = small[top // 2, left // 2]
    show_numbers(
        values, ax, window=(top, left, 3, 3), title=f"stamp of the {pixel:.0f}"
    )
show_numbers(stamps.sum(dim=0), axs[4], title="their sum")
plt.show()

# %% [markdown]
# **Figure.** Four stamps of 3 × 3, two pixels apart, add up to a 5 × 5 image; all four overlap in the middle, where 1 + 2 + 3 + 4 = 10.

# %% [markdown]
#
# ### Exercise 2.10: stamp the kernel
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# Write the transposed convolution of one plane with one kernel as two loops.
#
# <details><summary>Hint 1</summary>
#
# The last stamp begins at row (H − 1) · stride and needs kH rows: that gives the size of the output.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Loop over the pixels of the *input*.
# Each adds `image[row, column] * kernel` to a slice of the output.
#
# </details>
#
# <details><summary>I get the right corners and a wrong middle</summary>
#
# The stamps overlap there: add with `+=`, do not overwrite.
#
# </details>


# %%
def stamp_kernel(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Return the sum of all stamps: the kernel, times each pixel, in its place.

    Shape:
        - image: (H, W)
        - kernel: (kH, kW)
        - Output: ((H - 1) * stride + kH, (W - 1) * stride + kW)
    """
    ### BEGIN SOLUTION
    (height, width), (kernel_height, kernel_width) = image.shape, kernel.shape
    output = torch.zeros(
        (height - 1) * stride + kernel_height, (width - 1) * stride + kernel_width
    )
    for row in range(height):
        for column in range(width):
            top, left = row * stride, column * stride
            place = output[top : top + kernel_height, left : left + kernel_width]
            place += image[row, column] * kernel
    return output
    ### END SOLUTION


# %%
checks.check_stamp_kernel(stamp_kernel)

# %% [markdown]
# Why *transposed*?
# Take the ordinary convolution from 5 × 5 to 2 × 2 with the same kernel and stride, and write it as a matrix, as we did before.
# The transposed convolution multiplies by that matrix, transposed.

# %%
single_pixels = torch.eye(25).reshape(25, 1, 5, 5)
matrix = F.conv2d(single_pixels, stamp[None, None], stride=2).flatten(1).T  # (4, 25)
large = F.conv_transpose2d(small[None, None], stamp[None, None], stride=2)
assert torch.equal(matrix.T @ small.flatten(), large.flatten())
assert torch.equal(large[0, 0], stamps.sum(dim=0))
large[0, 0]

# %% [markdown]
# Transposed is not inverse: it brings the *shape* back, not the values.
# And it is not even-handed: some pixels lie under more stamps than others.
# Stamp ones with a kernel of ones, and count.

# %%
back = F.conv2d(large, stamp[None, None], stride=2)[0, 0]
print("there and back:", back.tolist(), "from", small.tolist())

stamps_per_pixel = F.conv_transpose2d(
    torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3), stride=2
)
print(stamps_per_pixel[0, 0].int())

# %% [markdown]
# The counts 1, 2 and 4 alternate like a chequerboard, and generated images can show that very pattern.
# A kernel size that is a multiple of the stride, such as 4 with stride 2, avoids it inside the image.
# One trap in PyTorch: the weight of `nn.ConvTranspose2d` has the shape (**in**_channels, **out**_channels, kH, kW), the other way round.
#
# ## How the framework does it: im2col
#
# Our loops are easy to read and slow.
# Computers are best at one thing, the product of two large matrices (called GEMM), so frameworks like to turn a convolution into one.
# Write every window as a **column**, all columns side by side; write the kernel as a row.
# The row times the matrix is the feature map.

# %%
columns = F.unfold(image[None, None], kernel_size=3)[0]
product_row = sobel.flatten()[None] @ columns  # (1, 9) @ (9, 16) → (1, 16)
assert torch.equal(product_row.reshape(4, 4), conv_valid(image, sobel))
columns.shape

# %%
fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
show_numbers(
    columns, ax, window=(0, 0, 9, 1), title="16 windows of the image as columns of 9"
)
plt.show()

# %% [markdown]
# **Figure.** The first column holds the first window of the image, read row by row: 2, 5, 8, 1, 3, 4, 0, 4, 1; the next columns hold the windows to its right, so most pixels appear many times.

# %% [markdown]
#
# ### Exercise 2.11: windows into columns
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 8 minutes**
#
# Write im2col for an image with channels, without `F.unfold`.
#
# <details><summary>Hint 1</summary>
#
# `image[:, top : top + k, left : left + k]` is a window with all its channels, and `.flatten()` reads it channel by channel, row by row.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Collect the flat windows in a list, and let `torch.stack(..., dim=1)` set them side by side.
#
# </details>
#
# <details><summary>I get a matrix that lies on its side</summary>
#
# `torch.stack(windows)` makes rows of them; columns want `dim=1`.
#
# </details>


# %%
def im2col(image: Tensor, kernel_size: int) -> Tensor:
    """Return all windows of an image as columns, from left to right and then down.

    Shape:
        - image: (C, H, W)
        - Output: (C * kernel_size**2, number of windows)
    """
    ### BEGIN SOLUTION
    _, height, width = image.shape
    windows = [
        image[:, top : top + kernel_size, left : left + kernel_size].flatten()
        for top in range(height - kernel_size + 1)
        for left in range(width - kernel_size + 1)
    ]
    return torch.stack(windows, dim=1)
    ### END SOLUTION


# %%
checks.check_im2col(im2col)

# %% [markdown]
# With several output channels the row becomes a matrix, one row for each, and nothing else changes.
# Let us race four ways to compute the same layer: pure Python loops, NumPy windows, im2col, and `F.conv2d`.


# %%
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Nested = list[list[list[float]]]


def pure_loops(image: Nested, weight: list[Nested]) -> list[list[list[float]]]:
    """Convolve nested lists with loops and nothing else: (C, H, W), (O, C, k, k)."""
    size, places = len(weight[0][0]), range(len(image[0]) - len(weight[0][0]) + 1)
    return [
        [[
            sum(
                kernels[c][i][j] * image[c][row + i][column + j]
                for c in range(len(image))
                for i in range(size)
                for j in range(size)
            )
            for column in places
        ] for row in places]
        for kernels in weight
    ]  # fmt: skip


def numpy_windows(image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Convolve arrays by a view of all windows: (C, H, W), (O, C, k, k)."""
    # windows: (C, rows, columns, k, k)
    windows = sliding_window_view(image, weight.shape[-2:], axis=(1, 2))
    return np.tensordot(weight, windows, axes=([1, 2, 3], [0, 3, 4]))


def im2col_matmul(images: Tensor, weight: Tensor) -> Tensor:
    """Convolve a batch by one matrix product: (N, C, H, W), (O, C, k, k)."""
    columns = F.unfold(images, weight.shape[-2:])  # (N, C·k·k, windows)
    rows = images.shape[2] - weight.shape[2] + 1
    return (weight.flatten(1) @ columns).unflatten(-1, (rows, -1))


# %% [markdown]
# The contestants get the same colour image, 64 × 64 pixels of noise, and eight 3 × 3 kernels.
# Before any race: do they agree?

# %%
torch.manual_seed(seed)
images, weight = torch.rand(1, 3, timing_size, timing_size), torch.randn(8, 3, 3, 3)
image_list, weight_list = images[0].tolist(), weight.tolist()
image_array, weight_array = images[0].numpy(), weight.numpy()

contestants = {
    "pure loops": lambda: pure_loops(image_list, weight_list),
    "NumPy windows": lambda: numpy_windows(image_array, weight_array),
    "im2col": lambda: im2col_matmul(images, weight),
    "F.conv2d": lambda: F.conv2d(images, weight),
}
expected = F.conv2d(images, weight)
for name, run in contestants.items():
    found = torch.as_tensor(run()).reshape(expected.shape)
    print(f"{name:13} agrees:", torch.allclose(found, expected, atol=1e-4))

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
import platform
from statistics import median
from time import perf_counter

seconds: dict[str, list[float]] = {name: [] for name in contestants}
for _ in range(7):  # take turns, so that a busy moment hits all alike
    for name, run in contestants.items():
        start = perf_counter()
        run()
        seconds[name].append(perf_counter() - start)

medians = {name: median(times) for name, times in seconds.items()}
for name, value in medians.items():
    print(f"{name:13} {value / medians['F.conv2d']:8.1f} × the time of F.conv2d")
threads = torch.get_num_threads()
print(
    f"medians of 7; {platform.machine()}, torch {torch.__version__}, {threads} thread(s)"
)

# %%
slowest = max(medians, key=medians.__getitem__)
others = [value for name, value in medians.items() if name != slowest]
print("slowest:", slowest)
print("at least ten times as slow as any other:", medians[slowest] > 10 * max(others))

columns = F.unfold(images, kernel_size=3)
copies = columns.numel() / images.numel()
print(f"im2col holds {copies:.1f} numbers for each number in the image")

# %% [markdown]
# Not a single multiplication has been saved.
# The other three do the same arithmetic in compiled code and in an order that suits the machine's memory, and that alone makes them faster than pure Python by a factor of ten at the very least; the table above shows how many times more it was there.
# The price of im2col is memory: a pixel is copied into every window that contains it, with a 3 × 3 kernel nearly nine times.
#
# ## Learn the kernel that made Y from X
#
# We have always *given* the kernel.
# Now hide it: here is an image X, and here is Y, what some kernel made of it.
# Which kernel was it?
# Start from zeros, compare, and walk downhill: gradient descent, as for any network, on nine numbers.


# %%
def learn_kernel(x: Tensor, y: Tensor, steps: int) -> tuple[Tensor, list[float]]:
    """Return the 3 × 3 kernel that gradient descent finds, and the loss at each step."""
    weight = torch.zeros(1, 1, 3, 3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(F.conv2d(x, weight), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return weight.detach()[0, 0], losses


# %%
torch.manual_seed(seed)
noise = torch.randn(1, 1, 32, 32)
made = F.conv2d(noise, sobel[None, None])
learned, noise_losses = learn_kernel(noise, made, steps=60)
print(learned.round(decimals=2) + 0.0)  # + 0.0 turns −0 into 0

# %% [markdown]
# The Sobel kernel, found from examples alone.
# Nobody told the machine about edges: it was shown inputs and outputs, and the kernel followed.
# This is what happens in a convolutional network, in every layer at once.
#
# Noise makes it easy, since each pixel says something new.
# In a photograph, neighbours are much alike; does it work as well there?

# %%
camera = pictures["camera"][None]
made = F.conv2d(camera, sobel[None, None])
from_photo, photo_losses = learn_kernel(camera, made, steps=60)

fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for losses, line, label in [
    (noise_losses, "-", "from noise"),
    (photo_losses, "--", "from a photograph"),
]:
    ax.semilogy([loss / losses[0] for loss in losses], line, label=label)
ax.set(xlabel="step", ylabel="loss, share of the first")
ax.legend()
plt.show()
print(f"largest error from noise:        {(learned - sobel).abs().max():.1f}")
print(f"largest error from a photograph: {(from_photo - sobel).abs().max():.1f}")

# %% [markdown]
# **Figure.** From noise, the loss falls by a constant factor at each step, to less than a millionth of its start within 60 steps; from a photograph, with the same step size, more than half of it is still there.
#
# The photograph holds the same information, but gradient descent reads it slowly: where all pixels are alike, many kernels do equally well.
# Normalising the input, better optimisers and batch normalisation all help with this, and you will meet each of them.
#
# ## What to keep
#
# - A convolution multiplies a window by a kernel, element by element, and adds up; then the window moves on. The framework does not turn the kernel.
# - Two ideas make it cheap: an output sees only its neighbourhood, and all places share the same weights.
# - Each side of the output has ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1 pixels; the brackets round down, so what does not fit is not computed.
# - Channels are added up; every pair of input and output channel has a kernel, every output channel a bias.
# - Dilation widens the view, groups keep channels apart, 1 × 1 mixes channels, and the transposed convolution scatters where the others gather.
# - Underneath, it is a matrix product. And the kernels are learned.
#
# ## Quiz
#
# Five questions; two of them ask you to compute something first, for which there is an empty cell.

# %%
# Scratch cell: compute here what the quiz asks for.

# %% tags=["nbval-ignore-output"]
# differs: the quiz is a widget
from course_utils.questions import lesson02 as questions

questions.quiz

# %% [markdown]
#
# ## Sources
#
# - V. Dumoulin and F. Visin, [A guide to convolution arithmetic for deep learning](https://arxiv.org/abs/1603.07285), 2016: the 5 × 5 example, and every case of padding and stride drawn.
# - PyTorch documentation: [Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html), [ConvTranspose2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html), [Unfold](https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html).
# - A. Odena, V. Dumoulin and C. Olah, [Deconvolution and checkerboard artifacts](https://distill.pub/2016/deconv-checkerboard/), Distill, 2016.
# - K. Chellapilla, S. Puri and P. Simard, High performance convolutional neural networks for document processing, 2006: im2col.
# - M. A. Islam, S. Jia and N. D. B. Bruce, [How much position information do convolutional neural networks encode?](https://arxiv.org/abs/2001.08248), 2020.
# - A. Araujo, W. Norris and J. Sim, [Computing receptive fields of convolutional neural networks](https://distill.pub/2019/computing-receptive-fields/), Distill, 2019.
