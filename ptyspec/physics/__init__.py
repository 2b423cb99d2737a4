"""The equations in numpy: objects, probes, geometry, diffraction, scale, iterative reference."""
