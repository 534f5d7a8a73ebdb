"""What goes over the sockets: messages, the publisher, commands."""
