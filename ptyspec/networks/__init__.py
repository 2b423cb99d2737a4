"""The same forward model in keras.ops, the generators and the losses."""
