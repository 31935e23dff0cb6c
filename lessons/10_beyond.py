# %% [markdown]
# # 10 · What else can a convolution do?
#
# Your slides end with what else there is: faces, captions, generated images, video, finer resolution, molecules, transformers.
# Each of them is a field with thousands of papers, and each stands on something that you already know.
# Here are seven small experiments, one page each.
# Every page asks a question, trains a network in a few seconds, compares one number with a baseline, and then breaks what it has built, because an experiment that cannot fail has shown nothing.
#
# **You will be able to**
#
# - turn a network that classifies into one that compares, fills in, invents, watches or describes;
# - say what changes from field to field (the data and the loss) and what does not (the loop);
# - judge each by the number that fits it: ROC curve, PSNR and SSIM, coverage, exact matches and BLEU;
# - show for each where it fails, and name the paper to read next.
#
# **Time**: about four hours with all nine exercises, 25 to 40 minutes a page.
# Each page needs only the three code cells below, so take them in any order; good places for a break are after every page, and the best one is before page 4.
#
# **From before**: convolutions and their sizes (lesson 02), networks, loss and training loop (04); on pages 3, 4, 6 and 7 also batch normalisation or skip connections (06).

# %% tags=["parameters"]
seed = 0
profile = "quick"  # "full": four times as many steps of training; "glance": an eighth

# %%
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import plots
from course_utils.beyond.pictures import show, table
from course_utils.checks import lesson10 as checks
from course_utils.claims import claim
from course_utils.predict import predict

plots.use_style()
effort = {"glance": 1 / 8, "quick": 1, "full": 4}[profile]
# the claims of every page were tried beforehand: with these five seeds, so many steps
excuse = "" if seed in range(5) and effort == 1 else "not tried beforehand"
results: dict[str, dict[str, float]] = {}  # each page leaves its numbers here

# %% [markdown]
# All seven use one training loop, the four steps of lesson 04.
# What a page brings along is a function that draws a batch and returns its loss.
# The learning rate rises at first and then falls to nearly nothing (`OneCycleLR`), which suits short trainings.


# %%
def train(
    model: nn.Module,
    loss_of_batch: Callable[[], Tensor],
    steps: int,
    learning_rate: float = 4e-3,
) -> list[float]:
    """Train for a number of batches and return the loss of each."""
    steps = round(steps * effort)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps
    )
    model.train()
    losses = []
    for _ in range(steps):
        loss = loss_of_batch()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    return losses


# %% [markdown]
# ## Page 1: is this the same face?
#
# A phone unlocks for its owner, and nobody has trained its network on the owner's face.
# So it cannot be a classifier with one output for each person.
# It is an *embedding*: a network that turns a picture into a few numbers, such that two pictures of one face come out near each other and two faces far apart.
# To verify is then to measure a distance and compare it with a threshold, for people the network has never seen.
#
# The faces come with scikit-image, which took them at random from *Labeled Faces in the Wild*, 13,233 press photographs of 5749 people.

# %%
from course_utils.beyond.faces import Change, load_faces, new_views

faces, non_faces = load_faces()
print("faces:", tuple(faces.shape), " cuts from backgrounds:", tuple(non_faces.shape))
fig, ax = plt.subplots(figsize=(8.4, 1.6), layout="constrained")
plots.show_gray(table([faces[:12], non_faces[:12]]), ax)
plt.show()

# %% [markdown]
# **Figure.** Twelve of the hundred faces, 25 × 25 pixels each, above twelve of the hundred cuts from backgrounds: people of many looks in all sorts of light, and below them bits of wall, cloth and cloud.
#
# Look at what is *not* there: names.
# Nobody says which photographs show the same person (a few of the hundred may), so the question "the same person, another day?" cannot be put to these data.
# A question that they can answer honestly is another: **is it the same photograph, seen under other conditions**, moved, turned, nearer, in other light?
# `new_views` makes such views; two views of one photograph are a *same* pair, views of two photographs a *different* pair.

# %%
generator = torch.Generator().manual_seed(seed)
rows = [
    torch.cat([face[None], new_views(face.expand(8, -1, -1, -1), generator)])
    for face in faces[:3]
]
fig, ax = plt.subplots(figsize=(8.4, 3), layout="constrained")
plots.show_gray(table(rows), ax, "the photograph, and eight views of it")
plt.show()

# %% [markdown]
# **Figure.** Three photographs, each followed by eight views of it: shifted by up to 2.5 pixels, turned by up to 12°, closer or farther, lit from one side, with other contrast and a little noise. A person sees at once which belong together.
#
# Seventy photographs are for training; the other thirty are strangers until the test.
# The network is small, and ends in 32 numbers scaled to length 1, so that every picture is a point on a sphere.

# %%
order = torch.randperm(len(faces), generator=generator)
known, strangers = faces[order[:70]], faces[order[70:]]


class FaceEmbedding(nn.Module):
    """Shape: (N, 1, 25, 25) to (N, 32), each row of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, kernel_size=5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(12, 24, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(24, 32, kernel_size=3, padding=1)
        self.fc = nn.Linear(32 * 3 * 3, 32)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1((x - 0.45) / 0.25).relu()  # (N, 12, 13, 13)
        x = F.max_pool2d(self.conv2(x).relu(), 2)  # (N, 24, 6, 6)
        x = F.max_pool2d(self.conv3(x).relu(), 2)  # (N, 32, 3, 3)
        return F.normalize(self.fc(x.flatten(1)), dim=1)


# %% [markdown]
# And the loss?
# Take one view of each photograph, then a second one of each, and compute all cosines between them: a table, (70, 70).
# In row *i* the largest should stand in column *i*.
# "Choose one of 70, the right one is *i*": that is a classification, and its loss is the cross-entropy you know.
# (Divided by 0.1 first, because cosines alone, from −1 to 1, could never make a sharp softmax.)


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
def matching_loss(first: Tensor, second: Tensor) -> Tensor:
    """Let each view find the other view of its own photograph among all."""
    similarity = first @ second.T / 0.1  # (N, N)
    return F.cross_entropy(similarity, torch.arange(len(first)))


torch.manual_seed(seed)
embed = FaceEmbedding()
losses = train(
    embed,
    lambda: matching_loss(
        embed(new_views(known, generator)), embed(new_views(known, generator))
    ),
    steps=100,
)
print(f"loss at first {losses[0]:.2f}, at the end {losses[-1]:.2f}")

# %% [markdown]
# Now the test, with the thirty strangers.
# We measure the distance of every view to every other, once in the embedding and once in the pixels themselves (less their mean, scaled to length 1, which takes most of the lighting out: the baseline shall have a fair chance).


# %%
@torch.no_grad()
def compare(
    embedding: Callable[[Tensor], Tensor],
    first: Tensor,
    second: Tensor,
    change: Change | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the distances of pairs of views, and whether both are of one photograph."""
    generator = torch.Generator().manual_seed(1)
    same = torch.eye(len(first), dtype=torch.bool).flatten()
    distances = [
        torch.cdist(
            embedding(new_views(first, generator, change)),
            embedding(new_views(second, generator, change)),
        ).flatten()
        for _ in range(8)
    ]
    return torch.cat(distances), same.repeat(8)


def pixels(images: Tensor) -> Tensor:
    flat = images.flatten(1)
    return F.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)


# %% [markdown]
# Where to put the threshold is a choice, so we judge all thresholds at once.
# The **ROC curve** draws the share of same pairs accepted against the share of different pairs accepted, and the area under it (AUC) is the probability that a same pair is nearer than a different pair: 1 is perfect, 0.5 is a coin.

# %%
from sklearn.metrics import roc_auc_score, roc_curve

fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
distances, same = compare(embed, strangers, strangers)
bins = torch.linspace(0, 2, 41)
for chosen, name, hatch in ((same, "same", ""), (~same, "different", "///")):
    left.hist(distances[chosen], bins, density=True, alpha=0.6, hatch=hatch, label=name)
left.set(xlabel="distance of two views", ylabel="density", title="the embedding")
left.legend()
for name, embedding, line in (("embedding", embed, "-"), ("pixels", pixels, "--")):
    distances, same = compare(embedding, strangers, strangers)
    false_accepts, true_accepts, _ = roc_curve(same, -distances)
    right.plot(false_accepts, true_accepts, line, label=name)
right.plot([0, 1], [0, 1], ":", color="grey", label="a coin")
right.set(xlabel="different pairs accepted", ylabel="same pairs accepted")
right.set_title("ROC curve")
right.legend()
plt.show()

# %% [markdown]
# **Figure.** Left: in the embedding the distances of same pairs (plain bars) lie well below those of different pairs (hatched), with a small overlap. Right: the embedding's ROC curve runs close to the upper left corner, that of the pixels (dashed) half-way between it and the coin.


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
def auc(embedding: Callable[[Tensor], Tensor], *images: Tensor, **how: Change) -> float:
    distances, same = compare(embedding, *images, **how)
    return float(roc_auc_score(same, -distances))


results["1 faces"] = {
    "AUC": auc(embed, strangers, strangers),
    "AUC of pixels": auc(pixels, strangers, strangers),
}
show(results["1 faces"])

# %%
face = results["1 faces"]
claim(
    "held-out photographs: AUC above 0.92, and pixels at least 0.1 below",
    face["AUC"] > max(0.92, face["AUC of pixels"] + 0.1),
    excuse,
)

