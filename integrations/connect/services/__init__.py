"""What the Connect face does besides the services that all faces share."""
