"""What goes to Sony's converter: the graph that the sensor runs, and the program that carries a job out."""
