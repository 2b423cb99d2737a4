"""Import before torchvision, which two engines use for a Gaussian blur alone.

The index's torchvision is built for torch with CUDA. Beside a torch for CPUs its compiled operators are missing, and its
import stops where it describes two of them; they are declared here. Nothing calls them.
"""

import torch

LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    try:
        LIBRARY.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:  # a torchvision that fits has it
        break
torch.set_num_threads(1)
