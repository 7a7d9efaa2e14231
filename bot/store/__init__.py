"""Memory: which questions were asked, in which thread, how far each is, and which deliveries were seen before."""