# %% [markdown]
# **How it fails.** Ask for something that its training did not promise.
# Mirror the second view; let views be shifted by 5 pixels and turned by 30°, twice as far and more; or give it no faces at all, but walls and cloth.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
strong = Change(shift=5, turn=30)
face["AUC, mirrored"] = auc(embed, strangers, strangers.flip(3))
face["AUC, twice the change"] = auc(embed, strangers, strangers, change=strong)
face["AUC, no faces"] = auc(embed, non_faces, non_faces)
show(face)

# %%
claim(
    "mirrored or changed twice as much, it loses more than 0.1",
    max(face["AUC, mirrored"], face["AUC, twice the change"]) < face["AUC"] - 0.1,
    excuse,
)
claim(
    "and it verifies bits of wall with an AUC above 0.75",
    face["AUC, no faces"] > 0.75,
    excuse,
)

# %% [markdown]
# It learnt to be indifferent to what we changed, by the amount we changed it, and to nothing else.
# And nothing in it knows what a face is: it tells bits of wall apart, too, so a system needs a face *detector* in front.
# What real systems are for, the same person years later, with a beard, it was never shown.
#
# ### Exercise 10.1: both ways to be wrong
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# For one threshold, compute the **false accept rate** (share of the *different* pairs let in) and the **false reject rate** (share of the *same* pairs turned away).
# A pair is accepted when its distance is *at most* the threshold.
#
# <details><summary>Hint 1</summary>
#
# Each rate has its own denominator: the number of different pairs for one, of same pairs for the other.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `accepted = distances <= threshold`, and `~same` turns a mask of booleans round; the mean of a mask, as float, is a share.
#
# </details>
# <details><summary>I get two rates that add up to the share of errors</summary>
#
# Then both are divided by all pairs. With a thousand strangers for each friend that would hide every false reject.
#
# </details>


# %%
def both_errors(
    distances: Tensor, same: Tensor, threshold: float
) -> tuple[float, float]:
    """Return the false accept rate and the false reject rate.

    Shape:
        - distances: (N,)
        - same: (N,), bool: whether the pair is of one face
    """
    ### BEGIN SOLUTION
    accepted = distances <= threshold
    false_accepts = accepted[~same].float().mean()
    false_rejects = (~accepted)[same].float().mean()
    return false_accepts.item(), false_rejects.item()
    ### END SOLUTION


# %%
checks.check_both_errors(both_errors)

# %% [markdown]
# ### Where to go next from faces
#
# - Florian Schroff and others, [FaceNet](https://arxiv.org/abs/1503.03832), 2015: embeddings of faces trained on triplets, compared by distance as here.
# - Jiankang Deng and others, [ArcFace](https://arxiv.org/abs/1801.07698), 2019: the loss with an angular margin that is still widely used.
# - Joy Buolamwini and Timnit Gebru, [Gender Shades](https://proceedings.mlr.press/v81/buolamwini18a.html), 2018: commercial systems that tell women from men by the face were wrong on up to 34.7 % of darker-skinned women and on at most 0.8 % of lighter-skinned men. One error rate for everyone hides that.
#
# ## Page 2: does the molecule fit?
#
# A drug works by sitting in a pocket of a protein.
# Docking programs propose many poses of a molecule (the *ligand*) in the pocket, and something has to tell the good ones.
# Lecture C (ETH Zürich and CSCS) shows the idea on its slide *CNNs for Volumetric Data*: cut space into little cubes, *voxels*, give each kind of atom a channel of its own, and let a 3-D convolution read it as it reads a picture.
# Ragoza and others (2017) did so with cubes of 0.5 Å (an ångström is a ten-millionth of a millimetre), 48 along each edge, and 34 channels of atom types.
#
# Our toy keeps the idea and drops the chemistry: a bowl-shaped pocket with a few *polar* atoms in its wall, and a rod-shaped ligand with one polar end.
# A pose is good when the polar end points at the polar atoms.

# %%
from course_utils.beyond.pockets import (
    CHANNELS,
    draw_complexes,
    random_rotations,
    turn_about_x,
    voxelise,
)

generator = torch.Generator().manual_seed(seed)
complexes = draw_complexes(1000, generator)
test_complexes = draw_complexes(300, torch.Generator().manual_seed(1000 + seed))
grid = voxelise(complexes)
print("atoms: ", tuple(complexes.positions.shape), "x, y, z in ångström")
print("voxels:", tuple(grid.shape), "N, C, D, H, W")
print("good poses:", int(complexes.good.sum()))

# %% [markdown]
# A volume has three axes, so the tensor has five: N, C, D, H, W.
# Here are a good pose and a bad one, first their atoms, seen from the side, then the four channels, each the largest density along the line of sight.

# %%
fig, axes = plt.subplots(2, 5, figsize=(8.6, 3.9), layout="constrained")
for row, k, name in zip(axes, (1, 0), ("good pose", "bad pose"), strict=True):
    x, _, z = complexes.positions[k].T
    for channel, marker in enumerate("os^*"):
        own = complexes.channels == channel
        row[0].scatter(x[own], z[own], s=90 if marker == "*" else 25, marker=marker)
    row[0].set(title=name, xlim=(-8, 8), ylim=(-8, 8), aspect="equal")
    row[0].set(xlabel="x (Å)", ylabel="z (Å)")
    for ax, volume, title in zip(row[1:], grid[k], CHANNELS, strict=True):
        ax.imshow(volume.amax(dim=1), origin="lower", cmap="viridis")
        ax.set_title(title, fontsize=9)
        ax.axis("off")
plt.show()

# %% [markdown]
# **Figure.** Above a good pose: the polar end (star) of the ligand (triangles) lies next to the polar atoms (squares) of the wall (dots), and in the voxels the second and the fourth channel are bright in the same place. Below a bad one: they are bright on opposite sides.
#
# The arithmetic of lesson 02 goes on as it was, once more for the third axis.
# Four channels in, 16 out, a kernel of 3 × 3 × 3: (3·3·3·4 + 1)·16 parameters; stride 2 and padding 1 turn 12 into 6, along each axis.

# %%
from course_utils.arithmetic import conv_output_size

conv = nn.Conv3d(4, 16, kernel_size=3, stride=2, padding=1)
parameters = sum(p.numel() for p in conv.parameters())
assert parameters == (3 * 3 * 3 * 4 + 1) * 16
side = conv_output_size(12, 3, stride=2, padding=1)
assert conv(grid[:1]).shape == (1, 16, side, side, side)
print(f"{parameters} parameters; 12 × 12 × 12 becomes {side} × {side} × {side}")


