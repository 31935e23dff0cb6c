"""Toy complexes: a rod of a ligand in a bowl of a pocket, as atoms and as voxels.

The pocket's wall is a bowl of atoms, a few of them polar; the ligand is a short rod
with one polar end. In a *good* pose that end points at the wall's polar atoms, in a
*bad* one it points elsewhere. Real complexes are far richer; what is kept is that the
answer lies in how two molecules stand to each other in space.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

CHANNELS: Final = ("wall", "wall, polar", "ligand", "ligand, polar end")
_WALL: Final = 40  # atoms
_POLAR_WALL: Final = 5
_ROD: Final = 5
_RADIUS: Final = 6.0  # of the bowl, in ångström
_SPREAD: Final = 0.9  # of an atom's density, in ångström


@dataclass(frozen=True)
class Complexes:
    """Atoms of N complexes, with the centre of each pocket at the origin.

    Attributes:
        positions: float32 (N, A, 3): x, y, z in ångström.
        channels: int64 (A,): for each atom an index into `CHANNELS`; the same atoms in
            the same order in every complex.
        good: int64 (N,): 1 for a good pose, 0 for a bad one.
    """

    positions: Tensor
    channels: Tensor
    good: Tensor

    def __getitem__(self, index: Tensor) -> Complexes:
        """Return the complexes at these indices."""
        return Complexes(self.positions[index], self.channels, self.good[index])

    def turned(self, rotations: Tensor) -> Complexes:
        """Return the complexes turned about the origin.

        Args:
            rotations: One for all, (3, 3), or one each, (N, 3, 3).
        """
        turned = self.positions @ rotations.transpose(-1, -2)
        return Complexes(turned, self.channels, self.good)


def draw_complexes(count: int, generator: torch.Generator) -> Complexes:
    """Draw complexes, half of them good; every bowl stands upright, as in a crystal.

    The bowl opens towards +z and its polar atoms lie within 50° of its bottom. Half of
    the bad poses are good ones turned end for end.
    """
    down = torch.tensor([0.0, 0.0, -1.0])
    polar = _near(down.expand(count, 3), 50, generator)
    good = torch.arange(count) % 2
    direction = _poses(polar, generator)
    wall = _near(down.expand(count, _WALL, 3), 110, generator)
    polar_wall = _near(polar[:, None].expand(count, _POLAR_WALL, 3), 20, generator)
    walls = torch.cat([wall, polar_wall], 1)
    rough = 0.4 * torch.randn(count, _WALL + _POLAR_WALL, 1, generator=generator)
    steps = torch.linspace(-3, 3, _ROD)[:, None]  # 1.5 ångström from atom to atom
    bent = 0.2 * torch.randn(count, _ROD, 3, generator=generator)
    off_centre = 0.4 * torch.randn(count, 1, 3, generator=generator)
    rod = direction[:, None] * steps + bent + off_centre
    numbers = [0] * _WALL + [1] * _POLAR_WALL + [2] * (_ROD - 1) + [3]
    positions = torch.cat([walls * (_RADIUS + rough), rod], 1)
    return Complexes(positions, torch.tensor(numbers), good)


def _poses(polar: Tensor, generator: torch.Generator) -> Tensor:
    """Return where each ligand points: good ones at ``polar``, at every odd index."""
    good = _near(polar, 20, generator)
    index = torch.arange(len(polar))[:, None]
    bad = torch.where(index % 4 == 0, -good, _away(polar, 70, generator))
    return torch.where(index % 2 == 1, good, bad)


def voxelise(complexes: Complexes, side: int = 12, spacing: float = 1.25) -> Tensor:
    """Return densities on a cubic grid, (N, 4, side, side, side): D, H, W are z, y, x.

    Each atom adds a Gaussian of its distance from the voxel's centre to its channel.

    Args:
        complexes: The atoms.
        side: Voxels along an edge.
        spacing: Edge of a voxel, in ångström.
    """
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    # a Gaussian of the distance is a product of one for each axis
    offsets = (complexes.positions[..., None] - ticks) / _SPREAD  # (N, A, 3, side)
    x, y, z = torch.exp(-0.5 * offsets**2).unbind(2)
    planes = []
    for channel in range(len(CHANNELS)):
        own = complexes.channels == channel
        zy = (z[:, own, :, None] * y[:, own, None, :]).flatten(2)  # (N, a, side²)
        planes.append(zy.transpose(1, 2) @ x[:, own])
    return torch.stack(planes, 1).view(-1, len(CHANNELS), side, side, side)


def random_rotations(count: int, generator: torch.Generator) -> Tensor:
    """Return rotations (count, 3, 3), all directions equally likely."""
    w, x, y, z = F.normalize(torch.randn(count, 4, generator=generator), dim=1).unbind(
        1
    )
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def turn_about_x(degrees: float) -> Tensor:
    """Return the rotation about the x axis, (3, 3); 180 turns upside down."""
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    return torch.tensor([[1.0, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


def _near(directions: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    """Return unit vectors within an angle of others, evenly over the cap."""
    least = math.cos(math.radians(degrees))
    along = least + (1 - least) * torch.rand(directions.shape[:-1], generator=generator)
    return _at(directions, along, generator)


def _away(directions: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    """Return unit vectors at least an angle away from others, evenly."""
    most = math.cos(math.radians(degrees))
    along = -1 + (1 + most) * torch.rand(directions.shape[:-1], generator=generator)
    return _at(directions, along, generator)


def _at(directions: Tensor, along: Tensor, generator: torch.Generator) -> Tensor:
    """Return unit vectors with a given cosine to others, at any angle around them."""
    other = torch.randn(directions.shape, generator=generator)
    across = other - (other * directions).sum(-1, keepdim=True) * directions
    across = F.normalize(across, dim=-1)
    along = along[..., None]
    return along * directions + (1 - along**2).sqrt() * across
