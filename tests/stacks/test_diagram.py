"""The drawing shows what the program declares."""

from xml.etree import ElementTree

from opencode_components.testing import Graph
from opencode_stacks.diagram import boxes, columns, direct, svg

SVG = "{http://www.w3.org/2000/svg}"


def test_every_component_is_drawn_with_its_name_and_what_it_holds(dev: Graph) -> None:
    drawing = ElementTree.fromstring(svg(dev))  # noqa: S314 drawn here

    texts = {text.text for text in drawing.iter(f"{SVG}text")}
    assert {"Network", "Records", "Cognito identity", "Api", "Observability"} <= texts
    assert "Table x 3" in texts
    assert "Vpc" in texts


def test_only_the_api_faces_the_internet(dev: Graph) -> None:
    assert [box.name for box in boxes(dev).values() if box.is_public] == ["dev-api"]


def test_arrows_go_from_foundations_to_the_front_door(dev: Graph) -> None:
    of = boxes(dev)
    edges = set(direct(of))

    assert ("dev-network", "dev-api") in edges
    assert ("dev-records", "dev-api") in edges
    assert not any(needing == "dev-network" for _, needing in edges)
    column = {box.name: index for index, boxes_of in enumerate(columns(of)) for box in boxes_of}
    assert all(column[needed] < column[needing] for needed, needing in edges)


def test_the_firewall_is_in_the_drawing_of_the_environment_that_has_one(dev: Graph, prod: Graph) -> None:
    assert "Web firewall" not in svg(dev)
    assert "Web firewall" in svg(prod)
