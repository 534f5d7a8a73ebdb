from picamera2 import modules

IMX500 = modules["picamera2.devices.imx500"].IMX500
NetworkIntrinsics = modules["picamera2.devices.imx500"].NetworkIntrinsics