# %%
class PoseNetwork(nn.Module):
    """Shape: (N, 4, 12, 12, 12) to (N, 2), logits for bad and good."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(4, 16, kernel_size=3, stride=2, padding=1)
        self.conv2 = nn.Conv3d(16, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 3 * 3 * 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x).relu()  # (N, 16, 6, 6, 6)
        x = F.max_pool3d(self.conv2(x).relu(), 2)  # (N, 16, 3, 3, 3)
        return self.fc(x.flatten(1))


def train_poses(model: nn.Module, turned: bool) -> None:
    """Train on upright pockets, or with a new rotation of each at each use."""

    def loss_of_batch() -> Tensor:
        some = torch.randint(len(grid), (32,), generator=generator)
        volumes = grid[some]
        if turned:
            rotations = random_rotations(32, generator)
            volumes = voxelise(complexes[some].turned(rotations))
        return F.cross_entropy(model(volumes), complexes.good[some])

    train(model, loss_of_batch, steps=140)


# %% [markdown]
# In these data all pockets stand upright, opening upwards, as if from one crystal.
# A molecule in a cell has no "up".
# So train twice: once on the pockets as they are, and once turning each of them at random before it becomes voxels.
# (Turn the atoms and then make voxels: nothing is lost. Turning the finished voxels would blur them.)
#
# Then test both on pockets turned about the x axis by 0°, 30° … 180°.

# %% tags=["nbval-ignore-output"]
# differs: widget
upside_down = predict(
    "Trained on upright pockets only: what share of poses does it judge rightly when "
    "everything, pocket and ligand together, is turned upside down?",
    options=["nearly all", "about half", "far fewer than half"],
)
upside_down

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
torch.manual_seed(seed)
networks = {"upright": PoseNetwork(), "turned": PoseNetwork()}
for name, model in networks.items():
    train_poses(model, turned=name == "turned")
angles = range(0, 181, 30)


@torch.no_grad()
def accuracy_at(model: nn.Module, degrees: float) -> float:
    turned = test_complexes.turned(turn_about_x(degrees))
    answers = model(voxelise(turned)).argmax(dim=1)
    return (answers == test_complexes.good).float().mean().item()


curves = {
    name: [accuracy_at(model, angle) for angle in angles]
    for name, model in networks.items()
}
upside_down.reveal(
    "far fewer than half" if curves["upright"][-1] < 0.35 else "about half",
    because=f"It is right on {curves['upright'][-1]:.0%}: worse than a coin.",
)

# %%
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(angles, curves["turned"], "o-", label="trained on turned pockets")
ax.plot(angles, curves["upright"], "s--", label="trained on upright pockets")
ax.axhline(0.5, linestyle=":", color="grey", label="a coin")
ax.set(xlabel="rotation of the test pockets (degrees)", ylabel="accuracy")
ax.set(xticks=list(angles), ylim=(0, 1.05))
ax.legend()
plt.show()

# %% [markdown]
# **Figure.** Accuracy against the rotation of the test pockets: trained on turned pockets the network stays near 1 at every angle; trained on upright ones it begins near 1, crosses the coin's 0.5 at about 90°, and upside down is wrong most of the time.
#
# Worse than a coin is a message: the network has learnt *something else*.
# In upright pockets the polar atoms are always near the bottom, so "polar end down" is a fine rule, and upside down it is exactly wrong.
# Even a linear model, which cannot relate two channels at all, can learn that rule.


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
def linear_accuracy(turned: bool) -> float:
    """Return the test accuracy of one linear layer, trained the same way."""
    linear = nn.Sequential(nn.Flatten(), nn.Linear(grid[0].numel(), 2))
    train_poses(linear, turned)
    tested = test_complexes
    if turned:
        tested = tested.turned(random_rotations(len(tested.good), generator))
    with torch.no_grad():
        answers = linear(voxelise(tested)).argmax(dim=1)
    return (answers == tested.good).float().mean().item()


results["2 voxels"] = {
    "upright, linear": linear_accuracy(turned=False),
    "turned, linear": linear_accuracy(turned=True),
    "upright": curves["upright"][0],
    "upside down": curves["upright"][-1],
    "turned training, worst angle": min(curves["turned"]),
}
show(results["2 voxels"])

# %%
pose = results["2 voxels"]
claim(
    "upright: both above 0.85; upside down the network falls below 0.4",
    min(pose["upright, linear"], pose["upright"]) > 0.85 and pose["upside down"] < 0.4,
    excuse,
)
claim(
    "turned: the linear model is at a coin, the 3-D network above 0.85 at any angle",
    abs(pose["turned, linear"] - 0.5) < 0.12
    and pose["turned training, worst angle"] > 0.85,
    excuse,
)

# %% [markdown]
# **How it fails**, then: when the input of a convolution is *shifted*, its output shifts along; when it is *rotated*, there is no such rule.
# What the data do not vary, the network need not understand.
# The remedy was one line of code; to see the need for it took one figure.
#
# ### Exercise 10.2: the bill for a third axis
# **Difficulty** 2 of 5 · **importance** 3 of 5 · **about 10 minutes**
#
# Compute the output size, the parameters and the multiplications of `nn.Conv3d` with bias, for cubic kernels and volumes of any shape.
# Ragoza's grids have 48³ voxels and 34 channels; now you can tell what they cost.
#
# <details><summary>Hint 1</summary>
#
# Each axis by itself: ⌊(size + 2·padding − kernel_size) / stride⌋ + 1.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Every output value costs kernel_size³ · in_channels multiplications, and there are out_channels · D · H · W output values. Count no additions.
#
# </details>
# <details><summary>I get the multiplications of a single output channel</summary>
#
# Each of the `out_channels` kernels is slid over the whole volume.
#
# </details>


# %%
def conv3d_bill(
    size: tuple[int, int, int],
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
) -> tuple[tuple[int, int, int], int, int]:
    """Return the output's (D, H, W), the parameters, and the multiplications."""
    ### BEGIN SOLUTION
    depth, height, width = (
        (length + 2 * padding - kernel_size) // stride + 1 for length in size
    )
    weights = kernel_size**3 * in_channels
    parameters = (weights + 1) * out_channels
    multiplications = weights * out_channels * depth * height * width
    return (depth, height, width), parameters, multiplications
    ### END SOLUTION


# %%
checks.check_conv3d_bill(conv3d_bill)

# %% [markdown]
# ### Where to go next from voxels
#
# - Matthew Ragoza and others, [Protein–Ligand Scoring with Convolutional Neural Networks](https://doi.org/10.1021/acs.jcim.6b00740), 2017, and Fergus Imrie and others, [Protein Family-Specific Models](https://doi.org/10.1021/acs.jcim.8b00350), 2018: the two papers on the slide.
# - Andrew McNutt and others, [GNINA 1.0](https://doi.org/10.1186/s13321-021-00522-2), 2021: the same idea in a free docking program; one of your lecturers is among its authors. With the pocket given, the best pose is within 2 Å for 73 % of the targets, where the scoring before it had 58 %.
# - Maurice Weiler and others, [3D Steerable CNNs](https://arxiv.org/abs/1807.02547), 2018: convolutions whose output turns along with the input, by construction and not by training.
#
# ## Page 3: can a picture be made larger than it is?
#
# Enlarge a photograph twofold, and three of four pixels are missing.
# *Bicubic* interpolation fills them with a smooth curve through the neighbours, the same everywhere.
# A network can do better, because it has seen what edges and textures look like.
#
# How does a convolution produce *more* pixels than it got?
# The trick of *sub-pixel convolution* (Shi and others, 2016): compute, at the small size, four channels in place of one, and then lay the four values of each place out as a square of 2 × 2 pixels.
# By hand, with numbers that tell where they came from:

