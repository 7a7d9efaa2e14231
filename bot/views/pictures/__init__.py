"""Pictures as SVG, and the one module that turns them into PNG."""
