# %% [markdown]
# # 5 · What does a GPU change?
#
# Nothing about *what* a network computes, and a great deal about how long you wait for it.
# The lecture promises that you will "train and run neural networks on GPUs", and this lesson keeps the promise on whatever you have: a laptop without one, a card lent by Colab, or a cluster.
# Half of it is moving tensors and not leaving one behind.
# The other half is asking, before anything is made faster, where the time goes; that needs no GPU at all, and it is worth as much.
#
# **You will be able to**
#
# - move a network and its mini-batches to any device, and find the tensor that stayed behind;
# - time a device that answers before it is done, and say what a GPU is good at and what not;
# - read where the time of a training step goes: loading, copying, forward, backward, optimiser;
# - speed a training up one measured change at a time, and keep within memory;
# - train with several processes, and know what they exchange.
#
# **Time**: about four hours with all eleven exercises; good places for a break are before *What is a GPU good at?* and before *The climb*.
#
# **From before**: the lecture's network and the step of training (lesson 04); ratios and medians rather than single times; the device of lesson 00.

# %% tags=["parameters"]
seed = 0
source = "auto"
train_size = 10_000
budget_seconds = 5
profile = "quick"  # "full": CIFAR-10's photographs, long budgets, the climb for real

# %%
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from IPython.display import display
from torch import Tensor, nn

from course_utils import devices, plots
from course_utils.checks import lesson05 as checks
from course_utils.datasets import ImageData, load_cifar10, normalisation, normalise
from course_utils.devices import figures
from course_utils.networks import LectureCNN
from course_utils.predict import predict
from course_utils.recorded import recorded

plots.use_style()
if profile == "full":
    source, train_size = "official", None

# %% [markdown]
# ## Which device have you got?
#
# Your slides need three lines, and these are they:
#
# ```python
# device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# model = model.to(device)
# inputs, labels = inputs.to(device), labels.to(device)   # for every mini-batch
# ```
#
# The first one chooses, and by itself moves nothing: write it, train, and everything runs on the CPU as before, without a word.
# The other two move, and they are the subject of the next section.
#
# `best_device` asks for two more kinds, as lesson 00 did, and takes the first that is there: `cuda` (NVIDIA, and AMD's cards under the same name), `mps` (Apple), `xpu` (Intel), else `cpu`.
# Set the environment variable `COURSE_DEVICE` to ask for another one.

# %% tags=["nbval-ignore-output"]
# differs: the machine
device = devices.best_device()
print("available here:", ", ".join(devices.available()))

# %% tags=["nbval-ignore-output"]
# differs: names the images that are at hand
data = load_cifar10(source, train_size=train_size, seed=seed)

# %% [markdown]
# - It says **cpu**: you are on an ordinary laptop, and nothing in this lesson is closed to you. What only a GPU can show is replayed from recorded runs, marked as recorded, or said to be missing.
# - You would like a **GPU for an hour**: open the notebook in Colab, choose *Runtime → Change runtime type → GPU*, and run it again; the output above then names the card.
# - You have a **cluster**: the login node says cpu, since the cards are in the compute nodes. The last part of this lesson shows the job script.
#
# One trick lets everybody practise moving.
# PyTorch has a second device on every machine, `meta`: its tensors have a shape, a dtype and a device, but no numbers.
# Leave a tensor behind, and it complains as a GPU would.

# %%
second = torch.device("meta")
torch.ones(2, 3).to(second)

# %% [markdown]
# ## Move the network, then every batch
#
# `.to` exists twice, and the two are not alike.
# Of a *network*, it moves the parameters where they are, inside the network.
# Of a *tensor*, it returns a copy over there, and the tensor itself stays.

# %%
network = LectureCNN()
images = data.train_images[:4].float() / 255
labels = data.train_labels[:4]

returned = network.to(second)
print("the network itself moved:", network.conv1.weight.device, returned is network)

images.to(second)  # the copy is made, and dropped
print("images after images.to(second):", images.device)

# %% [markdown]
# So `network.to(device)` is enough, while a tensor needs `images = images.to(device)`.
# Now forget one thing at a time: first the images, then the labels, then the weights that make a rare class count more in the loss.

# %%
class_weights = torch.ones(10)
logits = network(images.to(second))
forgotten: dict[str, Callable[[], Tensor]] = {
    "images": lambda: network(images),
    "labels": lambda: F.cross_entropy(logits, labels),
    "class weights": lambda: F.cross_entropy(
        logits, labels.to(second), weight=class_weights
    ),
}
for name, attempt in forgotten.items():
    try:
        attempt()
    except RuntimeError as error:
        print(f"{name:14}{type(error).__name__}: {error}")

# %% [markdown]
# With a GPU the words are others: *"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"*, or, from a convolution, *"Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the same"*.
# They mean the same: look for the tensor on `cpu` and ask who made it.
#
# ### The tensor that nobody sees
#
# The hardest one to find is made inside the network.
# Here are three layers that subtract a mean: one makes it in `forward`, one keeps it as an attribute, one as a *buffer*.
# Which of them survives a move?


