"""From study data to effects and sampling variances on the analysis scale, and back to the natural one."""
