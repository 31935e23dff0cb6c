"""Explorers to touch: a kernel, a window that moves, and its numbers."""

from course_utils.widgets.convolution import ConvolutionExplorer
from course_utils.widgets.features import FeatureMapExplorer
from course_utils.widgets.network import NetworkExplorer
from course_utils.widgets.pooling import PoolingExplorer

__all__ = [
    "ConvolutionExplorer",
    "FeatureMapExplorer",
    "NetworkExplorer",
    "PoolingExplorer",
]
