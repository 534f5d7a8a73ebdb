"""Which source of frames the installer writes into the first settings, and which packages it asks for."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from edge.settings.settings import load_settings

IMX500 = "imx500 10-001a"
REPOSITORY = Path(__file__).resolve().parents[2]
NETWORK = "opt/card-scanner/sensor/outline.rpk"


def chosen(device) -> tuple[str, str]:
    """The source in the settings that are written, and what is said of it."""
    outcome = device.run("place_configuration")
    assert outcome.returncode == 0, outcome.stdout
    settings = load_settings(device.root / "etc/card-scanner/config.toml", environment={})
    if settings.source.spec == "imx500":
        assert settings.imx500.network.is_relative_to("/opt/card-scanner/sensor")
        assert (device.root / settings.imx500.network.relative_to("/")).is_file()
    said = outcome.stdout.splitlines()[-1]
    assert said.startswith(f"source of frames: {settings.source.spec} (")
    return settings.source.spec, said


def test_without_a_camera_the_simulated_bench(device):
    device.installed("python3-picamera2", "imx500-all")
    assert chosen(device) == ("demo", "source of frames: demo (there is no camera; this is the simulated bench)")


def test_an_imx500_without_a_network_that_knows_cards_is_a_camera_as_any(device):
    device.installed("python3-picamera2", "imx500-all")
    device.sensor(2, IMX500)
    device.write("usr/share/imx500-models/imx500_network_ssd_mobilenetv2_fpnlite_320x320_pp.rpk")
    spec, said = chosen(device)
    assert spec == "picamera"
    assert "no imx500-package" in said


def test_an_imx500_with_a_network_that_knows_cards(device):
    device.installed("python3-picamera2", "imx500-all")
    device.sensor(2, IMX500)
    device.write(NETWORK)
    spec, said = chosen(device)
    assert spec == "imx500"
    assert f"/{NETWORK} finds cards on it" in said


PACKAGE = "opt/card-scanner/app/models/outline-imx500"


def converted(device, said: str = "1") -> None:
    """The converted network as the application brings it."""
    device.write(f"{PACKAGE}.zip", "package")
    device.write(f"{PACKAGE}.json", f'{{"sha256": "{said}"}}')


def test_the_sensors_file_is_made_once_where_its_tool_is(device):
    device.installed("python3-picamera2", "imx500-all")
    device.sensor(2, IMX500)
    converted(device)
    assert device.run("make_sensor_network").stdout == ""
    device.command("imx500-package", 'test "$1 $3" = "-i -o" && cp "$2" "$4/network.rpk"')
    assert device.run("make_sensor_network").stdout == "changed: /opt/card-scanner/sensor/outline.rpk\n"
    assert (device.root / NETWORK).read_text() == "package\n"
    assert device.run("make_sensor_network").stdout == ""
    spec, said = chosen(device)
    assert spec == "imx500"
    assert "finds cards on it" in said
    converted(device, said="2")
    assert "changed" in device.run("make_sensor_network").stdout
    assert (device.root / "opt/card-scanner/sensor/outline.json").read_text() == '{"sha256": "2"}\n'


def test_a_tool_that_fails_leaves_the_camera_as_it_was(device):
    device.installed("python3-picamera2", "imx500-all")
    device.sensor(2, IMX500)
    converted(device)
    device.command("imx500-package", "echo cannot read; exit 1")
    outcome = device.run("make_sensor_network")
    assert outcome.returncode == 0
    assert "has not made the sensor's file" in outcome.stdout
    assert "cannot read" in outcome.stdout
    assert chosen(device)[0] == "picamera"


def test_no_sensor_no_file(device):
    converted(device)
    device.command("imx500-package", "echo called; exit 1")
    assert device.run("make_sensor_network").stdout == ""


def test_the_tool_for_the_sensor_comes_from_apt(device):
    device.available("imx500-tools")
    assert "imx500-tools" not in device.run("wanted_packages").stdout
    device.sensor(2, IMX500)
    assert "imx500-tools" in device.run("wanted_packages").stdout.split()


def test_a_network_for_the_imx500_is_no_imx500(device):
    device.installed("python3-picamera2", "imx500-all")
    device.write(NETWORK)
    assert chosen(device)[0] == "demo"


@pytest.mark.parametrize("sensor", ["ov5647 10-0036", "imx708 11-001a"])
def test_any_other_camera_on_the_connector(device, sensor):
    device.installed("python3-picamera2")
    device.sensor(0, "rp1-cfe-csi2_ch0")
    device.sensor(2, sensor)
    device.usb_camera("usb-HD_Webcam-video-index0")
    device.write(NETWORK)
    assert chosen(device) == (
        "picamera",
        f"source of frames: picamera ({sensor.split()[0]} is on the camera connector)",
    )


def test_a_usb_camera_by_the_name_that_it_keeps(device):
    device.sensor(0, "pisp-fe")
    device.usb_camera("usb-HD_Webcam-video-index1", "video1")
    device.usb_camera("usb-HD_Webcam-video-index0")
    spec, said = chosen(device)
    assert spec == "v4l2:/dev/v4l/by-id/usb-HD_Webcam-video-index0"
    assert "this one on USB" in said


def test_a_camera_on_the_connector_that_no_package_can_use_is_told(device):
    device.sensor(2, IMX500)
    device.write(NETWORK)
    assert "no package python3-picamera2" in device.run("choose_source").stdout
    assert chosen(device)[0] == "demo"
    (device.root / "etc/card-scanner/config.toml").unlink()
    device.usb_camera("usb-HD_Webcam-video-index0")
    assert chosen(device)[0].startswith("v4l2:")


def test_settings_that_are_there_are_kept(device):
    device.write("etc/card-scanner/config.toml", "# mine")
    device.usb_camera("usb-HD_Webcam-video-index0")
    assert device.run("place_configuration").stdout == ""
    assert (device.root / "etc/card-scanner/config.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("release", "available", "wanted"),
    [
        ("bookworm", [], []),
        ("bookworm", ["python3-picamera2", "python3-openexr"], ["python3-picamera2"]),
        ("trixie", ["python3-picamera2", "python3-openexr"], ["python3-picamera2", "python3-openexr"]),
        ("trixie", ["imx500-all", "python3-libcamera"], ["python3-libcamera", "imx500-all"]),
    ],
)
def test_packages(device, release, available, wanted):
    device.release(release)
    device.available(*available)
    always = ["python3-venv", "python3-numpy", "python3-opencv", "python3-systemd", "avahi-daemon"]
    assert device.run("wanted_packages").stdout.split() == always + wanted
    device.npu()
    assert device.run("wanted_packages").stdout.split() == [*always, *wanted, "dkms", "hailo-all"]


def test_the_npus_driver_is_loaded_before_the_service_where_there_is_one(device):
    driver = device.root / "usr/lib/modules-load.d/card-scanner.conf"
    assert device.run("place_service").returncode == 0
    assert not driver.exists()
    device.npu()
    assert device.run("place_service").returncode == 0
    assert driver.read_text().splitlines()[-1] == "hailo_pci"


def test_the_first_installation_asks_apt_before_it_judges_what_there_is(device):
    """The lists of apt are empty on a new system; picamera2 is known only after they were fetched."""
    device.apt_get(fetched=["python3-picamera2"])
    assert "python3-picamera2" in device.run("venv=$root/none; install_packages; echo $changes").stdout
    device.installed(
        "python3-venv", "python3-numpy", "python3-opencv", "python3-systemd", "avahi-daemon", "python3-picamera2"
    )
    device.apt_get(fetched=[])
    assert device.run("venv=$root; install_packages").stdout == ""


def test_what_reads_the_photos_of_iphones_is_installed_where_there_is_a_wheel(device):
    device.pip("exit 0")
    place = f'cp "{REPOSITORY}/pyproject.toml" "$app/"; venv=$root/venv'
    device.write("opt/card-scanner/app/README.md")
    assert device.run(f"{place}; install_heic $root/constraints").stdout == (
        f"install --quiet --only-binary :all: --constraint {device.root}/constraints pillow-heif>=1.0\n"
    )
    device.pip("exit 1")
    outcome = device.run(f"{place}; install_heic $root/constraints")
    assert outcome.returncode == 0
    assert outcome.stdout.splitlines()[1].startswith(
        "photos as HEIC cannot be read: pillow-heif>=1.0 was not installed"
    )


def test_the_parts_of_the_application_without_what_comes_from_apt(device):
    device.write("opt/card-scanner/app/README.md")
    wanted = device.run(f'cp "{REPOSITORY}/pyproject.toml" "$app/"; requirements dependencies').stdout
    assert "onnxruntime" in wanted
    assert "numpy" not in wanted
    assert "opencv" not in wanted


def test_the_network_is_told_of_the_page_where_it_may_reach_it(device):
    told = device.root / "etc/avahi/services/card-scanner.service"
    assert device.run("place_announcement").returncode == 0
    root = ElementTree.parse(told).getroot()
    assert (root.findtext("service/type"), root.findtext("service/port")) == ("_http._tcp", "8080")
    device.write("etc/card-scanner/config.toml", '[page]\nhost = "0.0.0.0"\nport = 8081')
    assert device.run("place_announcement").returncode == 0
    assert ElementTree.parse(told).getroot().findtext("service/port") == "8081"
    assert device.run("place_announcement").stdout == ""
    device.write("etc/card-scanner/config.toml", "[page]\nport = 8081")
    assert "is gone" in device.run("place_announcement").stdout
    assert not told.exists()