# %%
small = torch.tensor([[10.0, 20], [30, 40]])
channels = torch.stack([small + k for k in range(4)])[None]  # (1, 4, 2, 2)
large = torch.zeros(1, 1, 4, 4)
for k in range(4):
    large[:, 0, k // 2 :: 2, k % 2 :: 2] = channels[:, k]  # every other row and column
torch.testing.assert_close(large, nn.PixelShuffle(2)(channels))

fig, axes = plt.subplots(
    1, 5, figsize=(8.4, 2.1), layout="constrained", width_ratios=[1, 1, 1, 1, 2]
)
for k, ax in enumerate(axes[:4]):
    plots.show_numbers(channels[0, k], ax, title=f"channel {k}")
plots.show_numbers(large[0, 0], axes[4], title="laid out, 4 × 4")
plt.show()

# %% [markdown]
# **Figure.** Four channels of 2 × 2 become one of 4 × 4: the upper left square holds 10, 11, 12, 13, one value from each channel, channels 0 and 1 in its upper row, 2 and 3 below. It is what `nn.PixelShuffle(2)` does.
#
# Nothing is computed in that step, so all the work happens at the small size, where it is cheap.
#
# ### Exercise 10.3: lay out the pixels
# **Difficulty** 4 of 5 · **importance** 4 of 5 · **about 20 minutes**
#
# Write it for any factor *r* and any number of channels, with `view` and `permute` alone: (N, C·r², H, W) to (N, C, H·r, W·r).
#
# <details><summary>Hint 1</summary>
#
# Split the channel axis in three: (N, C, r, r, H, W). The first *r* is the row within the square, the second the column.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The row within the square must stand right behind H, and the column right behind W, before you merge: (N, C, H, r, W, r). After a `permute`, merge by `reshape`.
#
# </details>
# <details><summary>I get a picture that is r² small pictures side by side</summary>
#
# Then H and the row within the square are merged the wrong way round: the *inner* axis of a merge runs fastest.
#
# </details>


# %%
def pixel_shuffle(x: Tensor, r: int) -> Tensor:
    """Lay each r² channels out as squares of r × r pixels.

    Shape: (N, C·r², H, W) to (N, C, H·r, W·r)
    """
    ### BEGIN SOLUTION
    N, channels, H, W = x.shape
    C = channels // r**2
    x = x.view(N, C, r, r, H, W).permute(0, 1, 4, 2, 5, 3)  # (N, C, H, r, W, r)
    return x.reshape(N, C, H * r, W * r)
    ### END SOLUTION


# %%
checks.check_pixel_shuffle(pixel_shuffle)

# %% [markdown]
# ### Photographs to learn from, others to be judged by
#
# The data make themselves: take a photograph, shrink it, and ask for the original.
# Seven photographs are for learning, four others for judging; none is in both.
# All are grey, because the eye sees detail mostly in brightness.
# (Who took them, and their licences: `course_utils.photos.credit(name)`.)

# %%
from course_utils.photos import photo

learn_from = ("coffee", "china", "flower", "grace_hopper", "brick", "grass", "rocket")
judge_by = ("chelsea", "astronaut", "camera", "coins")
photographs = torch.stack([photo(name, size=240, gray=True) for name in learn_from])
originals = torch.stack([photo(name, size=240, gray=True) for name in judge_by])


def shrink(images: Tensor) -> Tensor:
    return F.interpolate(
        images, scale_factor=0.5, mode="bicubic", antialias=True
    ).clamp(0, 1)


def bicubic(images: Tensor) -> Tensor:
    return F.interpolate(images, scale_factor=2, mode="bicubic")


print(tuple(photographs.shape), tuple(originals.shape), tuple(shrink(originals).shape))

# %% [markdown]
# The network adds what bicubic misses: it starts from the smooth enlargement and learns only the difference, a skip connection as in ResNet.


# %%
class Enlarger(nn.Module):
    """Shape: (N, 1, H, W) to (N, 1, 2·H, 2·W)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(24, 24, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(24, 4, kernel_size=3, padding=1)
        self.layout = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        detail = self.conv3(self.conv2(self.conv1(x).relu()).relu())  # (N, 4, H, W)
        return bicubic(x) + self.layout(detail)


# %% [markdown]
# A batch is sixteen squares of 40 × 40 pixels, cut out at random places; they are shrunk, and the network is asked for the originals.


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
def crop_loss() -> Tensor:
    """Draw 16 places, cut 40 × 40 pixels out of one photograph each, enlarge them."""
    places = torch.randint(200, (16, 2), generator=generator).tolist()
    which = torch.randint(len(photographs), (16,), generator=generator).tolist()
    crops = torch.stack(
        [
            photographs[k, :, row : row + 40, column : column + 40]
            for k, (row, column) in zip(which, places, strict=True)
        ]
    )
    return F.mse_loss(enlarger(shrink(crops)), crops)


torch.manual_seed(seed)
generator = torch.Generator().manual_seed(seed)
enlarger = Enlarger()
losses = train(enlarger, crop_loss, steps=350)
print(f"mean squared error at first {losses[0]:.4f}, at the end {losses[-1]:.4f}")

# %% [markdown]
# Two numbers are usual.
# **PSNR**, the peak signal-to-noise ratio, is the mean squared error on a logarithmic scale, 10·log₁₀(peak² / MSE), in decibels: larger is better, and 3 dB more is half the error.
# **SSIM** compares means, spreads and correlations in small windows; 1 is the original.


# %%
from skimage.metrics import structural_similarity


def psnr(image: Tensor, original: Tensor) -> float:
    """Return the peak signal-to-noise ratio in decibels, for values from 0 to 1."""
    return (10 * torch.log10(1 / F.mse_loss(image, original))).item()


def ssim(image: Tensor, original: Tensor) -> float:
    return float(
        structural_similarity(image[0].numpy(), original[0].numpy(), data_range=1.0)
    )


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
with torch.no_grad():
    small = shrink(originals)
    enlarged = {"bicubic": bicubic(small), "network": enlarger(small)}
print(f"{'':12}{'PSNR (dB), bicubic':>20}{'network':>9}", end="")
print(f"{'SSIM, bicubic':>17}{'network':>9}")
gains = []
for k, name in enumerate(judge_by):
    images = [enlarged[way][k].clamp(0, 1) for way in enlarged]
    decibels = [psnr(image, originals[k]) for image in images]
    similar = [ssim(image, originals[k]) for image in images]
    print(f"{name:12}{decibels[0]:>20.2f}{decibels[1]:>9.2f}", end="")
    print(f"{similar[0]:>17.3f}{similar[1]:>9.3f}")
    gains.append((decibels[1] - decibels[0], similar[1] - similar[0]))

# %%
gain_db, gain_ssim = torch.tensor(gains).T
results["3 resolution"] = {
    "gain over bicubic (dB), mean": gain_db.mean().item(),
    "gain over bicubic (dB), least": gain_db.min().item(),
    "gain in SSIM, least": gain_ssim.min().item(),
}
claim(
    "better than bicubic on all four photographs, by 0.6 dB or more on average",
    gain_db.min() > 0.1 and gain_ssim.min() > 0 and gain_db.mean() > 0.6,
    excuse,
)

# %% [markdown]
# A number can rise while a picture gets worse, so look, too.

# %%
fig, axes = plt.subplots(1, 4, figsize=(8.6, 2.5), layout="constrained")
eye = (slice(None), slice(85, 145), slice(60, 120))
shown = {"small, 30 × 30": small[0][:, 42:72, 30:60], "bicubic": enlarged["bicubic"][0]}
shown |= {"network": enlarged["network"][0], "original": originals[0]}
for ax, (name, image) in zip(axes, shown.items(), strict=True):
    part = image if image.shape[-1] == 30 else image[eye]
    plots.show_gray(part.clamp(0, 1), ax, name)
plt.show()

# %% [markdown]
# **Figure.** A part of the cat's head, which the network has never seen: from 30 × 30 pixels bicubic makes a soft picture, the network a crisper one, with clearer lines around the eye; the finest hairs of the original come back in neither.
#
# **How it fails.** It knows one way of getting small pictures: `shrink`.
# Real small pictures have noise.
# Add a little (standard deviation 0.05, hardly visible) and compare again.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
noise = torch.randn(small.shape, generator=torch.Generator().manual_seed(seed))
noisy = (small + 0.05 * noise).clamp(0, 1)
with torch.no_grad():
    smooth, sharp = bicubic(noisy).clamp(0, 1), enlarger(noisy).clamp(0, 1)
noisy_gains = [
    psnr(sharp[k], originals[k]) - psnr(smooth[k], originals[k])
    for k in range(len(originals))
]
print("gain over bicubic (dB):", ", ".join(f"{gain:+.1f}" for gain in noisy_gains))

# %%
results["3 resolution"]["gain with noise (dB), largest"] = max(noisy_gains)
claim(
    "with noise the network is worse than bicubic on all four photographs",
    max(noisy_gains) < -0.3,
    excuse,
)

# %% [markdown]
# It has learnt to make small contrasts larger, and noise is small contrasts.
# Nor does it know what was there: it fills in what is *likely*.
# For a holiday picture that is welcome; on a number plate or an X-ray it is an invention.
#
# ### Exercise 10.4: PSNR
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Write PSNR for images with any peak value: 1.0 for floats, 255 for bytes.
#
# <details><summary>Hint 1</summary>
#
# 10·log₁₀(peak² / MSE), with one mean over all pixels.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Bytes cannot be subtracted: 3 − 5 is 254 for `torch.uint8`. Take `.float()` first.
#
# </details>
# <details><summary>I get half (or twice) the decibels</summary>
#
# Is the peak squared? With the root of the MSE it is 20·log₁₀(peak / RMSE).
#
# </details>


# %%
def peak_ratio(image: Tensor, original: Tensor, peak: float) -> float:
    """Return the peak signal-to-noise ratio in decibels.

    Shape:
        - image, original: (C, H, W), floats or bytes
    """
    ### BEGIN SOLUTION
    error = (image.float() - original.float()).square().mean()
    return (10 * torch.log10(peak**2 / error)).item()
    ### END SOLUTION


# %%
checks.check_peak_ratio(peak_ratio)

# %% [markdown]
# ### Where to go next from small pictures
#
# - Wenzhe Shi and others, [Real-Time Single Image and Video Super-Resolution](https://arxiv.org/abs/1609.05158), 2016: sub-pixel convolution.
# - Christian Ledig and others, [SRGAN](https://arxiv.org/abs/1609.04802), 2017: why the picture with the best PSNR is blurred, and what an adversary (page 4) does about it.
# - Xintao Wang and others, [Real-ESRGAN](https://arxiv.org/abs/2107.10833), 2021: trained on noise, blur and compression, so that it survives real pictures.
#
# *A good place for a break: the next pages need nothing of these.*
#
# ## Page 4: can a network invent?
#
# A *generative adversarial network*, GAN, is two networks that play against each other.
# The **generator** turns random numbers into pictures.
# The **discriminator** is shown pictures and says "real" or "made".
# One learns to tell them apart, the other to fool it, and nobody ever tells the generator what a picture should look like.
#
# We use the real handwritten digits of scikit-learn, 8 × 8 pixels.

# %%
from course_utils.beyond.digits import load_digits

digits, digit_labels = load_digits()
real_digits = 2 * digits - 1  # from −1 to 1, as tanh gives them
print(tuple(real_digits.shape))


def new_generator() -> nn.Sequential:
    """Shape: (N, 16), random numbers, to (N, 1, 8, 8)."""
    return nn.Sequential(
        nn.Linear(16, 32 * 2 * 2),
        nn.Unflatten(1, (32, 2, 2)),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, kernel_size=4, stride=2, padding=1),  # 4 × 4
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, kernel_size=4, stride=2, padding=1),  # 8 × 8
        nn.Tanh(),
    )


# %% [markdown]
# Transposed convolutions (lesson 02) let the picture grow, 2 → 4 → 8; in the discriminator convolutions with stride 2 shrink it again, down to a single logit.
# `nn.LeakyReLU(0.2)` keeps a fifth of what is below 0, so that a gradient reaches the generator through every unit.


# %%
def new_discriminator() -> nn.Sequential:
    """Shape: (N, 1, 8, 8) to (N, 1), logits: above 0 for "real"."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(32 * 2 * 2, 1),
    )


def says(logits: Tensor, real: bool) -> Tensor:
    """Return how wrong it would be to say that all of them are real, or none."""
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, float(real))
    )


# %% [markdown]
# The game, move by move.
# The discriminator's loss wants "real" for digits and "made" for the generator's pictures; these are *detached*, because this loss must not teach the generator.
# The generator's loss wants the very same pictures to be called "real".


# %%
def play(
    generator_rate: float, discriminator_rate: float, steps: int
) -> tuple[nn.Sequential, Tensor]:
    """Train both, and return the generator and both losses, (steps, 2)."""
    torch.manual_seed(seed)
    maker, judge = new_generator(), new_discriminator()
    betas = (0.5, 0.999)  # less momentum, since the target keeps moving
    make = torch.optim.Adam(maker.parameters(), lr=generator_rate, betas=betas)
    tell = torch.optim.Adam(judge.parameters(), lr=discriminator_rate, betas=betas)
    losses = []
    for _ in range(round(steps * effort)):
        real = real_digits[torch.randint(len(real_digits), (32,))]
        made = maker(torch.randn(32, 16))
        loss_judge = says(judge(real), True) + says(judge(made.detach()), False)
        tell.zero_grad()
        loss_judge.backward()
        tell.step()
        loss_maker = says(judge(made), True)
        make.zero_grad()
        loss_maker.backward()
        make.step()
        losses.append((loss_judge.item(), loss_maker.item()))
    return maker, torch.tensor(losses)