# %%
class Centred(nn.Module):
    """Subtracts the mean of each channel; ``keep`` says how it is kept."""

    def __init__(self, keep: str) -> None:
        super().__init__()
        self.keep = keep
        if keep == "an attribute":
            self.mean = torch.full((3, 1, 1), 0.5)
        elif keep == "a buffer":
            self.register_buffer("mean", torch.full((3, 1, 1), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        if self.keep == "made in forward":
            return x - torch.full((3, 1, 1), 0.5)
        return x - self.mean


for keep in ("made in forward", "an attribute", "a buffer"):
    try:
        result = Centred(keep).to(second)(images.to(second))
        print(f"{keep:18}arrives on {result.device}")
    except RuntimeError as error:
        print(f"{keep:18}{type(error).__name__}: {error}")

# %% [markdown]
# Only the buffer goes along, because `.to` moves parameters and buffers and knows of nothing else.
# The same happens to a mask, to a table of positions, and to layers in a plain Python list.
# What must be made in `forward` is made where its input is: `torch.full(…, device=x.device)`.
#
# ### Exercise 5.1: a step of training on any device
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# Find what stays behind in this step, and write one that works wherever the model is.
#
# ```python
# device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# images.to(device)
# labels.to(device)
# optimizer.zero_grad()
# loss = F.cross_entropy(model(images), labels, weight=class_weights)
# loss.backward()
# optimizer.step()
# return loss.item()
# ```
#
# <details><summary>Hint 1</summary>
#
# The model knows where it is: any of its parameters has a `.device`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Three tensors come in from outside. And the loss that goes out should be a tensor without its graph, left where it is: `loss.detach()`.
#
# </details>
# <details><summary>I get "Tensor on device cpu is not on the expected device meta!"</summary>
#
# One of the three is still on the CPU. Did you assign what `.to` returned? Did you think of the class weights?
#
# </details>
# <details><summary>I get "Tensor.item() cannot be called on meta tensors"</summary>
#
# A meta tensor has no number to fetch. On a GPU it would work and make you wait; exercise 5.3 is about that.
#
# </details>


# %%
def step_anywhere(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    class_weights: Tensor,
    optimizer: torch.optim.Optimizer,
) -> Tensor:
    """Take one step of training where the model is.

    Args:
        model: Returns logits, (N, C), on any device.
        images: Floats, (N, 3, H, W), on the CPU or there already.
        labels: int64, (N,), likewise.
        class_weights: How much each class counts in the loss, (C,), likewise.
        optimizer: Holds the model's parameters.

    Returns:
        The loss before the step: one number, without its graph, on the model's device.
    """
    ### BEGIN SOLUTION
    device = next(model.parameters()).device
    images, labels = images.to(device), labels.to(device)
    optimizer.zero_grad()
    logits = model(images)
    loss = F.cross_entropy(logits, labels, weight=class_weights.to(device))
    loss.backward()
    optimizer.step()
    return loss.detach()
    ### END SOLUTION


# %%
checks.check_step_anywhere(step_anywhere)

# %% [markdown]
# ## The clock that stops too early
#
# A GPU takes orders.
# `a @ b` on a GPU writes "multiply these" on a list and returns at once, long before there is a result, so that your program, the *host*, can go on and write the next order.
# That is called *asynchronous* execution; it is why a GPU is kept busy, and why a naive clock lies.
#
# You need no GPU to see it: here is a device of our own, a thread that works off a queue.


# %%
class TinyDevice:
    """Takes orders at once, and works them off one after the other in its own thread."""

    def __init__(self) -> None:
        self.spans: list[devices.Span] = []
        self.orders: queue.Queue[tuple[str, Callable[[], object]]] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()
        self.beginning = time.perf_counter()

    def launch(self, label: str, order: Callable[[], object]) -> None:
        """Write an order on the list; return at once."""
        self.orders.put((label, order))

    def synchronize(self) -> None:
        """Wait until the list is empty and the last order done."""
        self.orders.join()

    def note(self, row: str, label: str, action: Callable[[], object]) -> None:
        """Do something and note when it began and ended, for the picture."""
        start = time.perf_counter() - self.beginning
        action()
        end = time.perf_counter() - self.beginning
        self.spans.append(devices.Span(row, label, start, end))

    def _work(self) -> None:
        while True:
            label, order = self.orders.get()
            self.note("device", label, order)
            self.orders.task_done()


# %% [markdown]
# Its work is real, products of two 768 × 768 matrices.
# We launch four of them, stop one clock right after the fourth launch, wait, and stop another.

# %% tags=["nbval-ignore-output"]
# differs: widget
stopped = predict(
    "Four products of, say, 10 ms each. What does the clock say that is stopped right "
    "after the fourth launch?",
    options=["about 40 ms", "about 10 ms", "far less than 10 ms"],
)
stopped

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
matrix = torch.randn(768, 768)


def product() -> Tensor:
    """Work: about 900 million operations."""
    return matrix @ matrix


product()  # warm-up
tiny = TinyDevice()
for k in range(1, 5):
    tiny.note("host", f"launch {k}", lambda k=k: tiny.launch(f"product {k}", product))
too_early = time.perf_counter() - tiny.beginning
tiny.note("host", "wait: synchronize()", tiny.synchronize)
done = time.perf_counter() - tiny.beginning
print(f"stopped after the launches: {1e3 * too_early:6.2f} ms")
print(f"stopped after waiting:      {1e3 * done:6.2f} ms")

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
one = done / 4
stopped.reveal(
    "far less than 10 ms" if too_early < one / 2 else "about 10 ms",
    because="A launch is only a line on the list; the work came later.",
)

# %% [markdown]
# The device has noted when it was busy, and so have we for the host.
# Drawn one above the other, that is a *timeline*.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
fig, ax = plt.subplots(figsize=(8.4, 2.0), layout="constrained")
figures.plot_timeline(tiny.spans, ax, title="our own device: four launches, one wait")
plt.show()

# %% [markdown]
# **Figure.** The host has launched all four products while the device is still at the first; the rest of the host's time is waiting. A clock stopped before the wait has measured the launches and none of the work.
#
# PyTorch's own waits are `torch.cuda.synchronize()`, `torch.mps.synchronize()` and `torch.xpu.synchronize()`.
# The CPU computes before it answers and needs none.
# With a CUDA device the next cell draws the same picture from the card's own time stamps.

# %% tags=["nbval-ignore-output"]
# differs: the machine
if device.type == "cuda":
    fig, ax = plt.subplots(figsize=(8.4, 2.0), layout="constrained")
    spans = devices.cuda_timeline(device)
    figures.plot_timeline(spans, ax, title="four products on the CUDA device")
    plt.show()
else:
    print(f"device {device.type}: no CUDA time stamps, so the picture above must do.")

# %% [markdown]
# ### Exercise 5.2: how long does a call take?
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 15 minutes**
#
# Write the measurement that can be believed: warm up, wait, start, call, wait, stop; several times, and the median.
#
# The check brings a device and a clock of its own, whose every millisecond it knows; so take the time from `clock()`, and wait with `synchronize()`.
#
# <details><summary>Hint 1</summary>
#
# One call before the first measurement: it loads, allocates and chooses algorithms.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Each measurement needs two waits: one before the clock starts, so that no older work is timed, and one before it stops.
#
# </details>
# <details><summary>I get about 10 microseconds</summary>
#
# You have timed the launch. Wait before you read the clock the second time.
#
# </details>
# <details><summary>I get more than twice the usual time</summary>
#
# A mean is drawn up by one disturbed call. `statistics.median(times)` is not.
#
# </details>


# %%
def seconds_per_call(
    function: Callable[[], object],
    synchronize: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
    repeats: int = 5,
) -> float:
    """Return the median time of a call, in seconds.

    Args:
        function: What to time.
        synchronize: Waits until the device has done all it was asked to do.
        clock: Returns the time, in seconds.
        repeats: How many calls are measured, each by itself.
    """
    ### BEGIN SOLUTION
    function()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        function()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times)
    ### END SOLUTION


# %%
checks.check_seconds_per_call(seconds_per_call)

# %% [markdown]
# `devices.timed(function, device)` does the same for the rest of the lesson, and returns all the times.
#
# ### Who asks must wait
#
# `loss.item()` wants a *number*, and there is none until the device has worked off its list.
# So each `.item()`, `.cpu()`, `print(loss)` and `if loss > 3` is a hidden `synchronize()`.
# In the loop it costs more than the wait itself: the host does nothing meanwhile, and then the device has nothing to do.
#
# Let the host fetch each batch from a slow disk, 8 ms, and the device take a step of 10 ms with it.
# Both just sleep this time: a real GPU does not take its arithmetic from the host's cores, as our little device would.
# We run six steps twice: once with a look at the loss after each step, once with a single look at the end.


# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
def six_steps(look_every_step: bool) -> TinyDevice:
    """Load and launch six times; return the device with what it noted."""
    tiny = TinyDevice()
    for k in range(1, 7):
        tiny.note("host", "load", lambda: time.sleep(0.008))
        tiny.launch(f"step {k}", lambda: time.sleep(0.010))
        if look_every_step:
            tiny.note("host", "wait", tiny.synchronize)
    tiny.note("host", "wait", tiny.synchronize)
    return tiny


runs = {
    "looks at every loss": six_steps(look_every_step=True),
    "looks once, at the end": six_steps(look_every_step=False),
}
longest = max(run.spans[-1].end for run in runs.values())
fig, axes = plt.subplots(2, 1, figsize=(8.4, 3.6), layout="constrained")
for ax, (name, run) in zip(axes, runs.items(), strict=True):
    figures.plot_timeline(run.spans, ax, title=name)
    ax.set_xlim(0, 1.02e3 * longest)
plt.show()

# %% [markdown]
# **Figure.** With a look at every loss (above), host and device take turns, and the host's time is half waiting (hatched); with a single look at the end (below), the host loads the next batch while the device is busy, and only the longer of the two counts.
#
# In numbers: if loading takes *a* and the step *b*, taking turns costs *a* + *b* for each batch, overlapping only max(*a*, *b*).
# At best, when both take equally long, that is twice as fast, and it costs nothing but moving one line out of the loop.
#
# ### Exercise 5.3: the loss of an epoch, read once
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 10 minutes**
#
# Return an epoch's mean loss per image, and fetch nothing from the device before the last step is launched.
#
# <details><summary>Hint 1</summary>
#
# Tensors can be added up where they are. One `.item()` behind the loop is enough.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `step` returns a loss that still holds its graph: `loss.detach()` lets go of it.
#
# </details>
# <details><summary>I get "graphs of earlier batches pile up"</summary>
#
# `total += loss` keeps the graph of every batch alive, and with it the memory. Detach first.
#
# </details>
# <details><summary>I get a mean that is slightly off</summary>
#
# The last batch may be smaller. Weigh each batch's loss by its number of images, `len(labels)`.
#
# </details>


# %%
def mean_loss(
    step: Callable[[Tensor, Tensor], Tensor], batches: Iterable[tuple[Tensor, Tensor]]
) -> float:
    """Take a step with every batch; return the mean loss per image.

    Args:
        step: Takes images, (N, 3, H, W), and labels, (N,); returns the batch's mean loss
            as a tensor, with its graph.
        batches: Yields images and labels; the last batch may be smaller.
    """
    ### BEGIN SOLUTION
    total = torch.zeros(())
    count = 0
    for images, labels in batches:
        loss = step(images, labels).detach()
        total = total + loss * len(labels)
        count += len(labels)
    return total.item() / count
    ### END SOLUTION


# %%
checks.check_mean_loss(mean_loss)

# %% [markdown]
# ## What is a GPU good at?
#
# Much of the same at once.
# A product of two *n* × *n* matrices is 2·*n*³ multiplications and additions, which hardly depend on each other; a convolution is the same kind of work.
# A GPU has thousands of arithmetic units for that, where a core of a CPU has a few dozen, quicker ones.
# But every call has a price before any of them moves, the *launch*, and for a small matrix there is little else.
#
# The CPU has its own price of a call, so look at it first.

# %% tags=["nbval-ignore-output"]
# differs: widget
calls = predict(
    "A 64 × 64 product is 4,096 times the work of a 4 × 4 one. On this device, how many "
    "times as long does it take?",
    options=["about 4,096 times", "about 200 times", "less than 50 times"],
)
calls

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
live = devices.measure_sizes(device, rounds=9, longest=0.02, shortest=0.001)
seconds = {point["size"]: point["seconds"] for point in live["matrix"]}
ratio = seconds[64] / seconds[4]
print(f"on this device: {ratio:.1f} times (medians of {live['rounds']} rounds)")
options = {50: "less than 50 times", 1000: "about 200 times"}
calls.reveal(
    next((text for most, text in options.items() if ratio < most), "about 4,096 times"),
    because="Most of a small call is not arithmetic.",
)

# %% [markdown]
# Now all sizes, matrix products from 4 × 4 up and convolutions from 1 channel up (16 maps of 16 × 16, kernel 3 × 3), until a call takes too long for a quick look.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
figures.plot_sizes({device.type: live}, axes)
plt.show()

# %% [markdown]
# **Figure.** On the left, small calls all take about the same time, the floor that the call itself costs; further right the time grows with the work. On the right, the same as a rate: tiny calls reach a small part of what large ones do, and only large ones come near what the device can do.
#
# The same measurement was recorded, more patiently, and the same function draws it.

# %%
sizes = recorded("training_sizes")
for kind, run in sizes.items():
    if run is None:
        print(f"{kind}: nobody had one when this was recorded, so nothing is shown")
        continue
    best = max(p["flops"] / p["seconds"] for p in run["matrix"]) / 1e9
    floor = 1e6 * run["matrix"][0]["seconds"]
    print(f"{kind}: {run['machine']}, {run['date']}, n = {run['rounds']} rounds")
    print(f"  smallest call {floor:.1f} µs, best rate {best:,.0f} GFLOP/s")

fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
figures.plot_sizes(sizes, axes, recorded=True)
plt.show()

# %% [markdown]
# **Figure.** The recorded run has the shape of the live one, a floor and then a slope: matrix products reach their best rate only with matrices of a hundred rows and more, and lose nearly all of it with tiny ones.
#
# ### Where do they cross?
#
# The simplest model of a device has two numbers: the price of a call, and the rate once it runs.
#
# *seconds = overhead + operations / rate*
#
# Choose both for a GPU, and compare with the CPU as measured.
# The next figure's second line is **arithmetic, not a measurement**: put in your card's numbers (the rate stands in its data sheet, and real programs stay below it).

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
overhead = 10e-6  # seconds for a call: choose
rate = 10e12  # operations in a second: choose

cpu = live if device.type == "cpu" else sizes["cpu"]
work = [point["flops"] for point in cpu["matrix"]]
modelled = [overhead + flops / rate for flops in work]
measured = [point["seconds"] for point in cpu["matrix"]]

fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
ax.loglog(work, [1e6 * s for s in measured], "o-", label="CPU, measured")
ax.loglog(work, [1e6 * s for s in modelled], "k:", label="GPU, arithmetic only")
ax.set(xlabel="operations in a call (FLOP)", ylabel="time of a call (µs)")
ax.legend()
plt.show()

slower = [
    point["size"]
    for point, seconds in zip(cpu["matrix"], modelled, strict=True)
    if seconds > point["seconds"]
]
print(f"the modelled GPU is slower up to n = {max(slower, default=0)}, then faster")

# %% [markdown]
# **Figure.** Left of the crossing the CPU wins, since it has done a small product before a GPU would have begun; right of it the higher rate wins, and the more the larger the product.
#
# The crossing tells you what to do with a GPU: give it large calls.
# A batch of 4 small images is a tiny one, whatever the network.
#
# ## The way there
#
# A GPU has memory of its own, and whatever it works on has to travel there.
# Three things decide how much that costs: how many bytes, in how many journeys, and from what kind of memory.
#
# The first two can be counted without a GPU.
# `CopyCounter` watches what goes to a device: here 128 images, sent one at a time as floats, then as one batch of floats, then as one batch of bytes.

# %%
batch = data.train_images[:128]  # bytes
floats = batch.float() / 255
ways: dict[str, Callable[[], object]] = {
    "one image at a time, floats": lambda: [image.to(second) for image in floats],
    "the whole batch, floats": lambda: floats.to(second),
    "the whole batch, bytes": lambda: batch.to(second),
}
for name, send in ways.items():
    with devices.CopyCounter("meta") as counter:
        send()
    print(f"{name:30}{counter.copies:>4} copies{counter.bytes:>12,} bytes")

# %% [markdown]
# A float has four bytes and a pixel needs one, so that bytes are a quarter of the load.
# And a copy is a call, with a price of its own, which the first way pays 128 times.
#
# What kind of memory?
# Ordinary memory is *pageable*: the system may move it, so the driver first copies your batch to a place that stays put, and the host waits meanwhile.
# *Pinned* memory stays put; from there the card fetches by itself, and with `non_blocking=True` the host goes on at once.
# For a `DataLoader` that is two words:
#
# ```python
# loader = DataLoader(dataset, batch_size=128, pin_memory=True)
# for images, labels in loader:
#     images = images.to(device, non_blocking=True)
#     labels = labels.to(device, non_blocking=True)
# ```
#
# Pin once what is sent often; pinning is itself a copy, and pinned memory is lost to everybody else.
# And on the way *back*, leave `non_blocking` out: the host would read numbers that have not arrived yet.

# %% tags=["nbval-ignore-output"]
# differs: the machine
transfers = devices.measure_transfers(device)
if transfers is None:
    print(f"device {device.type}: pinned memory is CUDA's affair, nothing to measure")
else:
    for way in transfers["ways"]:
        speed = way["bytes"] / way["seconds"] / 1e9
        print(f"{way['name']:30}{1e6 * way['seconds']:>9.0f} µs{speed:>8.2f} GB/s")

# %% [markdown]
# Small data sets need no journeys at all: CIFAR-10's 50,000 training images are 154 MB as bytes, and fit onto any card.
# Send them once, and cut the batches there; `ImageLoader(…, device=device)` does that.
#
# ### Exercise 5.4: one journey for a batch
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 8 minutes**
#
# This function makes a batch of single images; its result is right, and on a GPU it is slow.
# Find the two reasons, and write one that sends a single tensor, as small as it can be.
#
# ```python
# def send_batch(images: list[Tensor], device: torch.device) -> Tensor:
#     return torch.stack([(image.float() / 255).to(device) for image in images])
# ```
#
# <details><summary>Hint 1</summary>
#
# How many calls of `.to` are there for 128 images, and how many bytes has each pixel when it leaves?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Three things happen: the images become a batch, the batch travels, bytes become floats. Put them into the cheapest order.
#
# </details>
# <details><summary>I get one journey, but four times the bytes</summary>
#
# `.to(device, torch.float32)` makes the floats first and sends them then. Make them in a second call, behind the journey.
#
# </details>


# %%
def send_batch(images: list[Tensor], device: torch.device) -> Tensor:
    """Bring single images to a device as one mini-batch.

    Args:
        images: N images as bytes, uint8, (C, H, W) each, on the CPU.
        device: Where the batch is wanted.

    Returns:
        Floats between 0 and 1, float32, (N, C, H, W), on the device.
    """
    ### BEGIN SOLUTION
    batch = torch.stack(images).to(device)
    return batch.float() / 255
    ### END SOLUTION


# %%
checks.check_send_batch(send_batch)

# %% [markdown]
# The mean and the standard deviation of a data set can wait for the device as well.
#
# ### Exercise 5.5: bytes travel, floats are made on the device
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Write a layer that takes bytes, (N, C, H, W), and returns normalised floats, (value / 255 − mean) / std, wherever it is.
# As the first layer of a network it lets whole batches of bytes travel.
#
# <details><summary>Hint 1</summary>
#
# Mean and standard deviation must move with the layer and must not be learnt: `self.register_buffer("mean", …)`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# One number a channel: `mean.view(-1, 1, 1)` has the shape (C, 1, 1), which is laid along channels.
#
# </details>
# <details><summary>I get "Tensor on device cpu is not on the expected device meta!"</summary>
#
# The layer moved and its statistics did not: they are plain attributes, or made in `forward`.
#
# </details>
# <details><summary>I get "The size of tensor a must match the size of tensor b"</summary>
#
# Statistics of shape (3,) are laid along the width. Give them two more axes.
#
# </details>


# %%
class Normalise(nn.Module):
    """Turns bytes into normalised floats on whatever device it is.

    Args:
        mean: Of each channel, for values from 0 to 1, (C,).
        std: Of each channel, (C,).

    Shape:
        - Input: (N, C, H, W), uint8
        - Output: (N, C, H, W), float32
    """

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.register_buffer("mean", mean.view(-1, 1, 1))
        self.register_buffer("std", std.view(-1, 1, 1))
        ### END SOLUTION

    def forward(self, images: Tensor) -> Tensor:
        """Return floats."""
        ### BEGIN SOLUTION
        return (images.float() / 255 - self.mean) / self.std
        ### END SOLUTION


# %%
checks.check_normalise(Normalise)

# %% [markdown]
# ## Where does the time of a step go?
#
# Before you make anything faster, look what is slow.
# A step of training has five phases: fetch a batch (*loader*), *copy* it to the device, *forward*, *backward*, *optimiser*.
# PyTorch's profiler notes when each operator begins and ends, and names the stretches of your own code that you mark:
#
# ```python
# from torch.profiler import profile, record_function
#
# with profile() as profiler:
#     with record_function("forward"):
#         loss = F.cross_entropy(model(images), labels)
# print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=5))
# ```
#
# Its table has many columns, and is best met with a question.
# Ours is: which phase takes how long for *one image*?
# `measure_profile` asks it for three ways of loading: the lecture's, one image at a time through PIL in batches of 4; the same in batches of 128; and batches of 128 cut from one tensor in memory.

# %% tags=["nbval-ignore-output"]
# differs: widget
slowest = predict(
    "In the lecture's recipe, batches of 4 through PIL: is fetching the batch more or "
    "less than half of the step?",
    options=["more than half", "less than half"],
)
slowest

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
run = devices.measure_profile(device, data, images=128, rounds=3)
fig, ax = plt.subplots(figsize=(8.4, 2.8), layout="constrained")
figures.plot_profile(run, ax, title=f"the lecture's network on this {device.type}")
plt.show()

# %% [markdown]
# **Figure.** A batch of 128 makes forward, backward and optimiser cheaper for each image, because 128 images share the price of a call instead of 4; taking the batch from memory then makes the loader's part all but vanish.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
shares = {
    recipe["name"]: recipe["phases"]["loader"] / sum(recipe["phases"].values())
    for recipe in run["recipes"]
}
for name, share in shares.items():
    print(f"{name:24}{share:>5.0%} of the step is the loader")
first = next(iter(shares.values()))
slowest.reveal(
    "more than half" if first > 0.5 else "less than half",
    because="With a batch of 4 the other phases are slow as well.",
)

# %% [markdown]
# Two different things were slow, then.
# The *calls*: each operator has a price that it asks once for a batch, whatever is in it, and a batch of 4 pays it for very little arithmetic.
# And the *loader*: image by image, in Python, while everything else waits.
#
# Which operators are behind it, once both are mended?

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
best = run["recipes"][-1]
print(f"{best['name']}: {best['images_per_second']:,.0f} images a second")
print(f"(the profiler itself makes a step {best['slowdown']:.2f} times as long)\n")
print(devices.operator_table(best))

# %% [markdown]
# Convolutions and poolings lead, with their gradients, and that is as it should be: arithmetic is what the machine was bought for.
# From here on, time can be saved by doing the arithmetic better, and no longer by loading better.
#
# The recorded run asks the same question with more steps.

# %%
profiles = recorded("training_profile")
measured_profiles = {kind: run for kind, run in profiles.items() if run is not None}
fig, axes = plt.subplots(
    len(measured_profiles),
    1,
    figsize=(8.4, 2.8 * len(measured_profiles)),
    layout="constrained",
    squeeze=False,
)
for ax, (kind, run) in zip(axes[:, 0], measured_profiles.items(), strict=True):
    figures.plot_profile(run, ax, title=f"{kind}: {run['machine']}", recorded=True)
plt.show()

# %% [markdown]
# **Figure.** In the recorded run too, the lecture's recipe spends several times as long on each image as the same network with batches of 128 from memory.

# %%
for kind, run in profiles.items():
    if run is None:
        print(f"{kind}: nobody had one when this was recorded, so nothing is shown")
        continue
    slow, *_, fast = (recipe["images_per_second"] for recipe in run["recipes"])
    print(f"{kind}: {run['machine']}, {run['date']}, {run['data']}")
    print(f"  in memory, batch 128: {fast / slow:.1f} times the lecture's images/s")

# %% [markdown]
# Expect the picture to sharpen on a GPU: the arithmetic shrinks, Python and PIL do not, and an expensive card waits for its images.
# So the first two steps of the climb that follows are already chosen: larger batches, and data in memory.

# %% [markdown]
# ## The climb: from the lecture's recipe, one change at a time
#
# The lecture trains with mini-batches of four images, opened one by one, by SGD with a learning rate of 0.001.
# That works, and it is slow.
# Now change *one* thing at a time, predict what it does, measure, and keep the change only if it pays: fourteen rungs of a ladder.
# What is rejected is undone before the next rung.
#
# Two kinds of change need two kinds of measurement.
# Some leave alone *what* is learnt from an image and only make it quicker: there images a second decide, and a change is kept if it makes training at least 1.05 times as fast.
# All others are judged by the clock: train for the same number of seconds, then count right answers on the *validation* images, since these are decisions (lesson 04).
# Half a percentage point is the least that we keep.

# %%
from torch.utils.checkpoint import checkpoint

from course_utils.climb import CLIMB, ResidualCNN, speed, train
from course_utils.climb.ladder import (
    Step,
    accuracy_steps,
    gained,
    plot_ladder,
    rates_of,
    speed_steps,
    times_as_fast,
)

for number, rung in enumerate(CLIMB):
    print(f"{number:2} {rung.name}: {rung.change}")

# %% [markdown]
# Now predict each of them, before anything is measured: is it kept on two cores of a processor, or rejected?

# %% tags=["nbval-ignore-output"]
# differs: widgets
verdicts = {
    rung.name: predict(
        f"{rung.name}. {rung.question} Kept or rejected?", options=["kept", "rejected"]
    )
    for rung in CLIMB[1:]
}
for verdict in verdicts.values():
    display(verdict)

# %% [markdown]
# Speeds you measure yourself, in short: every rung trains for a moment, one after the other, and again, so that all meet the same load of your machine.
# (The compiler and worker processes take too long to start for that.)
# Accuracies take twelve seconds a rung and seed; they were recorded once, on photographs, and the same recording has speeds from a machine that had nothing more urgent to do.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
quick_rungs = [
    rung
    for rung in CLIMB
    if rung.setup.loader != "pil_workers" and not rung.setup.compiled
    if not rung.setup.flip_at_test
]
setups = {rung.name: rung.setup for rung in quick_rungs}
measured = speed(
    setups, data, rounds=3, seconds=0.08, seed=seed, device=device, clock="work"
)
live = {name: found.rates for name, found in measured.items()}
print(f"measured {len(live)} rungs in turns, {torch.get_num_threads()} thread(s)")

# %%
climb_run = recorded("training_climb")
slot = climb_run["cpu"]
rates = rates_of(slot)
print(f"Recorded on {slot['machine']}, {slot['threads']} threads,")
print(f"torch {slot['torch']}, {slot['date']}; {slot['data']},")
print(f"{slot['seeds']} seeds, {slot['seconds']:g} s of training each")

# %% [markdown]
# ### The loop: loader, batch, learning rate
#
# One after the other, three changes: all images as bytes in one tensor (*data in memory*); batch 128 instead of 4, and nothing else (*batch 128 alone*); batch 128 with the learning rate times 32 as well (*rate fitted*).

# %% tags=["nbval-ignore-output"]
# differs: a widget
loop_guess = predict(
    "Training by the clock, what becomes of the accuracy with batch 128 instead of 4, "
    "and the learning rate as it was?",
    options=["higher: it sees more images", "about the same", "lower"],
)
loop_guess


# %%
def report(names, rates, slot=None):
    """Print what rungs are worth against the rung that they change."""
    for rung in (rung for rung in CLIMB if rung.name in names and rung.name in rates):
        line = f"{rung.name}: × {times_as_fast(rates, rung.name):.2f} as fast"
        if slot is not None:
            points = 100 * gained(slot, rung.name)
            line += f", {points:+.1f} points in the same time"
            line += ": kept" if rung.kept else ": rejected"
        print(f"  {line}   (against: {rung.base})")


loop = ["tutorial style", "data in memory", "batch 128 alone", "batch 128, rate fitted"]
print("recorded")
report(loop, rates, slot)

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
print("just now, on this machine")
report(loop, live)

# %%
change = gained(slot, "batch 128 alone")
loop_guess.reveal(
    "lower" if change < -0.005 else "higher: it sees more images",
    because="There are 32 times fewer steps an epoch, none longer than before.",
)

# %% [markdown]
# **The loader was not the problem.** With four images a batch, data in memory gain less than the larger batch does: a step is dozens of small calls (look up the operation, check shapes, make a result), each of which costs microseconds whether it handles four images or 128.
# Four images are too little work to hide that; Python, and not the arithmetic, sets the pace.
#
# **More images are not more learning.** A mini-batch's gradient is a *mean*: with 128 images it is less noisy, but no longer.
# The same learning rate then takes steps of the same length and 32 times fewer of them an epoch, so that the weights hardly leave their place.
# "Tutorial style", batch 64 and the lecture's learning rate, falls into the same trap.
#
# **Batch and learning rate belong together.** A less noisy gradient may be followed further: multiply the learning rate by what you multiply the batch by (the *linear scaling rule*).
# It holds up to a point: with a batch of thousands, the step becomes so long that the gradient at its start says nothing about its end.
#
# ### The arithmetic: the same numbers, quicker
#
# A tensor (N, C, H, W) is a row of numbers in memory; its *strides* say how far apart neighbours lie.
# As usual, all of one channel comes first.
# With `channels_last` the channels of one pixel lie side by side, and the shape stays what it is:

# %%
pixels = torch.arange(12).reshape(1, 3, 2, 2)  # 3 channels of 2 × 2
last = pixels.contiguous(memory_format=torch.channels_last)
for name, tensor in (("as usual", pixels), ("channels_last", last)):
    row = tensor.as_strided((12,), (1,)).tolist()
    print(f"{name:13} shape {tuple(tensor.shape)}, strides {tensor.stride()}: {row}")
assert torch.equal(pixels, last)

# %% [markdown]
# A convolution multiplies all channels of a pixel with the weights and adds up.
# Side by side, they come in one load of the vector unit, and PyTorch's fast kernels work in that order: with the usual one they must reorder the numbers first.
# So `model.to(memory_format=torch.channels_last)`, the images likewise, and nothing else changes.
#
# *Mixed precision* keeps the weights in float32 and computes convolutions and matrix products in 16 bits.
# Which 16 bits?

# %%
print(
    f"{'':10}{'bits':>5}{'largest':>10}{'smallest':>10}{'step at 1':>11}  1e-8 becomes"
)
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    about, name = torch.finfo(dtype), str(dtype).removeprefix("torch.")
    tiny = torch.tensor(1e-8, dtype=dtype).item()
    print(
        f"{name:10}{about.bits:5}{about.max:10.1e}{about.tiny:10.1e}"
        f"{about.eps:11.1e}  {tiny:.1e}"
    )

# %% [markdown]
# **bfloat16** is a float32 with the last 16 bits cut off: its 8 bits of exponent reach as far, its steps are coarse, about two to three digits.
# **float16** has finer steps and only 5 bits of exponent, so that a small gradient becomes 0.
# That is why float16 needs a `GradScaler`, which multiplies the loss before `backward()` and divides the gradients after it, and bfloat16 does not.
# Take bfloat16 wherever the device has it; older cards, such as Colab's T4, have float16 alone.
#
# `torch.compile` reads your network's Python once and writes code for it in which several operations become one.

# %% tags=["nbval-ignore-output"]
# differs: a widget
arithmetic_guess = predict(
    "Which of these makes the lecture's small network at least 1.05 times as fast "
    "on two cores?",
    options=[
        "channels_last alone",
        "channels_last and bfloat16",
        "torch.compile alone",
        "all three",
    ],
)
arithmetic_guess

# %%
arithmetic = ["channels last", "bfloat16", "compiled"]
print("recorded")
report(arithmetic, rates, slot)
first_calls = {rung["name"]: rung["first_call"] for rung in slot["rungs"]}
print(f"the compiler's first call took {first_calls['compiled']:.0f} s,")
print(f"the same network's without it {first_calls['channels last']:.2f} s")

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
print("just now, on this machine")
report(arithmetic, live)

# %%
faster = [name for name in arithmetic if times_as_fast(rates, name) >= 1.05]
arithmetic_guess.reveal(
    "channels_last alone" if faster == ["channels last"] else ", ".join(faster),
    because="The other two save work that this network hardly has.",
)

# %% [markdown]
# **bfloat16** halves the bits that are moved and uses special units for products, where a processor has them.
# With 3, 6 and 6 channels there is hardly a product to speed up, and each conversion costs a call; on a processor without such units it can even be slower.
# Remember that it is rejected *here*: we shall ask again.
#
# **torch.compile** saves the Python between operations and the trips to memory between them.
# At batch 128 on a processor, little of either is left in this network, while it checks at every call that its assumptions still hold, and puts generated loops where PyTorch had hand-tuned ones.
# On a GPU, where starting each operation costs more than the operation itself, and with larger networks, it can pay; but never in a run shorter than its first call.
#
# ### The recipe: what is learnt from a step
#
# Four changes that make no step faster, and ought to make each one worth more:
#
# - **batch norm** (lesson 06) after each convolution;
# - a **schedule**: the learning rate climbs from 0 to a peak, then falls to 0 as the time runs out; the mean rate stays the same;
# - **label smoothing**: the target is no longer "cat, certainly" but "cat with 91 %, each other class with 1 %";
# - **augmentation**: half of the images mirrored, all shifted by up to two pixels, anew in every epoch.
#
# And a larger change: a small **residual network**, which computes far more for each image; once as it is, and once in **bfloat16**, which was of no use to the small network.

# %% tags=["nbval-ignore-output"]
# differs: a widget
recipe_guess = predict(
    "Which of these brings the most within the same 12 seconds?",
    options=[
        "batch norm",
        "schedule",
        "label smoothing",
        "augmentation",
        "residual network",
        "residual, bfloat16",
    ],
)
recipe_guess

# %%
recipe = ["batch norm", "schedule", "label smoothing", "augmentation"]
network = ["residual network", "residual, bfloat16", "flip at test time"]
print("recorded")
report(recipe + network, rates, slot)

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
print("just now, on this machine")
report(recipe + network, live)

# %%
recipe_guess.reveal(
    max([*recipe, *network[:2]], key=lambda name: gained(slot, name)),
    because="The numbers above are of the recording.",
)

# %% [markdown]
# **Batch norm** lets a deep network learn with long steps; this one has two convolutions and learns well without.
# What is left is its price: two more passes over the largest tensors, on a processor.
#
# **The schedule** costs nothing.
# Large steps get far quickly but bounce from wall to wall of the valley, since each mini-batch points elsewhere; small steps at the end let the weights settle on its floor.
#
# **Label smoothing** takes away the reward for being ever more certain: images that are right already pull less, and those that are wrong are heard better.
# It costs nothing either.
#
# **Augmentation** cures overfitting: a network that sees an image for the fiftieth time has learnt it by heart.
# After a handful of epochs none has, so that harder images only slow the learning down.
# Train for ten minutes instead of twelve seconds, and it becomes the most important line of the recipe.
#
# **The residual network** has more channels, is deeper, and carries the gradient past each block by a shortcut (x + f(x), lesson 06).
# It learns more from each image, and in float32 it sees so few of them in twelve seconds that it loses.
#
# **The residual network in bfloat16** wins.
# With 16 to 64 channels there are real products to compute, so the short numbers that were of no use to the small network make this one far quicker, and then its better design shows.
# Two changes, each rejected by itself, are kept together: a verdict belongs to its surroundings, so ask again when they change.
#
# **Flip at test time** averages the logits of an image and its mirror image: two opinions whose errors differ a little.
# No second of training is spent; each prediction takes two passes.
#
# ### The whole ladder

# %%
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.6), layout="constrained")
plot_ladder(speed_steps(rates), axes[0], recorded=True)
plot_ladder(accuracy_steps(slot), axes[1], per_cent=True, recorded=True)
axes[1].set_yticks([])
plt.show()

