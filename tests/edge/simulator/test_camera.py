import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import is_convex, transform_points
from edge.simulator.camera import Camera, Pose, distort, local_to_rays, pixel_map, project, undistort

STRAIGHT = Camera(width=800, height=600, focal_px=900, centre_px=(399.5, 299.5), distance_mm=180)
LENS = Camera(
    width=800,
    height=600,
    focal_px=700,
    centre_px=(410, 290),
    distance_mm=200,
    tilt_deg=20,
    azimuth_deg=70,
    k1=-0.12,
    k2=0.02,
)
SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def test_seen_from_straight_above_a_millimetre_is_focal_length_over_distance() -> None:
    pixels = project(STRAIGHT, local_to_rays(STRAIGHT, Pose(), (1, 1)), np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]))
    assert np.allclose(pixels, [[399.5, 299.5], [404.5, 299.5], [399.5, 309.5]])


def test_a_card_turns_clockwise() -> None:
    pixels = project(STRAIGHT, local_to_rays(STRAIGHT, Pose(angle_deg=90), (1, 1)), np.array([[1.0, 0.0]]))
    assert np.allclose(pixels, [[399.5, 304.5]])


def test_a_tilted_card_stands_on_the_bench_and_rises_towards_the_camera() -> None:
    matrix = local_to_rays(STRAIGHT, Pose(tilt_deg=30, tilt_axis_deg=0), (20, 20))
    depth = (np.column_stack([SQUARE * 20, np.ones(4)]) @ matrix.T)[:, 2]
    assert depth.max() == pytest.approx(180)
    assert depth.min() == pytest.approx(180 - 40 * np.sin(np.radians(30)))


@given(
    st.floats(-0.45, 0.45),
    st.floats(-0.45, 0.45),
    st.floats(-0.12, 0.05),
    st.floats(-0.02, 0.02),
)
def test_undistort_inverts_distort(x: float, y: float, k1: float, k2: float) -> None:
    camera = Camera(width=800, height=600, focal_px=700, centre_px=(410, 290), distance_mm=200, k1=k1, k2=k2)
    rays = np.array([[x, y]])
    assert np.allclose(undistort(camera, distort(camera, rays)), rays, atol=1e-9)


def test_barrel_distortion_pulls_points_inwards() -> None:
    assert np.hypot(*(distort(LENS, np.array([[0.4, 0.3]]))[0] - LENS.centre_px)) < 0.5 * LENS.focal_px


@given(st.floats(0, 45), st.floats(0, 360), st.floats(0, 360))
def test_every_outline_is_seen_clockwise(tilt: float, axis: float, angle: float) -> None:
    matrix = local_to_rays(LENS, Pose(tilt_deg=tilt, tilt_axis_deg=axis, angle_deg=angle), (31.5, 44))
    assert is_convex(project(LENS, matrix, SQUARE * (31.5, 44)))


@pytest.mark.parametrize(("supersample", "error_px"), [(1, 0.15), (2, 0.04)])
def test_the_pixel_map_is_nearly_exact_even_for_a_steep_card(supersample: int, error_px: float) -> None:
    pose = Pose(x_mm=10, tilt_deg=40, tilt_axis_deg=30, angle_deg=25)
    to_texture = np.diag([4.0, 4.0, 1.0]) @ np.linalg.inv(local_to_rays(LENS, pose, (31.5, 44)))
    where = pixel_map(LENS, to_texture, (100, 60, 501, 403), supersample)
    assert where.shape == (403 * supersample, 501 * supersample, 2)
    rows, columns = np.mgrid[0 : 403 * supersample : 7, 0 : 501 * supersample : 7].reshape(2, -1)
    pixels = np.column_stack([100 + (columns + 0.5) / supersample - 0.5, 60 + (rows + 0.5) / supersample - 0.5])
    exact = transform_points(to_texture, undistort(LENS, pixels))
    on_card = np.all(np.abs(exact) <= np.array([31.5, 44.0]) * 4, axis=1)
    assert np.count_nonzero(on_card) > 500
    assert np.abs(where[rows, columns] - exact)[on_card].max() < error_px