# %% [markdown]
# Two games.
# In the *balanced* one the discriminator's learning rate is eight times the generator's; in the *hasty* one the two are swapped.
# Nothing else differs.

# %%
balanced, balanced_losses = play(1e-3, 8e-3, steps=400)
hasty, hasty_losses = play(8e-3, 1e-3, steps=400)
torch.manual_seed(seed)
with torch.no_grad():
    made = {
        name: maker(torch.randn(1000, 16))
        for name, maker in (("balanced", balanced), ("hasty", hasty))
    }

rows = {"real": real_digits[:14]}
rows |= {name: images[:14] for name, images in made.items()}
fig, ax = plt.subplots(figsize=(8.4, 2.2), layout="constrained")
plots.show_gray((table(list(rows.values())) + 1) / 2, ax)
ax.set_yticks([5, 15, 25], list(rows))
ax.tick_params(length=0)
plt.show()

# %% [markdown]
# **Figure.** Real digits above; in the middle the inventions of the balanced game, rough, some of them readable, and of many kinds; below those of the hasty generator, hardly more than one shape, again and again.
#
# That is **mode collapse**: the generator has found one picture that passes, and makes nothing else.
# The losses should warn us, shouldn't they?

# %% tags=["nbval-ignore-output"]
# differs: widget
which_loss = predict(
    "Mean loss of the generator over the last 100 steps: which game has the lower one?",
    options=["balanced, as its pictures are better", "hasty, though it has collapsed"],
)
which_loss

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
late = {
    "balanced": balanced_losses[-100:].mean(dim=0),
    "hasty": hasty_losses[-100:].mean(dim=0),
}
lower = late["hasty"][1] < late["balanced"][1]
which_loss.reveal(
    which_loss.options[int(lower)],
    because=f"Balanced {late['balanced'][1]:.2f}, hasty {late['hasty'][1]:.2f}. "
    "With another seed it can be the other way round.",
)

# %% [markdown]
# Each loss is measured against an opponent who learns too, so it says who is winning, not how good the pictures are.
# Over five seeds the two games' losses overlap (the table at the end of the lesson has them), and no threshold on them would tell collapse from success.
#
# To *measure* the collapse we need someone from outside: a small classifier, trained on real digits, that sorts the inventions into ten classes.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
generator = torch.Generator().manual_seed(seed)
classifier = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 2 * 2, 10),
)


def digit_loss() -> Tensor:
    some = torch.randint(1300, (64,), generator=generator)
    return F.cross_entropy(classifier(real_digits[some]), digit_labels[some])


train(classifier, digit_loss, steps=150)
with torch.no_grad():
    sorted_digits = classifier(real_digits[1300:]).argmax(dim=1)
right = (sorted_digits == digit_labels[1300:]).float().mean().item()
print(f"the classifier is right on {right:.0%} of 497 digits that it never saw")

# %% [markdown]
# With the shares *p* of the ten classes, exp(−Σ p ln p) is the *effective number of classes*: 10 if all come up equally often, 1 if there is only one.


# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
def effective_classes(classes: Tensor) -> float:
    shares = classes.bincount(minlength=10) / len(classes)
    return torch.special.entr(shares).sum().exp().item()  # entr(p) = −p ln p, 0 at 0


with torch.no_grad():
    kinds = {name: classifier(images).argmax(dim=1) for name, images in made.items()}
kinds["real"] = sorted_digits
results["4 GAN"] = {
    f"generator's loss, {name}": float(loss) for name, (_, loss) in late.items()
}
for name, classes in kinds.items():
    results["4 GAN"][f"classes, {name}"] = effective_classes(classes)
    counts = classes.bincount(minlength=10).tolist()
    print(f"{name:10}{effective_classes(classes):>5.1f} classes  {counts}")

# %%
gan = results["4 GAN"]
claim(
    "balanced: more than 6 effective classes; hasty: fewer than 3.5; real: near 10",
    right > 0.8  # of the classifier's answers; else its counts mean nothing
    and gan["classes, balanced"] > 6
    and gan["classes, hasty"] < 3.5
    and gan["classes, real"] > 9.5,
    excuse,
)

# %% [markdown]
# **How it fails**: silently, as you saw, and in three more ways.
# The game need not settle, since each step of one changes the task of the other.
# Coverage is not quality: a generator may visit all ten classes with ugly digits, so count both.
# And it has no likelihood, so it cannot say whether a given digit is one that it could have made.
#
# ### Exercise 10.5: two losses, one game
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Return the discriminator's and the generator's loss for one batch, each of them ready for `backward()`.
# The check looks not only at their values but also at where their gradients go.
#
# <details><summary>Hint 1</summary>
#
# Make the pictures once. In the discriminator's loss use them detached, in the generator's loss as they are.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))` is the loss of wanting "real".
#
# </details>
# <details><summary>I get "gradients in the generator" for the first loss</summary>
#
# Then the discriminator's loss would teach the generator to be found out. `.detach()` cuts it off.
#
# </details>


# %%
def gan_losses(
    maker: nn.Module, judge: nn.Module, real: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's and the generator's loss.

    The discriminator's is the sum of its mean loss on real and on made pictures.

    Shape:
        - real: (N, 1, H, W); noise: (N, Z)
        - maker: (N, Z) to (N, 1, H, W); judge: (N, 1, H, W) to (N, 1), logits
    """
    ### BEGIN SOLUTION
    made = maker(noise)
    on_real, on_made, fooled = judge(real), judge(made.detach()), judge(made)
    loss = F.binary_cross_entropy_with_logits
    loss_judge = loss(on_real, torch.ones_like(on_real))
    loss_judge = loss_judge + loss(on_made, torch.zeros_like(on_made))
    return loss_judge, loss(fooled, torch.ones_like(fooled))
    ### END SOLUTION


# %%
checks.check_gan_losses(gan_losses)

# %% [markdown]
# ### Where to go next from inventions
#
# - Ian Goodfellow and others, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661), 2014, and Alec Radford and others, [DCGAN](https://arxiv.org/abs/1511.06434), 2016: the game, and how to play it with convolutions.
# - Martin Heusel and others, [Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500), 2017: two learning rates, why they help, and the FID, today's measure in place of our classifier.
# - Jonathan Ho and others, [Denoising Diffusion Probabilistic Models](https://arxiv.org/abs/2006.11239), 2020: what most image generators use now, with a loss that does fall as they get better.
#
# ## Page 5: which way is it moving?
#
# Video is a sequence of pictures, so why not classify each picture and average?
# Because some things are not in any single picture.
# Here a handwritten digit moves right, left, down or up, one or two pixels a frame, over eight noisy frames.
# The edges are joined, as in old arcade games: what leaves on the right comes in on the left.

# %%
from course_utils.beyond.clips import DIRECTIONS, moving_digits
from course_utils.beyond.digits import load_digits

digits, digit_labels = load_digits()
generator = torch.Generator().manual_seed(seed)
clips, labels = moving_digits(digits[:4], generator)
fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
plots.show_gray(table([clip.transpose(0, 1).clamp(0, 1) for clip in clips]), ax)
ax.set_yticks([9, 27, 45, 63], [DIRECTIONS[label] for label in labels])
ax.set_xlabel("time →")
ax.tick_params(length=0)
plt.show()
print("clips:", tuple(clips.shape), "N, C, T, H, W")

# %% [markdown]
# **Figure.** Four clips of eight frames, each with its direction: from one frame nobody could tell it, from two neighbouring ones anyone can.
#
# Can we *prove* that one frame is not enough?
# Play a clip backwards: every frame is still there, and the right answer is the opposite one.
# So anything computed frame by frame and averaged gives both the same answer, and is wrong on one of them.
# Nor can it tell sideways from up and down: in a single frame every place is equally likely, whatever the direction.
#
# Here are three networks.
# The first looks at single frames and averages the logits.
# The second takes the eight frames as eight *channels*: a plain 2-D convolution, which sees all times at once.

# %%
digits_to_learn, digits_to_test = digits[:1300], digits[1300:]


class PictureNetwork(nn.Module):
    """Shape: (N, in_channels, 16, 16) to (N, 4), logits."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 16, kernel_size=3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1)
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.conv1(x).relu()).relu()  # (N, 32, 4, 4)
        return self.fc(x.mean(dim=(2, 3)))


class FrameByFrame(PictureNetwork):
    """Shape: (N, 1, T, 16, 16) to (N, 4): the mean of the frames' logits."""

    def forward(self, x: Tensor) -> Tensor:
        frames = x.transpose(1, 2).flatten(0, 1)  # (N·T, 1, 16, 16)
        return super().forward(frames).view(len(x), -1, 4).mean(dim=1)


