"""Toy complexes: their geometry, their voxels, their rotations."""

import pytest
import torch

from course_utils.beyond.pockets import (
    CHANNELS,
    Complexes,
    draw_complexes,
    random_rotations,
    turn_about_x,
    voxelise,
)


@pytest.fixture(scope="module")
def complexes() -> Complexes:
    return draw_complexes(400, torch.Generator().manual_seed(0))


def towards_polar_wall(complexes: Complexes) -> torch.Tensor:
    """Cosine between the ligand's polar end and the wall's polar atoms."""
    polar = complexes.positions[:, complexes.channels == 1].mean(1)
    rod = complexes.positions[:, complexes.channels == 2].mean(1)
    end = complexes.positions[:, complexes.channels == 3][:, 0] - rod
    return torch.cosine_similarity(polar, end, dim=1)


def test_good_poses_point_at_the_polar_wall_and_bad_ones_do_not(
    complexes: Complexes,
) -> None:
    cosine = towards_polar_wall(complexes)
    assert cosine[complexes.good == 1].min() > 0.7
    assert cosine[complexes.good == 0].max() < 0.7
    assert int(complexes.good.sum()) == 200


def test_half_of_the_bad_poses_are_turned_end_for_end(complexes: Complexes) -> None:
    cosine = towards_polar_wall(complexes)[complexes.good == 0]
    assert (cosine[::2] < -0.7).all()


def test_bowls_stand_upright(complexes: Complexes) -> None:
    wall = complexes.positions[:, complexes.channels == 0]
    assert wall[..., 2].mean(1).max() < 0
    polar = complexes.positions[:, complexes.channels == 1]
    assert polar[..., 2].mean() < -4


def test_an_atom_is_brightest_in_its_own_voxel_and_channel() -> None:
    ticks = 1.25 * (torch.arange(12) - 5.5)
    for channel in range(len(CHANNELS)):
        where = torch.stack([ticks[2], ticks[5], ticks[9]])  # x, y, z
        one = Complexes(where[None, None], torch.tensor([channel]), torch.tensor([1]))
        grid = voxelise(one)
        assert grid.shape == (1, 4, 12, 12, 12)
        assert grid.argmax() == channel * 12**3 + 9 * 144 + 5 * 12 + 2  # D, H, W
        assert grid.max() == pytest.approx(1)


def test_all_atoms_lie_in_the_grid_however_turned(complexes: Complexes) -> None:
    turned = complexes.turned(random_rotations(400, torch.Generator().manual_seed(1)))
    weights = voxelise(turned).sum((2, 3, 4))
    upright = voxelise(complexes).sum((2, 3, 4))
    torch.testing.assert_close(weights, upright, rtol=0.15, atol=0)


def test_rotations_keep_distances_and_handedness() -> None:
    rotations = random_rotations(50, torch.Generator().manual_seed(0))
    product = rotations @ rotations.transpose(1, 2)
    torch.testing.assert_close(product, torch.eye(3).expand(50, 3, 3))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(50))
    assert rotations.mean(0).abs().max() < 0.25  # all directions


def test_half_a_turn_about_x_turns_upside_down(complexes: Complexes) -> None:
    turned = complexes.turned(turn_about_x(180))
    flipped = complexes.positions * torch.tensor([1.0, -1, -1])
    torch.testing.assert_close(turned.positions, flipped, atol=1e-5, rtol=0)
    # on voxels it is two flips, exactly
    torch.testing.assert_close(
        voxelise(turned), voxelise(complexes).flip(2, 3), atol=1e-5, rtol=0
    )


def test_an_index_picks_complexes(complexes: Complexes) -> None:
    few = complexes[torch.tensor([3, 0])]
    assert torch.equal(few.positions[1], complexes.positions[0])
    assert few.good.tolist() == [1, 0]
