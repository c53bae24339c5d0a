"""HTTP on the loopback for the SDKs of AWS: the endpoints where a container and an instance find their credentials."""