# %% [markdown]
# **Figure.** Left, images a second against the lecture's: the larger batch gives the great leap, and the residual network gives most of it back. Right, validation accuracy after the same time: it falls where the batch grows alone, leaps up where the learning rate fits it, and is highest at the foot of the ladder, although the images a second are not. Dots are single rounds and seeds; hatched bars are rejected changes.

# %%
after = {step.name: step.middle for step in accuracy_steps(slot)}
first, top = CLIMB[0].name, CLIMB[-1].name
print(
    f"{first}: {after[first]:.1%} of the validation images after {slot['seconds']:g} s"
)
print(f"{top}:  {after[top]:.1%}")

# %% [markdown]
# And your predictions?

# %%
foreseen = 0
for rung in CLIMB[1:]:
    became, guess = "kept" if rung.kept else "rejected", verdicts[rung.name].value
    foreseen += guess == became
    print(f"{rung.name:22}: {became:8}  you said: {guess or 'nothing'}")
print(f"you foresaw {foreseen} of {len(verdicts)}")

# %% [markdown]
# What you did not foresee is worth another look at its paragraph above.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
fig, ax = plt.subplots(figsize=(6.6, 3.8), layout="constrained")
plot_ladder(speed_steps(live), ax)
plt.show()

# %% [markdown]
# **Figure.** The speeds of the same rungs on this machine, measured a moment ago in short turns: other processors and other loads give other ratios, which is why you measure before you believe. What is called rejected was rejected in the recording.

