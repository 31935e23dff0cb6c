# %% [markdown]
# # 0 · Is everything ready?
#
# Fifteen minutes from now you will know that your machine can run this workbook, how its exercises talk back, and where to turn when something doesn't work.
# Then the real thing begins.
#
# **You will be able to**
#
# - work on a copy of a lesson, run it, and start it afresh;
# - answer an exercise, and read the three verdicts that a check can give;
# - say on which device PyTorch computes, and why a repeated run gives the same numbers.
#
# **Time**: about 15 minutes.
#
# **From before**: nothing.

# %% tags=["parameters"]
seed = 0
size = 120  # of the photographs, in pixels

# %% [markdown]
# ## Ask the doctor
#
# A notebook is made of *cells*: text like this one, and code like the next.
# Click the next cell and press **Shift + Enter**: it runs, its result appears below it, and the next cell is chosen.
# (All at once: menu *Run*, *Run All Cells*; on Colab menu *Runtime*, *Run all*.)
#
# The doctor looks at your machine and says what is there, what is missing and what to do about it.

# %% tags=["nbval-ignore-output"]
# differs: machine
from course_utils.doctor import doctor

doctor()

# %% [markdown]
# When you ask somebody for help, send three things: what the doctor says, the cell that went wrong, and the last line of its error.
# That line usually names the trouble; the many lines above it only say how the computer got there.
#
# ## How to work
#
# - **Work on a copy.** `make start LESSON=01` puts one into `my_work/` and never overwrites what you have there; on Colab choose *File*, *Save a copy in Drive*. So lessons can be corrected without touching your answers.
# - **Run from top to bottom.** Cells see what ran before them, in the order in which *you* ran them. When results stop making sense: menu *Kernel*, *Restart Kernel and Run All Cells*.
# - **Change things.** Most of what there is to learn is one changed number away. Nothing can break: a fresh copy is one command away too.
# - **Predict before you look.** Some cells ask what the next one will show. Write down your guess, wrong or right: a prediction that failed is remembered best. Nothing waits for you, though.
# - **Widgets need no mouse.** Tab goes from control to control, arrow keys move sliders and the kernel's window, Enter and Space press buttons.
#
# Lessons 01 to 10 each end in a quiz of five or six questions, some of which take a line of code.
#
# ## A first prediction
#
# A colour picture holds three numbers for each pixel: how much red, green and blue light it sends out.
# How many numbers is a small square one, 8 pixels high and 8 wide?

# %% tags=["nbval-ignore-output"]
# differs: a widget
from course_utils.predict import predict

guess = predict("How many numbers does a colour picture of 8 × 8 pixels hold?")
guess

# %%
import torch

tiny_picture = torch.zeros(3, 8, 8)  # three planes of 8 rows and 8 columns, all black
guess.reveal(tiny_picture.numel(), because="That is 8 · 8 pixels with 3 numbers each.")

# %% [markdown]
# Without a prediction the comparison says so and goes on; that is what you see in the stored notebook.
#
# ## Exercise 0.1: how many numbers are in a picture?
#
# **Difficulty** 1 of 5 · **importance** 2 of 5 · **about 2 minutes**
#
# Write the function that counts for any picture.
# Replace the line with `raise` by your own, run the cell, then run the check below it.
#
# <details><summary>Hint 1</summary>
# Hints are folded up like this one, from weak to strong. This is the weak one: you have just seen the answer for 8 × 8 pixels.
# </details>
#
# <details><summary>Hint 2</summary>
# And the strong one: each of height · width pixels holds <code>channels</code> numbers.
# </details>
#
# <details><summary>I get None</summary>
# The function computes but keeps it to itself: it needs <code>return</code>.
# </details>

# %%
from course_utils.checks import lesson00 as checks


def count_numbers(height: int, width: int, channels: int) -> int:
    """Return how many numbers a picture holds; height and width are in pixels."""
    ### BEGIN SOLUTION
    return height * width * channels
    ### END SOLUTION


# %%
checks.check_count_numbers(count_numbers)

# %% [markdown]
# A check gives one of three verdicts, and it never stops the notebook.
#
# - **○ NOT ATTEMPTED**: the exercise is as you found it. Leave it and come back, nothing that follows depends on it.
# - **✗ FAIL**: something differs. The check says on which case, and if it recognises the mistake, which mistake.
# - **✓ PASS**: right on the fixed cases and on a few random ones.
#
# Here is an untouched answer, to begin with.


# %%
def not_yet(height: int, width: int, channels: int) -> int:
    raise NotImplementedError("Write the body of not_yet.")


try_out = checks.check_count_numbers
try_out(not_yet)

# %% [markdown]
# Next, a mistake that many make: count the pixels, forget the colours.


# %%
def pixels_only(height: int, width: int, channels: int) -> int:
    return height * width


try_out(pixels_only)

# %% [markdown]
# The check knows this one, and its hint says what is wrong instead of just that something is.
# And mended:


# %%
def mended(height: int, width: int, channels: int) -> int:
    return height * width * channels


try_out(mended)

