"""Exercise 5.9: who gets which picture."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch.utils.data import DistributedSampler, TensorDataset

from course_utils.checks.engine import Case, Exercise, Mistake


def _dealt(count: int, rank: int, ranks: int, epoch: int, seed: int = 0) -> list[int]:
    pictures = TensorDataset(torch.zeros(count))
    sampler: DistributedSampler[int] = DistributedSampler(
        pictures, ranks, rank, seed=seed
    )
    sampler.set_epoch(epoch)
    return list(sampler)


def _pack(count: int, seed: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = torch.randperm(count, generator=generator).tolist()
    return order


def _filled(pack: list[int], ranks: int) -> list[int]:
    length = math.ceil(len(pack) / ranks) * ranks
    return [pack[place % len(pack)] for place in range(length)]


def _dealt_by(
    deal: Callable[[list[int], int, int], list[int]],
) -> Callable[..., list[int]]:
    """Shuffle rightly; ``deal`` gets the pack, the rank and the ranks."""

    def indices(
        count: int, rank: int, ranks: int, epoch: int, seed: int = 0
    ) -> list[int]:
        return deal(_pack(count, seed + epoch), rank, ranks)

    return indices


def _shuffled_by(
    seed_of: Callable[[int, int, int], int],
) -> Callable[..., list[int]]:
    """Deal rightly; ``seed_of`` gets the rank, the epoch and the seed."""

    def indices(
        count: int, rank: int, ranks: int, epoch: int, seed: int = 0
    ) -> list[int]:
        pack = _pack(count, seed_of(rank, epoch, seed))
        return _filled(pack, ranks)[rank::ranks]

    return indices


def _block(pack: list[int], rank: int, ranks: int) -> list[int]:
    cards = _filled(pack, ranks)
    size = len(cards) // ranks
    return cards[rank * size : (rank + 1) * size]


def _fill_unshuffled(
    count: int, rank: int, ranks: int, epoch: int, seed: int = 0
) -> list[int]:
    ordered = _filled(list(range(count)), ranks)
    return [*_pack(count, seed + epoch), *ordered[count:]][rank::ranks]


def _shuffle_filled(
    count: int, rank: int, ranks: int, epoch: int, seed: int = 0
) -> list[int]:
    cards = _filled(list(range(count)), ranks)
    order = _pack(len(cards), seed + epoch)
    return [cards[place] for place in order][rank::ranks]


def _draw_deal(generator: torch.Generator) -> tuple[int, int, int, int, int]:
    count, ranks, epoch, seed = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((5, 30), (2, 6), (0, 9), (0, 99))
    )
    return count, int(torch.randint(ranks, (), generator=generator)), ranks, epoch, seed


check_rank_indices = Exercise(
    title="5.9 · Deal the pictures",
    reference=_dealt,
    cases=(
        Case("8 pictures for 2 ranks, which is even", (8, 0, 2, 0)),
        Case("10 pictures for 3 ranks, rank 2", (10, 2, 3, 0)),
        Case("rank 1 in epoch 4", (10, 1, 3, 4)),
        Case("another seed", (9, 1, 2, 1, 42)),
        Case("3 pictures for 8 ranks, rank 7", (3, 7, 8, 0)),
    ),
    mistakes=(
        Mistake(
            "not_shuffled",
            lambda count, rank, ranks, epoch, seed=0: _filled(
                list(range(count)), ranks
            )[rank::ranks],
            "You dealt the pictures in their order. The pack is shuffled first, by "
            "`seed + epoch`.",
        ),
        Mistake(
            "epoch_ignored",
            _shuffled_by(lambda rank, epoch, seed: seed),
            "Every epoch deals the same order: your seed leaves out the epoch. That "
            "is what happens without `set_epoch`.",
        ),
        Mistake(
            "seed_ignored",
            _shuffled_by(lambda rank, epoch, seed: epoch),
            "Your order depends on the epoch alone; the pack is shuffled by "
            "`seed + epoch`.",
        ),
        Mistake(
            "seed_times_epoch",
            _shuffled_by(lambda rank, epoch, seed: seed * epoch),
            "You multiplied seed and epoch. They are added: with seed 0 every epoch "
            "would be the same.",
        ),
        Mistake(
            "seeded_per_rank",
            _shuffled_by(lambda rank, epoch, seed: seed + epoch + rank),
            "Each of your ranks shuffles a pack of its own, so some pictures are dealt "
            "several times and others never. The rank must not be in the seed.",
        ),
        Mistake(
            "blocks",
            _dealt_by(_block),
            "You gave each rank a block of the pack. It is dealt one by one: rank 0 "
            "gets places 0, 3, 6, … of three ranks. A slice with a step does it.",
        ),
        Mistake(
            "not_filled_up",
            _dealt_by(lambda pack, rank, ranks: pack[rank::ranks]),
            "Your last round is not filled up: some ranks have a picture fewer, and "
            "would leave the others waiting in the last step.",
        ),
        Mistake(
            "rest_dropped",
            _dealt_by(
                lambda pack, rank, ranks: pack[: len(pack) // ranks * ranks][
                    rank::ranks
                ]
            ),
            "You left the last, incomplete round away. That is `drop_last=True`; here "
            "the round is filled up from the beginning of the pack.",
        ),
        Mistake(
            "filled_with_last",
            _dealt_by(
                lambda pack, rank, ranks: [*pack, *[pack[-1]] * (-len(pack) % ranks)][
                    rank::ranks
                ]
            ),
            "You filled up with the last picture, again and again. Begin again from "
            "the first of the pack.",
        ),
        Mistake(
            "filled_before_shuffling",
            _shuffle_filled,
            "You filled up first and shuffled then: a longer pack, another order. "
            "Shuffle, fill up, deal.",
        ),
        Mistake(
            "filled_unshuffled",
            _fill_unshuffled,
            "You filled up with pictures 0, 1, …; take the first ones of the "
            "*shuffled* pack.",
        ),
        Mistake(
            "filled_only_once",
            _dealt_by(
                lambda pack, rank, ranks: [*pack, *pack[: -len(pack) % ranks]][
                    rank::ranks
                ]
            ),
            "With fewer pictures than ranks, one more pack is not enough: go round "
            "it as often as needed, or some ranks stay empty-handed.",
        ),
    ),
    draw=_draw_deal,
    praise="Nobody sent a message, and yet no two ranks hold the same card but in the "
    "last round: a shared seed is the cheapest way to agree.",
)