# %%
if climb_run["cuda"] is None:
    print(
        "Nobody has recorded the climb on a graphics card yet, so there are no ratios."
    )
    print("With one: python -m tools.record_runs climb --device cuda --data <folder>")
else:
    fig, ax = plt.subplots(figsize=(6.6, 4.4), layout="constrained")
    plot_ladder(speed_steps(rates_of(climb_run["cuda"])), ax, recorded=True)
    plt.show()

# %% [markdown]
# Expect other verdicts on a graphics card: batch 4 wastes even more there, data must lie on the card to keep up, 16 bits pay sooner, and a compiler has more to save.
#
# With `profile = "full"` the next cell climbs for real, on your machine and your images: it takes about four minutes.

# %% tags=["nbval-ignore-output"]
# differs: timings depend on the machine
if profile == "full":
    steps = []
    for rung in CLIMB:
        run = train(rung.setup, data, seconds=12, marks=1, seed=seed, device=device)
        if run.complete:
            steps.append(Step(rung.name, rung.kept, (run.marks[-1].accuracy,)))
    fig, ax = plt.subplots(figsize=(6.6, 4.4), layout="constrained")
    plot_ladder(steps, ax, per_cent=True)
    plt.show()
else:
    print('The climb was not run here: profile is "quick".')

# %% [markdown]
# ### Exercise 5.6: a triangle for the learning rate
#
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 8 minutes**
#
# Return the learning rate before step number `step`: 0 at step 0, straight up to the peak at step `rising`, straight down to 0 at step `steps`.
#
# <details><summary>Hint 1</summary>
#
# Two straight lines, so two cases: `step < rising` and the rest.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# On the way up, the share of the peak is `step / rising`. How long is the way down, and how much of it is still ahead?
#
# </details>
#
# <details><summary>I get a jump at the peak</summary>
#
# Both lines must give the same value at `step == rising`. Put it into each by hand.
#
# </details>


# %%
def triangular_rate(step: int, steps: int, peak: float, rising: int) -> float:
    """Return the learning rate before a step.

    Args:
        step: Number of the step, from 0 to steps.
        steps: How many steps there are.
        peak: The highest learning rate.
        rising: The step at which it is reached, between 0 and steps.
    """
    ### BEGIN SOLUTION
    if step < rising:
        return peak * step / rising
    return peak * (steps - step) / (steps - rising)
    ### END SOLUTION


# %%
checks.check_triangular_rate(triangular_rate)

# %% [markdown]
# ## Out of memory
#
# Larger batches, larger networks: sooner or later a card says no.
# In PyTorch the error is `torch.OutOfMemoryError`, a kind of `RuntimeError`, and its message is worth reading (the numbers are an example):
#
# ```text
# torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a
# total capacity of 23.65 GiB of which 11.06 MiB is free. Including non-PyTorch memory,
# this process has 23.60 GiB memory in use. Of the allocated memory 22.90 GiB is
# allocated by PyTorch, and 194.87 MiB is reserved by PyTorch but unallocated. …
# ```
#
# *Tried to allocate* is only the last straw.
# Look at *allocated by PyTorch*: that is what your tensors hold.
# A request that no device can meet shows what yours says:

# %% tags=["nbval-ignore-output"]
# differs: each device words it in its own way
try:
    torch.empty(2**50, device=device)  # four thousand times a thousand gigabytes
except RuntimeError as error:
    print(f"{type(error).__name__}: {str(error)[:200]}")

# %% [markdown]
# ### What fills the memory
#
# Four things: the weights; a gradient for each weight; what the optimizer remembers (SGD with momentum one number for each weight, Adam two); and the **activations**, all that the forward pass must keep until `backward()` has used it.
# The first three do not care about the batch.
# The activations grow with every image.
#
# For the lecture's network they can be counted by hand.
# Kept are: the images, since the first convolution needs its input; what each ReLU returned; what each pooling returned, as the next layer's input, and *where* each maximum was, a whole number of 8 bytes; and the logarithms of the probabilities.

# %%
numbers = 3 * 32 * 32  # the image
numbers += 6 * 32 * 32 + 6 * 16 * 16  # first ReLU and pooling
numbers += 6 * 16 * 16 + 6 * 8 * 8  # second ReLU and pooling
numbers += 120 + 84 + 10  # two linear layers with ReLU, log-probabilities
whole_numbers = 6 * 16 * 16 + 6 * 8 * 8 + 1  # where the maxima were, and the label
bytes_an_image = 4 * numbers + 8 * whole_numbers
print(f"{bytes_an_image:,} bytes an image")

# %% [markdown]
# Now measure.
# PyTorch lets you watch every tensor that is put away for `backward()`: `saved_tensors_hooks` calls your function for each.
# The same memory may be put away twice (a ReLU's output is the next pooling's input), so count each storage once, and leave the weights out.


# %%
def kept_bytes(model, images, labels, precision=torch.float32):
    """Return the bytes that a forward pass keeps for backward, weights left out."""
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    mixed = precision != torch.float32
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        with torch.autocast("cpu", precision, enabled=mixed):
            logits = model(images)
        loss = F.cross_entropy(logits.float(), labels)
    del loss
    return sum(kept.values())


model = LectureCNN()
parameters = sum(weight.numel() for weight in model.parameters())
print(
    f"{'batch':>6}{'weights':>10}{'gradients':>11}{'momentum':>10}{'activations':>13}"
)
for batch in (4, 32, 128, 512):
    images, labels = (
        torch.randn(batch, 3, 32, 32),
        torch.zeros(batch, dtype=torch.int64),
    )
    kept = kept_bytes(model, images, labels)
    rest = f"{4 * parameters:10,}{4 * parameters:11,}{4 * parameters:10,}"
    print(f"{batch:6}{rest}{kept:13,}")
    assert (
        kept == batch * bytes_an_image + 4
    )  # 4: one number for the mean of the losses

# %% [markdown]
# Measured and counted agree to the byte.
# With four images the network is the larger part; with 128 the activations are, by far.
# So the batch is the first thing to look at, and the size of the *weights file* says little about the memory that training needs.
#
# ### What frees it
#
# Take a larger network and see what each remedy leaves of the activations of 128 images.


# %%
class Checkpointed(ResidualCNN):
    """Keeps the input of each half only, and computes the half again in backward."""

    def forward(self, x):
        x = checkpoint(self.first_half, x, use_reentrant=False)
        return checkpoint(self.second_half, x, use_reentrant=False)

    def first_half(self, x):
        return F.max_pool2d(self.stem(x), 2)

    def second_half(self, x):
        x = F.max_pool2d(self.down1(x), 2)
        x = x + self.block1(x)
        x = F.max_pool2d(self.down2(x), 2)
        return self.head((x + self.block2(x)).amax(dim=(2, 3)))


torch.manual_seed(seed)
images, labels = torch.randn(128, 3, 32, 32), torch.zeros(128, dtype=torch.int64)
residual, checkpointed = ResidualCNN(), Checkpointed()
checkpointed.load_state_dict(residual.state_dict())
as_it_is = kept_bytes(residual, images, labels)
remedies = {
    "as it is": as_it_is,
    "half the batch": kept_bytes(residual, images[:64].clone(), labels[:64]),
    "bfloat16": kept_bytes(residual, images, labels, torch.bfloat16),
    "checkpointing": kept_bytes(checkpointed, images, labels),
}
with torch.no_grad():
    remedies["no_grad"] = kept_bytes(residual, images, labels)
for name, kept in remedies.items():
    print(f"{name:15}{kept:12,} bytes {kept / as_it_is:6.0%}")

# %%
assert abs(remedies["half the batch"] / as_it_is - 1 / 2) < 0.01
assert 0.4 < remedies["bfloat16"] / as_it_is < 0.75
assert remedies["checkpointing"] < 0.25 * as_it_is
assert remedies["no_grad"] == 0

# %% [markdown]
# - A **smaller batch** takes away exactly its share. Should the step stay the same, add up the gradients of several small batches (Exercise 5.7).
# - **bfloat16** stores most activations in half the bytes.
# - **Checkpointing** keeps only the inputs of a few blocks and computes what lies between once more when `backward()` asks: memory for time, about one more forward pass. (The figure above is what waits in between; while `backward()` is in one half, that half's activations are there again.)
# - **`no_grad`** (or `inference_mode`) at evaluation keeps nothing. Forgetting it is the most common reason for running out of memory *in the first evaluation*.
# - **Let go of what you hold.** `total += loss` in a loop keeps the graph of every step alive: write `total += loss.detach()`. `del logits` where a notebook's variable holds a large tensor from the last cell.
#
# And what does not help: `torch.cuda.empty_cache()`.
# PyTorch keeps freed memory for its own next tensors, and gives it back by itself before it reports an error; the call hands it to *other programs* and makes your next tensors slower.
# Tensors that a variable still holds are not freed by it.


# %%
def same_gradients(one, other):
    """Whether two networks give the same gradients for the images."""
    for network in (one, other):
        network.train().zero_grad()
        F.cross_entropy(network(images), labels).backward()
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(a.grad, b.grad, atol=1e-5) for a, b in pairs)


print("checkpointing gives the same gradients:", same_gradients(residual, checkpointed))

# %% [markdown]
# ### A loop that halves the batch
#
# A script that runs overnight should not die at its first step.
# To see it work without a card, pretend one: a hook that counts what is kept, and raises the very same error when the card is full.


# %%
class PretendCard(torch.autograd.graph.saved_tensors_hooks):
    """Raises `torch.OutOfMemoryError` when more than a limit is kept for backward."""

    def __init__(self, limit):
        self.free = limit
        super().__init__(self.pack, lambda tensor: tensor)

    def pack(self, tensor):
        self.free -= tensor.nbytes
        if self.free < 0:
            raise torch.OutOfMemoryError(f"{tensor.nbytes:,} bytes do not fit")
        return tensor