class FramesAsChannels(PictureNetwork):
    """Shape: (N, 1, 8, 16, 16) to (N, 4)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:, 0])  # time takes the channels' place


# %% [markdown]
# The third treats time as an axis of its own.
# A 3-D convolution with a kernel of 3 × 3 × 3 would slide over T, H and W alike.
# *(2+1)-D* splits it in two, first 1 × 3 × 3 within each frame, then 3 × 1 × 1 along time: fewer weights, and a ReLU more between them.


# %%
class SpaceThenTime(nn.Module):
    """Shape: (N, 1, T, 16, 16) to (N, 4), for clips of any length T."""

    def __init__(self) -> None:
        super().__init__()
        in_frame = {"kernel_size": (1, 3, 3), "stride": (1, 2, 2), "padding": (0, 1, 1)}
        in_time = {"kernel_size": (3, 1, 1), "padding": (1, 0, 0)}
        self.space1 = nn.Conv3d(1, 16, **in_frame)
        self.time1 = nn.Conv3d(16, 16, **in_time)
        self.space2 = nn.Conv3d(16, 32, **in_frame)
        self.time2 = nn.Conv3d(32, 32, **in_time)
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.time1(self.space1(x).relu()).relu()  # (N, 16, T, 8, 8)
        x = self.time2(self.space2(x).relu()).relu()  # (N, 32, T, 4, 4)
        return self.fc(x.mean(dim=(2, 3, 4)))


split = sum(
    p.numel()
    for layer in (SpaceThenTime().space2, SpaceThenTime().time2)
    for p in layer.parameters()
)
whole = sum(p.numel() for p in nn.Conv3d(16, 32, kernel_size=3).parameters())
print(f"second block: {split} parameters split in two, {whole} as one 3 × 3 × 3")

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
models = {
    "frame by frame": FrameByFrame(1),
    "frames as channels": FramesAsChannels(8),
    "space, then time": SpaceThenTime(),
}
test_clips, test_labels = moving_digits(
    digits_to_test, torch.Generator().manual_seed(1000 + seed)
)


def train_on_clips(model: nn.Module, steps: int) -> float:
    """Train on moving digits drawn anew for each batch; return the test accuracy."""

    def loss_of_batch() -> Tensor:
        some = torch.randint(len(digits_to_learn), (50,), generator=generator)
        clips, labels = moving_digits(digits_to_learn[some], generator)
        return F.cross_entropy(model(clips), labels)

    train(model, loss_of_batch, steps, learning_rate=6e-3)
    with torch.no_grad():
        answers = model(test_clips).argmax(dim=1)
    return (answers == test_labels).float().mean().item()


torch.manual_seed(seed)
results["5 video"] = {
    name: train_on_clips(model, steps=160) for name, model in models.items()
}
show(results["5 video"])

# %%
video = results["5 video"]
claim(
    "frame by frame: a guess among four; both with time: above 0.85",
    abs(video["frame by frame"] - 0.25) < 0.1
    and min(video["frames as channels"], video["space, then time"]) > 0.85,
    excuse,
)

# %% [markdown]
# Frame by frame is at chance, and no longer training would change that.
# And backwards?
# By the proof the first network must repeat its answers, whereas the others should turn them round.

# %%
opposite = test_labels ^ 1  # 0 ↔ 1, 2 ↔ 3: right and left, down and up
with torch.no_grad():
    for name, model in models.items():
        there = model(test_clips).argmax(dim=1)
        back = model(test_clips.flip(2)).argmax(dim=1)
        says_same = (there == back).float().mean() > 0.99
        turns = (back == opposite).float().mean() > 0.8
        print(f"{name:20} repeats itself: {bool(says_same)}, turns: {bool(turns)}")

# %% [markdown]
# **How it fails.** In old Westerns the wheels of a coach seem to turn backwards: between two frames a spoke has moved nearly to the place of the next one.
# Our world has such wheels too.
# Its edges are joined after 16 pixels, so moving *right by 15* gives exactly the frames of moving *left by 1*.
# Whatever the network, it must get that wrong.

# %%
speeds = range(1, 16)
watcher = models["frames as channels"]
right_way, wrong_way = [], []
for speed in speeds:
    clips, labels = moving_digits(
        digits_to_test, torch.Generator().manual_seed(seed), speeds=(speed,)
    )
    with torch.no_grad():
        answers = watcher(clips).argmax(dim=1)
    right_way.append((answers == labels).float().mean().item())
    wrong_way.append((answers == (labels ^ 1)).float().mean().item())

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(speeds, right_way, "o-", label="says the direction")
ax.plot(speeds, wrong_way, "s--", label="says the opposite")
ax.set(xlabel="speed (pixels a frame)", ylabel="share of clips", xticks=list(speeds))
ax.set_ylim(0, 1.3)
ax.legend(ncols=2, loc="upper center")
plt.show()

# %% [markdown]
# **Figure.** At 1 and 2 pixels a frame, the speeds of its training, the network says the true direction (solid); at 14 and 15 it says the opposite one (dashed) as surely. The two curves mirror each other about speed 8, and in between there is no answer to rely on.

# %%
video |= {"direction at speed 4": right_way[3], "opposite at speed 15": wrong_way[14]}
claim(
    "at speed 15 it says the opposite in more than 85 % of the clips",
    right_way[0] > 0.85 and right_way[3] < 0.75 and wrong_way[14] > 0.85,
    excuse,
)

# %% [markdown]
# That is *aliasing*, and the remedy lies outside the network: more frames a second.
# Between the two ends you see an ordinary failure: at a speed that it has not met, even 4 pixels a frame, it is right in fewer than three of four clips.
#
# ### Exercise 10.6: do not look into the future
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# A network that watches live must not use frames that have not come yet.
# Write a *causal* convolution along time: the output at time *t* depends on times *t*, *t* − 1, … only, and there are as many outputs as inputs.
#
# <details><summary>Hint 1</summary>
#
# The first output may use x[0] alone, and yet the kernel wants a whole window. What must stand before x[0], and what behind the last frame?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Zeros at the *beginning* of time only: `F.pad(x, (before, after))` pads the last axis, and a kernel of size k needs k − 1 of them. Then convolve without any padding.
#
# </details>
# <details><summary>I get outputs that are shifted by one</summary>
#
# The last weight belongs to the present, weight[..., -1]·x[t]. How many zeros did you add?
#
# </details>


# %%
def causal_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Convolve along time without looking ahead; cross-correlation, as nn.Conv1d.

    Shape:
        - x: (N, in_channels, T); weight: (out_channels, in_channels, k)
        - Output: (N, out_channels, T)
    """
    ### BEGIN SOLUTION
    before = weight.shape[-1] - 1
    return F.conv1d(F.pad(x, (before, 0)), weight)
    ### END SOLUTION


# %%
checks.check_causal_convolution(causal_convolution)

# %% [markdown]
# ### Where to go next from moving digits
#
# - Karen Simonyan and Andrew Zisserman, [Two-Stream Networks](https://arxiv.org/abs/1406.2199), 2014: one network for a frame, a second one for its motion.
# - Du Tran and others, [C3D](https://arxiv.org/abs/1412.0767), 2015, and [R(2+1)D](https://arxiv.org/abs/1711.11248), 2018: 3-D convolutions, and the split in two that you used.
# - Christoph Feichtenhofer and others, [SlowFast](https://arxiv.org/abs/1812.03982), 2019: few frames with much detail, many frames with little.
#
# ## Page 6: can it say what it sees?
#
# "With Recurrent Neural Networks (RNNs), CNNs can generate image captions", say your slides.
# The convolutional part turns a picture into a vector, and the recurrent part writes one word after another: from the vector and the words so far it predicts the next.
#
# The pictures are drawn, two groups of shapes each, and so are the sentences.
# Each picture has two right ones, as "above" can be said from below.

# %%
import textwrap

from course_utils.beyond.described import (
    VOCABULARY,
    decode,
    describe_at_random,
    draw_pictures,
    encode,
)

generator = torch.Generator().manual_seed(seed)
few = [describe_at_random(generator) for _ in range(4)]
fig, axes = plt.subplots(1, 4, figsize=(8.6, 3), layout="constrained")
for ax, picture, one in zip(axes, draw_pictures(few, generator), few, strict=True):
    plots.show_rgb(picture, ax)
    lines = [textwrap.fill(sentence, 27) for sentence in one.sentences()]
    ax.set_title("\n".join(lines), fontsize=9)
plt.show()
print(len(VOCABULARY), "words:", " ".join(VOCABULARY))

# %% [markdown]
# **Figure.** Four drawn pictures of 32 × 32 pixels, each with its two right sentences: number, colour, shape, relation, number, colour, shape.
#
# A word is a number, its place in the vocabulary; `<end>` closes a sentence.
# We hold something back: **no training picture shows a green triangle**.
# Green squares there are, and red triangles, so every word is learnt; only this pair of words is new in the test.
#
# In the network below, `nn.Embedding` turns the number of a word into 32 learnt numbers.
# `nn.GRU` is the recurrent part: it reads word after word, and hands on what it needs to remember as its *state*.


# %%
def draw_set(count: int, green_triangles: bool) -> tuple[Tensor, list[tuple[str, str]]]:
    """Return pictures, (count, 3, 32, 32), and both sentences of each."""
    kept = []
    while len(kept) < count:
        one = describe_at_random(generator)
        if one.shows("green", "triangle") == green_triangles:
            kept.append(one)
    return draw_pictures(kept, generator), [one.sentences() for one in kept]


pictures, sentences = draw_set(1500, green_triangles=False)
test_pictures, test_sentences = draw_set(200, green_triangles=False)
new_pictures, new_sentences = draw_set(200, green_triangles=True)
targets = torch.stack([encode(first) for first, _ in sentences])  # (1500, 9)
print(sentences[0][0], "→", targets[0].tolist())