# %% [markdown]
# Put that line into your own cell above and run its check again, so that you have done it once.
# Later exercises keep their answers to themselves; the worked solution of each lesson has them all.
#
# ## On which device?
#
# PyTorch computes on the processor (CPU) of any machine, and faster on a graphics card if there is one.
# Your slides choose with one line, which knows NVIDIA cards only:
#
# ```python
# device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# ```
#
# Here is the same with two more kinds: `mps` on Apple's processors, and `xpu` on Intel's graphics cards.

# %% tags=["nbval-ignore-output"]
# differs: machine
available = {
    "cuda": torch.cuda.is_available(),
    "mps": torch.backends.mps.is_available(),
    "xpu": torch.xpu.is_available(),
    "cpu": True,
}
device = torch.device(next(name for name, there in available.items() if there))
print(available)
print("device:", device)

# %% [markdown]
# If it says `cpu`, all is well: every lesson runs in less than a minute on two ordinary cores.
# A tensor is sent to the device with `.to(device)`, and so is a network.

# %%
on_device = tiny_picture.to(device)
print("still black after the journey:", bool((on_device == 0).all()))

# %% [markdown]
# ## Which data, which weights?
#
# Lessons 00 to 03 need no data but a few photographs, and those are on your machine already: they come inside the packages scikit-image, scikit-learn and matplotlib.
# They need no trained weights either, since you will make the first kernels by hand.
# Lessons 04 and 11 train on pictures of ten classes: on CIFAR-10, or on your own, if they are on this machine, and otherwise on a *drawn world* of the same classes that your computer paints by itself.
# Lessons 06 to 09 look into networks that others have trained: two small ones, which learnt from over a million photographs, came with the installation (22 MB), and two that were trained on the drawn world come with the workbook.
# Everything larger is fetched only when you ask for it: `make data` shows the sizes first, and each lesson says which network it uses.

# %%
import matplotlib.pyplot as plt

from course_utils.photos import credit, photo
from course_utils.plots import show_rgb, use_style

use_style()
names = ["chelsea", "coffee", "china", "flower"]
fig, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained")
for ax, name in zip(axes, names, strict=True):
    show_rgb(photo(name, size=size), ax, title=name)
    print(f"{name}: {credit(name)}")
plt.show()

# %% [markdown]
# **Figure.** Four of the photographs you will work with, cut to squares: a cat's face, a cup of coffee, a Chinese pavilion and a flower.
#
# If you see them, drawing works too.
#
# ## Why do results repeat?
#
# Random numbers in a computer come from a formula that begins at a *seed*.
# The same seed gives the same numbers, so you and your neighbour see the same results.

# %%
torch.manual_seed(seed)
first = torch.rand(3)
torch.manual_seed(seed)
again = torch.rand(3)
print("same seed, same numbers:", torch.equal(first, again))
print("(0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3):", (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3))

# %% [markdown]
# The second line is the fine print.
# Computers round, so the order in which numbers are added shows in the last digit, and that order depends on how many *threads* share the work.
# Your numbers may therefore differ from the stored ones in late digits, and after long training in earlier ones.
# (`torch.set_num_threads(1)` fixes the order, at the price of time.)
#
# ## The map
#
# Two lectures stand behind these lessons, and *your slides* are those of either: **lecture I** was given at Imperial College London, **lecture C** at CSCS, ETH Zürich's supercomputing centre.
# Where a slide has slipped, the lesson says so and lets you mend it.
#
# | lesson | its question |
# |---|---|
# | 00 (you are here) | Is everything ready? |
# | [01 · Images as tensors](01_images_as_tensors.ipynb) | What does a network see when it looks at a picture? |
# | [02 · Convolution by hand](02_convolution_by_hand.ipynb) | What does a convolution compute? |
# | [03 · Pooling and flattening](03_pooling_and_flattening.ipynb) | What may a network forget? |
# | [04 · A CNN for CIFAR-10](04_cifar10_cnn.ipynb) | How does a network learn to tell a cat from a dog? |
# | [05 · Training on GPUs](05_gpu_training.ipynb) | What does a GPU change? |
# | [06 · Architectures](06_architectures.ipynb) | How can a network have 152 layers? |
# | [07 · Transfer learning](07_transfer_learning.ipynb) | Must every network learn to see from scratch? |
# | [08 · Segmentation and detection](08_segmentation_and_detection.ipynb) | What is where in a picture? |
# | [09 · Style transfer](09_style_transfer.ipynb) | Can a network tell what is painted from how? |
# | [10 · Beyond](10_beyond.ipynb) | What else can a convolution do? |
# | [11 · The lab](11_lab_cifar10.ipynb) | Can you build one from nothing? |
#
# ## What to keep
#
# The doctor has seen your machine, a check has told you off and praised you, and you know what to send along with a cry for help.
# Go on to [lesson 01](01_images_as_tensors.ipynb).
#
# ## Sources
#
# - The line that chooses the device is from lecture 2 of *Deep Learning in Python* (A. C. S. Jørgensen, Imperial College London), as transcribed.
# - Seeds and threads: [PyTorch's notes on reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html).
