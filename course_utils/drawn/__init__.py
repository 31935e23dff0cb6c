"""The drawn world: pictures of CIFAR-10's ten classes, drawn on the spot."""