def batch_that_fits(model, images, labels, limit):
    """Halve the batch until a forward and backward pass fits."""
    size = len(images)
    while size:
        try:
            with PretendCard(limit):
                loss = F.cross_entropy(model(images[:size]), labels[:size])
            loss.backward()
            return size
        except torch.OutOfMemoryError as error:
            print(f"batch {size}: {type(error).__name__}: {error}")
        # not above: while the error is at hand, it holds all tensors of the failed pass
        model.zero_grad()
        size //= 2
    raise RuntimeError("not even one image fits: take a smaller network")


fits = batch_that_fits(LectureCNN(), images, labels, limit=4 * 2**20)
print(f"batch {fits} fits")

# %% [markdown]
# On a real card, leave `PretendCard` out; the rest stays as it is.
# Mind the comment: an exception keeps the frames in which it was raised, and with them their tensors.
# Recover *after* the `except` block, never inside it.
#
# A smaller batch is another training, though: noisier gradients, which want a smaller learning rate.
# Unless several small batches make one step.
#
# ### Exercise 5.7: one step from small batches
#
# **Difficulty** 3 of 5 · **importance** 5 of 5 · **about 12 minutes**
#
# Take *one* step of the optimizer with the gradient of all images, while only `size` of them are in the network at a time.
# The last piece may be smaller.
#
# <details><summary>Hint 1</summary>
#
# `backward()` *adds* to `.grad`. So: forget once, then `backward()` for each piece, then one step.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `F.cross_entropy` returns a mean over the piece. The joint mean is the sum of the pieces' means, each weighted with its share of the images.
#
# </details>
#
# <details><summary>I get almost the right weights, but not with seven images in threes</summary>
#
# The pieces have 3, 3 and 1 images. Do you weigh them alike?
#
# </details>


# %%
def accumulated_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    size: int,
) -> None:
    """Take one step with the gradient of all images, a few at a time.

    Args:
        model: Returns logits.
        optimizer: Holds the model's parameters.
        images: (N, C, H, W).
        labels: (N,).
        size: Most images that may go through the model at once.
    """
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    for some, answers in zip(images.split(size), labels.split(size), strict=True):
        share = len(answers) / len(labels)
        loss = share * F.cross_entropy(model(some), answers)
        loss.backward()
    optimizer.step()
    ### END SOLUTION


# %%
checks.check_accumulated_step(accumulated_step)

# %% [markdown]
# ### Exercise 5.8: the largest batch that fits
#
# **Difficulty** 2 of 5 · **importance** 4 of 5 · **about 8 minutes**
#
# Training with SGD and momentum in float32: how many images fit into the memory at most?
#
# <details><summary>Hint 1</summary>
#
# How many numbers are there for each parameter, before the first image comes?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Subtract what the batch does not change; divide the rest by what one image needs.
#
# </details>
#
# <details><summary>I get a negative batch</summary>
#
# Where not even the weights fit, the answer is 0.
#
# </details>