# %%
class Captioner(nn.Module):
    """Shape: pictures (N, 3, 32, 32) and words so far (N, L) to logits (N, L, V)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 16), (16, 32), (32, 32)):
            layers += [nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1)]
            layers += [nn.BatchNorm2d(after), nn.ReLU()]  # 32 → 16 → 8 → 4 pixels
        layers += [nn.Flatten(), nn.Linear(32 * 4 * 4, 96), nn.BatchNorm1d(96)]
        self.see = nn.Sequential(*layers, nn.ReLU())
        self.words = nn.Embedding(len(VOCABULARY), 32)
        self.rnn = nn.GRU(32 + 96, 96, batch_first=True)
        self.next_word = nn.Linear(96, len(VOCABULARY))

    def write(
        self, seen: Tensor, words: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the next words' logits, (N, L, V), and the state of the RNN."""
        seen = seen[:, None].expand(-1, words.shape[1], -1)  # the picture at every word
        output, state = self.rnn(torch.cat([self.words(words), seen], dim=2), state)
        return self.next_word(output), state

    def forward(self, pictures: Tensor, words: Tensor) -> Tensor:
        return self.write(self.see(pictures - 0.5), words)[0]


# %% [markdown]
# In training the network always gets the *true* words so far, shifted by one place: `<start> a red` → `a red ring` (*teacher forcing*).
# Each position is a classification among the words of the vocabulary.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
start = torch.full((len(targets), 1), VOCABULARY.index("<start>"))
words_so_far = torch.cat([start, targets[:, :-1]], dim=1)


def caption_loss() -> Tensor:
    some = torch.randint(len(pictures), (50,), generator=generator)
    logits = captioner(pictures[some], words_so_far[some])  # (50, 9, V)
    return F.cross_entropy(logits.flatten(0, 1), targets[some].flatten())


torch.manual_seed(seed)
captioner = Captioner()
losses = train(captioner, caption_loss, steps=250, learning_rate=6e-3)
print(f"loss at first {losses[0]:.2f}, at the end {losses[-1]:.2f}")

# %% [markdown]
# In use there is no teacher.
# *Greedy decoding* takes the likeliest word, feeds it back, and goes on.


# %%
@torch.no_grad()
def say(pictures: Tensor) -> list[str]:
    """Write a sentence for each picture, word by word."""
    seen, state = captioner.see(pictures - 0.5), None
    word = torch.full((len(pictures), 1), VOCABULARY.index("<start>"))
    written = []
    for _ in range(targets.shape[1]):
        logits, state = captioner.write(seen, word, state)
        word = logits.argmax(dim=2)  # (N, 1)
        written.append(word)
    return [decode(words) for words in torch.cat(written, dim=1)]


fig, axes = plt.subplots(2, 4, figsize=(8.6, 4.6), layout="constrained")
cases = (
    (axes[0], test_pictures, test_sentences),
    (axes[1], new_pictures, new_sentences),
)
for row, some, truths in cases:
    for ax, picture, said, truth in zip(row, some, say(some[:4]), truths, strict=False):
        plots.show_rgb(picture, ax)
        mark = "✓" if said in truth else "✗"
        ax.set_title(textwrap.fill(f"{mark} {said}", 27), fontsize=9)
axes[0, 0].set_ylabel("usual")
axes[1, 0].set_ylabel("green triangles")
plt.show()

# %% [markdown]
# **Figure.** Captions of pictures that the network has not seen, ✓ for a right one: in the upper row they are right or off by one word; in the lower row, where each picture has green triangles, every sentence is fluent and none is right.
#
# **BLEU** scores a sentence against reference sentences: which share of its words, and of its runs of 2, 3 and 4 words, occur in a reference?
# (The geometric mean of the four shares, times a penalty for being too short.)
# Beside it we count sentences that are right from the first word to the last.
# The baseline says the true sentence of *another* picture: perfect grammar, and blind.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
from torchmetrics.text import BLEUScore


def judge_captions(
    said: list[str], truths: list[tuple[str, str]]
) -> tuple[float, float]:
    """Return BLEU-4 and the share of sentences that are wholly right."""
    bleu = BLEUScore()(said, [list(truth) for truth in truths]).item()
    right = [one in truth for one, truth in zip(said, truths, strict=True)]
    return bleu, sum(right) / len(right)


blind = [first for first, _ in test_sentences[1:] + test_sentences[:1]]
said_new = say(new_pictures)
cases = {
    "usual pictures": (say(test_pictures), test_sentences),
    "blind": (blind, test_sentences),
    "green triangles": (said_new, new_sentences),
}
results["6 captions"] = {}
for name, case in cases.items():
    bleu, right = judge_captions(*case)
    results["6 captions"] |= {f"BLEU, {name}": bleu, f"right, {name}": right}
    print(f"{name:18} BLEU {bleu:.2f}, wholly right {right:.0%}")
says_it = sum("green triangle" in one for one in said_new) / len(said_new)
print(f"it says 'green triangle' in {says_it:.0%} of the pictures that show one")

# %%
caption = results["6 captions"]
claim(
    "usual pictures: BLEU at least 0.3 above blind, more than 40 % wholly right",
    caption["BLEU, usual pictures"] > caption["BLEU, blind"] + 0.3
    and caption["right, usual pictures"] > 0.4,
    excuse,
)
claim(
    "green triangles: BLEU still 0.2 above blind, and fewer than 5 % right",
    caption["BLEU, green triangles"] > caption["BLEU, blind"] + 0.2
    and caption["right, green triangles"] < 0.05
    and says_it < 0.1,
    excuse,
)

# %% [markdown]
# **How it fails.** It knows green, it knows triangles, and it cannot say "green triangle", because after "green" no training sentence ever went on with that word.
# Training has rewarded what usually follows; putting known parts together anew was never asked for.
# And BLEU hardly notices: a sentence with one wrong word keeps most of its runs of words, and most of its score.
# For a reader who cannot see the picture, that one word is the point.
#
# ### Exercise 10.7: count like BLEU
# **Difficulty** 3 of 5 · **importance** 3 of 5 · **about 15 minutes**
#
# Compute BLEU's *clipped* precision for runs of *n* words: the share of the sentence's runs that occur in a reference, where each run counts at most as often as it occurs in the *one* reference that has it most often.
# (Without the clipping, "the the the" would be perfect whenever a reference has a "the".)
#
# <details><summary>Hint 1</summary>
#
# A run of *n* words: `tuple(words[i : i + n])`, for i from 0 to len(words) − n. `collections.Counter` counts them.
#
# </details>
# <details><summary>Hint 2</summary>
#
# For each different run of the sentence add min(its count, the largest count of it in any one reference); divide by the number of all runs of the sentence.
#
# </details>
# <details><summary>I get more than 1, or 1 for "the the the"</summary>
#
# That is what the clipping is for.
#
# </details>


# %%
def clipped_precision(sentence: str, references: list[str], n: int) -> float:
    """Return the share of the sentence's runs of n words that a reference grants.

    Words are separated by spaces, and the sentence has at least n of them.
    """
    ### BEGIN SOLUTION
    from collections import Counter

    def runs(text: str) -> Counter[tuple[str, ...]]:
        words = text.split()
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    counts, granted = runs(sentence), [runs(reference) for reference in references]
    clipped = sum(
        min(count, max(reference[run] for reference in granted))
        for run, count in counts.items()
    )
    return clipped / counts.total()
    ### END SOLUTION


# %%
checks.check_clipped_precision(clipped_precision)

# %% [markdown]
# ### Where to go next from captions
#
# - Oriol Vinyals and others, [Show and Tell](https://arxiv.org/abs/1411.4555), 2015: this page with photographs, and an ImageNet network for the eyes.
# - Kelvin Xu and others, [Show, Attend and Tell](https://arxiv.org/abs/1502.03044), 2015: looks at another part of the picture for each word.
# - Kishore Papineni and others, [BLEU](https://aclanthology.org/P02-1040/), 2002; and Brenden Lake and Marco Baroni, [Generalization without Systematicity](https://arxiv.org/abs/1711.00350), 2018, on the green triangles of language.
#
# ## Page 7: and without convolutions?
#
# Lecture C ends with the Vision Transformer: a "pure transformer architecture on sequence of image patches, no convolutions".
# Look closely, and there is one.
# Its first step cuts the picture into patches, flattens each, and multiplies by one matrix.
# The same weights for each patch, at a stride of a patch: that *is* a convolution whose kernel is as large as its stride.
# Show it.

# %%
torch.manual_seed(seed)
images = torch.rand(2, 3, 12, 12)
conv = nn.Conv2d(3, 32, kernel_size=4, stride=4)

patches = images.unfold(2, 4, 4).unfold(3, 4, 4)  # (N, C, rows, columns, 4, 4)
patches = patches.permute(0, 2, 3, 1, 4, 5).flatten(1, 2).flatten(2)  # (N, 9, 48)
by_matrix = patches @ conv.weight.flatten(1).T + conv.bias  # (N, 9, 32)

by_convolution = conv(images).flatten(2).transpose(1, 2)
difference = (by_matrix - by_convolution).abs().max().item()
assert difference < 1e-5
print(f"9 patches of {patches.shape[2]} values, embedded in {by_matrix.shape[2]}")
print("patch embedding = strided convolution, largest difference below 1e-5")

