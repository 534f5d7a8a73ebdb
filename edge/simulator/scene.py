"""Scenes of cards before a camera: draw one at random, take its picture, and know the truth about it."""

from edge.geometry import Image
from edge.simulator.conditions import PRESETS, Conditions
from edge.simulator.items import Item, Scene, draw_item
from edge.simulator.sampling import random_scene
from edge.simulator.sensor import expose, take_picture
from edge.simulator.surfaces import draw_surface
from edge.simulator.truth import CardTruth, SceneTruth, scene_truth

__all__ = ["PRESETS", "CardTruth", "Conditions", "Scene", "SceneTruth", "random_scene", "render_scene"]


def render_scene(scene: Scene) -> tuple[Image, SceneTruth]:
    """Take the picture of a scene.

    Returns:
        uint8 [height, width, 3] BGR, and the truth about it.
    """
    camera = scene.camera
    frame = draw_surface(scene.surface, camera.width, camera.height, camera.px_per_mm)
    lying: tuple[Item, ...] = (*scene.below, *scene.cards)
    for item in lying:
        draw_item(frame, camera, item, scene.light)
    covers = [draw_item(frame, camera, item, scene.light) for item in scene.above]
    picture = take_picture(expose(frame, scene.light), scene.sensor)
    return picture, scene_truth(camera, scene.cards, covers)