# %%
def largest_batch(memory: int, parameters: int, activations: int) -> int:
    """Return the largest number of images in a batch.

    Args:
        memory: Bytes that there are.
        parameters: Learnable numbers of the model.
        activations: Numbers (float32) that are kept for each image.
    """
    ### BEGIN SOLUTION
    left = memory - 4 * 3 * parameters
    return max(left // (4 * activations), 0)
    ### END SOLUTION


# %%
checks.check_largest_batch(largest_batch)

# %% [markdown]
# ## A fast recipe, worth reading
#
# The climb asked of one change at a time whether it pays.
# Now put together what paid, and ask a fairer question than "how accurate after ten epochs?", for an epoch costs one network a second and another one an hour.
# *How accurate after a minute, on this machine?*
# With a **time budget** as the judge, whoever makes a step cheaper may take more of them.
#
# The recipe comes in four pieces, about a hundred lines all told: a first layer that need not learn, a network, varied mini-batches, and the loop.
#
# ### A first layer that need not learn
#
# Neighbouring pixels say nearly the same, so the first kernels of a network spend their time learning to look at differences.
# That much can be worked out without training.
# Cut some images into patches of 2 × 2 pixels, ask for the directions in which patches vary (the eigenvectors of their covariance), and scale each direction so that all vary alike: the patches are **whitened**.
# Each direction becomes a kernel, once with its sign and once against it, because the activation behind it lets little of the negative half through.


# %%
def whitening(images: Tensor) -> nn.Conv2d:
    """Return a layer of 24 kernels that whiten the patches of images (N, 3, H, W)."""
    patches = F.unfold(images, kernel_size=2).transpose(1, 2).reshape(-1, 12)
    variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
    kernels = (directions / (variances + 5e-4).sqrt()).T.reshape(12, 3, 2, 2)
    layer = nn.Conv2d(3, 24, kernel_size=2, bias=False)
    layer.weight = nn.Parameter(torch.cat([kernels, -kernels]), requires_grad=False)
    return layer


# %% [markdown]
# Look at what it does: how much the patches vary along each of their twelve directions, before and after.


# %% tags=["nbval-ignore-output"]
# differs: the images at hand
def variances(channels: Tensor) -> Tensor:
    """Return the variances along the principal directions of (N, C, H, W)."""
    values = channels.transpose(0, 1).flatten(1)
    return torch.linalg.eigvalsh(values @ values.T / values.shape[1]).flip(0)


pictures = normalise(data.train_images[:1000], *normalisation(data.train_images))
patches = F.unfold(pictures, kernel_size=2).reshape(1000, 12, 31, 31)
before = variances(patches)
after = variances(whitening(pictures)(pictures)[:, :12].detach())

figure, ax = plt.subplots(figsize=(6, 2.6))
ax.semilogy(range(1, 13), before, "o-", label="patches as they are")
ax.semilogy(range(1, 13), after, "s--", label="behind the whitening layer")
ax.set(xlabel="direction, strongest first", ylabel="variance", xticks=range(1, 13))
ax.legend()
plt.show()

# %% [markdown]
# **Figure.** Before, one direction (all four pixels brighter together) outweighs the weakest by a factor of hundreds or more; behind the layer the twelve directions vary nearly alike, and only the faintest stay below 1, held back by the small constant under the root.

# %%
assert before[0] > 100 * before[-1]
assert after[0] < 20 * after[-1]

# %% [markdown]
# ### The network
#
# Three blocks of two convolutions, each with batch norm, and no bias in front of one, for batch norm would take it out again.
# Pooling comes *before* the first norm of a block, so that norm and activation work on a quarter of the values.
# The convolutions begin as the identity as far as they can (`dirac_`): at the start each block hands on what it sees, and training begins from a network that loses little.
# At the end, the largest response of each feature map decides, and the logits are made small, so that the first steps do not start from loud, confident nonsense.


# %%
def block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two convolutions and a pooling: (N, in_channels, H, W) to half of H and W."""
    first = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    second = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
    nn.init.dirac_(first.weight[:in_channels])
    nn.init.dirac_(second.weight)
    norms = nn.BatchNorm2d(out_channels), nn.BatchNorm2d(out_channels)
    return nn.Sequential(
        first, nn.MaxPool2d(2), norms[0], nn.GELU(), second, norms[1], nn.GELU()
    )


class FastNetwork(nn.Module):
    """Whitening, three blocks, one linear layer; returns logits (N, num_classes)."""

    def __init__(
        self, first: nn.Conv2d, widths: tuple[int, int, int], num_classes: int
    ):
        super().__init__()
        a, b, c = widths
        self.first = first
        self.blocks = nn.Sequential(block(24, a), block(a, b), block(b, c))
        self.head = nn.Linear(c, num_classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.first(x))  # (N, 24, 31, 31)
        x = self.blocks(x)  # (N, widths[2], 3, 3)
        return self.head(x.amax(dim=(2, 3))) / 8


# %% [markdown]
# ### Mini-batches from memory
#
# All images lie in memory as bytes, padded by two pixels, and `unfold` gives a *view* in which every possible crop is one index away; nothing is copied until a mini-batch is taken.
# Mirroring by the toss of a coin shows some images the same way round five times in a row.
# Here the coin is tossed once an image, and then the sides *alternate*: two epochs show both, always.


# %%
def endless_batches(
    images: Tensor, labels: Tensor, batch_size: int, shift: int = 2
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield varied mini-batches, bytes and labels, epoch after epoch, without end."""
    height, width = images.shape[2:]
    padded = F.pad(images, [shift] * 4, mode="reflect")
    crops = padded.unfold(2, height, 1).unfold(3, width, 1)
    mirrored = torch.rand(len(images), device=images.device) < 0.5
    while True:
        order = torch.randperm(len(images), device=images.device)
        for chosen in order.split(batch_size)[: len(images) // batch_size]:
            y, x = torch.randint(2 * shift + 1, (2, len(chosen)), device=images.device)
            batch = crops[chosen, :, y, x]
            turn = mirrored[chosen].view(-1, 1, 1, 1)
            yield torch.where(turn, batch.flip(3), batch), labels[chosen]
        mirrored = ~mirrored


# %% [markdown]
# ### The loop
#
# The learning rate is a triangle over *time*: it climbs during the first fifth of the budget and falls to nothing at the end of it, on a fast machine after many steps, on a slow one after few.
# So the training always ends annealed, which is worth several points of accuracy; a recipe that is cut off while its learning rate is high never gets them.
# The biases of the norms take sixteen times the learning rate: they are few, they shift whole feature maps, and they have far to go.
# The labels are smoothed by a tenth.
# Weights stay in float32; what is multiplied is bfloat16 where that is faster (`dtype`).


# %%
def sgd_for(model: FastNetwork, peak: float) -> torch.optim.Optimizer:
    """Return SGD in which the biases of the norms learn sixteen times as fast."""
    trained = [p for p in model.named_parameters() if p[1].requires_grad]
    biases = [weight for name, weight in trained if name.endswith("bias")]
    others = [weight for name, weight in trained if not name.endswith("bias")]
    groups = [
        {"params": others, "peak": peak, "weight_decay": 5e-4},
        {"params": biases, "peak": 16 * peak, "weight_decay": 5e-4 / 16},
    ]
    return torch.optim.SGD(groups, lr=peak, momentum=0.85, nesterov=True)


def fast_recipe(
    data: ImageData,
    seconds: float,
    *,
    widths: tuple[int, int, int] = (32, 64, 128),
    peak: float = 1.2,
    batch_size: int = 512,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.bfloat16,
) -> FastNetwork:
    """Train for so many seconds; interrupt it, and you get the network as it is."""
    device = torch.device(device)
    mean, std = normalisation(data.train_images)
    images, labels = data.train_images.to(device), data.train_labels.to(device)
    first = whitening(normalise(images[:5000], mean, std))
    model = FastNetwork(first, widths, len(data.class_names)).to(device)
    model.to(memory_format=torch.channels_last)
    optimizer = sgd_for(model, peak)
    start, tenths = time.perf_counter(), 0
    try:
        for batch, targets in endless_batches(images, labels, batch_size):
            done = (time.perf_counter() - start) / seconds
            if done >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(done / 0.2, (1 - done) / 0.8)
            inputs = normalise(batch, mean, std)
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                logits = model(inputs)
            loss = F.cross_entropy(logits.float(), targets, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if 10 * done >= tenths:
                print(f"{done:4.0%} of {seconds:g} s: loss {loss.item():.2f}")
                tenths += 2
    except KeyboardInterrupt:
        print("Interrupted: this is the network as it stands.")
    return model


@torch.inference_mode()
def accuracy_with_mirrors(
    model: FastNetwork, images: Tensor, labels: Tensor, data: ImageData
) -> float:
    """Return the accuracy when each image and its mirror image vote together."""
    model.eval()
    device, right = model.head.weight.device, 0
    mean, std = normalisation(data.train_images)
    for some, answers in zip(images.split(500), labels.split(500), strict=True):
        batch = normalise(some.to(device), mean, std)
        logits = model(batch) + model(batch.flip(3))
        right += (logits.argmax(dim=1) == answers.to(device)).sum().item()
    return right / len(labels)


# %% [markdown]
# The last function lets each image and its mirror image vote together.
# Their logits are added before the largest is chosen, so that a sure vote outweighs a hesitant one.
#
# ### A race on your machine
#
# First ask this processor which numbers it multiplies faster; nothing but trying it out tells.
# Recent server processors have units for bfloat16, many laptops imitate it slowly, and graphics cards differ as well.


# %% tags=["nbval-ignore-output"]
# differs: the processor's speed
def seconds_a_step(dtype: torch.dtype) -> float:
    """Return the best of three times of a forward and backward pass."""
    pixels = torch.randn(128, 3, 32, 32, device=device)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    model = FastNetwork(whitening(pixels[:50].cpu()), (16, 32, 64), 10).to(device)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            logits = model(pixels)
        logits.float().square().mean().backward()
        devices.synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times)


times = {dtype: seconds_a_step(dtype) for dtype in (torch.float32, torch.bfloat16)}
dtype = min(times, key=times.__getitem__)
print(f"bfloat16 is {times[torch.float32] / times[torch.bfloat16]:.1f} times as fast")
print(f"so this race is run in {dtype}")

# %% [markdown]
# Now the race: the lecture's recipe (mini-batches of four, images opened one by one, learning rate 0.001) against the fast one, each for `budget_seconds` seconds of training, on the same images.
# Set `budget_seconds = 60` at the top and take a break: then the difference is the one you will meet below.

# %%
race = predict(
    "After the same few seconds, how do the two recipes' test accuracies compare?",
    options=[
        "about the same: a few seconds are too short",
        "the fast recipe is a few points ahead",
        "the fast recipe is far ahead",
    ],
)
race

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
from course_utils.climb import Setup
from course_utils.climb.race import draw_race, first_to_reach, race_rows
from course_utils.training import set_seed

set_seed(seed)
slow = train(Setup(), data, seconds=budget_seconds, marks=1, seed=seed, device=device)
small = budget_seconds < 60  # too short a time for a network of full width
fast = fast_recipe(
    data,
    budget_seconds,
    widths=(16, 32, 64) if small else (32, 64, 128),
    batch_size=128 if small else 512,
    device=device,
    dtype=dtype,
)
fast_accuracy = accuracy_with_mirrors(fast, data.test_images, data.test_labels, data)
print(f"\nlecture's recipe: {slow.test_accuracy:.1%} of the test images are right")
print(f"fast recipe:      {fast_accuracy:.1%}")

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
far = fast_accuracy - slow.test_accuracy > 0.1
race.reveal(
    "the fast recipe is far ahead" if far else "the fast recipe is a few points ahead",
    because="A step of the fast recipe teaches more, and more images pass in a second.",
)

# %%
assert fast_accuracy > slow.test_accuracy

# %% [markdown]
# ### The same race in earnest, recorded
#
# Seconds are a warm-up.
# The runs below took up to ten minutes each, on CIFAR-10's images as JPEG copies, three seeds each, one run at a time, each recipe with the number of threads that suits it best.
# (JPEG copies are not the official images: compare the recipes with each other, not with numbers you read elsewhere.)

# %%
race_run = recorded("training_recipe")
slot = race_run["cpu"]
print(
    f"{slot['machine']}, torch {slot['torch']}, {slot['date']}, n = {slot['seeds']} seeds"
)
print(f"{slot['data']}\n")
print(f"{'recipe':9}{'seconds':>8}{'validation':>15}{'test':>15}")
for name, seconds, judged, tested in race_rows(slot):
    if name != "lecture" or round(seconds) in (60, 180, 600):
        print(f"{name:9}{seconds:8.0f}{judged:>15}{tested:>15}")

# %%
figure, ax = plt.subplots(figsize=(7, 4))
draw_race(slot, ax)
plt.show()

# %% [markdown]
# **Figure.** At every moment the fast recipe is far above the lecture's, and after one minute it is higher than the lecture's recipe ever gets in ten; the lecture's own network, tuned, reaches in seconds what took it minutes.
#
# Three sentences to take home, each of them checked by the next cell.
# The lecture's own network, with nothing changed but the recipe, reaches its six-epoch accuracy at least fifteen times sooner.
# The fast recipe passes three quarters in one minute, 84 % in three, and 89 % in ten.
# And the lecture's recipe is not *wrong*: it is slow, and as it never lets its learning rate fall, more than three minutes buy it nothing.

# %%
six = [run["six_epochs"] for run in slot["lecture"]]
six_accuracy = statistics.mean(one["validation_accuracy"] for one in six)
six_seconds = statistics.mean(one["seconds"] for one in six)
seconds = first_to_reach(slot["tuned"], six_accuracy)
print(f"lecture's recipe, six epochs: {six_accuracy:.1%} after {six_seconds:.0f} s")
print(f"tuned: as much after {seconds} s, {six_seconds / seconds:.0f} times sooner")
assert six_seconds / seconds >= 15
for seconds, least in {60: 0.75, 180: 0.84, 600: 0.89}.items():
    reached = [r["test_accuracy"] for r in slot["fast"] if r["seconds"] == seconds]
    print(f"fast recipe, {seconds} s: at least {min(reached):.1%} of the test images")
    assert min(reached) >= least
last = [run["curve"][-1][2] for run in slot["lecture"]]
assert statistics.mean(last) < six_accuracy + 0.01

# %% [markdown]
# ### And on a graphics card
#
# The recipe asks for nothing that only a processor has: with `device = "cuda"`, wider blocks (`widths=(64, 256, 256)`) and all of CIFAR-10, it is meant for the 94 % that public speed runs reach in seconds.
# Whether it gets there is for somebody with a card to measure; below stands what was.

# %%
if race_run["cuda"] is None:
    print(
        "Nobody has recorded this race on a graphics card yet, so there is no number."
    )
    print("With one: python -m tools.record_runs recipe --device cuda --data <folder>")
else:
    figure, ax = plt.subplots(figsize=(7, 4))
    draw_race(race_run["cuda"], ax)
    plt.show()

# %% [markdown]
# The fastest public recipe that we know of, Keller Jordan's *airbench*, reports 94.01 % in 2.6 to 3.8 seconds on one A100 (its own figures, 2024 and 2025; not measured here).
# What its authors found out is in ours as well: whitening (from David Page's and tysam-code's speed runs), identity initialisation, faster biases, alternating mirrors, smoothed labels, a triangle for the learning rate.
# Read it next; it is one file in reading order, like every recipe should be.

# %% [markdown]
# ## Many devices
#
# When one device has become as fast as it can be, the next one has to be another device.
# The usual way is **data parallel** training: every device holds a copy of the network and a share of each mini-batch, computes its own gradient, and before any weight moves the gradients are averaged over all devices.
# So every copy takes the same step, and the copies stay equal for ever.
#
# Each copy lives in a process of its own.
# A process is called a **rank** and has a number, from 0; how many there are is the **world size**; and the operation that gives the sum or the average of everybody's tensors to everybody is an **all-reduce**.
# None of this needs a GPU: two processes on your laptop do what two hundred on a cluster do.

# %%
import inspect
import os
import signal
import sys
import tempfile
from pathlib import Path

import torch.distributed as dist
from torch.distributed.algorithms.join import Join
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from course_utils import many_devices
from course_utils.drawn import draw_dataset

# %% [markdown]
# ### Who gets which picture?
#
# The ranks do not talk about the data.
# Each asks its own `DistributedSampler`, which knows the number of pictures, the number of ranks and its own rank, and from that alone works out its share.
# First without shuffling: ten pictures for two ranks, then for three.


# %%
def shares(count: int, ranks: int, epoch: int = 0, **options: bool) -> list[list[int]]:
    """Return the indices that each rank reads in an epoch, in its order."""
    result = []
    for rank in range(ranks):
        sampler = DistributedSampler(range(count), ranks, rank, **options)
        sampler.set_epoch(epoch)
        result.append(list(sampler))
    return result


for ranks in (2, 3):
    for rank, share in enumerate(shares(10, ranks, shuffle=False)):
        print(f"{ranks} ranks, rank {rank}: {share}")

# %% [markdown]
# The pictures are dealt like cards: rank 0 gets the first, rank 1 the second, and round again.
# Ten cards cannot be dealt evenly to three players, and yet each has four.
# Look at the ends: pictures 0 and 1 were dealt **twice**.
# The sampler fills up the last round from the beginning, because ranks that take unequal numbers of steps would wait for each other for ever.
#
# Now with shuffling, which is the default, in three epochs.

# %%
epochs_shown = [torch.tensor(shares(10, ranks=3, epoch=epoch)) for epoch in range(3)]
repeated = torch.arange(12).reshape(4, 3).T >= 10  # the last two of 12 cards
figure, axes = plt.subplots(1, 3, figsize=(8, 2.4))
for epoch, (ax, table) in enumerate(zip(axes, epochs_shown, strict=True)):
    plots.show_numbers(table, ax, title=f"epoch {epoch}", highlight=repeated)
    ax.set(xlabel="step", yticks=range(3), yticklabels=["", "", ""])
axes[0].set_yticklabels([f"rank {rank}" for rank in range(3)])
plt.show()

# %% [markdown]
# **Figure.** Ten shuffled pictures on three ranks, one row a rank, in three epochs: every epoch deals another order, all ten numbers occur, and the two framed ones in the last round are repetitions of the first two that were dealt.

# %%
for table in epochs_shown:
    cards = table.T.flatten().tolist()  # in the order of dealing
    assert set(cards) == set(range(10))
    assert cards[10:] == cards[:2]

sampler = DistributedSampler(range(10), num_replicas=3, rank=0)
first, second = list(sampler), list(sampler)
print("without set_epoch, two epochs:", first, second)

# %% [markdown]
# Without `set_epoch` every epoch is the same.
# The order comes from a generator that is seeded with `seed + epoch`, the same on every rank: that is how the ranks agree on one shuffled pack without a word.
# Whoever forgets `sampler.set_epoch(epoch)` gets no error, only a worse network.
#
# ### Exercise 5.9: deal the pictures
#
# **Difficulty** 3 of 5 · **importance** 4 of 5 · **about 15 minutes**
#
# Write what `DistributedSampler` does: the indices that one rank reads in one epoch.
#
# <details><summary>Hint 1</summary>
#
# Three steps: shuffle, fill up, deal.
# Only the last one knows the rank.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch)).tolist()` is the shuffled pack.
# `while len(pack) % ranks` is a way to fill up, if you remember how long the pack was at first.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# A slice deals: `pack[rank::ranks]`.
#
# </details>
#
# <details><summary>I get the right numbers in the wrong rows</summary>
#
# You gave every rank a block, `pack[:4]`, `pack[4:8]`.
# The sampler deals one by one.
#
# </details>


# %%
def rank_indices(
    count: int, rank: int, ranks: int, epoch: int, seed: int = 0
) -> list[int]:
    """Return the indices of the pictures that a rank reads, in its order.

    The pack is shuffled by ``seed + epoch``, filled up from its beginning to a
    multiple of ``ranks``, and dealt one by one.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed + epoch)
    pack = torch.randperm(count, generator=generator).tolist()
    missing = -count % ranks
    for place in range(missing):
        pack.append(pack[place])
    return pack[rank::ranks]
    ### END SOLUTION


# %%
checks.check_rank_indices(rank_indices)

# %% [markdown]
# ### What is averaged
#
# Now the gradients, by hand and in this one process.
# A small network, twelve drawn pictures, and a function that returns the gradient of the mean loss with respect to all weights, as one long vector.
# The first two functions will be part of the script that two processes run.


# %%
def make_network(classes: int) -> nn.Module:
    """Return a small network for images of 32 × 32 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 8 * 8, classes),
    )


def prepare(images: Tensor, device: torch.device) -> Tensor:
    """Move bytes, a quarter of the floats, and make floats of them there."""
    return images.to(device).float() / 255 - 0.5