# %% [markdown]
# ### Exercise 10.8: cut into patches
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Turn images into a sequence of flattened patches, such that a matrix made of the convolution's weights by `flatten(1)` fits them.
# Patches are numbered row by row; within a patch the order is C, then row, then column.
#
# <details><summary>Hint 1</summary>
#
# `x.view(N, C, H // p, p, W // p, p)` cuts both axes without moving anything.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Then permute to (N, rows of patches, columns of patches, C, p, p), and merge the second with the third axis, and the last three.
#
# </details>
# <details><summary>I get the right shape and wrong values</summary>
#
# Shapes do not see the order. Is C in front of the two axes within the patch, as in `conv.weight`?
#
# </details>


# %%
def cut_into_patches(x: Tensor, p: int) -> Tensor:
    """Return the patches of p × p pixels as rows of numbers.

    Shape: (N, C, H, W) to (N, H·W/p², C·p²); p divides H and W
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    x = x.view(N, C, H // p, p, W // p, p).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(N, (H // p) * (W // p), C * p * p)
    ### END SOLUTION


# %%
checks.check_cut_into_patches(cut_into_patches)

# %% [markdown]
# ### Every patch asks every other
#
# What comes after is no convolution.
# In *self-attention* each patch makes a **query**, a **key** and a **value**; the query is compared with all keys by dot products, softmax turns them into weights, and the answer is the weighted mean of the values.
# Near or far makes no difference: even the first layer sees the whole picture.
#
# ### Exercise 10.9: attention
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write softmax(q kᵀ / √d) v, for a batch.
#
# <details><summary>Hint 1</summary>
#
# `q @ k.transpose(-1, -2)` is (N, T, T): row = who asks, column = who is asked.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The weights of *one asker* add up to 1, so softmax runs along the last axis. *d* is the length of a query, `q.shape[-1]`.
#
# </details>
# <details><summary>I get nearly the same vector for every patch, or nearly one-hot weights</summary>
#
# The first comes from softmax along the wrong axis, the second from a missing √d.
#
# </details>


# %%
def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return each asker's weighted mean of the values.

    Shape: q, k: (N, T, d); v: (N, T, e); output: (N, T, e)
    """
    ### BEGIN SOLUTION
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return scores.softmax(dim=-1) @ v
    ### END SOLUTION


# %%
checks.check_attention(attention)

# %% [markdown]
# ### Side by side, on little data
#
# A block is attention, then a small network for each patch, both around a skip connection (lesson 06).
# `F.scaled_dot_product_attention` is the function of the exercise, for several *heads* side by side.
# (`nn.LayerNorm` normalises the numbers of each patch by themselves; `nn.GELU` is a ReLU with a rounded corner.)
#
# A transformer does not know which patch lies where, so a learnt *position* is added to each, and an extra token, the *class token*, collects the answer.


# %%
class Block(nn.Module):
    """Shape: (N, T, d) to (N, T, d)."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.to_qkv, self.project = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x: Tensor) -> Tensor:
        N, T, d = x.shape
        qkv = self.to_qkv(self.norm1(x)).view(N, T, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (N, heads, T, d / heads)
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + self.project(mixed.transpose(1, 2).reshape(N, T, d))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Shape: (N, 1, 12, 12) to (N, 10), logits."""

    def __init__(self, d: int = 32, heads: int = 4, blocks: int = 2) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, d, kernel_size=3, stride=3)  # 4 × 4 patches
        self.class_token = nn.Parameter(torch.zeros(1, 1, d))
        self.position = nn.Parameter(0.02 * torch.randn(1, 17, d))
        self.blocks = nn.Sequential(*(Block(d, heads) for _ in range(blocks)))
        self.norm, self.fc = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x - 0.3).flatten(2).transpose(1, 2)  # (N, 16, d)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)
        return self.fc(self.norm(self.blocks(x + self.position))[:, 0])


# %% [markdown]
# The transformer's rival is a CNN with fewer parameters.
# Both get the same 300 real digits, one pixel off the middle at most, 250 batches of 50, and no help.


# %%
def small_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


torch.manual_seed(seed)
rivals = {"CNN": small_cnn(), "ViT": VisionTransformer()}
for name, model in rivals.items():
    print(f"{name}: {sum(p.numel() for p in model.parameters()):,} parameters")

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
from course_utils.beyond.digits import load_digits, place_digits

digits, digit_labels = load_digits()
generator = torch.Generator().manual_seed(seed)
order = torch.randperm(len(digits), generator=generator)
chosen, unseen = order[:300], order[1297:]
few_images, few_labels = place_digits(digits[chosen], generator), digit_labels[chosen]
sets = {
    "training": (few_images, few_labels),
    "test": (place_digits(digits[unseen], generator), digit_labels[unseen]),
    "test, farther off": (
        place_digits(digits[unseen], generator, most=2),
        digit_labels[unseen],
    ),
}
results["7 ViT"] = {}
for name, model in rivals.items():

    def loss_of_batch(model: nn.Module = model) -> Tensor:
        some = torch.randint(300, (50,), generator=generator)
        return F.cross_entropy(model(few_images[some]), few_labels[some])

    train(model, loss_of_batch, steps=250)
    with torch.no_grad():
        for kind, (images, labels) in sets.items():
            share = (model(images).argmax(dim=1) == labels).float().mean().item()
            results["7 ViT"][f"{name}, {kind}"] = share
show(results["7 ViT"])

# %%
fig, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
places = torch.arange(3)
for name, shift, hatch in (("CNN", -0.2, ""), ("ViT", 0.2, "///")):
    heights = [results["7 ViT"][f"{name}, {kind}"] for kind in sets]
    bars = ax.bar(places + shift, heights, width=0.4, hatch=hatch, label=name)
    ax.bar_label(bars, [f"{height:.2f}" for height in heights])
ax.set_xticks(places, list(sets))
ax.set(ylabel="accuracy", ylim=(0, 1.15))
ax.legend(loc="upper right")
plt.show()

# %% [markdown]
# **Figure.** Both networks know their 300 training digits nearly by heart; on test digits the CNN (plain) is far ahead of the transformer (hatched); on digits that stand farther from the middle than in training both lose.

# %%
vit = results["7 ViT"]
claim(
    "on 300 digits the CNN is more than 0.2 ahead; farther off, it loses 0.08 or more",
    min(vit["CNN, training"], vit["ViT, training"]) > 0.85
    and vit["CNN, test"] > vit["ViT, test"] + 0.2
    and vit["CNN, test, farther off"] < vit["CNN, test"] - 0.08,
    excuse,
)

# %% [markdown]
# The convolution is told beforehand that neighbours belong together and that a stroke is a stroke wherever it is.
# The transformer has to find that out from the data, and 300 digits are too few; with hundreds of millions of pictures it does find out, and then the freedom pays.
# **How both fail**: moved beyond what training has shown, the CNN drops too, because its borders and its pooling grid are not shift-invariant (lesson 03).
#
# ### Where to go next from patches
#
# - Alexey Dosovitskiy and others, [An Image is Worth 16×16 Words](https://arxiv.org/abs/2010.11929), 2021: the Vision Transformer, and how its place against CNNs changes with the size of the data.
# - Hugo Touvron and others, [DeiT](https://arxiv.org/abs/2012.12877), 2021: how to train it on ImageNet alone, with strong augmentation and a teacher that is a CNN.
# - Zhuang Liu and others, [A ConvNet for the 2020s](https://arxiv.org/abs/2201.03545), 2022: a CNN with the transformer's recipe, and level with it.
#
# ## All seven at a glance
#
# One run is an anecdote, so the whole lesson was run beforehand with several seeds.
# Here are your numbers beside the recorded ranges.
# (With a seed or a profile that was not tried, a page that cannot keep its claim says so, and goes on.)

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
from course_utils.recorded import recorded

runs = recorded("lesson10")
print(f"recorded {runs['date']}: {len(runs['seeds'])} seeds, {runs['machine']}")
for page, numbers in results.items():
    print(f"\n{page}{'here':>{42 - len(page)}}   recorded")
    for name, value in numbers.items():
        low, high = runs["ranges"][page][name]
        print(f"    {name:32}{value:>6.2f}   {low:.2f} to {high:.2f}")

# %% [markdown]
# ## What to keep
#
# - The loop stays; the data and the loss make the field.
# - Compare by distance, and strangers can be verified, within the changes that training has shown.
# - A third axis is more of the same arithmetic. Rotation is not free: turn the data, or the network learns which way is up.
# - Larger pictures come from channels laid out as pixels, and detail from what is likely, not from what was there.
# - A GAN's losses say who is winning. Measure coverage from outside.
# - What is not in a frame cannot be learnt from frames; what aliases cannot be learnt at all.
# - Fluent is not right, and BLEU rewards fluent.
# - A patch embedding is a strided convolution; what comes after must learn from data what a convolution is given.
#
# ## Quiz
#
# Five questions; three want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `torch`, `nn`, `F` and everything above are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson10 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lectures: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London); Rocco Meli and Rafael Sarmiento, *Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS, 2024), whose slide on docking is after Rocco Meli, *Deep Learning Applications in Structure-Based Drug Discovery*, University of Oxford, 2022.
# - Gary B. Huang and others, *Labeled Faces in the Wild*, University of Massachusetts, Technical Report 07-49, 2007; the hundred faces come with [scikit-image](https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.lfw_subset).
# - The digits are the test part of E. Alpaydin and C. Kaynak, [Optical Recognition of Handwritten Digits](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits), 1998, as shipped with scikit-learn.
# - The papers are named on each page. ROC curves by scikit-learn, SSIM by scikit-image, BLEU by torchmetrics.
