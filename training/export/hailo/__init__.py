"""What goes to Hailo's compiler beside the graph: the model script, and the program that carries a job out."""