# %%
def gradient_of(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the mean loss by all P weights, (P,)."""
    loss = F.cross_entropy(network(images), labels)
    parts = torch.autograd.grad(loss, tuple(network.parameters()))
    return torch.cat([part.flatten() for part in parts])


torch.manual_seed(seed)
network = make_network(classes=10)
some_images, some_labels = draw_dataset(12, seed=seed)
some_images = prepare(some_images, torch.device("cpu"))
joint = gradient_of(network, some_images, some_labels)
print("weights:", len(joint))

# %% [markdown]
# Two ranks with six pictures each.
# Is the average of their two gradients the gradient on all twelve?

# %%
halves = [
    gradient_of(network, some_images[rank::2], some_labels[rank::2])
    for rank in range(2)
]
average = (halves[0] + halves[1]) / 2
torch.testing.assert_close(average, joint)
apart = (halves[0] - halves[1]).norm() / halves[0].norm()
print(f"the two differ by {apart:.0%} of the first one's length,")
print("and their average is the joint gradient, to rounding")

# %% [markdown]
# The loss is a mean over pictures, the gradient of a mean is the mean of gradients, and the mean of two means is the mean of all, *if both are over equally many*.
# Suppose now that a rank has nine pictures and the other one three.


# %%
def off(gradient: Tensor) -> str:
    """Say how far a gradient is from the joint one, relative to its length."""
    return f"off by {(gradient - joint).norm() / joint.norm():.1%}"


nine = gradient_of(network, some_images[:9], some_labels[:9])
three = gradient_of(network, some_images[9:], some_labels[9:])
print("mean of the two means:      ", off((nine + three) / 2))
print("weighted by pictures, 9 : 3:", off((9 * nine + 3 * three) / 12))

# %% [markdown]
# The mean of means gives each of the three pictures three times the weight of each of the nine.
# DistributedDataParallel always takes the mean of means: it cannot know how many pictures stand behind a gradient.
# Equal shares are therefore more than a convenience, and the sampler's repetitions keep them equal.
# If yours must be unequal, sum instead: each rank's loss is its *sum* over pictures, times ranks / all pictures.

# %%
all_pictures, ranks = 12, 2
summed = [ranks / all_pictures * 9 * nine, ranks / all_pictures * 3 * three]
print("mean of the scaled sums:    ", off((summed[0] + summed[1]) / ranks))

# %% [markdown]
# ### Exercise 5.10: the joint gradient
#
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# From every rank's gradient of its own mean loss, and the number of pictures behind it, work out the gradient on the joint batch.
#
# <details><summary>Hint 1</summary>
#
# Undo each rank's mean, add up, and take the mean over all pictures.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `gradients` is (ranks, P) and the counts are (ranks,): `counts[:, None]` is (ranks, 1) and fits.
#
# </details>
#
# <details><summary>I get the right direction and the wrong length</summary>
#
# Divide by the number of all pictures, once: not by the number of ranks, and not by both.
#
# </details>


# %%
def joint_gradient(gradients: Tensor, counts: list[int]) -> Tensor:
    """Return the gradient of the mean loss over all pictures of all ranks.

    Args:
        gradients: Row r is rank r's gradient of its own mean loss, (ranks, P).
        counts: How many pictures each rank had; one that had none has a row of zeros.

    Returns:
        One gradient, (P,).
    """
    ### BEGIN SOLUTION
    weights = torch.tensor(counts, dtype=gradients.dtype)
    return (gradients * weights[:, None]).sum(dim=0) / weights.sum()
    ### END SOLUTION


# %%
checks.check_joint_gradient(joint_gradient)

# %% [markdown]
# ### Batch size and learning rate
#
# `batch_size` of the loader is what *one rank* takes.
# With 32 pictures on each of 8 ranks a step averages over 256: the **effective batch size**.
# An epoch then has an eighth of the steps, so with the learning rate of one process it moves the weights an eighth as far.
#
# The usual remedy is to multiply the rate by the number of ranks (*linear scaling*).
# Is one long step as good as two short ones?
# Try it from the fresh network, with ever larger rates.


# %%
def moved(rate: float) -> tuple[Tensor, Tensor]:
    """Return where two steps on the halves lead, and one step twice as long on both."""
    start = nn.utils.parameters_to_vector(network.parameters()).detach()
    trial = make_network(classes=10)
    nn.utils.vector_to_parameters(start - rate * halves[0], trial.parameters())
    then = gradient_of(trial, some_images[1::2], some_labels[1::2])
    return -rate * (halves[0] + then), -2 * rate * joint


for rate in (0.001, 0.01, 0.1, 1.0):
    short, long = moved(rate)
    print(f"rate {rate:5}: {(short - long).norm() / short.norm():.1%} apart")

# %% [markdown]
# With small rates the two ways end at the same place, for the second short step meets nearly the gradient of the first.
# With large rates they part: the gradient has changed on the way.
# It changes fastest at the very beginning of a training.
# Hence the second half of the recipe, the **warm-up**: begin with the rate of one process and climb to the full one over the first steps.


# %%
def learning_rate(
    step: int, ranks: int, rate: float = 0.02, warm_up: int = 10
) -> float:
    """Return the rate at a step: it climbs from one process's to `ranks` times it."""
    return rate * (1 + (ranks - 1) * min(1, step / warm_up))


figure, ax = plt.subplots(figsize=(6, 2.6))
for ranks, style in ((1, "-"), (2, "--"), (8, ":")):
    rates = [learning_rate(step, ranks) for step in range(25)]
    ax.plot(rates, style, color="black", linewidth=2)
    ax.annotate(f"{ranks} rank{'s' * (ranks > 1)}", (24.3, rates[-1]), va="center")
ax.set(xlabel="step", ylabel="learning rate", xlim=(0, 28), ylim=(0, None))
plt.show()

# %% [markdown]
# **Figure.** All three schedules begin at the rate of one process, 0.02; within ten steps the one for two ranks climbs to twice and the one for eight ranks to eight times as much, and there they stay.

# %%
for ranks in (1, 2, 8):
    assert learning_rate(0, ranks) == 0.02
    assert abs(learning_rate(10, ranks) - 0.02 * ranks) < 1e-12

# %% [markdown]
# Scaling is a rule of thumb with an end.
# It carried a ResNet-50 on ImageNet to batches of 8192; beyond some size, which depends on network and data, more pictures in a step buy no fewer steps.
# The number of steps in a schedule changes too, and that is the commonest slip of all.
#
# ### Exercise 5.11: plan a run
#
# **Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**
#
# You know the recipe of one process.
# Say what becomes of it on several ranks: the effective batch size, the steps of an epoch, the learning rate by linear scaling, and how many pictures are read twice.
#
# <details><summary>Hint 1</summary>
#
# Begin with the share of a rank: the pictures divided by the ranks, rounded *up*, because the last round is filled.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `math.ceil(a / b)` rounds up, and so does `-(-a // b)`.
# The loader keeps a smaller last batch.
#
# </details>
#
# <details><summary>I get the steps of one process</summary>
#
# Each rank reads only its share, and all ranks step together.
#
# </details>


# %%
def plan_run(
    pictures: int, ranks: int, batch_size: int, rate: float
) -> dict[str, float]:
    """Return what a run on several ranks looks like.

    Args:
        pictures: In the training set.
        ranks: The world size.
        batch_size: Of each rank's loader, which keeps a smaller last batch.
        rate: Learning rate that was right for one process with this batch size.

    Returns:
        ``effective_batch``, ``steps`` (of an epoch), ``rate`` (after the warm-up) and
        ``repeated`` (pictures that an epoch reads twice).
    """
    ### BEGIN SOLUTION
    share = -(-pictures // ranks)
    return {
        "effective_batch": ranks * batch_size,
        "steps": -(-share // batch_size),
        "rate": ranks * rate,
        "repeated": ranks * share - pictures,
    }
    ### END SOLUTION


# %%
checks.check_plan_run(plan_run)

# %% [markdown]
# ### What each rank sees alone
#
# Gradients are averaged, activations are not.
# Batch normalisation takes its means over the batch *that it sees*, and that is its own rank's.

# %%
for name, part in (
    ("rank 0", some_images[:6]),
    ("rank 1", some_images[6:]),
    ("both", some_images),
):
    norm = nn.BatchNorm2d(3, momentum=1.0)  # running mean = mean of the last batch
    norm(part)
    means = ", ".join(f"{value:+.2f}" for value in norm.running_mean)
    print(f"{name:6}: means of the channels {means}")

# %% [markdown]
# So a network with batch normalisation on two ranks with 6 pictures is *not* the network on 12, however well its gradients are averaged.
# With 32 and more pictures a rank that hardly matters; with two large ones, as in detection, it does.
# On GPUs `nn.SyncBatchNorm.convert_sync_batchnorm(network)` takes the means over all ranks, for some more talking.
#
# The running means are *buffers*: no gradient, no averaging.
# Before each forward pass DistributedDataParallel overwrites every rank's buffers by those of rank 0.
#
# ### The script
#
# Each process runs the same file.
# We write it here in pieces, as functions that you can read and change, and put them into a file in the end.
# First, the others must be found.
# `torchrun` puts rank, world size and a meeting point into environment variables, and `init_process_group` reads them.


# %%
def start() -> torch.device:
    """Meet the other processes; return the device that is this one's own."""
    if torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"]):
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device)
    else:
        device = torch.device("cpu")
        dist.init_process_group("gloo")
    return device


# %% [markdown]
# NCCL is NVIDIA's own way of talking and wants a GPU for each process; gloo works wherever there is a CPU, on Linux, macOS and Windows.
# `LOCAL_RANK` counts within this machine, `RANK` over all of them.
#
# Then the epoch, and you will hardly find a difference to the loop that you know.
# The averaging hides in `loss.backward()`.


# %%
def train_epoch(
    model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, epoch: int
) -> float:
    """Train on this rank's share of an epoch; return its mean loss."""
    model.train()
    loader.sampler.set_epoch(epoch)
    device = next(model.parameters()).device
    losses = []
    for batch, (images, labels) in enumerate(loader):
        accident(epoch, batch)
        step = epoch * len(loader) + batch
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, dist.get_world_size())
        optimizer.zero_grad()
        loss = F.cross_entropy(model(prepare(images, device)), labels.to(device))
        loss.backward()  # here the ranks wait for one another and average
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()


# %% [markdown]
# In a test set nobody may count twice, so the sampler with its repetitions is the wrong tool.
# A slice deals the pictures without filling up; the shares may be unequal, since nothing is averaged on the way.
# Each rank counts, and one all-reduce adds up *counts*, never accuracies: that would be a mean of means again.


# %%
@torch.inference_mode()
def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[int, int]:
    """Return how many pictures are right, and of how many, over all ranks."""
    network.eval()
    device = next(network.parameters()).device
    mine = slice(dist.get_rank(), None, dist.get_world_size())
    answers = network(prepare(images[mine], device)).argmax(dim=1)
    right = (answers == labels[mine].to(device)).sum()
    counts = torch.stack([right, torch.tensor(len(answers), device=device)])
    print(f"{counts[0]} of my {counts[1]} test pictures are right")
    dist.all_reduce(counts)
    return int(counts[0]), int(counts[1])


# %% [markdown]
# Note that `evaluate` gets the bare network, not the one wrapped in DistributedDataParallel, whose forward pass may want to share buffers: a rank with one batch more than the others would wait for them in vain.
#
# Machines fail, and a hundred fail a hundred times as often, so checkpoints are not optional.
# One rank writes, for all have the same weights.
# And it must not be caught in the middle: the new file is written under another name, pushed to the disk, and only then takes the old one's place, in one stroke.


# %%
def save_checkpoint(path: Path, state: dict[str, object]) -> None:
    """Write a checkpoint wholly or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def accident(epoch: int, batch: int) -> None:
    """End rank 1 without a warning in the middle of epoch 1, in its first life."""
    first_life = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    here = (dist.get_rank(), epoch, batch) == (1, 1, 4)
    if "--accident" in sys.argv and first_life and here:
        print("a power cut in epoch 1")
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


# %% [markdown]
# The second function is the accident that we want to survive.
# SIGKILL cannot be caught: no farewell, no clean-up, as if a plug were pulled.
#
# Before the training starts, the script shall show us one gradient: that of the first layer's bias, eight numbers.
# First with `no_sync()`, which leaves the averaging away; then as always; then we give rank 1 one batch more than rank 0, which `Join` permits.


# %%
def look_inside(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return this rank's own gradient, the averaged one, and one without the others."""

    def gradient() -> Tensor:
        model.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        return model.module[0].bias.grad.clone()

    with model.no_sync():
        found = {"own": gradient()}
    found["averaged"] = gradient()
    with Join([model]):
        for _ in range(1 + dist.get_rank()):
            found["last"] = gradient()
    model.zero_grad()
    return found


# %% [markdown]
# Last, what puts it together.
# On purpose each rank seeds the generator with its own number, so that the networks begin *unequal*; watch what the wrapping does to them.


# %%
def main(folder: Path, epochs: int = 3, batch_size: int = 32) -> None:
    """Train, go on behind the last checkpoint if there is one, and evaluate."""
    device = start()
    rank, checkpoint = dist.get_rank(), folder / "checkpoint.pt"
    data = torch.load(folder / "data.pt", weights_only=True)
    train_set = TensorDataset(data["train_images"], data["train_labels"])
    loader = DataLoader(train_set, batch_size, sampler=DistributedSampler(train_set))

    torch.manual_seed(rank)
    network = make_network(int(data["train_labels"].max()) + 1).to(device)
    print(f"my first layer sums up to {network[0].weight.sum():+.4f}")
    model = DistributedDataParallel(network)
    print(f"wrapped, it sums up to {network[0].weight.sum():+.4f}")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

    first_epoch = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        first_epoch = state["epoch"] + 1
        print(f"going on with epoch {first_epoch}")
    else:
        images, labels = next(iter(loader))
        seen = look_inside(model, prepare(images, device), labels.to(device))
        torch.save(seen, folder / f"gradients-{rank}.pt")

    for epoch in range(first_epoch, epochs):
        loss = train_epoch(model, loader, optimizer, epoch)
        print(f"epoch {epoch}: {len(loader)} steps, my mean loss {loss:.3f}")
        if rank == 0:
            state = {"network": network.state_dict(), "epoch": epoch}
            save_checkpoint(checkpoint, state | {"optimizer": optimizer.state_dict()})
    right, total = evaluate(network, data["test_images"], data["test_labels"])
    print(f"all ranks together: {right} of {total}")


# %% [markdown]
# The group is not destroyed in here but behind `main`, in the last line of the file, when the wrapped network is gone that holds on to it.
# Only then do the threads end in which gloo does its talking.
# One that still held a tensor when Python closed down would abort the process: a run that had ended well would count as failed, and `torchrun` would begin it again.
# For the same reason the file imports `torch.distributed.optim` at its head.
# PyTorch would do so itself at the first wrapping, when there is a group already, and keep it as a default argument.
#
# Those are the pieces; `inspect.getsource` returns each as you see it.
# The data go into a file beside the script: 601 training and 101 test pictures, odd numbers on purpose.
# Any other images of 32 × 32 pixels, CIFAR-10's for instance, would do as well.

# %%
HEAD = '''"""Train a small network on as many processes as torchrun starts."""

import os
import signal
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.optim  # later it would keep the group alive
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed.algorithms.join import Join
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


'''
TAIL = """

if __name__ == "__main__":
    main(Path(sys.argv[1]))
    dist.destroy_process_group()
"""

# %%
pieces = (
    make_network, prepare, learning_rate, start, accident, train_epoch,
    evaluate, save_checkpoint, look_inside, main,
)  # fmt: skip
script = HEAD + "\n\n".join(inspect.getsource(piece) for piece in pieces) + TAIL

scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
(folder / "train_many.py").write_text(script, encoding="utf-8")
data_file = {}
for part, count in (("train", 601), ("test", 101)):
    images, labels = draw_dataset(count, split=part, seed=seed)
    data_file |= {f"{part}_images": images, f"{part}_labels": labels}
torch.save(data_file, folder / "data.pt")
print(len(script.splitlines()), "lines")

# %% [markdown]
# To keep it, write `script` to a file of your own, `Path("my_work/train_many.py")` say.
# `if __name__ == "__main__"` is there for Windows and macOS, where a loader with workers starts fresh processes that import this file, and must not begin to train.
#
# ### Two processes, and an accident
#
# In a terminal the next cell would be
#
# ```bash
# torchrun --standalone --nproc_per_node=2 --max-restarts=3 train_many.py folder --accident
# ```
#
# `torchrun` is a short name for `python -m torch.distributed.run`.
# `--standalone` means: this machine only, on a free port; `--max-restarts`: when a process fails, end all and start all anew, at most three times.
# `run_on_ranks` runs just that, with a time limit and by the address 127.0.0.1, which needs no network, and sorts what the two say.

# %% tags=["nbval-ignore-output"]
# differs: the last digits of training depend on the processor
run = None
try:
    run = many_devices.run_on_ranks(
        folder / "train_many.py", folder, "--accident", processes=2, restarts=3
    )
    print(run)
except many_devices.RanksError as error:
    print(error)

# %% [markdown]
# Read it slowly; it is the whole story.
# The two networks began with different weights, and after the wrapping both had those of rank 0: at the start DistributedDataParallel **broadcasts** rank 0's weights and buffers.
# In epoch 1 rank 1 died.
# Rank 0 noticed at the next averaging, `torchrun` ended it too, and started both again.
# They found the checkpoint of epoch 0, and did epoch 1 again from its beginning.

# %%
if run is not None:
    before, wrapped = zip(*(run.lines(rank)[:2] for rank in range(2)), strict=True)
    print("the same weights before wrapping:", before[0] == before[1])
    print("the same weights afterwards:     ", wrapped[0] == wrapped[1])
    print("started more than once:", run.lives > 1)
    print("in the last life, rank 0 is", run.lines(0, life=run.lives)[2])

# %% [markdown]
# And the gradients?
# Eight numbers from each rank: its own, and what it had after `backward()` without `no_sync`.

# %%
if run is not None:
    seen = [torch.load(folder / f"gradients-{r}.pt", weights_only=True) for r in (0, 1)]
    rows = [seen[0]["own"], seen[1]["own"], seen[0]["averaged"], seen[1]["averaged"]]
    names = ["rank 0, own", "rank 1, own", "rank 0, averaged", "rank 1, averaged"]
    figure, ax = plt.subplots(figsize=(7, 2.6))
    plots.show_numbers((1e4 * torch.stack(rows).cpu()).round(), ax, signed=True)
    ax.set(yticks=range(4), yticklabels=names, xlabel="bias of channel 0 to 7")
    ax.set_title("gradient, in ten-thousandths")
    plt.show()

# %% [markdown]
# **Figure.** The two ranks' own gradients differ in most of the eight numbers, some even in sign; after the averaging both ranks hold the same row, half-way between.

# %%
if run is not None:
    own = torch.stack([seen[0]["own"], seen[1]["own"]]).cpu()
    averaged = [gradients["averaged"].cpu() for gradients in seen]
    torch.testing.assert_close(averaged[0], own.mean(dim=0))
    print("the same on both ranks:", torch.equal(*averaged))

# %% [markdown]
# ### Was anything lost?
#
# The strongest claim of this section is that all of it was *one* training: two processes, an accident, a new start, and in the end the weights that one process would have found with joint batches of 64.
# So let one process do it, with a plain loop and no word of `torch.distributed` but the sampler, which says which pictures a step joins.


# %%
def train_alone(
    images: Tensor, labels: Tensor, ranks: int = 2, epochs: int = 3
) -> nn.Module:
    """Train in this process on the batches that several ranks would have had."""
    torch.manual_seed(0)
    network = make_network(int(labels.max()) + 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9)
    step = 0
    for epoch in range(epochs):
        dealt = torch.tensor(shares(len(labels), ranks, epoch))
        for joint_batch in dealt.split(32, dim=1):
            chosen = joint_batch.flatten()
            optimizer.param_groups[0]["lr"] = learning_rate(step, ranks)
            optimizer.zero_grad()
            logits = network(prepare(images[chosen], torch.device("cpu")))
            F.cross_entropy(logits, labels[chosen]).backward()
            optimizer.step()
            step += 1
    return network


# %%
if run is not None:
    alone = train_alone(data_file["train_images"], data_file["train_labels"])
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    differences = [
        (state["network"][name] - weights).abs().max()
        for name, weights in alone.state_dict().items()
    ]
    print("every weight the same to 1e-5:", bool(max(differences) < 1e-5))

# %% [markdown]
# Nothing was lost but time: the steps of epoch 1 that were already done.
# Three things made that possible.
# The checkpoint holds *all* that the next step depends on: weights, the optimizer's momentum, and the epoch.
# The order of the pictures depends on seed and epoch, and the learning rate on the step, so neither had to be stored.
# And the file was whole.
#
# With the run elastic, `--nnodes=1:4`, torchrun goes on with the machines that are left.
# Then the world size changes, and with it the effective batch size: your script should read it anew, as ours does.
#
# ### The last batch
#
# 601 pictures do not go into two.
# Here are the three ways out once more, and what each costs.

# %%
for options in ({}, {"drop_last": True}):
    sizes = [len(share) for share in shares(601, 2, **options)]
    last = [size % 32 or 32 for size in sizes]
    print(f"{options or 'by default'}: shares {sizes}, last batches {last}")

# %% [markdown]
# By default a picture counts twice; with `drop_last=True` in the *sampler* one is left out, another one in every epoch.
# Either way all ranks take equally many steps with equally large batches.
# (`drop_last=True` in the *loader* is something else: it leaves away each rank's small last batch.)
#
# The third way is `Join`, for data that cannot be dealt evenly, such as one file a rank.
# In our run rank 1 took a step after rank 0 had finished.
# What was its gradient?

# %%
if run is not None:
    ratio = seen[1]["last"] / seen[1]["own"]
    print("its own, times", ", ".join(f"{value:.2f}" for value in ratio.tolist()))

# %% [markdown]
# Half of its own: whoever has finished answers for the rest with zeros, and the sum is still divided by two.
# Without `Join` rank 1 would have waited until the time-out, which for gloo is half an hour by default.
#
# ### What the meeting costs
#
# In each step every rank sends its gradients once round, and receives as many.
# The usual way, a *ring*, makes each of n ranks send 2 (n − 1) / n times the gradients' bytes, however many there are.


# %%
def bytes_sent(parameters: int, ranks: int) -> float:
    """Return the bytes that each rank sends for one step, in a ring, float32."""
    return 2 * (ranks - 1) / ranks * 4 * parameters


links = {"1 Gbit/s network": 0.125e9, "100 Gbit/s network": 12.5e9, "NVLink": 450e9}
for name, parameters in (("our network", len(joint)), ("ResNet-50", 25_557_032)):
    volume = bytes_sent(parameters, ranks=8)
    print(f"{name}: {volume / 1e6:,.2f} MB a step from each of 8 ranks")
    for link, bandwidth in links.items():
        print(f"    {link:18}: {1000 * volume / bandwidth:10,.4f} ms")

# %% [markdown]
# Times that the wires allow at best; the last line is one H100's 450 GB/s in each direction.
# Compare them with the time of your step.
# On an office network a ResNet-50 would talk for more than a second a step and compute for a fraction of that, and more machines would make it slower.
#
# DistributedDataParallel hides part of it: gradients are packed into *buckets* of 25 MB, and the last layers' bucket is under way while the first layers still compute theirs.
# What is left can be shrunk: larger batches on each rank meet less often, and `no_sync()` over several small ones (*gradient accumulation*) does the same with little memory.
#
# ### Several machines, and Slurm
#
# The script stays as it is; only the command changes.
# On each of two machines with four GPUs, in a folder that both see:
#
# ```bash
# torchrun --nnodes=2 --nproc_per_node=4 --max-restarts=3 \
#     --rdzv-id=job1 --rdzv-backend=c10d --rdzv-endpoint=first.example.org:29500 \
#     train_many.py folder
# ```
#
# - `--nnodes` is the number of machines, `--nproc_per_node` that of processes on each: the world size is 8.
# - `--rdzv-endpoint` (for *rendezvous*) is the address where all meet: one of the machines, with a port that the others may reach. `--rdzv-id` is any name that the machines of this job share.
# - There is an older form without restarts across machines, with `--node-rank=0` on the first and `1` on the second machine, and `--master-addr=first.example.org --master-port=29500`.
#
# On a cluster you do not choose the machines; **Slurm** does, and starts one `torchrun` on each.
# Save this as `train.sbatch`, adapt the numbers, and send it off with `sbatch train.sbatch`.
#
# ```bash
# #!/bin/bash
# #SBATCH --job-name=train-many
# #SBATCH --nodes=2
# #SBATCH --ntasks-per-node=1        # one torchrun a machine, which starts the rest
# #SBATCH --gpus-per-node=4
# #SBATCH --cpus-per-task=32         # for the loaders of four processes
# #SBATCH --time=01:00:00
# #SBATCH --requeue                  # back into the queue if a machine is lost
#
# first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
#
# srun torchrun \
#     --nnodes="$SLURM_NNODES" --nproc_per_node=4 --max-restarts=3 \
#     --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d --rdzv-endpoint="$first:29500" \
#     train_many.py "$SLURM_SUBMIT_DIR/folder"
# ```
#
# Four things go wrong with nearly everybody once.
#
# - The folder must lie on a disk that *all* machines see, or each rank looks for a checkpoint that another machine has.
# - If the processes never meet, a firewall or the wrong network card is the cause: name the right one in `NCCL_SOCKET_IFNAME` (gloo: `GLOO_SOCKET_IFNAME`), and read on with `NCCL_DEBUG=INFO` or `TORCH_DISTRIBUTED_DEBUG=DETAIL`.
# - If they do not meet again after a restart ("Connection refused"), they have found the addresses of their previous life: `export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1` gives each life a meeting point of its own. (`run_on_ranks` does so.)
# - If all stand still in the middle, a rank has left the common path: an `if rank == 0:` around something in which all take part, such as an all-reduce or a forward pass of the wrapped model.

# %%
scratch.cleanup()

# %% [markdown]
# ## What to keep
#
# - Model and mini-batch must be on the same device; `tensor.to(device)` returns a copy, so assign it.
# - A GPU computes while Python goes on: synchronise before you read the clock, and don't ask for `.item()` in every step.
# - Measure first, then change one thing; keep what pays on *your* machine. Feeding the data and the size of the batch often matter more than the arithmetic.
# - Judge a recipe by what it reaches in a given time, over several seeds.
# - Several devices: the same weights at the start, equal shares of pictures, averaged gradients, and so the same weights for ever.
# - The batch size counts per rank. With more ranks there are fewer steps, a larger rate, and a warm-up before it.
# - Test pictures are counted once, and counts are added up, not accuracies.
# - One rank writes checkpoints, wholly or not at all, with everything that the next step depends on.
#
# ## Quiz
#
# Five questions; some want a line of code, and the empty cell is yours.

# %%
# Your scratch cell: `LectureCNN`, `DistributedSampler` and `shares` are at hand.

# %% tags=["nbval-ignore-output"]
# differs: widget
from course_utils.questions import lesson05 as questions

questions.quiz

# %% [markdown]
# ## Sources
#
# - The lecture: Andreas C. S. Jørgensen, *Deep Learning in Python*, lecture 2 (Imperial College London).
# - PyTorch's pages on [timing and asynchronous execution](https://docs.pytorch.org/docs/stable/notes/cuda.html), its [performance tuning guide](https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html), [torchrun](https://docs.pytorch.org/docs/stable/elastic/run.html) and [uneven inputs](https://docs.pytorch.org/tutorials/advanced/generic_join.html).
# - Shen Li and others, [PyTorch Distributed: Experiences on Accelerating Data Parallel Training](https://arxiv.org/abs/2006.15704), 2020: buckets, overlap and `no_sync`.
# - Priya Goyal and others, [Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour](https://arxiv.org/abs/1706.02677), 2017: linear scaling and warm-up.
# - Christopher J. Shallue and others, [Measuring the Effects of Data Parallelism on Neural Network Training](https://arxiv.org/abs/1811.03600), 2018: where larger batches stop to help.
# - Paulius Micikevicius and others, [Mixed Precision Training](https://arxiv.org/abs/1710.03740), 2017.
# - NVIDIA, [what an all-reduce sends](https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md), and the [H100's NVLink](https://www.nvidia.com/en-us/data-center/h100/): 900 GB/s, both directions together.
# - The restarts' meeting point: PyTorch's issues [135712](https://github.com/pytorch/pytorch/issues/135712) and [167288](https://github.com/pytorch/pytorch/issues/167288).
# - Slurm's own page on [sbatch](https://slurm.schedmd.com/sbatch.html).
